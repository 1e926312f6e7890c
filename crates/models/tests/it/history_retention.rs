//! What objects were like before goes when it is old and was replaced; what is true since then stays, and what went is told.

use serde_json::{Value, json};
use tollgate_models::mirror::{self, Change, Expired, Subject, Then};
use tollgate_models::retention::{self, Counts, Kind, Position, Rule};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Error, Lane};

use crate::arrivals::{NOW, event, execute, number, store_events};
use crate::mirror::change;

const CUSTOMER: Subject<'_> = Subject { object: "customer", id: "cus_1", livemode: false, account: Some("acct_1") };
const DAY: i64 = 24 * 3600;
/// The second of [`NOW`], when everything arrives.
const ARRIVED: i64 = NOW / 1000;

// A time some days after the arrival, and what was replaced by then.
fn rule(days: i64) -> Rule {
    Rule { now: NOW + 1_000 * DAY * 1000, before: NOW + days * DAY * 1000, failed_too: false, history_before: None }
}

fn customer(name: &str) -> Value {
    json!({"id": "cus_1", "object": "customer", "name": name, "created": ARRIVED})
}

/// Events on the day of the arrival and the days after it, named by their day.
fn send(db: &Database, days: &[i64]) {
    for day in days {
        let mut row = event(&format!("evt_{day}"), ARRIVED + day * DAY, Some("cus_1"));
        row.received_at = NOW + day * DAY * 1000;
        row.type_ = if *day == 0 { "customer.created" } else { "customer.updated" }.to_owned();
        row.body = json!({"data": {"object": customer(&day.to_string())}}).to_string();
        store_events(db, [row]).unwrap();
    }
    write(db, "UPDATE events SET status = 'processed'");
}

fn write(db: &Database, statement: &str) {
    db.write(Lane::Ordinary, |conn| {
        execute(conn, statement);
        Ok::<_, Error>(())
    })
    .unwrap();
}

fn fetch(db: &Database, name: &str, day: i64) {
    let object = customer(name);
    let fetched = Change { event_id: None, fetched: true, ..change(&object, "", "", ARRIVED + day * DAY) };
    db.write(Lane::Ordinary, |conn| mirror::apply(conn, &fetched)).unwrap();
}

fn sweep(db: &Database, kind: Kind, rule: Rule) -> Counts {
    let (mut counts, mut after) = (Counts::default(), Position::default());
    loop {
        let chunk = db.read(|conn| retention::next(conn, kind, rule, after, 2)).unwrap();
        let told = db.read(|conn| retention::count(conn, kind, rule, &chunk.numbers)).unwrap();
        let gone = db.write(Lane::Ordinary, |conn| retention::delete(conn, kind, rule, &chunk.numbers)).unwrap();
        assert_eq!(told, gone, "counting says what deleting does");
        counts += gone;
        after = chunk.end;
        if !chunk.more {
            return counts;
        }
    }
}

/// The names in the history, newest first.
fn names(db: &Database) -> Vec<String> {
    let versions = db.read(|conn| mirror::history(conn, CUSTOMER, 100)).unwrap();
    versions.iter().map(|version| version.object["name"].as_str().unwrap().to_owned()).collect()
}

// The name on a day, and whether it has expired.
fn on(db: &Database, day: i64) -> (Option<String>, bool) {
    let Then { version, expired } = db.read(|conn| mirror::as_of(conn, CUSTOMER, ARRIVED + day * DAY)).unwrap();
    (version.map(|version| version.object["name"].as_str().unwrap().to_owned()), expired)
}

fn known(name: &str) -> (Option<String>, bool) {
    (Some(name.to_owned()), false)
}

fn expired(db: &Database) -> Vec<Expired> {
    db.read(|conn| mirror::expired(conn, CUSTOMER, 100)).unwrap()
}

fn rows(db: &Database) -> i64 {
    db.read(|conn| Ok::<_, Error>(number(conn, "SELECT count(*) AS value FROM object_versions"))).unwrap()
}

#[test]
fn the_history_outlives_payloads_and_events() {
    for kind in [Kind::Payloads, Kind::Events] {
        let test = TestDb::new();
        let db = test.open();
        send(&db, &[0, 10, 20]);
        let before = db.read(|conn| mirror::history(conn, CUSTOMER, 100)).unwrap();
        assert_eq!(sweep(&db, kind, rule(15)).payloads, 2);
        assert_eq!(rows(&db), 2);
        assert_eq!(db.read(|conn| mirror::history(conn, CUSTOMER, 100)).unwrap(), before, "{kind:?}");
        assert_eq!((on(&db, 5), on(&db, 12), expired(&db)), (known("0"), known("10"), vec![]));
    }
}

#[test]
fn what_was_replaced_before_the_time_goes_and_what_was_true_at_it_stays() {
    let test = TestDb::new();
    let db = test.open();
    send(&db, &[0, 10, 20, 30]);
    sweep(&db, Kind::Payloads, rule(25));
    fetch(&db, "fetched", 40);
    assert_eq!(names(&db), ["fetched", "30", "20", "10", "0"]);
    assert_eq!(sweep(&db, Kind::History, rule(9)), Counts::default(), "nothing was replaced by then");
    assert_eq!(sweep(&db, Kind::History, rule(25)), Counts { versions: 2, ..Counts::default() });
    assert_eq!(names(&db), ["fetched", "30", "20"]);
    assert_eq!((on(&db, 25), on(&db, 35), on(&db, 45)), (known("20"), known("30"), known("fetched")));
    assert_eq!(on(&db, 22), known("20"), "it was true for some time before as well");
    assert_eq!((on(&db, 15), on(&db, 5)), ((None, true), (None, true)));
    assert_eq!(on(&db, -1), (None, false), "there was no such customer yet");
    assert_eq!(db.read(mirror::kept_since).unwrap(), Some(ARRIVED + 25 * DAY));
    assert_eq!(sweep(&db, Kind::History, rule(25)), Counts::default(), "a second time finds nothing");
}

