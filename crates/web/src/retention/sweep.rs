//! One step of a sweep: the next rows, and the deletion of those that may go.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tollgate_models::retention::{self, Chunk, Counts, Kind, Position, Rule};
use tollgate_models::{AnyConnection, Database, Error, Lane, settings};

use crate::Clock;

/// Events or payloads deleted by one transaction: with what belongs to each event, about 150 rows. What a payload says of an
/// object is compressed meanwhile, so there are few: whoever takes events in waits for it.
const EVENTS: i64 = 25;
/// Deliveries or contents of objects deleted by one transaction.
const ROWS: i64 = 500;
/// The longest pause after a step.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A background sweep begins anew after this time, in milliseconds, for what could not go when it was looked at.
const ANEW_AFTER: i64 = 7 * 24 * 3600 * 1000;

/// Where the next rows begin, and which may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) older_than: Duration,
    pub(crate) failed_too: bool,
    /// How long what payloads say of objects outlives them.
    pub(crate) keep_history: Option<Duration>,
    pub(crate) after: Position,
}

/// A step that was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) counts: Counts,
    pub(crate) end: Position,
    pub(crate) more: bool,
    took: Duration,
}

impl Taken {
    /// How long the database is left to others now: as long as it was taken from them.
    pub(crate) fn pause(&self) -> Duration {
        self.took.min(LONGEST_PAUSE)
    }
}

impl Step {
    fn rule(&self, clock: &Clock) -> Rule {
        let now = clock.now_millis();
        let before = |age: Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        Rule {
            now,
            before: before(self.older_than),
            failed_too: self.failed_too,
            history_before: self.keep_history.map(before),
        }
    }

    fn next(&self, database: &Database, rule: Rule) -> Result<Chunk, Error> {
        let limit = if matches!(self.kind, Kind::Events | Kind::Payloads) { EVENTS } else { ROWS };
        database.read(|conn| retention::next(conn, self.kind, rule, self.after, limit))
    }

    /// Deletes the next rows that may go.
    pub(crate) fn delete(&self, database: &Database, clock: &Clock) -> Result<Taken, Error> {
        self.delete_and(database, clock, |_, _| Ok(()))
    }

    /// As [`Self::delete`], with something else in the same transaction.
    pub(crate) fn delete_and(
        &self,
        database: &Database,
        clock: &Clock,
        also: impl FnOnce(&mut AnyConnection, Position) -> Result<(), Error>,
    ) -> Result<Taken, Error> {
        let (started, rule) = (Instant::now(), self.rule(clock));
        let chunk = self.next(database, rule)?;
        let counts = match chunk.end == self.after {
            // Nothing that was not looked at before.
            true => Counts::default(),
            false => database.write(Lane::Ordinary, |conn| {
                also(conn, chunk.end)?;
                Ok::<_, Error>(retention::delete(conn, self.kind, rule, &chunk.numbers)?)
            })?,
        };
        Ok(Taken { counts, end: chunk.end, more: chunk.more, took: started.elapsed() })
    }

    /// Counts the next rows that may go.
    pub(crate) fn count(&self, database: &Database, clock: &Clock) -> Result<Taken, Error> {
        let (started, rule) = (Instant::now(), self.rule(clock));
        let chunk = self.next(database, rule)?;
        let counts = database.read(|conn| retention::count(conn, self.kind, rule, &chunk.numbers))?;
        Ok(Taken { counts, end: chunk.end, more: chunk.more, took: started.elapsed() })
    }
}

/// How far the background sweep over a kind has come; kept in the settings, for whichever process goes on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cursor {
    position: Position,
    /// When it began, in unix milliseconds.
    began_at: i64,
}

impl Cursor {
    /// Where the sweep goes on.
    pub(crate) fn find(database: &Database, kind: Kind, now: i64) -> Result<Self, Error> {
        let text = database.read(|conn| settings::find(conn, key(kind)))?;
        let kept: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let good = |kept: &Self| (kept.began_at..kept.began_at.saturating_add(ANEW_AFTER)).contains(&now);
        Ok(kept.filter(good).unwrap_or(Self { position: Position::default(), began_at: now }))
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Keeps a new position, in the transaction that got there.
    pub(crate) fn advance(&self, conn: &mut AnyConnection, kind: Kind, position: Position) -> Result<(), Error> {
        let text = serde_json::to_string(&Self { position, ..*self }).unwrap_or_default();
        Ok(settings::set(conn, key(kind), &text)?)
    }
}

const fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::Events => "retention.events",
        Kind::Payloads => "retention.payloads",
        Kind::Deliveries => "retention.deliveries",
        Kind::History => "retention.history",
    }
}
