//! When events that never arrived are fetched next: by the clock, or because somebody asked for it.

use tollgate_models::{AnyConnection, QueryResult, leases, settings};

use super::{Report, last_of};
use crate::audit::{self, Actor};
use crate::lease::Lease;
use crate::{Error, Tollgate};

/// The lease of the process that fetches them.
pub(crate) const LEASE: &str = "reconcile";
/// When the last sweep by schedule began, in unix milliseconds.
const BEGUN: &str = "reconcile.begun";
/// How soon after one began another one is not begun for what is noticed here, in milliseconds.
const PAUSE: i64 = 5 * 60_000;
/// Who asked for a sweep that has not begun.
const WANTED: &str = "reconcile.wanted";

/// How things stand.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What the last sweeps found, by account and mode.
    pub reports: Vec<Report>,
    /// When the last one by schedule began, in unix milliseconds.
    pub begun_at: Option<i64>,
    /// Who asked for one that has not begun.
    pub wanted_by: Option<String>,
    /// Whether a process is at it.
    pub is_running: bool,
}

/// How things stand.
///
/// # Errors
/// When the database fails.
pub async fn standing(tollgate: &Tollgate) -> Result<Standing, Error> {
    let now = tollgate.clock().now_millis();
    let found = tollgate.db().read(move |conn| -> QueryResult<_> {
        Ok(Standing {
            reports: last_of(conn)?,
            begun_at: begun_at(conn)?,
            wanted_by: wanted_by(conn)?,
            is_running: leases::is_held(conn, LEASE, now)?,
        })
    });
    found.await
}

/// Asks the processes that process events for a sweep; they begin within half a minute, this one at once.
///
/// # Errors
/// When the database fails.
pub async fn ask(tollgate: &Tollgate, actor: &Actor) -> Result<(), Error> {
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let asked = tollgate.db().write(move |conn| -> QueryResult<()> {
        want(conn, &actor.name)?;
        audit::record(conn, &actor, "events.reconcile_asked", "events", "", now)
    });
    asked.await?;
    tollgate.workers().new_sweep();
    Ok(())
}

/// Asks for a sweep in the caller's transaction.
fn want(conn: &mut AnyConnection, who: &str) -> QueryResult<()> {
    settings::set(conn, WANTED, who)
}

/// The same for what Tollgate notices by itself, unless one began a few minutes ago; `now` in unix milliseconds.
pub(crate) fn want_after_a_pause(conn: &mut AnyConnection, why: &str, now: i64) -> QueryResult<()> {
    match begun_at(conn)? {
        Some(begun) if (begun..begun.saturating_add(PAUSE)).contains(&now) => Ok(()),
        _ => want(conn, why),
    }
}

/// Begins a sweep if one is due, `every` so many milliseconds or because somebody asked, and no other process is at it.
pub(crate) fn begin(conn: &mut AnyConnection, every: Option<i64>, lease: &Lease, now: i64) -> QueryResult<bool> {
    if !is_due(conn, every, now)? || !lease.take(conn, now)? {
        return Ok(false);
    }
    settings::set(conn, BEGUN, &now.to_string())?;
    settings::set(conn, WANTED, "")?;
    Ok(true)
}

/// Whether a sweep is due. The first one follows the first start by a whole interval: there is nothing to compare before.
pub(crate) fn is_due(conn: &mut AnyConnection, every: Option<i64>, now: i64) -> QueryResult<bool> {
    if wanted_by(conn)?.is_some() {
        return Ok(true);
    }
    let Some(every) = every else { return Ok(false) };
    // A clock that was set back must not put the next one off for ever.
    Ok(begun_at(conn)?.is_some_and(|begun| now >= begun.saturating_add(every) || begun > now))
}

/// Notes the first start, from which the first interval counts.
pub(crate) fn note_start(conn: &mut AnyConnection, now: i64) -> QueryResult<()> {
    match begun_at(conn)? {
        Some(_) => Ok(()),
        None => settings::set(conn, BEGUN, &now.to_string()),
    }
}

fn begun_at(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
    Ok(settings::find(conn, BEGUN)?.and_then(|text| text.parse().ok()))
}

fn wanted_by(conn: &mut AnyConnection) -> QueryResult<Option<String>> {
    Ok(settings::find(conn, WANTED)?.filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use tollgate_models::Lane;
    use tollgate_models::testing::TestDb;

    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn a_fresh_installation_waits_a_whole_interval_and_a_clock_that_was_set_back_does_not_matter() {
        let database = TestDb::new();
        let database = database.open();
        let due = |at| database.read(|conn| is_due(conn, Some(1000), at)).unwrap();
        assert!(!due(NOW), "nothing is noted");
        database.write(Lane::Ordinary, |conn| note_start(conn, NOW)).unwrap();
        assert_eq!([NOW, NOW + 999, NOW + 1000, NOW - 1].map(due), [false, false, true, true]);
    }

    #[test]
    fn what_is_noticed_here_waits_until_a_look_is_some_minutes_old() {
        let database = TestDb::new();
        let database = database.open();
        let wanted = |at| {
            database
                .write(Lane::Ordinary, |conn| {
                    want_after_a_pause(conn, "a gap", at)?;
                    wanted_by(conn)
                })
                .unwrap()
                .is_some()
        };
        database.write(Lane::Ordinary, |conn| note_start(conn, NOW)).unwrap();
        assert_eq!([wanted(NOW), wanted(NOW + PAUSE - 1), wanted(NOW + PAUSE)], [false, false, true]);
    }

    #[test]
    fn one_process_begins_and_a_wish_is_met_once() {
        let database = TestDb::new();
        let database = database.open();
        let (a, b) = (Lease::new(LEASE, 50), Lease::new(LEASE, 50));
        let begin =
            |lease: &Lease, now| database.write(Lane::Ordinary, |conn| begin(conn, Some(1000), lease, now)).unwrap();
        database.write(Lane::Ordinary, |conn| note_start(conn, NOW)).unwrap();
        assert_eq!([begin(&a, NOW + 1000), begin(&b, NOW + 1000)], [true, false]);
        database.write(Lane::Ordinary, |conn| settings::set(conn, WANTED, "me")).unwrap();
        assert_eq!([begin(&b, NOW + 1010), begin(&b, NOW + 1060), begin(&b, NOW + 1070)], [false, true, false]);
    }
}
