//! Deliveries that nobody should send: random bytes, broken requests, signed nonsense, enormous bodies.

mod bodies;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::Spec;
use crate::rig::{Client, PATH, Payload, Server, Store, event, runtime, sign_at, until};

const SENDERS: usize = 8;
/// More than a hundred bodies of the largest size would take, and far less than what was sent.
const MOST_MEMORY: u64 = 256 << 20;
const LARGE: usize = 100 << 20;
const LONGEST: Duration = Duration::from_secs(120);

pub fn prove(form: Form, counts: &mut Counts) {
    let (store, count) = (Store::fresh(), form.pick(4_000, 400_000));
    runtime().block_on(async {
        let mut server = Server::start(&Spec::new(store.url())).await;
        let all = join_all((0..SENDERS).map(|sender| {
            let random = StdRng::seed_from_u64(form.seed + sender as u64);
            annoy(server.address, random, count / SENDERS)
        }));
        let taken: usize = all.await.iter().sum();
        assert_eq!(
            store.count("events"),
            i64::try_from(taken).unwrap(),
            "events without a right signature, or lost ones"
        );
        join_all((0..4).map(|_| enormous(server.address))).await;
        let last = Payload::new(&event("evt_last", "customer.created", "cus_last", Clock::System.now_seconds()));
        let answer = Client::default().deliver(server.address, &last, Clock::System.now_seconds()).await.unwrap();
        assert_eq!(answer.status, 200);
        settled(&store).await;
        assert_eq!(server.process.ended(), None, "it ended: {}", server.process.log());
        assert!(!server.process.log().contains("panicked"), "{}", server.process.log());
        let memory = server.process.most_memory();
        assert!(memory < MOST_MEMORY, "it had {} MiB", memory >> 20);
        counts.add("hostile deliveries", count);
        counts.add("rightly signed and taken", taken);
        counts.add("bodies of 100 MiB", 4);
        counts.add("panics", 0);
        counts.add("most memory", format!("{} MiB", memory >> 20));
    });
}

// What nobody can read is dead at once, and says so.
async fn settled(store: &Store) {
    until("everything is processed or dead", LONGEST, async || {
        (store.count("events WHERE status NOT IN ('processed', 'dead')") == 0).then_some(())
    })
    .await;
    let good = store.count("events WHERE status = 'processed'");
    assert_eq!(store.count("events WHERE status = 'dead' AND last_error NOT LIKE 'the payload cannot be read%'"), 0);
    assert_eq!(store.count("effects"), good);
}

// How many events were taken.
async fn annoy(to: SocketAddr, mut random: StdRng, count: usize) -> usize {
    let (mut client, mut taken) = (Client::default(), 0);
    for _ in 0..count {
        match random.random_range(0..10) {
            0..3 => raw(to, &bodies::request(&mut random)).await,
            3..6 => {
                let (body, signature) = (bodies::body(&mut random), bodies::header(&mut random));
                let answer = client.post(to, PATH, &[("stripe-signature", &signature)], body).await;
                let status = answer.map(|answer| answer.status);
                assert!(status.is_err() || matches!(status, Ok(400..=499)), "{status:?} for an unsigned delivery");
            }
            _ => taken += usize::from(signed(&mut client, to, &bodies::body(&mut random)).await),
        }
    }
    taken
}

// Whether it was taken.
async fn signed(client: &mut Client, to: SocketAddr, body: &Bytes) -> bool {
    let signature = sign_at(Clock::System.now_seconds(), body);
    let answer = client.post(to, PATH, &[("stripe-signature", &signature)], body.clone()).await;
    let status = answer.as_ref().map(|answer| answer.status).ok();
    let shown = String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned();
    assert!(matches!(status, Some(200 | 400..=499)), "{status:?} for {shown}: {answer:?}");
    status == Some(200)
        && !answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.body).contains(r#""duplicate":true"#))
}

// Whatever is answered, it is no success.
async fn raw(to: SocketAddr, request: &[u8]) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    drop(stream.write_all(request).await);
    drop(stream.shutdown().await);
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "neither answered nor closed: {}", String::from_utf8_lossy(request));
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer} for {}", String::from_utf8_lossy(request));
    assert!(!answer.starts_with("HTTP/1.1 5"), "{answer} for {}", String::from_utf8_lossy(request));
}

// In pieces, so that no length tells what comes.
async fn enormous(to: SocketAddr) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: {to}\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut piece = vec![b'x'; 64 << 10];
    rand::rng().fill_bytes(&mut piece);
    let (mut answers, mut bytes) = stream.split();
    let sending = async {
        for _ in 0..LARGE / piece.len() {
            let size = format!("{:x}\r\n", piece.len());
            let sent = [size.as_bytes(), &piece, b"\r\n"];
            for part in sent {
                if bytes.write_all(part).await.is_err() {
                    return;
                }
            }
        }
        drop(bytes.write_all(b"0\r\n\r\n").await);
    };
    let mut answer = Vec::new();
    let reading = async { drop(answers.read_to_end(&mut answer).await) };
    let both = futures_util::future::join(sending, reading);
    // A server that answered and goes on reading is as well as one that closes.
    let over = tokio::time::timeout(Duration::from_secs(15), both).await.is_ok();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer} ({over})");
}
