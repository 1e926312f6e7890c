//! What objects were like before: how long it is kept, and what is told when it is not.

use std::time::Duration;

use diesel::RunQueryDsl;
use serde_json::{Value, json};
use tollgate::models::mirror::{self, Change};
use tollgate::models::retention::{self, Kind, Position, Rule};
use tollgate::models::testing::TestDb;
use tollgate::models::{Error, Lane};
use tollgate::{Clock, Config};

use crate::support::{Cli, Scrape, Setup, until, with_token};

const DAY: i64 = 24 * 3600;
/// Days ago on which the customer changed; its name says on which.
const CHANGED: [i64; 5] = [200, 150, 100, 60, 10];

fn customer(days_ago: i64, now: i64) -> Value {
    json!({"id": "cus_1", "object": "customer", "name": format!("{days_ago} days ago"), "created": now - 300 * DAY})
}

/// A customer, as the last of five events left it.
fn put_customer(db: &TestDb) {
    let (opened, now) = (db.open(), Clock::System.now_seconds());
    for days_ago in CHANGED {
        let (id, at) = (format!("evt_{days_ago}"), now - days_ago * DAY);
        let object = customer(days_ago, now);
        let body = json!({"id": id, "data": {"object": object}}).to_string();
        let mut conn = db.connect();
        for sql in [
            format!(
                "INSERT INTO events (id, type, kind, created, received_at, livemode, status, attempts, next_attempt_at, \
                 superseded, object_type, object_id) VALUES ('{id}', 'customer.updated', 'snapshot', {at}, {at} * CAST(1000 \
                 AS BIGINT), FALSE, 'processed', 1, 0, FALSE, 'customer', 'cus_1')"
            ),
            format!("INSERT INTO event_payloads (event_id, body) VALUES ('{id}', '{body}')"),
        ] {
            diesel::sql_query(sql).execute(&mut conn).unwrap();
        }
        let change = Change {
            object: &object,
            previous: None,
            event_id: Some(&id),
            event_type: "customer.updated",
            fetched: false,
            as_of: at,
            account: None,
            livemode: false,
            api_version: None,
        };
        opened.write(Lane::Ordinary, |conn| mirror::apply(conn, &change).map_err(Error::from)).unwrap();
    }
}

/// Deletes payloads of more than thirty days, as long as nothing is said of the history.
fn delete_payloads(db: &TestDb) {
    let now = Clock::System.now_millis();
    let rule = Rule { now, before: now - 30 * DAY * 1000, failed_too: false, history_before: None };
    let gone = db.open().write(Lane::Ordinary, |conn| {
        let found = retention::next(conn, Kind::Payloads, rule, Position::default(), 100)?;
        Ok::<_, Error>(retention::delete(conn, Kind::Payloads, rule, &found.numbers)?)
    });
    assert_eq!(gone.unwrap().payloads, 4);
}

