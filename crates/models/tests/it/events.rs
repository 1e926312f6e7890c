//! The event log: filters, pages in both directions, and putting events back into the queue.

use tollgate_models::claims::{self, Claim};
use tollgate_models::events::{self, Cause, Filter, Status};
use tollgate_models::intake::EventRow;
use tollgate_models::page::Cursor;
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::arrivals::{NOW, event, execute, store_events};

fn ids(db: &Database, filter: &Filter) -> Vec<String> {
    let page = db.read(|conn| events::list(conn, filter, Cursor::Newest, 100)).unwrap();
    page.rows.into_iter().map(|event| event.id).collect()
}

fn typed(id: &str, type_: &str) -> EventRow {
    EventRow { type_: type_.to_owned(), ..event(id, 1, Some(&format!("obj_{id}"))) }
}

fn write(db: &Database, statement: &str) {
    db.write(Lane::Ordinary, |conn| {
        execute(conn, statement);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

#[test]
fn a_family_holds_its_types_and_no_others() {
    let test = TestDb::new();
    let db = test.open();
    let types = [
        "invoice",
        "invoice.paid",
        "invoice.payment.x",
        "invoiceitem.created",
        "invoice_payment.paid",
        "invoice%.paid",
        "invoiceX.paid",
        "Invoice.paid",
        "invoice_.paid",
        "customer.subscription.created",
        "customer.subscription_schedule.created",
        "customer.source.created",
    ];
    store_events(&db, types.map(|type_| typed(type_, type_))).unwrap();
    for (wanted, found) in [
        ("invoice", vec!["invoice.payment.x", "invoice.paid", "invoice"]),
        ("invoice.paid", vec!["invoice.paid"]),
        ("invoice_", vec!["invoice_.paid"]),
        ("invoice_payment", vec!["invoice_payment.paid"]),
        ("invoice%", vec!["invoice%.paid"]),
        ("customer.subscription", vec!["customer.subscription.created"]),
        ("%", vec![]),
        ("_", vec![]),
        ("", vec![]),
        ("invoice.", vec![]),
        ("invoice\\", vec![]),
        ("Invoice", vec!["Invoice.paid"]),
    ] {
        assert_eq!(ids(&db, &Filter { type_: Some(wanted.to_owned()), ..Filter::default() }), found, "{wanted:?}");
    }
}

#[test]
fn each_filter_finds_its_events() {
    let test = TestDb::new();
    let db = test.open();
    let mut rows = [1, 2, 3, 4].map(|n| event(&format!("evt_{n}"), n, Some(&format!("cus_{n}"))));
    rows[1].endpoint_uuid = None;
    rows[1].account = Some("acct_2".to_owned());
    rows[2].livemode = true;
    rows[2].received_at = NOW + 10;
    rows[3].object_id = Some("evt_1".to_owned());
    let endpoint_uuid = rows[0].endpoint_uuid.clone();
    store_events(&db, rows).unwrap();
    let none = Filter::default;
    for (filter, found) in [
        (Filter { endpoint_uuid, ..none() }, vec!["evt_4", "evt_3", "evt_1"]),
        (Filter { account: Some("acct_2".to_owned()), ..none() }, vec!["evt_2"]),
        (Filter { livemode: Some(true), ..none() }, vec!["evt_3"]),
        (Filter { since: Some(NOW + 10), ..none() }, vec!["evt_3"]),
        (Filter { until: Some(NOW + 10), ..none() }, vec!["evt_4", "evt_2", "evt_1"]),
        (Filter { object_id: Some("cus_2".to_owned()), ..none() }, vec!["evt_2"]),
        (Filter { id: Some("evt_1".to_owned()), ..none() }, vec!["evt_4", "evt_1"]),
        (Filter { id: Some("evt".to_owned()), ..none() }, vec![]),
        (
            Filter { livemode: Some(false), until: Some(NOW + 1), type_: Some("customer".to_owned()), ..none() },
            vec!["evt_4", "evt_2", "evt_1"],
        ),
    ] {
        assert_eq!(ids(&db, &filter), found, "{filter:?}");
    }
}

#[test]
fn a_family_and_another_filter_together_find_what_fits_both() {
    let test = TestDb::new();
    let db = test.open();
    let types = ["invoice.paid", "invoice.created", "invoiceitem.created", "invoice.paid"];
    let rows = (0..8)
        .map(|n| EventRow { object_id: Some(format!("in_{}", n / 4)), ..typed(&format!("evt_{n}"), types[n % 4]) });
    store_events(&db, rows.collect::<Vec<_>>()).unwrap();
    write(&db, "UPDATE events SET status = 'dead' WHERE id IN ('evt_0', 'evt_2', 'evt_5')");
    let invoices = || Filter { type_: Some("invoice".to_owned()), ..Filter::default() };
    for (filter, found) in [
        (Filter { status: Some(Status::Dead), ..invoices() }, vec!["evt_5", "evt_0"]),
        (Filter { status: Some(Status::Pending), ..invoices() }, vec!["evt_7", "evt_4", "evt_3", "evt_1"]),
        (Filter { status: Some(Status::Processed), ..invoices() }, vec![]),
        (Filter { object_id: Some("in_1".to_owned()), ..invoices() }, vec!["evt_7", "evt_5", "evt_4"]),
        (Filter { id: Some("evt_1".to_owned()), ..invoices() }, vec!["evt_1"]),
        (Filter { id: Some("evt_2".to_owned()), ..invoices() }, vec![]),
    ] {
        assert_eq!(ids(&db, &filter), found, "{filter:?}");
    }
}

#[test]
fn times_find_their_events_whatever_the_order_of_arrival() {
    let test = TestDb::new();
    let db = test.open();
    // Hours after the first; neighbours are out of order by an hour, and one came by a clock that was years off.
    let hours = [0, 1, 0, 3, 2, 500_000, 4, 5, 200, 201, 200, 400];
    for (number, hour) in hours.iter().enumerate() {
        let mut row = event(&format!("evt_{number:02}"), 1, None);
        row.received_at = NOW + hour * 3_600_000;
        store_events(&db, [row]).unwrap();
    }
    for (since, until) in [(0, 1000), (3, 5), (4, 1000), (200, 202), (250, 500), (401, 402), (-9000, -1), (5, 5)] {
        let filter =
            Filter { since: Some(NOW + since * 3_600_000), until: Some(NOW + until * 3_600_000), ..Filter::default() };
        let within = |number: &usize| (since..until).contains(&hours[*number]);
        let expected: Vec<String> =
            (0..hours.len()).rev().filter(within).map(|number| format!("evt_{number:02}")).collect();
        assert_eq!(ids(&db, &filter), expected, "{since} to {until}");
    }
}

#[test]
fn every_status_is_found_by_its_filter() {
    let test = TestDb::new();
    let db = test.open();
    for status in Status::ALL {
        store_events(&db, [event(&format!("evt_{status}"), 1, None)]).unwrap();
        write(&db, &format!("UPDATE events SET status = '{status}' WHERE id = 'evt_{status}'"));
    }
    for status in Status::ALL {
        let filter = Filter { status: Some(*status), ..Filter::default() };
        assert_eq!(ids(&db, &filter), [format!("evt_{status}")]);
    }
}

#[test]
fn pages_lead_to_the_oldest_and_back_without_gap_or_repetition() {
    let test = TestDb::new();
    let db = test.open();
    let types = ["invoice.paid", "invoice.created", "customer.created"];
    let rows = (0..21).map(|n| typed(&format!("evt_{n:02}"), types[n % 3]));
    store_events(&db, rows.collect::<Vec<_>>()).unwrap();
    let invoices = Filter { type_: Some("invoice".to_owned()), ..Filter::default() };
    for (filter, expected) in [(&Filter::default(), 21), (&invoices, 14)] {
        let all = ids(&db, filter);
        assert_eq!(all.len(), expected);
        let page = |cursor| db.read(|conn| events::list(conn, filter, cursor, 4)).unwrap();
        let (mut seen, mut pages, mut next) = (Vec::new(), Vec::new(), Some(Cursor::Newest));
        while let Some(cursor) = next {
            let found = page(cursor);
            assert_eq!(found.newer.is_some(), cursor != Cursor::Newest);
            seen.extend(found.rows.iter().map(|event| event.id.clone()));
            next = found.older;
            pages.push(found);
        }
        assert_eq!(seen, all);
        for pair in pages.windows(2).rev() {
            let back = page(pair[1].newer.unwrap());
            let ids = |page: &tollgate_models::Page<events::Event>| -> Vec<String> {
                page.rows.iter().map(|event| event.id.clone()).collect()
            };
            assert_eq!(ids(&back), ids(&pair[0]));
            assert_eq!(back.older, pair[0].older);
        }
        assert_eq!(page(pages[1].newer.unwrap()).newer, None, "nothing is newer than the first page");
    }
}

#[test]
fn the_ids_of_a_replay_come_oldest_first_in_chunks() {
    let test = TestDb::new();
    let db = test.open();
    let types = ["invoice.paid", "invoice.created", "customer.created"];
    store_events(&db, (0..9).map(|n| typed(&format!("evt_{n}"), types[n % 3])).collect::<Vec<_>>()).unwrap();
    let filter = Filter { type_: Some("invoice".to_owned()), ..Filter::default() };
    let chunk = |after| db.read(|conn| events::ids(conn, &filter, after, 4)).unwrap();
    let first = chunk(0);
    let second = chunk(first[3].0);
    let all: Vec<&str> = first.iter().chain(&second).map(|(_, id)| id.as_str()).collect();
    assert_eq!(all, ["evt_0", "evt_1", "evt_3", "evt_4", "evt_6", "evt_7"]);
}

#[test]
fn a_replay_starts_an_event_afresh_unless_a_worker_has_it() {
    let test = TestDb::new();
    let db = test.open();
    let replay = |id: &str, now| {
        db.write(Lane::Ordinary, |conn| events::replay(conn, &[id], Some("receipts"), now)).unwrap() == 1
    };
    let find = || db.read(|conn| events::find(conn, "evt_1")).unwrap().unwrap();
    store_events(&db, [event("evt_1", 1, Some("cus_1"))]).unwrap();
    for status in ["processed", "ignored", "dead", "failed", "pending"] {
        write(&db, &format!("UPDATE events SET status = '{status}', attempts = 3, last_error = 'x', processed_at = 1"));
        assert!(replay("evt_1", NOW + 5), "{status}");
        let row = find();
        assert_eq!((row.status, row.attempts, row.cause), (Status::Pending, 0, Cause::Replay));
        assert_eq!((row.next_attempt_at, row.processed_at, row.last_error), (NOW + 5, None, None));
        assert_eq!(row.only_handler.as_deref(), Some("receipts"));
    }
    let claim = Claim { worker: "w", now: NOW + 5, until: NOW + 100 };
    assert_eq!(db.write(Lane::Ordinary, |conn| claims::claim(conn, claim, 1)).unwrap().len(), 1);
    assert!(!replay("evt_1", NOW + 99), "a worker has it");
    db.write(Lane::Ordinary, |conn| claims::release(conn, "w")).unwrap();
    assert!(replay("evt_1", NOW + 101));
    assert!(!replay("evt_missing", NOW));
    write(&db, "DELETE FROM event_payloads");
    assert!(!replay("evt_1", NOW + 102), "there is nothing to give to a handler");
}
