//! What came by shadows: copies of events in another API version, kept to be compared with what came by the live endpoint.

mod settling;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::{self, AnyConnection};
use crate::events::{Cause, Event, Status};
use crate::intake::EventRow;
use crate::schema::{event_payloads, events, shadow_events};
use crate::upgrades::Upgrade;

pub use settling::{WAIT, due, oldest, remove_old, settle, thin_out};

/// Counts look back over this many rows at the most.
const LOOKED_AT: i64 = 100_000;

/// A copy.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = shadow_events)]
pub struct ShadowEvent {
    /// Row number, ascending in the order of arrival.
    pub seq: i64,
    /// The shadow.
    pub endpoint_uuid: String,
    /// `evt_…`
    pub event_id: String,
    /// For example `invoice.paid`.
    pub type_: String,
    /// `snapshot` or `thin`.
    pub kind: String,
    /// When Stripe made it, in unix seconds.
    pub created: i64,
    /// When it arrived, in unix milliseconds.
    pub received_at: i64,
    /// Live or test mode.
    pub livemode: bool,
    /// The account it belongs to.
    pub account: Option<String>,
    /// The API version it is rendered in.
    pub api_version: Option<String>,
    /// `object` of `data.object`.
    pub object_type: Option<String>,
    /// `id` of `data.object`.
    pub object_id: Option<String>,
    /// The API request that caused it.
    pub request_id: Option<String>,
    /// The body, byte for byte; none once there are enough newer ones.
    pub body: Option<String>,
    /// When it was settled whether it had come by another endpoint too, in unix milliseconds.
    pub settled_at: Option<i64>,
    /// It had not, and was taken in.
    pub taken_in: bool,
    /// What the handlers did with it in a dry run, as JSON.
    pub trial: Option<String>,
    /// When that was, in unix milliseconds.
    pub tried_at: Option<i64>,
}

impl ShadowEvent {
    /// The event that it would be, for a dry run.
    pub fn event(&self) -> Event {
        Event {
            seq: 0,
            id: self.event_id.clone(),
            type_: self.type_.clone(),
            kind: self.kind.clone(),
            created: self.created,
            received_at: self.received_at,
            livemode: self.livemode,
            account: self.account.clone(),
            endpoint_uuid: Some(self.endpoint_uuid.clone()),
            api_version: self.api_version.clone(),
            object_type: self.object_type.clone(),
            object_id: self.object_id.clone(),
            request_id: self.request_id.clone(),
            status: Status::Pending,
            attempts: 0,
            cause: Cause::Delivery,
            next_attempt_at: self.received_at,
            claimed_by: None,
            claimed_until_at: None,
            superseded: false,
            last_error: None,
            processed_at: None,
            only_handler: None,
            crashes: 0,
            tie: None,
        }
    }
}

/// A copy to keep.
#[derive(Insertable)]
#[diesel(table_name = shadow_events, treat_none_as_default_value = false)]
pub(crate) struct NewShadowEvent<'a> {
    endpoint_uuid: &'a str,
    event_id: &'a str,
    type_: &'a str,
    kind: &'a str,
    created: i64,
    received_at: i64,
    livemode: bool,
    account: Option<&'a str>,
    api_version: Option<&'a str>,
    object_type: Option<&'a str>,
    object_id: Option<&'a str>,
    request_id: Option<&'a str>,
    body: &'a str,
}

/// Keeps what came by shadows, each event once for each of them.
///
/// # Errors
/// When the query fails.
pub fn insert(conn: &mut AnyConnection, rows: &[&EventRow]) -> QueryResult<()> {
    let mut copies: Vec<NewShadowEvent<'_>> = rows
        .iter()
        .map(|row| NewShadowEvent {
            endpoint_uuid: row.endpoint_uuid.as_deref().unwrap_or_default(),
            event_id: &row.id,
            type_: &row.type_,
            kind: row.kind,
            created: row.created,
            received_at: row.received_at,
            livemode: row.livemode,
            account: row.account.as_deref(),
            api_version: row.api_version.as_deref(),
            object_type: row.object_type.as_deref(),
            object_id: row.object_id.as_deref(),
            request_id: row.request_id.as_deref(),
            body: &row.body,
        })
        .collect();
    // Two processes with the same events must not lock them crosswise.
    copies.sort_by_key(|copy| copy.event_id);
    db::insert_shadow_events(conn, &copies)
}

