//! What is old goes, by the command and in the background, while everything else goes on.

use std::sync::mpsc;
use std::time::Duration;

use diesel::RunQueryDsl;
use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::models::events::Status;
use tollgate::models::settings;
use tollgate::models::testing::TestDb;
use tollgate::retention::{self, Counts, Request};
use tollgate::{Clock, Error, replay};

use crate::support::{
    Cli, Http, NOW, SECRET, Scrape, Served, Setup, TestApp, build, event, sign_at, until, with_token,
};

const DAY: i64 = 24 * 3_600_000;
const OLD: Request = Request {
    older_than: Some(Duration::from_secs(90 * 24 * 3600)),
    history_older_than: None,
    payloads_only: false,
    include_failed: false,
    dry_run: false,
};

/// Puts events of a hundred days before a time there, each with a payload, a run, a task and a delivery.
fn put_old(db: &TestDb, name: &str, status: &str, count: usize, now: i64) {
    let opened = db.open();
    let at = now - 100 * DAY;
    let numbers = match opened.url().is_sqlite() {
        true => format!("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})"),
        false => format!("WITH n AS (SELECT generate_series(1, {count})::bigint AS n)"),
    };
    let ids = format!("id LIKE '{name}%'");
    let mut conn = db.connect();
    for sql in [
        format!(
            "INSERT INTO events (id, type, kind, created, received_at, livemode, status, attempts, next_attempt_at, superseded, \
             object_type, object_id) {numbers} SELECT '{name}' || n, 'invoice.paid', 'snapshot', n, {at} + n, FALSE, '{status}', \
             1, {at}, FALSE, 'invoice', '{name}' || n FROM n"
        ),
        format!(
            "INSERT INTO event_payloads (event_id, body) SELECT id, '{{\"data\":{{\"object\":{{\"id\":\"' || id || '\"}}}}}}' \
             FROM events WHERE {ids}"
        ),
        format!(
            "INSERT INTO runs (event_id, handler, attempt, outcome, cause, started_at, duration_us) \
             SELECT id, 'h', 1, 'succeeded', 'delivery', {at}, 1 FROM events WHERE {ids}"
        ),
        format!(
            "INSERT INTO tasks (event_id, handler, idempotency_key, status, cause, next_attempt_at, created_at) \
             SELECT id, 'h', id, 'succeeded', 'delivery', {at}, {at} FROM events WHERE {ids}"
        ),
        format!(
            "INSERT INTO deliveries (event_id, received_at, outcome, http_status, headers, body_size, repeats) \
             SELECT id, received_at, 'accepted', 200, '{{}}', 7, 1 FROM events WHERE {ids}"
        ),
    ] {
        diesel::sql_query(sql).execute(&mut conn).unwrap();
    }
}

fn count(db: &TestDb, from: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    diesel::sql_query(format!("SELECT count(*) AS count FROM {from}"))
        .get_result::<Count>(&mut db.connect())
        .unwrap()
        .count
}

/// Rows of events, payloads, runs, tasks and deliveries.
fn counts(db: &TestDb) -> [i64; 5] {
    ["events", "event_payloads", "runs", "tasks", "deliveries"].map(|table| count(db, table))
}

fn now() -> i64 {
    Clock::System.now_millis()
}

#[tokio::test]
async fn prune_deletes_what_is_old_and_tells_what() {
    let cli = Cli::new();
    put_old(&cli.db, "old", "processed", 250, now());
    put_old(&cli.db, "bad", "dead", 3, now());
    put_old(&cli.db, "new", "processed", 2, now() + 50 * DAY);
    let all = json!({ "events": 250, "payloads": 250, "runs": 250, "tasks": 250, "deliveries": 250, "versions": 0 });
    let told = |dry: bool, of: &Value| {
        let mut told = of.clone();
        told["dry_run"] = json!(dry);
        vec![told]
    };
    let prune = ["prune", "--older-than", "90d", "--json"];
    assert_eq!(cli.run(&[&prune[..], &["--dry-run"]].concat()).await.json(), told(true, &all));
    assert_eq!(counts(&cli.db), [255; 5]);
    assert_eq!(cli.run(&prune).await.json(), told(false, &all));
    assert_eq!(counts(&cli.db), [5; 5]);
    let nothing = json!({ "events": 0, "payloads": 0, "runs": 0, "tasks": 0, "deliveries": 0, "versions": 0 });
    assert_eq!(cli.run(&prune).await.json(), told(false, &nothing));
    let bodies = cli.run(&["prune", "--older-than", "90d", "--payloads-only", "--include-failed"]).await;
    assert_eq!(
        bodies.out,
        "deleted 0 events, 3 payloads, 0 runs, 0 tasks, 0 deliveries, 0 earlier contents of objects\n"
    );
    assert_eq!(bodies.err, "");
    let failed = cli.run(&["prune", "--older-than", "90d", "--include-failed", "--dry-run"]).await;
    assert_eq!(
        failed.out,
        "would delete 3 events, 0 payloads, 3 runs, 3 tasks, 3 deliveries, 0 earlier contents of objects\n"
    );
    assert_eq!(count(&cli.db, "audit_entries WHERE action = 'log.pruned'"), 3);
}

