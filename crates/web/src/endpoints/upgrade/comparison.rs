//! What an upgrade has shown so far, by event type: what arrived, which paths and columns differ, and which handlers fail.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tollgate_models::mirror::column_differences;
use tollgate_models::shadow_events::{self, Pair, Tally, Tried};
use tollgate_models::upgrades::Upgrade;
use tollgate_models::{AnyConnection, QueryResult};

use super::difference::{Difference, Differences};
use super::trial::Trial;
use crate::{Error, Tollgate};

/// Events of each type that are compared for the table of types, and for the page of one.
const FOR_TABLE: i64 = 10;
const FOR_ONE: i64 = 50;
/// Trials that are looked through.
const TRIALS: i64 = 2000;

/// An upgrade's findings.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// By event type, by name.
    pub types: Vec<TypeComparison>,
    /// When the handlers were last tried, in unix milliseconds.
    pub tried_at: Option<i64>,
}

/// The findings about one event type.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TypeComparison {
    /// How many arrived by which of the two.
    #[serde(flatten)]
    pub tally: Tally,
    /// How many of those that arrived by both were compared, the newest ones.
    pub compared: usize,
    /// What differs in them.
    pub differences: Vec<Difference>,
    /// The mirror's columns that read something else; none if the object has no columns, or nothing was compared.
    pub columns: Option<Vec<ColumnFinding>>,
    /// The handlers that were tried on the new version.
    pub handlers: Vec<HandlerFinding>,
}

impl TypeComparison {
    /// The handlers that would fail, and do not fail already.
    pub fn failing(&self) -> impl Iterator<Item = &HandlerFinding> {
        self.handlers.iter().filter(|handler| handler.failed > handler.failed_before)
    }
}

/// A column of the mirror that reads something else in the new version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnFinding {
    /// Its name.
    pub column: String,
    /// In how many events.
    pub events: usize,
    /// What it reads in the present version, in the newest of them.
    pub before: Value,
    /// What it reads in the new version.
    pub after: Value,
}

/// What a handler did with events in the new version, in dry runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HandlerFinding {
    /// Its name.
    pub handler: String,
    /// Events it was tried on.
    pub tried: usize,
    /// Those on which it failed.
    pub failed: usize,
    /// Those of these on which it fails in the present version too.
    pub failed_before: usize,
    /// Why it failed on the newest.
    pub error: Option<String>,
    /// That event.
    pub event_id: Option<String>,
}

/// The findings about every event type.
///
/// # Errors
/// When the database fails.
pub async fn comparison(tollgate: &Tollgate, upgrade: &Upgrade) -> Result<Comparison, Error> {
    let upgrade = upgrade.clone();
    let found = tollgate.db().read(move |conn| -> QueryResult<_> {
        let tried = shadow_events::tried(conn, &upgrade.shadow_uuid, TRIALS)?;
        let mut types = Vec::new();
        for tally in shadow_events::tallies(conn, &upgrade)? {
            types.push(compared(conn, &upgrade, tally, &tried, FOR_TABLE)?);
        }
        Ok(Comparison { types, tried_at: tried.iter().filter_map(|tried| tried.tried_at).max() })
    });
    found.await
}

/// The findings about one event type, from more events; none if it did not arrive.
///
/// # Errors
/// When the database fails.
pub async fn comparison_of(
    tollgate: &Tollgate,
    upgrade: &Upgrade,
    event_type: &str,
) -> Result<Option<TypeComparison>, Error> {
    let (upgrade, event_type) = (upgrade.clone(), event_type.to_owned());
    let found = tollgate.db().read(move |conn| -> QueryResult<_> {
        let tally = shadow_events::tallies(conn, &upgrade)?.into_iter().find(|tally| tally.type_ == event_type);
        let Some(tally) = tally else { return Ok(None) };
        let tried = shadow_events::tried(conn, &upgrade.shadow_uuid, TRIALS)?;
        compared(conn, &upgrade, tally, &tried, FOR_ONE).map(Some)
    });
    found.await
}

fn compared(
    conn: &mut AnyConnection,
    upgrade: &Upgrade,
    tally: Tally,
    tried: &[Tried],
    limit: i64,
) -> QueryResult<TypeComparison> {
    let pairs = shadow_events::pairs(conn, upgrade, &tally.type_, limit)?;
    let (mut differences, mut columns) = (Differences::default(), None);
    for Pair { copy, body } in &pairs {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let (before, after) = (parsed(body), parsed(copy.body.as_deref().unwrap_or_default()));
        differences.add(&copy.event_id, &before, &after);
        add_columns(&mut columns, &before["data"]["object"], &after["data"]["object"]);
    }
    Ok(TypeComparison {
        compared: pairs.len(),
        differences: differences.into_list(),
        columns: columns.map(|columns| columns.into_values().collect()),
        handlers: handlers(tried.iter().filter(|tried| tried.type_ == tally.type_)),
        tally,
    })
}

fn add_columns(known: &mut Option<BTreeMap<String, ColumnFinding>>, before: &Value, after: &Value) {
    let Some(found) = column_differences(before, after) else { return };
    let known = known.get_or_insert_default();
    let mut of_event: BTreeMap<String, ColumnFinding> = BTreeMap::new();
    for found in found {
        let (before, after) = (found.before, found.after);
        let finding = ColumnFinding { column: found.column.clone(), events: 1, before, after };
        of_event.entry(found.column).or_insert(finding);
    }
    for (column, finding) in of_event {
        known.entry(column).and_modify(|known| known.events += 1).or_insert(finding);
    }
}

fn handlers<'a>(tried: impl Iterator<Item = &'a Tried>) -> Vec<HandlerFinding> {
    let mut found: Vec<HandlerFinding> = Vec::new();
    for copy in tried {
        let trial = copy.trial.as_deref().and_then(|text| serde_json::from_str::<Trial>(text).ok());
        for of_handler in trial.unwrap_or_default().handlers {
            let index = found.iter().position(|known| known.handler == of_handler.handler).unwrap_or_else(|| {
                found.push(HandlerFinding { handler: of_handler.handler.clone(), ..HandlerFinding::default() });
                found.len() - 1
            });
            let known = &mut found[index];
            known.tried += 1;
            let Some(error) = of_handler.error else { continue };
            known.failed += 1;
            known.failed_before += usize::from(of_handler.failed_before);
            if known.error.is_none() {
                (known.error, known.event_id) = (Some(error), Some(copy.event_id.clone()));
            }
        }
    }
    found
}