/// Copies of a mode that are not settled and whose account was not known belong to this one: nobody else has a key.
///
/// # Errors
/// When the query fails.
pub fn adopt(conn: &mut AnyConnection, account: &str, livemode: bool) -> QueryResult<usize> {
    let theirs =
        shadow_events::table.filter(shadow_events::account.is_null()).filter(shadow_events::livemode.eq(livemode));
    diesel::update(theirs.filter(shadow_events::settled_at.is_null()))
        .set(shadow_events::account.eq(account))
        .execute(conn)
}

/// How many events of one type came by which of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, QueryableByName)]
pub struct Tally {
    /// The event type.
    #[serde(rename = "type")]
    #[diesel(sql_type = Text, column_name = "type")]
    pub type_: String,
    /// By both.
    #[diesel(sql_type = BigInt)]
    pub both: i64,
    /// By the shadow alone so far; the live endpoint's may be on its way.
    #[diesel(sql_type = BigInt)]
    pub only_shadow: i64,
    /// By the shadow alone, and taken in from it since the other one never came.
    #[diesel(sql_type = BigInt)]
    pub taken_in: i64,
    /// By the live endpoint alone so far.
    #[diesel(sql_type = BigInt)]
    pub only_live: i64,
}

/// Counts by event type, by name; of the newest hundred thousand.
///
/// # Errors
/// When a query fails.
pub fn tallies(conn: &mut AnyConnection, upgrade: &Upgrade) -> QueryResult<Vec<Tally>> {
    let mut tallies: Vec<Tally> = diesel::sql_query(
        // The newest are read by their number: an expression, lest the endpoint's index be taken, which has all of them.
        // What is settled and was not taken in came by both, whether or not the event is still kept.
        "SELECT type, count(*) - CAST(sum(waits) AS BIGINT) - CAST(sum(taken) AS BIGINT) AS both, \
         CAST(sum(waits) AS BIGINT) AS only_shadow, CAST(sum(taken) AS BIGINT) AS taken_in, CAST(0 AS BIGINT) AS only_live FROM (\
         SELECT s.type, CASE WHEN s.settled_at IS NULL AND e.id IS NULL THEN 1 ELSE 0 END AS waits, \
         CASE WHEN s.taken_in THEN 1 ELSE 0 END AS taken \
         FROM shadow_events s LEFT JOIN events e ON e.id = s.event_id AND s.settled_at IS NULL \
         WHERE s.endpoint_uuid || '' = $1 AND s.seq > (SELECT coalesce(max(seq), 0) FROM shadow_events) - $2) AS copies \
         GROUP BY type ORDER BY type",
    )
    .bind::<Text, _>(&upgrade.shadow_uuid)
    .bind::<BigInt, _>(LOOKED_AT)
    .load(conn)?;
    for type_ in only_live(conn, upgrade)? {
        match tallies.iter_mut().find(|tally| tally.type_ == type_) {
            Some(tally) => tally.only_live += 1,
            None => tallies.push(Tally { type_, only_live: 1, ..Tally::default() }),
        }
    }
    tallies.sort_by(|one, other| one.type_.cmp(&other.type_));
    Ok(tallies)
}

/// The types of events that the live endpoint took alone while the shadow was there, one for each event.
fn only_live(conn: &mut AnyConnection, upgrade: &Upgrade) -> QueryResult<Vec<String>> {
    let Some(begun) = upgrade.begun_at else { return Ok(Vec::new()) };
    let until = upgrade.swapped_at.or(upgrade.finished_at).unwrap_or(i64::MAX);
    let newest: Option<i64> = events::table.select(diesel::dsl::max(events::seq)).first(conn)?;
    let copy = shadow_events::table
        .filter(shadow_events::event_id.eq(events::id))
        .filter(shadow_events::endpoint_uuid.eq(&upgrade.shadow_uuid));
    events::table
        .filter(events::endpoint_uuid.eq(&upgrade.live_uuid))
        // Expressions, lest an index be taken that has more than the newest.
        .filter((events::received_at + 0).ge(begun))
        .filter((events::received_at + 0).lt(until))
        // What is older was never sent to the shadow.
        .filter(events::created.ge(begun.div_euclid(1000)))
        .filter(events::seq.gt(newest.unwrap_or_default() - LOOKED_AT))
        .filter(diesel::dsl::not(diesel::dsl::exists(copy)))
        .select(events::type_)
        .load(conn)
}

