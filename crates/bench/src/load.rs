//! `load`: posts signed events to a webhook URL over keep-alive connections and says how fast they were acknowledged.

mod answer;
mod connection;
mod report;
mod schedule;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tollgate_stripe_client::WebhookSecret;
use url::Url;
use uuid::Uuid;

use crate::clock;
use crate::error::Error;
use crate::event::{Maker, Numbering, REST, Request};
use connection::Connection;
pub use report::Report;
use report::Tally;
pub use schedule::Stop;
use schedule::{Schedule, Turn};

/// How many objects the events are about, unless it is said.
pub const OBJECTS: u32 = 5000;
/// Requests made in advance for each second of a run that goes as fast as it can.
const MOST_PER_SECOND: usize = 30_000;

/// The arguments of `load`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The webhook URL, http only
    #[arg(long)]
    url: Url,
    /// The endpoint's signing secret; read from standard input when not set
    #[arg(long, env = "TOLLGATE_BENCH_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// Keep-alive connections
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Events a second whether or not answers come; latency then counts from the intended time. Without it: as fast as answers come
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// How many events
    #[arg(long, conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    events: Option<u32>,
    /// How long, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// How many objects the events are about
    #[arg(long, default_value_t = OBJECTS, value_parser = clap::value_parser!(u32).range(1..))]
    objects: u32,
}

/// What to do to a server.
#[derive(Clone, Debug)]
pub struct Load {
    /// The webhook URL.
    pub url: Url,
    /// What events are signed with.
    pub secret: WebhookSecret,
    /// Keep-alive connections.
    pub connections: u32,
    /// Events a second, or as fast as answers come.
    pub rate: Option<u32>,
    /// How much of it.
    pub amount: Amount,
    /// How many objects the events are about.
    pub objects: u32,
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// After so many events.
    Events(u32),
    /// After so many seconds.
    Seconds(u32),
}

/// Runs the command; it fails when an event was not acknowledged, so that a script notices.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let load = Load {
        url: arguments.url.clone(),
        secret: secret(arguments.secret.as_deref())?,
        connections: arguments.connections,
        rate: arguments.rate,
        amount: arguments.events.map_or(Amount::Seconds(arguments.seconds), Amount::Events),
        objects: arguments.objects,
    };
    let report = run(&load)?;
    println!("{}", serde_json::to_string(&report)?);
    report.complete().map(drop)
}

/// The signing secret as it was given, or the next line of standard input.
///
/// # Errors
/// When it is empty or blank.
pub fn secret(given: Option<&str>) -> Result<WebhookSecret, Error> {
    let mut line = String::new();
    let text = match given {
        Some(text) => text,
        None => {
            std::io::stdin().read_line(&mut line).map_err(Error::io("could not read the secret"))?;
            line.trim_end()
        }
    };
    WebhookSecret::parse(text).map_err(|error| Error::Usage(format!("the signing secret: {error}")))
}

/// Loads a server and answers how it did.
///
/// # Errors
/// When the URL cannot be used or no connection can be opened; what goes wrong later is counted in the report.
pub fn run(load: &Load) -> Result<Report, Error> {
    Prepared::new(load)?.run()
}

/// A load whose requests are made and signed, so that posting them is all that is left.
#[derive(Debug)]
pub struct Prepared {
    load: Load,
    address: SocketAddr,
    requests: Vec<Request>,
    stop: Stop,
}

impl Prepared {
    /// Makes the requests.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn new(load: &Load) -> Result<Self, Error> {
        let address = address(&load.url)?;
        Ok(Self { load: load.clone(), address, requests: requests(load), stop: Stop::default() })
    }

    /// What ends it early.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Posts them.
    ///
    /// # Errors
    /// When no connection can be opened; what goes wrong later is counted in the report.
    pub fn run(self) -> Result<Report, Error> {
        // One thread: the server is to have the rest of the machine.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::io("could not start the load"))?.block_on(self.drive())
    }

    async fn drive(self) -> Result<Report, Error> {
        let Self { load, address, requests, stop } = self;
        let mut connections = Vec::new();
        for _ in 0..load.connections {
            let opened = Connection::open(address).await;
            connections.push(opened.map_err(Error::io(format!("could not connect to {address}")))?);
        }
        let requests = Arc::new(requests);
        let limit = match load.amount {
            Amount::Seconds(seconds) if load.rate.is_none() => Some(Duration::from_secs(seconds.into())),
            _ => None,
        };
        let schedule = Arc::new(Schedule::start(requests.len(), load.rate, limit, stop));
        let tasks: Vec<_> = connections
            .into_iter()
            .map(|connection| tokio::spawn(post_all(connection, Arc::clone(&requests), Arc::clone(&schedule))))
            .collect();
        let mut tally = Tally::default();
        for task in tasks {
            let part = task.await.map_err(|error| Error::Wrong(format!("a connection's task ended: {error}")))?;
            tally.add(part);
        }
        Ok(tally.report(&load, schedule.elapsed()))
    }
}

