//! Arrivals to store, and reading one number or text by SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use tollgate_models::deliveries::Outcome;
use tollgate_models::intake::{Arrival, DeliveryRow, EventRow, Stored, store};
use tollgate_models::{AnyConnection, Database, Error, Lane};

/// When everything here arrives, in unix milliseconds.
pub const NOW: i64 = 1_700_000_000_000;

/// An event of `customer.updated` about `object`, made at `created`.
pub fn event(id: &str, created: i64, object: Option<&str>) -> EventRow {
    EventRow {
        id: id.to_owned(),
        type_: "customer.updated".to_owned(),
        kind: "snapshot",
        created,
        received_at: NOW,
        livemode: false,
        account: Some("acct_1".to_owned()),
        endpoint_uuid: Some("5d4ac1a0-0000-4000-8000-000000000001".to_owned()),
        api_version: Some("2026-10-28.endive".to_owned()),
        object_type: object.map(|_| "customer".to_owned()),
        object_id: object.map(str::to_owned),
        request_id: None,
        body: format!(r#"{{"id":"{id}"}}"#),
    }
}

/// A delivery that carries `event`, or is refused if there is none.
pub fn arrival(event: Option<EventRow>) -> Arrival {
    let refused = event.is_none();
    Arrival {
        delivery: DeliveryRow {
            endpoint_uuid: Some("5d4ac1a0-0000-4000-8000-000000000001".to_owned()),
            event_id: event.as_ref().map(|event| event.id.clone()),
            received_at: NOW,
            outcome: if refused { Outcome::Refused } else { Outcome::Accepted },
            reason: refused.then(|| "no_matching_signature".to_owned()),
            http_status: if refused { 400 } else { 200 },
            remote_ip: Some("192.0.2.1".to_owned()),
            headers: r#"{"content-type":"application/json"}"#.to_owned(),
            body: None,
            body_size: event.as_ref().map_or(0, |event| i64::try_from(event.body.len()).unwrap()),
            secret_id: None,
            signature_time: None,
            repeats: 1,
        },
        event,
    }
}

/// Stores events as one batch.
pub fn store_events(db: &Database, events: impl IntoIterator<Item = EventRow>) -> Result<Vec<Stored>, Error> {
    let arrivals = events.into_iter().map(|event| arrival(Some(event))).collect();
    db.write(Lane::Intake, |conn| store(conn, arrivals, NOW))
}

/// The outcomes of what was stored.
pub fn outcomes(stored: &[Stored]) -> Vec<Outcome> {
    stored.iter().map(|stored| stored.outcome).collect()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The number that a query answers in its column `value`.
pub fn number(conn: &mut AnyConnection, query: &str) -> i64 {
    diesel::sql_query(query).get_result::<Number>(conn).unwrap().value
}

#[derive(QueryableByName)]
struct MaybeText {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// The texts that a query answers in its column `value`.
pub fn texts(conn: &mut AnyConnection, query: &str) -> Vec<Option<String>> {
    diesel::sql_query(query).load::<MaybeText>(conn).unwrap().into_iter().map(|row| row.value).collect()
}

/// Runs a statement.
pub fn execute(conn: &mut AnyConnection, statement: &str) -> usize {
    diesel::sql_query(statement).execute(conn).unwrap()
}