#[test]
fn what_an_object_is_like_now_never_goes_however_old_it_is() {
    let test = TestDb::new();
    let db = test.open();
    fetch(&db, "first", 0);
    fetch(&db, "last", 10);
    assert_eq!(sweep(&db, Kind::History, rule(900)).versions, 1);
    assert_eq!((names(&db), on(&db, 900)), (vec!["last".to_owned()], known("last")));
    // One that a newer event's payload replaced may go, though the table has nothing newer.
    send(&db, &[20]);
    assert_eq!(sweep(&db, Kind::History, rule(19)).versions, 0);
    assert_eq!(sweep(&db, Kind::History, rule(900)).versions, 1);
    assert_eq!((names(&db), on(&db, 900)), (vec!["20".to_owned()], known("20")));
    // The payload goes in the end, and its content stays.
    sweep(&db, Kind::Events, rule(900));
    assert_eq!(sweep(&db, Kind::History, rule(900)), Counts::default());
    assert_eq!(names(&db), ["20"]);
}

#[test]
fn another_object_account_or_mode_replaces_nothing() {
    let test = TestDb::new();
    let db = test.open();
    let coupon = json!({"id": "WINTER", "object": "coupon"});
    let fetched = Change { event_id: None, fetched: true, ..change(&coupon, "", "", ARRIVED) };
    let newer = Change { as_of: ARRIVED + DAY, ..fetched };
    let other = json!({"id": "WINTER", "object": "promotion_code"});
    for change in [
        fetched,
        Change { account: Some("acct_2"), ..newer },
        Change { livemode: true, ..newer },
        Change { object: &other, ..newer },
    ] {
        db.write(Lane::Ordinary, |conn| mirror::apply(conn, &change)).unwrap();
    }
    assert_eq!((rows(&db), sweep(&db, Kind::History, rule(900))), (4, Counts::default()));
    assert_eq!(db.read(mirror::kept_since).unwrap(), None);
}

#[test]
fn a_content_without_payload_that_nobody_kept_is_told_as_expired() {
    let test = TestDb::new();
    let db = test.open();
    send(&db, &[0, 10, 20]);
    // As versions before this one deleted payloads.
    write(&db, "DELETE FROM event_payloads WHERE event_id = 'evt_10'");
    let gone = Expired { as_of: ARRIVED + 10 * DAY, event_id: "evt_10".into(), event_type: "customer.updated".into() };
    assert_eq!((names(&db), expired(&db)), (vec!["20".to_owned(), "0".to_owned()], vec![gone]));
    assert_eq!((on(&db, 5), on(&db, 15), on(&db, 25)), (known("0"), (Some("0".to_owned()), true), known("20")));
}

#[test]
fn a_payload_that_is_kept_longer_than_the_history_is_not_taken_for_all_there_was() {
    let test = TestDb::new();
    let db = test.open();
    send(&db, &[0, 30]);
    fetch(&db, "fetched", 10);
    assert_eq!(sweep(&db, Kind::History, rule(40)).versions, 1);
    assert_eq!((on(&db, 15), on(&db, 45)), ((Some("0".to_owned()), true), known("30")));
}

#[test]
fn a_payload_hands_over_nothing_that_was_replaced_for_too_long() {
    for kind in [Kind::Payloads, Kind::Events] {
        let test = TestDb::new();
        let db = test.open();
        send(&db, &[0, 10, 20, 30]);
        let rule = Rule { history_before: Some(NOW + 25 * DAY * 1000), ..rule(900) };
        assert_eq!(sweep(&db, kind, rule).payloads, 4);
        assert_eq!((names(&db), rows(&db)), (vec!["30".to_owned(), "20".to_owned()], 2), "{kind:?}");
        assert_eq!((on(&db, 15), on(&db, 25)), ((None, true), known("20")));
    }
}

#[test]
fn contents_of_one_second_stay_together() {
    let test = TestDb::new();
    let db = test.open();
    send(&db, &[0, 1]);
    write(&db, &format!("UPDATE events SET created = {ARRIVED}"));
    sweep(&db, Kind::Payloads, rule(900));
    assert_eq!((rows(&db), sweep(&db, Kind::History, rule(900)).versions), (2, 0));
    fetch(&db, "c", 1);
    assert_eq!((sweep(&db, Kind::History, rule(900)).versions, names(&db)), (2, vec!["c".to_owned()]));
}

#[test]
fn damaged_and_strange_payloads_go_without_leaving_anything() {
    let test = TestDb::new();
    let db = test.open();
    send(&db, &[0, 10, 20, 30]);
    for (day, body) in [(0, "{"), (10, "{}"), (20, "{\"data\": {\"object\": null}}"), (30, "{\"data\": 7}")] {
        write(&db, &format!("UPDATE event_payloads SET body = '{body}' WHERE event_id = 'evt_{day}'"));
    }
    assert_eq!(sweep(&db, Kind::Payloads, rule(900)).payloads, 4);
    assert_eq!((rows(&db), expired(&db).len()), (0, 4));
}

#[test]
fn a_name_that_no_index_has_room_for_holds_no_payload_back() {
    let test = TestDb::new();
    let db = test.open();
    send(&db, &[0, 10]);
    // Such that it cannot be compressed either.
    let name: String = (1..500_u32).map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761))).collect();
    write(&db, &format!("UPDATE events SET object_type = '{name}' WHERE id = 'evt_0'"));
    assert_eq!((sweep(&db, Kind::Payloads, rule(900)).payloads, rows(&db), names(&db)), (2, 1, vec!["10".to_owned()]));
}
