//! One event that comes ten thousand times at once.

use std::net::SocketAddr;

use futures_util::future::join_all;
use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::Spec;
use crate::rig::{Client, Payload, Server, Store, drained, event, runtime};

const CONNECTIONS: usize = 64;

pub fn prove(form: Form, counts: &mut Counts) {
    let store = Store::fresh();
    // A SQLite file has one process.
    let processes = if store.is_sqlite() { 1 } else { 3 };
    let times = form.pick(1_280, 12_800);
    runtime().block_on(async {
        let spec = Spec::new(store.url());
        let servers = join_all((0..processes).map(|_| Server::start(&spec))).await;
        let payload = Payload::new(&event("evt_storm", "customer.created", "cus_1", Clock::System.now_seconds()));
        let fresh = join_all((0..CONNECTIONS).map(|number| {
            let to = servers[number % processes].address;
            repeat(to, &payload, times / CONNECTIONS)
        }));
        let fresh: usize = fresh.await.iter().sum();
        drained(&store, std::time::Duration::from_secs(60)).await;
        assert_eq!(fresh, 1, "answered as new");
        assert_eq!((store.count("events"), store.count("effects")), (1, 1));
        assert_eq!(usize::try_from(store.count("deliveries")).unwrap(), times);
    });
    counts.add("processes", processes);
    counts.add("deliveries, all acknowledged", times);
    counts.add("events", 1);
    counts.add("effects", 1);
}

// How many were answered as new.
async fn repeat(to: SocketAddr, payload: &Payload, times: usize) -> usize {
    let (mut client, mut fresh) = (Client::default(), 0);
    for _ in 0..times {
        let answer = client.deliver(to, payload, Clock::System.now_seconds()).await.unwrap();
        assert_eq!(answer.status, 200);
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        fresh += usize::from(answer["duplicate"] == false);
    }
    fresh
}