/// An event that came by both.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The shadow's.
    pub copy: ShadowEvent,
    /// The body that was taken in.
    pub body: String,
}

/// The newest events of a type that came by both and whose bodies are kept, newest first. What another endpoint than the two
/// brought first was taken in as that one has it, so it counts only if that is the live one's version.
///
/// # Errors
/// When the query fails.
pub fn pairs(conn: &mut AnyConnection, upgrade: &Upgrade, event_type: &str, limit: i64) -> QueryResult<Vec<Pair>> {
    let by_live = events::endpoint_uuid.eq(&upgrade.live_uuid).or(events::api_version.eq(&upgrade.from_version));

    let found: Vec<(ShadowEvent, String)> = shadow_events::table
        .inner_join(events::table.on(events::id.eq(shadow_events::event_id)))
        .inner_join(event_payloads::table.on(event_payloads::event_id.eq(shadow_events::event_id)))
        .filter(shadow_events::endpoint_uuid.eq(&upgrade.shadow_uuid))
        .filter(by_live)
        .filter(shadow_events::type_.eq(event_type))
        .filter(shadow_events::taken_in.eq(false))
        .filter(shadow_events::body.is_not_null())
        .order(shadow_events::seq.desc())
        .limit(limit)
        .select((ShadowEvent::as_select(), event_payloads::body))
        .load(conn)?;
    Ok(found.into_iter().map(|(copy, body)| Pair { copy, body }).collect())
}

/// The newest copies of a type whose bodies are kept, newest first.
///
/// # Errors
/// When the query fails.
pub fn newest(
    conn: &mut AnyConnection,
    shadow_uuid: &str,
    event_type: &str,
    limit: i64,
) -> QueryResult<Vec<ShadowEvent>> {
    shadow_events::table
        .filter(shadow_events::endpoint_uuid.eq(shadow_uuid))
        .filter(shadow_events::type_.eq(event_type))
        .filter(shadow_events::body.is_not_null())
        .order(shadow_events::seq.desc())
        .limit(limit)
        .select(ShadowEvent::as_select())
        .load(conn)
}

/// The first copy of an event.
///
/// # Errors
/// When the query fails.
pub fn of_event(conn: &mut AnyConnection, event_id: &str) -> QueryResult<Option<ShadowEvent>> {
    shadow_events::table
        .filter(shadow_events::event_id.eq(event_id))
        .order(shadow_events::seq)
        .select(ShadowEvent::as_select())
        .first(conn)
        .optional()
}

/// Records what the handlers did with a copy in a dry run. Time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn record_trial(conn: &mut AnyConnection, seq: i64, trial: &str, now: i64) -> QueryResult<()> {
    diesel::update(shadow_events::table.find(seq))
        .set((shadow_events::trial.eq(trial), shadow_events::tried_at.eq(now)))
        .execute(conn)
        .map(drop)
}

/// A copy that the handlers were tried on.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = shadow_events)]
pub struct Tried {
    /// `evt_…`
    pub event_id: String,
    /// Its type.
    pub type_: String,
    /// What they did, as JSON.
    pub trial: Option<String>,
    /// When, in unix milliseconds.
    pub tried_at: Option<i64>,
}

/// The newest copies that the handlers were tried on, newest first.
///
/// # Errors
/// When the query fails.
pub fn tried(conn: &mut AnyConnection, shadow_uuid: &str, limit: i64) -> QueryResult<Vec<Tried>> {
    shadow_events::table
        .filter(shadow_events::endpoint_uuid.eq(shadow_uuid))
        .filter(shadow_events::tried_at.is_not_null())
        .order(shadow_events::seq.desc())
        .limit(limit)
        .select(Tried::as_select())
        .load(conn)
}
