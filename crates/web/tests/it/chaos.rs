//! A business whose events arrive in disorder, twice, late, or not at all: in the end every row is what Stripe has.
//!
//! `TOLLGATE_CHAOS_SEEDS` and `TOLLGATE_CHAOS_EVENTS` make it longer: so many seeds, and at least so many events for each.

use std::collections::{BTreeMap, HashMap};

use futures_util::StreamExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tollgate::audit::Actor;
use tollgate::models::mirror::{self, KINDS, Subject};
use tollgate::sync::{self, Request};
use tollgate::{Config, keys, reconcile};
use tollgate_stripe_sim::{Clock, FaultPlan, Simulator};

use crate::support::{ENDPOINT, NOW, SECONDS, SECRET, Setup, TestApp, row};

const DAY: i64 = 86_400;
/// Events that are under way at the same time.
const AT_ONCE: usize = 16;
/// How far from its place an event may arrive.
const DISORDER: usize = 200;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A business of at least so many events in 20 days, many of them of one second.
async fn business(seed: u64, events: usize) -> Simulator {
    let clock = Clock::manual(SECONDS - 20 * DAY);
    let sim = Simulator::builder().seed(seed).clock(clock.clone()).retries([]).start().await.unwrap();
    sim.set_faults(FaultPlan { tie_seconds: 60, ..FaultPlan::default() });
    let pace = (18 * DAY / (events as i64 / 4).max(1)).max(1);
    while sim.event_ids().len() < events {
        sim.business().step().await;
        if sim.clock().now() < SECONDS - DAY {
            sim.clock().advance(pace);
        }
    }
    sim.clock().advance(SECONDS - 1000 - sim.clock().now());
    sim
}

/// What arrives, in which order: 5 % never, 5 % twice, everything out of place, some much too late.
fn arrivals(sim: &Simulator, seed: u64) -> Vec<Value> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut placed: Vec<(usize, String)> = Vec::new();
    for (place, id) in sim.event_ids().into_iter().enumerate() {
        if dice.random_ratio(1, 20) {
            continue;
        }
        let late = if dice.random_ratio(1, 50) { 20 * DISORDER } else { 0 };
        let times = if dice.random_ratio(1, 20) { 2 } else { 1 };
        for _ in 0..times {
            placed.push((place + late + dice.random_range(0..DISORDER), id.clone()));
        }
    }
    placed.shuffle(&mut dice);
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, id)| sim.event(&id).unwrap()).collect()
}

async fn app(sim: &Simulator) -> TestApp {
    let mut old = row(ENDPOINT);
    old.account = Some(sim.account());
    old.created_at = NOW - 40 * DAY * 1000;
    let app = Setup::bare().endpoint(old, [SECRET]).config(without_samples).stripe(sim).start().await;
    let key = sim.api_key(&sim.account(), false);
    keys::add(&app.tollgate, "Shop", &key, &Actor::cli()).await.unwrap();
    app
}

fn without_samples(config: &mut Config) {
    config.samples = 0;
}

/// Delivers while the events are processed, so that the mirror sees them as they come.
async fn deliver(app: &TestApp, arrivals: &[Value]) {
    for some in arrivals.chunks(500) {
        futures_util::stream::iter(some).for_each_concurrent(AT_ONCE, |event| app.deliver(event)).await;
        app.run_workers().await;
    }
}

/// Rows that are not as the simulator's objects, by type.
fn wrong(app: &TestApp, sim: &Simulator) -> BTreeMap<&'static str, Vec<String>> {
    let mut wrong = BTreeMap::new();
    for kind in KINDS {
        for object in sim.objects(kind.object) {
            let id = kind.id_in(&object).unwrap().to_owned();
            let row = app.read(|conn| mirror::find(conn, kind.object, &id));
            let differs = match &row {
                None => vec!["it is not here".to_owned()],
                Some(row) => mirror::differences(&row.json(), &object),
            };
            if !differs.is_empty() {
                wrong.entry(kind.object).or_insert_with(Vec::new).push(format!("{id}: {}", differs.join(", ")));
            }
        }
    }
    wrong
}