#[tokio::test]
async fn an_age_that_cannot_be_meant_is_refused() {
    let cli = Cli::new();
    for age in ["", "90", "0d", "+5d", "d", "forever", "1e9d", "99999999999999999999999d"] {
        let ended = cli.run(&["prune", "--older-than", age]).await;
        assert!(ended.status == 2 && ended.err.contains("90d or 36h"), "{age}: {ended:?}");
    }
    assert_eq!(cli.run(&["prune"]).await.status, 2);
    // Stripe may still send it again, which would run its handlers again.
    let young = cli.run(&["prune", "--older-than", "7d"]).await;
    assert!(young.status == 0 && young.err.contains("30 days"), "{young:?}");
}

#[tokio::test]
async fn intake_is_not_held_up_while_pruning() {
    let app = Setup::new().start().await;
    put_old(&app.db, "old", "processed", 500, NOW);
    let (begun, begins) = mpsc::channel();
    let (go_on, waits) = mpsc::channel::<()>();
    let (tollgate, runtime) = (app.tollgate.clone(), tokio::runtime::Handle::current());
    let pruning = std::thread::spawn(move || {
        let tell = |counts: &Counts| {
            // Between two transactions it waits until deliveries were acknowledged.
            if counts.events == 200 {
                begun.send(()).unwrap();
                waits.recv_timeout(Duration::from_secs(30)).unwrap();
            }
        };
        runtime.block_on(retention::prune(&tollgate, &OLD, &Actor::cli(), tell))
    });
    until("it has begun", async || begins.try_recv().ok()).await;
    for number in 0..10 {
        app.deliver(&event(&format!("evt_{number}"), "customer.created")).await;
    }
    assert_eq!(counts(&app.db)[0], 300 + 10);
    go_on.send(()).unwrap();
    let counted = tokio::task::spawn_blocking(|| pruning.join().unwrap()).await.unwrap().unwrap();
    assert_eq!(counted, Counts { events: 500, payloads: 500, runs: 500, tasks: 500, deliveries: 500, versions: 0 });
    assert_eq!(counts(&app.db), [10, 10, 0, 0, 10]);
}

async fn post_signed(http: &Http, id: &str) -> u16 {
    let body = event(id, "customer.created").to_string();
    let signature = sign_at(SECRET, Clock::System.now_seconds(), body.as_bytes());
    http.post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await.status
}

