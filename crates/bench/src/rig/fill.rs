//! Logs that have grown: events written in bulk by SQL, as they are after they were taken in and processed.

use super::database::Kind;
use super::sql::Sql;
use crate::clock;
use crate::error::Error;
use crate::event::REST;

/// Rows of one statement.
const CHUNK: u64 = 100_000;
/// Over how long the events came, in milliseconds: as far back as Stripe keeps its own.
const SPAN: u64 = 30 * 24 * 60 * 60 * 1000;

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Rows of the log, some of them failed or dead, without payloads and deliveries: for pages that show the log.
    Log,
    /// Processed events with their payloads of 3 kB and their deliveries, and the objects that they were about: for the way
    /// of an event.
    Whole,
}

/// Writes so many events.
///
/// # Errors
/// When the database refuses.
pub fn fill(sql: &Sql, kind: Kind, rows: Rows, count: u64) -> Result<(), Error> {
    if kind == Kind::Sqlite {
        // Indexes of millions of rows do not fit into the two megabytes of the default.
        sql.run("PRAGMA cache_size = -262144")?;
    }
    let now = u64::try_from(clock::now_seconds()).unwrap_or_default() * 1000;
    for from in (0..count).step_by(CHUNK as usize) {
        let span = Span { from, to: count.min(from + CHUNK), count, now };
        for statement in statements(rows, span) {
            sql.run(&statement)?;
        }
    }
    settle(sql, kind)
}

/// Leaves the tables as a server that ran for long leaves them.
///
/// # Errors
/// When the database refuses.
pub fn settle(sql: &Sql, kind: Kind) -> Result<(), Error> {
    match kind {
        // What autovacuum does by itself, sooner or later.
        Kind::Postgres => {
            sql.outside("VACUUM (ANALYZE)")?;
            sql.outside("CHECKPOINT")
        }
        Kind::Sqlite => sql.outside("PRAGMA wal_checkpoint(TRUNCATE)"),
    }
}

/// The object that an event is about, by the event's number from 0.
pub fn object_id(event: u64) -> String {
    format!("pi_0{}", 10_000_000_000 + event / 4)
}

/// The rows of one statement.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    to: u64,
    count: u64,
    now: u64,
}

fn statements(rows: Rows, span: Span) -> Vec<String> {
    match rows {
        Rows::Log => vec![insert(span, &events(span, &troubled(span.count)))],
        Rows::Whole => {
            let parts = [events(span, "'processed'"), payloads(), deliveries(span), objects(span)];
            parts.iter().map(|into| insert(span, into)).collect()
        }
    }
}

// A hundred are failed and a hundred dead however many there are, so that lists of those are as long.
fn troubled(count: u64) -> String {
    let every = (count / 100).max(1);
    format!("CASE i % {every} WHEN 7 THEN 'failed' WHEN 11 THEN 'dead' ELSE 'processed' END")
}

// Both databases count like this.
fn insert(span: Span, into: &str) -> String {
    let Span { from, to, .. } = span;
    format!(
        "WITH RECURSIVE numbers(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {to}) {into}"
    )
}

// Ids ascend like Stripe's, which begin with the time. `10000000000 + i` has always as many digits.
fn events(span: Span, status: &str) -> String {
    let received = received(span);
    format!(
        "INSERT INTO events (id, type, kind, created, received_at, livemode, endpoint_uuid, api_version, object_type, object_id, \
         request_id, status, attempts, next_attempt_at, superseded, processed_at) \
         SELECT 'evt_0' || CAST(10000000000 + i AS TEXT), \
         CASE i % 10 WHEN 0 THEN 'charge.succeeded' WHEN 1 THEN 'customer.created' WHEN 2 THEN 'customer.updated' \
         WHEN 3 THEN 'invoice.created' WHEN 4 THEN 'invoice.paid' WHEN 5 THEN 'invoice.payment_failed' \
         WHEN 6 THEN 'customer.subscription.updated' WHEN 7 THEN 'checkout.session.completed' \
         ELSE 'payment_intent.succeeded' END, \
         'snapshot', {received} / 1000, {received}, FALSE, '00000000-0000-4000-8000-000000000000', '2026-10-28.endive', \
         'payment_intent', 'pi_0' || CAST(10000000000 + i / 4 AS TEXT), 'req_TollgateBench0', {status}, 1, \
         {received} + 1000000000000, FALSE, {received} + 200 FROM numbers"
    )
}

fn payloads() -> String {
    let rest = REST.replace('\'', "''");
    format!(
        "INSERT INTO event_payloads (event_id, body) SELECT 'evt_0' || CAST(10000000000 + i AS TEXT), \
         '{{\"id\": \"evt_0' || CAST(10000000000 + i AS TEXT) || '\", \"object\": \"event\", \"data\": {{\"object\": {{\"id\": \"pi_0' \
         || CAST(10000000000 + i / 4 AS TEXT) || '\"{rest}' FROM numbers"
    )
}

fn deliveries(span: Span) -> String {
    let received = received(span);
    format!(
        "INSERT INTO deliveries (event_id, received_at, outcome, http_status, remote_ip, headers, body_size, repeats) \
         SELECT 'evt_0' || CAST(10000000000 + i AS TEXT), {received}, 'accepted', 200, '127.0.0.1', \
         '{{\"content-type\":\"application/json; charset=utf-8\",\"user-agent\":\"Stripe/1.0 (+https://stripe.com/docs/webhooks)\"}}', \
         3000, 1 FROM numbers"
    )
}

// Each as its last event left it.
fn objects(span: Span) -> String {
    let received = received(span);
    let object = REST.split("\n    }\n  },").next().unwrap_or_default().replace('\'', "''");
    format!(
        "INSERT INTO payment_intents (id, livemode, created, as_of, event_id, api_version, data, customer, status, currency, \
         amount, amount_received, latest_charge, payment_method) \
         SELECT 'pi_0' || CAST(10000000000 + i / 4 AS TEXT), FALSE, {received} / 1000, {received} / 1000, \
         'evt_0' || CAST(10000000000 + i AS TEXT), '2026-10-28.endive', \
         '{{\"id\": \"pi_0' || CAST(10000000000 + i / 4 AS TEXT) || '\"{object}}}', \
         'cus_0' || CAST(10000000000 + i / 8 AS TEXT), 'succeeded', 'usd', 4990, 4990, \
         'ch_0' || CAST(10000000000 + i / 4 AS TEXT), 'pm_0' || CAST(10000000000 + i / 8 AS TEXT) \
         FROM numbers WHERE i % 4 = 3"
    )
}

// Evenly over the time until now.
fn received(span: Span) -> String {
    let Span { count, now, .. } = span;
    format!("({now} - ({count} - i) * {SPAN} / {count})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_rows_in_trouble_and_a_whole_event_all_that_it_leaves() {
        let span = Span { from: 0, to: 10, count: 10, now: 1_795_000_000_000 };
        let log = statements(Rows::Log, span);
        assert!(log.len() == 1 && log[0].contains("'failed'"));
        assert!(troubled(10_000).starts_with("CASE i % 100 WHEN 7 THEN 'failed'"));
        let whole = statements(Rows::Whole, span);
        assert_eq!(whole.len(), 4);
        assert!(!whole[0].contains("'failed'"));
        let object = whole[3].split("AS TEXT) || '\"").nth(1).unwrap().split("', 'cus_0'").next().unwrap();
        let object = format!("{{\"id\": \"x\"{}", object.replace("''", "'"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&object).unwrap()["status"], "succeeded");
    }
}
