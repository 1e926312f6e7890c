//! One request on one connection, over plain http on this machine.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::error::Error;

/// How long an answer may take: about as long as Stripe waits.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where requests go.
#[derive(Clone, Debug)]
pub struct Target {
    address: SocketAddr,
    host: String,
    path: String,
}

impl Target {
    /// Finds out where a URL is.
    ///
    /// # Errors
    /// When it is not plain http, or its host is unknown.
    pub fn new(url: &Url) -> Result<Self, Error> {
        let wrong = || Error::Usage(format!("{url} must be an http:// URL of a host that there is"));
        let (host, port) = url.host_str().zip(url.port_or_known_default()).ok_or_else(wrong)?;
        let found = (host, port).to_socket_addrs().ok().and_then(|mut found| found.next());
        let address = found.filter(|_| url.scheme() == "http").ok_or_else(wrong)?;
        Ok(Self { address, host: format!("{host}:{port}"), path: url.path().to_owned() })
    }

    /// Posts an event that is signed, and says what the business's time is; answers the status, 0 when there was no answer.
    pub fn post(&self, body: &str, signature: &str, time: i64) -> u16 {
        let headers = format!(
            "Content-Type: application/json; charset=utf-8\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n\
             Stripe-Signature: {signature}\r\nTollgate-Bench-Time: {time}\r\n"
        );
        let answer = self.exchange("POST", &self.path, &headers, body);
        answer.map_or(0, |text| text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0))
    }

    /// Asks Stripe's API for something.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub fn ask(&self, method: &str, path: &str, form: &str) -> io::Result<Value> {
        let headers = "Authorization: Bearer sk_test_TollgateBench0000000000000\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        let text = self.exchange(method, path, headers, form)?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let refused = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
        if head.split(' ').nth(1) != Some("200") {
            return Err(refused(format!("{method} {path}: {text}")));
        }
        serde_json::from_str(body).map_err(|error| refused(format!("{method} {path}: {error}")))
    }

    fn exchange(&self, method: &str, path: &str, headers: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let (host, length) = (&self.host, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn target(url: &str) -> Result<Target, Error> {
        Target::new(&url.parse().unwrap())
    }

    // Answers one connection and ends; gives what it was sent.
    fn answering(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut taken = Vec::new();
            while !taken.ends_with(b"{}") {
                let mut part = [0; 1024];
                let size = stream.read(&mut part).unwrap();
                assert!(size > 0);
                taken.extend_from_slice(&part[..size]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(taken).unwrap()
        });
        (url, server)
    }

    #[test]
    fn an_event_is_posted_with_its_signature_and_the_business_time() {
        let (url, server) = answering("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(target(&url).unwrap().post("{}", "t=1,v1=2", 1_795_000_000), 503);
        let taken = server.join().unwrap();
        assert!(taken.starts_with("POST /hook HTTP/1.1\r\n"), "{taken}");
        for header in ["Stripe-Signature: t=1,v1=2", "Tollgate-Bench-Time: 1795000000", "Content-Length: 2"] {
            assert!(taken.lines().any(|line| line == header), "{header} in {taken}");
        }
    }

    #[test]
    fn what_does_not_answer_or_answers_nonsense_has_no_status() {
        for answer in ["", "nonsense", "HTTP/1.1 \u{fffd} no\r\n\r\n"] {
            let (url, server) = answering(answer);
            assert_eq!(target(&url).unwrap().post("{}", "", 0), 0, "{answer}");
            server.join().unwrap();
        }
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(target(&format!("http://{closed}/")).unwrap().post("{}", "", 0), 0);
    }

    #[test]
    fn only_plain_http_is_taken() {
        for url in ["https://127.0.0.1/", "ftp://127.0.0.1/", "data:text/plain,x"] {
            assert!(matches!(target(url), Err(Error::Usage(_))), "{url}");
        }
    }
}
