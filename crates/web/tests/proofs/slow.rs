//! Clients that send their requests byte by byte, beside others that do not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::Spec;
use crate::rig::{Ledger, Load, PATH, Plan, Server, Store, drained, runtime, until};

const LONGEST: Duration = Duration::from_secs(60);
/// Between two bytes.
const PAUSE: Duration = Duration::from_millis(500);
const SOON: Duration = Duration::from_secs(1);

pub fn prove(form: Form, counts: &mut Counts) {
    let store = Store::fresh();
    // Of bodies at most 512 are read at the same time; beyond that Stripe is asked to come back.
    let (heads, bodies) = (form.pick(150, 1_600), form.pick(100, 400));
    runtime().block_on(async {
        let server = Server::start(&Spec::new(store.url())).await;
        let (open, closed) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        for number in 0..heads + bodies {
            let (open, closed) = (Arc::clone(&open), Arc::clone(&closed));
            let start = if number < heads { "" } else { "content-length: 100000\r\n\r\n" };
            tokio::spawn(async move {
                drip(server.address, start, &open).await;
                closed.fetch_add(1, Ordering::SeqCst);
            });
        }
        until("all slow ones are there", LONGEST, async || {
            (open.load(Ordering::SeqCst) == heads + bodies).then_some(())
        })
        .await;
        let (_, target) = watch::channel(Some(server.address));
        let load = Load::start(&Plan::new(8, 100), &target);
        let wanted = form.pick(300, 1_000);
        until("others are answered", LONGEST, async || (load.acknowledged() >= wanted).then_some(())).await;
        let mut tally = load.stop().await;
        tally.assert_only(&[200]);
        drained(&store, LONGEST).await;
        Ledger::read(&store, None).assert_holds(&tally.ids(), false);
        let p99 = tally.percentile(99);
        assert!(p99 < SOON, "p99 was {p99:?}");
        until("no slow one is left", LONGEST, async || (closed.load(Ordering::SeqCst) == heads + bodies).then_some(()))
            .await;
        assert_eq!(store.count("events"), i64::try_from(tally.acknowledged.len()).unwrap());
        counts.add("slow heads", heads);
        counts.add("slow bodies", bodies);
        counts.add("acknowledged meanwhile", tally.acknowledged.len());
        counts.add("p99 of that", format!("{} ms", p99.as_millis()));
    });
}

// Until the server has had enough.
async fn drip(to: SocketAddr, start: &str, open: &AtomicUsize) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: {to}\r\n{start}");
    stream.write_all(head.as_bytes()).await.unwrap();
    open.fetch_add(1, Ordering::SeqCst);
    let (mut answers, mut bytes) = stream.split();
    let sending = async {
        while bytes.write_all(b"x").await.is_ok() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let reading = async { drop(answers.read_to_end(&mut Vec::new()).await) };
    futures_util::future::select(Box::pin(sending), Box::pin(reading)).await;
}