#[tokio::test]
async fn two_prunes_share_the_work_beside_a_server_that_goes_on() {
    let cli = Cli::new();
    put_old(&cli.db, "old", "processed", 2_000, now());
    let server = Served::start(&cli, &[("TOLLGATE_LEGACY_WEBHOOK_SECRET", SECRET)]);
    let http = Http::new(&server.base);
    let prune = ["prune", "--older-than", "90d", "--json"];
    let posting = async {
        let mut acknowledged = 0;
        while count(&cli.db, "events WHERE id LIKE 'old%'") > 0 || acknowledged == 0 {
            assert_eq!(post_signed(&http, &format!("evt_{acknowledged}")).await, 200);
            acknowledged += 1;
        }
        acknowledged
    };
    let (one, two, acknowledged) = tokio::join!(cli.run(&prune), cli.run(&prune), posting);
    let events = |ended: &crate::support::Ended| ended.json()[0]["events"].as_i64().unwrap();
    assert_eq!(events(&one) + events(&two), 2_000);
    until("what came meanwhile is processed", async || {
        (count(&cli.db, "events WHERE status = 'processed'") == acknowledged).then_some(())
    })
    .await;
    assert_eq!(counts(&cli.db), [acknowledged, acknowledged, 0, 0, acknowledged]);
    assert_eq!(count(&cli.db, "object_versions"), 2_000);
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn prune_can_be_killed_and_goes_on() {
    let cli = Cli::new();
    put_old(&cli.db, "old", "processed", 20_000, now());
    let mut child = cli.command(&["prune", "--older-than", "90d"]).spawn().unwrap();
    until("some are gone", async || (count(&cli.db, "events") < 20_000).then_some(())).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let left = until("its last transaction has ended", async || {
        let left = counts(&cli.db);
        (counts(&cli.db) == left).then_some(left)
    })
    .await;
    assert!(left[0] > 0, "it was killed too late");
    // Nothing is half gone; deliveries come after the events.
    assert_eq!(left, [left[0], left[0], left[0], left[0], 20_000]);
    assert_eq!(count(&cli.db, "object_versions"), 20_000 - left[0], "what they say of objects went over with them");
    let again = cli.run(&["prune", "--older-than", "90d", "--json"]).await.json().remove(0);
    assert_eq!((&again["events"], &again["deliveries"]), (&json!(left[0]), &json!(20_000)));
    assert_eq!((counts(&cli.db), count(&cli.db, "object_versions")), ([0; 5], 20_000));
}

#[tokio::test]
async fn the_settings_delete_in_the_background_what_is_too_old() {
    let setup = Setup::new().live().config(with_token).config(|config| {
        config.keep_events = Some(Duration::from_secs(90 * 24 * 3600));
        config.keep_payloads = Some(Duration::from_secs(30 * 24 * 3600));
        config.keep_deliveries = Some(Duration::from_secs(60 * 24 * 3600));
    });
    put_old(setup.db(), "old", "processed", 250, now());
    put_old(setup.db(), "bad", "dead", 3, now());
    // Seventy, forty and twenty days old.
    put_old(setup.db(), "less", "ignored", 4, now() + 30 * DAY);
    put_old(setup.db(), "young", "processed", 5, now() + 60 * DAY);
    put_old(setup.db(), "new", "processed", 6, now() + 80 * DAY);
    let app = setup.start().await;
    let (events, payloads, deliveries) = (3 + 4 + 5 + 6, 3 + 6, 3 + 5 + 6);
    until("the rest is what shall stay", async || {
        (counts(&app.db) == [events, payloads, events, events, deliveries]).then_some(())
    })
    .await;
    let told = ["events", "event_payloads", "runs", "tasks", "deliveries"]
        .map(|table| format!("rows_pruned_total{{table=\"{table}\"}}"));
    let gone = [250, 250 + 9, 250, 250, 250 + 4];
    until("it is counted", async || {
        let scrape = Scrape::of(&app).await;
        (told.each_ref().map(|series| scrape.counts([series.as_str()])[0]) == gone).then_some(())
    })
    .await;
}

/// Runs rounds until a row that is put there to be deleted is gone.
async fn round(app: &TestApp, name: &str) {
    put_old(&app.db, name, "processed", 1, now());
    let working = build(app.tollgate.config().clone(), Clock::System, tollgate::Handlers::new(), true).await;
    let gone = format!("events WHERE id = '{name}1'");
    until("the round has come to its end", async || (app.count(&gone) == 0).then_some(())).await;
    working.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_background_sweep_goes_on_where_it_was_and_begins_anew_after_a_week() {
    let app = Setup::new().config(|config| config.keep_events = OLD.older_than).start().await;
    put_old(&app.db, "bad", "dead", 1, now() - DAY);
    round(&app, "first").await;
    let cursor: Value =
        serde_json::from_str(&app.read(|conn| settings::find(conn, "retention.events")).unwrap()).unwrap();
    assert!(cursor["position"]["at"].as_i64().unwrap() > now() - 101 * DAY, "{cursor}");
    // What it has passed is not looked at again.
    app.execute("UPDATE events SET status = 'processed' WHERE id = 'bad1'");
    round(&app, "second").await;
    assert_eq!(app.count("events WHERE id = 'bad1'"), 1);
    let mut aged = cursor;
    aged["began_at"] = json!(now() - 8 * DAY);
    app.execute(&format!("UPDATE settings SET value = '{aged}' WHERE key = 'retention.events'"));
    round(&app, "third").await;
    assert_eq!(app.count("events"), 0);
}

#[tokio::test]
async fn a_cursor_that_cannot_be_read_begins_anew() {
    let app = Setup::new().config(|config| config.keep_events = OLD.older_than).start().await;
    for (number, cursor) in
        ["", "{}", "junk", "{\"position\":{\"at\":9e99,\"number\":1},\"began_at\":0}"].iter().enumerate()
    {
        app.execute("DELETE FROM settings WHERE key = 'retention.events'");
        app.execute(&format!("INSERT INTO settings (key, value) VALUES ('retention.events', '{cursor}')"));
        round(&app, &format!("cursor{number}x")).await;
    }
    assert_eq!(app.count("events"), 0);
}

#[tokio::test]
async fn an_event_whose_payload_is_gone_is_told_and_not_replayed() {
    let app = Setup::new().start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    app.advance(91 * DAY);
    let request = Request { payloads_only: true, ..OLD };
    let gone = retention::prune(&app.tollgate, &request, &Actor::cli(), |_| ()).await.unwrap();
    assert_eq!(gone, Counts { payloads: 1, ..Counts::default() });
    let refused = replay::one(&app.tollgate, "evt_1", &replay::Request::by_cli("")).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict(text) if text.contains("no longer kept")), "{refused:?}");
    assert_eq!(app.status("evt_1"), Status::Processed);
    // The same event, sent again, is still known.
    assert_eq!(app.post_webhook(&event("evt_1", "customer.created")).await.json()["duplicate"], true);
}