fn address(url: &Url) -> Result<SocketAddr, Error> {
    let (Some(host), "http") = (url.host_str(), url.scheme()) else {
        return Err(Error::Usage(format!("{url} cannot be loaded: it must be like http://127.0.0.1:8000/…")));
    };
    let port = url.port_or_known_default().unwrap_or(80);
    let host = host.trim_matches(['[', ']']);
    let mut found = (host, port).to_socket_addrs().map_err(Error::io(format!("could not look up {host}")))?;
    found.next().ok_or_else(|| Error::Usage(format!("{host} has no address")))
}

// Made before the clock starts, so that signing takes nothing from the server.
fn requests(load: &Load) -> Vec<Request> {
    let count = match (load.amount, load.rate) {
        (Amount::Events(events), _) => events as usize,
        (Amount::Seconds(seconds), Some(rate)) => seconds as usize * rate as usize,
        (Amount::Seconds(seconds), None) => seconds as usize * MOST_PER_SECOND,
    };
    let run = Uuid::new_v4().simple().to_string();
    let host = load.url.authority();
    let numbering = Numbering { run: &run[..12], objects: load.objects as usize, now: clock::now_seconds() };
    Maker { host, path: load.url.path(), secret: &load.secret, numbering }.make(0, count)
}

async fn post_all(mut connection: Connection, requests: Arc<Vec<Request>>, schedule: Arc<Schedule>) -> Tally {
    let mut tally = Tally::default();
    while let Some(Turn { index, intended }) = schedule.next().await {
        let Some(request) = requests.get(index) else { break };
        match connection.post(&request.start, REST.as_bytes()).await {
            Ok(status) => tally.answered(status, Instant::now().duration_since(intended)),
            Err(error) => {
                tally.failed(&error);
                // A server that is gone must not be asked in a tight loop on the machine it is to come back on.
                if connection.reopen().await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    // Answers each request on one connection with the next of the given answers, then hangs up.
    fn serve(answers: &'static [&'static str]) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let mut seen = Vec::new();
                let mut part = [0; 8192];
                while !seen.ends_with(b"\"payment_intent.succeeded\"\n}\n") {
                    let count = stream.read(&mut part).unwrap();
                    seen.extend_from_slice(&part[..count]);
                }
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    fn load(url: Url, rate: Option<u32>, events: u32) -> Load {
        let secret = WebhookSecret::parse("whsec_bench").unwrap();
        Load { url, secret, connections: 1, rate, amount: Amount::Events(events), objects: 10 }
    }

    #[test]
    fn statuses_are_counted_and_a_hang_up_is_a_failure() {
        let url = serve(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ]);
        let report = run(&load(url, None, 4)).unwrap();
        assert_eq!((report.acknowledged, report.failed), (2, 1));
        assert_eq!(report.refused.get(&503), Some(&1));
        assert!(!report.all_acknowledged());
    }

    #[test]
    fn an_open_loop_keeps_its_rate() {
        let url = serve(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"; 5]);
        let report = run(&load(url, Some(50), 5)).unwrap();
        assert!(report.all_acknowledged());
        assert!(report.seconds >= 0.08, "five events at 50/s take four pauses of 20 ms: {}", report.seconds);
    }

    #[test]
    fn a_stopped_load_ends_before_its_time() {
        let url = serve(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"; 10]);
        let prepared = Prepared::new(&load(url, Some(1), 10)).unwrap();
        let stop = prepared.stop();
        let running = std::thread::spawn(move || prepared.run());
        stop.now();
        let report = running.join().unwrap().unwrap();
        assert!(report.all_acknowledged() && report.acknowledged <= 1, "{report:?}");
    }

    #[test]
    fn a_connection_that_the_server_closes_is_opened_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(3) {
                let (mut stream, mut seen, mut part) = (stream.unwrap(), Vec::new(), [0; 8192]);
                while !seen.ends_with(b"\"payment_intent.succeeded\"\n}\n") {
                    let count = stream.read(&mut part).unwrap();
                    seen.extend_from_slice(&part[..count]);
                }
                stream.write_all(b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        let report = run(&load(url, None, 3)).unwrap();
        assert_eq!((report.acknowledged, report.failed), (3, 0), "{report:?}");
    }

    #[test]
    fn only_plain_http_is_loaded() {
        assert!(address(&"https://127.0.0.1/hook".parse().unwrap()).is_err());
        assert!(address(&"http://[::1]:9/hook".parse().unwrap()).unwrap().is_ipv6());
    }
}