/// Types of which Stripe has objects that no event tells as they are now: balance transactions, open payments of
/// invoices, sessions that were only opened, items that went onto an invoice.
fn untold(sim: &Simulator) -> Vec<&'static str> {
    let events = sim.event_ids().into_iter().map(|id| sim.event(&id).unwrap()["data"]["object"].take());
    let told: HashMap<String, Value> =
        events.filter_map(|object| Some((object["id"].as_str()?.to_owned(), object))).collect();
    let is_told = |object: &Value| {
        let last = object["id"].as_str().and_then(|id| told.get(id));
        last.is_some_and(|last| mirror::differences(last, object).is_empty())
    };
    let types = sync::types().into_iter();
    types.filter(|object| !sim.objects(object).iter().all(is_told)).collect()
}

async fn look(app: &TestApp) -> usize {
    let tollgate = app.tollgate.clone();
    tokio::task::spawn_blocking(move || tollgate.workers().look_after_mirror()).await.unwrap().unwrap()
}

#[tokio::test]
async fn whatever_happens_on_the_way_every_row_is_what_stripe_has() {
    let (seeds, events) = (number("TOLLGATE_CHAOS_SEEDS", 2), number("TOLLGATE_CHAOS_EVENTS", 1200));
    for seed in 1..=seeds {
        let sim = business(seed, events as usize).await;
        let app = app(&sim).await;
        let arrivals = arrivals(&sim, seed);
        deliver(&app, &arrivals).await;
        let before = wrong(&app, &sim).values().map(Vec::len).sum::<usize>();
        let reports = reconcile::run(&app.tollgate, None, &Actor::cli(), |_| {}).await.unwrap();
        assert!(reports[0].missing > 0 && reports[0].error.is_none(), "{reports:?}");
        app.run_workers().await;
        let ties = wrong(&app, &sim);
        // Of what no event tells, such as balance transactions, a backfill brings all.
        let untold: Vec<String> = untold(&sim).into_iter().map(str::to_owned).collect();
        if !untold.is_empty() {
            println!("no event tells all of {}", untold.join(", "));
            let request = Request { types: untold, since: None };
            let id = sync::begin(&app.tollgate, &request, &Actor::cli()).await.unwrap();
            sync::work_off(&app.tollgate, id, |_| {}).await.unwrap();
        }
        // What nothing but Stripe can settle.
        let fetched = look(&app).await;
        let left = wrong(&app, &sim);
        println!(
            "seed {seed}: {} events, {} arrivals, {} missing; wrong rows: {before} before, {} after the missing came, {} in the end; {fetched} objects fetched",
            sim.event_ids().len(),
            arrivals.len(),
            reports[0].missing,
            ties.values().map(Vec::len).sum::<usize>(),
            left.values().map(Vec::len).sum::<usize>(),
        );
        assert!(before > 0, "nothing was lost on the way");
        assert!(left.is_empty(), "seed {seed}: {left:?}");
        columns_hold_what_the_objects_say(&app, &sim);
    }
}

// The columns were written with the rows; a row that was stored twice must not keep those of the content before.
fn columns_hold_what_the_objects_say(app: &TestApp, sim: &Simulator) {
    for kind in KINDS {
        for object in sim.objects(kind.object).iter().take(50) {
            let id = kind.id_in(object).unwrap();
            for column in kind.columns.iter().filter(|column| column.sql == mirror::SqlType::Text) {
                let Some(value) = column.read(object).as_str().map(str::to_owned) else { continue };
                let filter = mirror::Filter { equal: Some((column.name.to_owned(), value)), ..Default::default() };
                let found = app.read(|conn| mirror::list(conn, kind.object, &filter, 100_000)).rows;
                assert!(found.iter().any(|row| row.id == id), "{}.{} of {id}", kind.object, column.name);
            }
            let subject = Subject { object: kind.object, id, livemode: false, account: None };
            let history = app.read(|conn| mirror::history(conn, subject, 1000));
            assert!(
                history.first().is_none_or(|newest| mirror::differences(&newest.object, object).is_empty()),
                "{id}"
            );
        }
    }
}
