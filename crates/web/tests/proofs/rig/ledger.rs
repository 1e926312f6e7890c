//! The count afterwards: what was acknowledged against what is there.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Store;

/// How often the database is asked whether everything is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is there.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Events, with their status.
    pub events: HashMap<String, String>,
    /// Rows that the handler wrote, for each event.
    pub effects: HashMap<String, i64>,
    /// How often each event's task appended its key.
    pub notes: HashMap<String, i64>,
}

impl Ledger {
    /// Reads all of it; `notes` is the file of the task.
    pub fn read(store: &Store, notes: Option<&Path>) -> Self {
        let events = store.pairs("SELECT id || ' ' || status AS text, seq AS count FROM events");
        let split = |(text, _): (String, i64)| {
            let (id, status) = text.split_once(' ').unwrap();
            (id.to_owned(), status.to_owned())
        };
        let effects = store.pairs("SELECT event_id AS text, count(*) AS count FROM effects GROUP BY event_id");
        let mut written = HashMap::new();
        for key in notes.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default().lines() {
            *written.entry(key.trim_end_matches(":note").to_owned()).or_default() += 1;
        }
        Self { events: events.into_iter().map(split).collect(), effects: effects.into_iter().collect(), notes: written }
    }

    /// Checks that each acknowledged event is there, with its effect exactly once and its task at least once, and that
    /// nothing else had an effect.
    pub fn assert_holds(&self, acknowledged: &BTreeSet<String>, tasks: bool) {
        let missing: Vec<&String> = acknowledged.iter().filter(|id| !self.events.contains_key(*id)).collect();
        assert!(missing.is_empty(), "{} acknowledged events are lost: {:?}", missing.len(), first(&missing));
        let wrong: Vec<String> = self
            .events
            .keys()
            .filter(|id| self.effects.get(*id) != Some(&1))
            .map(|id| format!("{id} ({}) has {:?}", self.events[id], self.effects.get(id)))
            .collect();
        assert!(wrong.is_empty(), "{} events do not have one effect: {:?}", wrong.len(), first(&wrong));
        let strange: Vec<&String> = self.effects.keys().filter(|id| !self.events.contains_key(*id)).collect();
        assert!(strange.is_empty(), "{} effects are of no event: {:?}", strange.len(), first(&strange));
        if tasks {
            let undone: Vec<&String> = self.events.keys().filter(|id| !self.notes.contains_key(*id)).collect();
            assert!(undone.is_empty(), "the tasks of {} events never ran: {:?}", undone.len(), first(&undone));
        }
    }

    /// How often tasks ran in all.
    pub fn task_runs(&self) -> i64 {
        self.notes.values().sum()
    }
}

fn first<T>(all: &[T]) -> &[T] {
    &all[..all.len().min(5)]
}

/// Waits until every event is processed and every task has succeeded.
pub async fn drained(store: &Store, longest: Duration) {
    let started = Instant::now();
    loop {
        let left = left(store);
        if left.is_empty() {
            return;
        }
        assert!(
            started.elapsed() < longest,
            "not everything is processed after {longest:?}: {left:?}: {:?}",
            errors(store)
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

// What kept events from being processed, and how many.
fn errors(store: &Store) -> Vec<(String, i64)> {
    store.pairs(
        "SELECT coalesce(last_error, '') AS text, count(*) AS count FROM events WHERE status <> 'processed' \
         GROUP BY last_error ORDER BY 2 DESC LIMIT 5",
    )
}

/// What is not done yet: how many events and tasks of each status.
pub fn left(store: &Store) -> Vec<(String, i64)> {
    // In one statement, since events become tasks meanwhile.
    store.pairs(
        "SELECT status AS text, count(*) AS count FROM events WHERE status <> 'processed' GROUP BY status \
         UNION ALL SELECT 'task ' || status, count(*) FROM tasks WHERE status <> 'succeeded' GROUP BY status",
    )
}