#[tokio::test]
async fn the_setting_deletes_in_the_background_what_was_replaced_too_long_ago() {
    let keep = |config: &mut Config| config.keep_history = Some(Duration::from_secs(90 * 24 * 3600));
    let setup = Setup::new().live().config(with_token).config(keep);
    put_customer(setup.db());
    delete_payloads(setup.db());
    let app = setup.start().await;
    // What was true 90 days ago is from 100 days ago.
    until("the rest is what shall stay", async || {
        ((app.count("event_payloads"), app.count("object_versions")) == (1, 2)).then_some(())
    })
    .await;
    assert_eq!((app.count("events"), app.object("cus_1").unwrap().json()["name"].clone()), (5, json!("10 days ago")));
    until("it is counted", async || {
        (Scrape::of(&app).await.counts(["rows_pruned_total{table=\"object_versions\"}"]) == [2]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn payloads_that_go_in_the_background_leave_as_much_history_as_the_setting_says() {
    let setup = Setup::new().live().config(|config| {
        config.keep_payloads = Some(Duration::from_secs(30 * 24 * 3600));
        config.keep_history = Some(Duration::from_secs(90 * 24 * 3600));
    });
    put_customer(setup.db());
    let app = setup.start().await;
    until("the rest is what shall stay", async || {
        ((app.count("event_payloads"), app.count("object_versions")) == (1, 2)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn payloads_that_go_take_no_history_with_them() {
    let cli = Cli::new();
    put_customer(&cli.db);
    let gone = cli.run(&["prune", "--older-than", "31d", "--json"]).await.json().remove(0);
    assert_eq!((&gone["events"], &gone["payloads"], &gone["versions"]), (&json!(4), &json!(4), &json!(0)));
    for (asked, found) in [("250d", None), ("170d", Some(200)), ("70d", Some(100)), ("20d", Some(60)), ("1d", Some(10))]
    {
        let shown = cli.run(&["objects", "show", "cus_1", "--as-of", asked, "--json"]).await;
        match found {
            Some(days) => {
                let shown = shown.json().remove(0);
                assert_eq!(shown["data"]["name"], format!("{days} days ago"), "{asked}");
                assert_eq!((&shown["expired"], &shown["id"]), (&json!(false), &json!("cus_1")));
            }
            None => assert!(shown.status == 1 && shown.err.contains("nothing is known of cus_1"), "{shown:?}"),
        }
    }
}

#[tokio::test]
async fn prune_deletes_history_by_an_age_of_its_own_and_show_tells_what_is_gone() {
    let cli = Cli::new();
    put_customer(&cli.db);
    let history = ["prune", "--history-older-than", "90d", "--json"];
    assert_eq!(cli.run(&history).await.json()[0]["versions"], 0, "payloads keep it");
    let both = ["prune", "--older-than", "31d", "--payloads-only", "--history-older-than", "90d", "--json"];
    let counted = cli.run(&[&both[..], &["--dry-run"]].concat()).await.json().remove(0);
    assert_eq!((&counted["payloads"], &counted["versions"], &counted["dry_run"]), (&json!(4), &json!(0), &json!(true)));
    let gone = cli.run(&both).await.json().remove(0);
    assert_eq!((&gone["events"], &gone["payloads"], &gone["versions"]), (&json!(0), &json!(4), &json!(2)));
    let show = async |asked: &str| cli.run(&["objects", "show", "cus_1", "--as-of", asked, "--json"]).await;
    for (asked, name) in
        [("89d", "100 days ago"), ("95d", "100 days ago"), ("30d", "60 days ago"), ("1h", "10 days ago")]
    {
        let shown = show(asked).await;
        assert_eq!((&shown.json()[0]["data"]["name"], shown.err.as_str()), (&json!(name), ""), "{asked}");
    }
    let forgotten = show("130d").await;
    assert!(forgotten.status == 1 && forgotten.err.contains("is no longer kept: history from before"), "{forgotten:?}");
    assert!(show("400d").await.err.contains("nothing is known of cus_1"));
    // As versions before this one deleted payloads.
    diesel::sql_query("DELETE FROM object_versions WHERE event_id = 'evt_60'").execute(&mut cli.db.connect()).unwrap();
    let older = show("30d").await;
    assert_eq!((&older.json()[0]["data"]["name"], &older.json()[0]["expired"]), (&json!("100 days ago"), &json!(true)));
    assert!(older.err.contains("what came after it is no longer kept"), "{older:?}");
    let now = cli.run(&["objects", "show", "cus_1", "--json"]).await.json().remove(0);
    assert_eq!(now["data"]["name"], "10 days ago");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let cli = Cli::new();
    put_customer(&cli.db);
    for arguments in [
        &["prune"][..],
        &["prune", "--history-older-than", "90"],
        &["prune", "--history-older-than", "0d"],
        &["prune", "--history-older-than", "90d", "--payloads-only"],
        &["prune", "--history-older-than", "90d", "--include-failed"],
        &["objects", "show", "cus_1", "--as-of", "yesterday"],
        &["objects", "show", "cus_1", "--as-of", ""],
    ] {
        assert_eq!(cli.run(arguments).await.status, 2, "{arguments:?}");
    }
    assert_eq!(cli.run(&["objects", "show", "cus_none", "--as-of", "1d"]).await.status, 1);
}
