//! Finds events that never arrived by what later ones say was before.

use std::time::Duration;

use tollgate_models::events::Event;
use tollgate_models::mirror::{self, Subject};
use tollgate_models::refetches::{self, NewRefetch, Reason};
use tollgate_models::{AnyConnection, Error, Lane, QueryResult, settings};

use super::super::Shared;
use crate::reconcile::schedule;

/// The number of the last event that was looked at.
const POSITION: &str = "gaps.position";
/// An event that is missing may be on its way for so long: Stripe does not keep the order.
const PATIENCE: Duration = Duration::from_secs(120);
/// Events that are looked at in a row.
const IN_A_ROW: i64 = 100;

/// Looks at the next events; whether there were any.
pub(super) fn look(shared: &Shared) -> Result<bool, Error> {
    let now = shared.clock.now_millis();
    let before = now - i64::try_from(PATIENCE.as_millis()).unwrap_or_default();
    let (events, gaps) = shared.database.read(|conn| -> QueryResult<_> {
        let Some(position) = position(conn)? else { return Ok((Vec::new(), None)) };
        let events = mirror::events_after(conn, position, before, IN_A_ROW)?;
        let gaps = events.iter().map(|event| mirror::gap_before(conn, event)).collect::<QueryResult<Vec<_>>>()?;
        Ok((events, Some(gaps)))
    })?;
    let Some(gaps) = gaps else {
        // What came before Tollgate looked is not looked through: a backfill brings that up to date.
        shared.database.write(Lane::Ordinary, |conn| {
            let newest = mirror::newest_seq(conn)?;
            settings::set(conn, POSITION, &newest.to_string())
        })?;
        return Ok(false);
    };
    let Some(last) = events.last().map(|event| event.seq) else { return Ok(false) };
    let found: Vec<NewRefetch<'_>> =
        events.iter().zip(&gaps).filter_map(|(event, fields)| refetch(event, fields, now)).collect();
    shared.database.write(Lane::Ordinary, |conn| {
        refetches::want(conn, &found)?;
        if !found.is_empty() {
            schedule::want_after_a_pause(conn, "a gap in the events", now)?;
        }
        settings::set(conn, POSITION, &last.to_string())
    })?;
    if !found.is_empty() {
        tracing::warn!(
            objects = found.len(),
            "events never arrived: their objects are fetched, and Stripe's log is compared"
        );
        shared.metrics.work().gaps(found.len());
        shared.sweeps_alarm.ring();
    }
    Ok(true)
}

fn position(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
    Ok(settings::find(conn, POSITION)?.and_then(|text| text.parse().ok()))
}

fn refetch<'a>(event: &'a Event, fields: &[String], now: i64) -> Option<NewRefetch<'a>> {
    let (object, id) = (event.object_type.as_deref()?, event.object_id.as_deref()?);
    let subject = Subject { object, id, livemode: event.livemode, account: event.account.as_deref() };
    (!fields.is_empty()).then(|| NewRefetch {
        event_id: Some(&event.id),
        detail: fields.join(", "),
        ..NewRefetch::new(subject, Reason::Gap, now)
    })
}
