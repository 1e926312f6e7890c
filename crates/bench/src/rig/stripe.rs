//! In Stripe's place: a listener that counts the requests it gets and answers none of them well.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use url::Url;

use crate::error::Error;

const ANSWER: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
    Connection: close\r\n\r\n{}";

/// Counts requests. Its thread lives as long as the process.
#[derive(Debug)]
pub struct Stripe {
    /// What to give a server as `STRIPE_API_BASE`.
    pub base: Url,
    requests: Arc<AtomicUsize>,
}

impl Stripe {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> Result<Self, Error> {
        let what = "could not listen in Stripe's place";
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io(what))?;
        let text = format!("http://{}", listener.local_addr().map_err(Error::io(what))?);
        let base = text.parse().map_err(|error| Error::Wrong(format!("{text}: {error}")))?;
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                // A client that hangs up has been counted all the same.
                drop(answer(&stream));
            }
        });
        Ok(Self { base, requests })
    }

    /// How many requests came so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

// Each answer closes its connection, so connections are requests.
fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut lines = BufReader::new(stream).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    stream.write_all(ANSWER)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_request_is_counted() {
        let stripe = Stripe::start().unwrap();
        assert_eq!(stripe.requests(), 0);
        for _ in 0..2 {
            let mut stream = TcpStream::connect(stripe.base.authority()).unwrap();
            stream.write_all(b"GET /v1/events/evt_1 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        }
        assert_eq!(stripe.requests(), 2);
    }
}
