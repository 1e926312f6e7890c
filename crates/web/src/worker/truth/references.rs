//! Finds objects that others refer to and that are not here, if the settings ask for that.

use serde::{Deserialize, Serialize};
use tollgate_models::mirror::{self, KINDS, Kind, Missing, Subject};
use tollgate_models::refetches::{self, NewRefetch, Reason};
use tollgate_models::{AnyConnection, Error, Lane, QueryResult, settings};
use tollgate_stripe_client::objects::object_kind;

use super::super::Shared;

const PLACE: &str = "references.place";
/// How often all objects are looked through, in milliseconds.
const EVERY: i64 = 24 * 3_600_000;
/// Objects that are looked through in a row.
const IN_A_ROW: i64 = 500;

/// How far the look through all objects has come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Place {
    /// When it began, in unix milliseconds.
    begun: i64,
    /// Which of the types.
    kind: usize,
    /// From which time on their objects are next, in unix seconds.
    made: i64,
}

/// Looks through the next objects, if that is wanted and due; whether there were any.
pub(super) fn look(shared: &Shared) -> Result<bool, Error> {
    if !shared.fetches_references {
        return Ok(false);
    }
    let now = shared.clock.now_millis();
    let found = shared.database.read(|conn| next(conn, now))?;
    let Some((place, missing)) = found else { return Ok(false) };
    let wanted: Vec<NewRefetch<'_>> = missing.iter().map(|(object, missing)| refetch(object, missing, now)).collect();
    let text = serde_json::to_string(&place).map_err(|error| Error::Unavailable(error.to_string()))?;
    shared.database.write(Lane::Ordinary, |conn| {
        refetches::want(conn, &wanted)?;
        settings::set(conn, PLACE, &text)
    })?;
    Ok(true)
}

type Found = (Place, Vec<(&'static str, Missing)>);

fn next(conn: &mut AnyConnection, now: i64) -> QueryResult<Option<Found>> {
    let place = settings::find(conn, PLACE)?.and_then(|text| serde_json::from_str::<Place>(&text).ok());
    let place = place.unwrap_or(Place { begun: now, ..Place::default() });
    let Some(kind) = KINDS.get(place.kind) else {
        let again = now >= place.begun.saturating_add(EVERY) || place.begun > now;
        return Ok(again.then(|| (Place { begun: now, ..Place::default() }, Vec::new())));
    };
    let until = mirror::made_until(conn, kind, place.made, IN_A_ROW)?;
    let missing = missing(conn, kind, (place.made, until.unwrap_or(i64::MAX)))?;
    let after = match until {
        Some(until) => Place { made: until, ..place },
        None => Place { kind: place.kind + 1, made: 0, ..place },
    };
    Ok(Some((after, missing)))
}

fn missing(
    conn: &mut AnyConnection,
    kind: &'static Kind,
    made: (i64, i64),
) -> QueryResult<Vec<(&'static str, Missing)>> {
    let mut found = Vec::new();
    for column in kind.columns {
        let Some(object) = column.refers_to.filter(|object| object_kind(object).is_some()) else { continue };
        let missing = mirror::missing(conn, kind, column, made, IN_A_ROW)?;
        let ids: Vec<&str> = missing.iter().map(|missing| missing.id.as_str()).collect();
        // Once each: what Stripe does not have the first time, it does not have the next time.
        let before = refetches::asked_before(conn, object, Reason::Reference, &ids)?;
        found.extend(missing.into_iter().filter(|one| !before.contains(&one.id)).map(|one| (object, one)));
    }
    Ok(found)
}

fn refetch<'a>(object: &'a str, missing: &'a Missing, now: i64) -> NewRefetch<'a> {
    let account = Some(missing.account.as_str()).filter(|account| !account.is_empty());
    let subject = Subject { object, id: &missing.id, livemode: missing.livemode, account };
    NewRefetch::new(subject, Reason::Reference, now)
}
