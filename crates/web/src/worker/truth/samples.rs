//! Draws samples of the mirror every hour, to compare them with Stripe, and forgets what was found long ago.

use rand::RngExt;
use rand::seq::IndexedRandom;
use tollgate_models::mirror::{self, KINDS, Kind, Object, Subject};
use tollgate_models::refetches::{self, NewRefetch, Reason};
use tollgate_models::{AnyConnection, Error, Lane, QueryResult, settings};
use tollgate_stripe_client::objects::object_kind;

use super::super::Shared;

/// When the last samples were drawn, in unix milliseconds.
const DRAWN: &str = "samples.drawn";
/// How often they are drawn, in milliseconds.
const EVERY: i64 = 3_600_000;
/// How long what was found is kept, in milliseconds, and how much of it goes in one transaction.
const KEPT: i64 = 90 * 24 * 3_600_000;
const AT_ONCE: i64 = 1000;
/// What an event changed a moment ago may be otherwise at Stripe by now. In seconds.
const SETTLED: i64 = 300;

/// Draws samples if it is time to; whether it did.
pub(super) fn look(shared: &Shared) -> Result<bool, Error> {
    let now = shared.clock.now_millis();
    if !shared.database.read(|conn| is_due(conn, now))? {
        return Ok(false);
    }
    let drawn = shared.database.read(|conn| draw(conn, shared.samples, now / 1000 - SETTLED))?;
    let wanted: Vec<NewRefetch<'_>> = drawn.iter().map(|object| refetch(object, now)).collect();
    shared.database.write(Lane::Ordinary, |conn| {
        refetches::want(conn, &wanted)?;
        refetches::delete_older(conn, now - KEPT, AT_ONCE)?;
        settings::set(conn, DRAWN, &now.to_string())
    })?;
    Ok(true)
}

fn is_due(conn: &mut AnyConnection, now: i64) -> QueryResult<bool> {
    let drawn: Option<i64> = settings::find(conn, DRAWN)?.and_then(|text| text.parse().ok());
    Ok(drawn.is_none_or(|drawn| now >= drawn.saturating_add(EVERY) || drawn > now))
}

// From each type that has objects as many, and those from anywhere in time.
fn draw(conn: &mut AnyConnection, count: usize, settled: i64) -> QueryResult<Vec<Object>> {
    let mut kinds: Vec<(&'static Kind, (i64, i64))> = Vec::new();
    for kind in KINDS.iter().copied().filter(|kind| object_kind(kind.object).is_some()) {
        kinds.extend(mirror::made_between(conn, kind)?.map(|made| (kind, made)));
    }
    let mut drawn: Vec<Object> = Vec::new();
    for _ in 0..count {
        let Some((kind, (first, last))) = kinds.choose(&mut rand::rng()) else { break };
        let at = rand::rng().random_range(*first..=*last);
        let found = mirror::sample(conn, kind, at)?.filter(|object| object.as_of <= settled);
        drawn.extend(found.filter(|found| drawn.iter().all(|other| other.id != found.id)));
    }
    Ok(drawn)
}

fn refetch(object: &Object, now: i64) -> NewRefetch<'_> {
    let subject = Subject {
        object: &object.object,
        id: &object.id,
        livemode: object.livemode,
        account: object.account.as_deref(),
    };
    NewRefetch { event_id: object.event_id.as_deref(), ..NewRefetch::new(subject, Reason::Sample, now) }
}
