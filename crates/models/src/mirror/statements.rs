//! The SQL of the mirror, made once from the declarations: one statement stores any number of rows, given as one JSON array.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{KINDS, SqlType};

/// An upsert for each database.
pub(crate) struct Upsert {
    pub(crate) postgres: String,
    pub(crate) sqlite: String,
}

/// What a row does that is exactly as old as the one it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tie {
    /// It replaces it, as an update does.
    Wins,
    /// It does not, as a creation cannot follow an update.
    Loses,
}

const COMMON: [(&str, SqlType); 9] = [
    ("id", SqlType::Text),
    ("account", SqlType::Text),
    ("livemode", SqlType::Bool),
    ("created", SqlType::BigInt),
    ("deleted_at", SqlType::BigInt),
    ("as_of", SqlType::BigInt),
    ("event_id", SqlType::Text),
    ("api_version", SqlType::Text),
    ("data", SqlType::Text),
];

/// The table of the types that have none of their own.
pub(super) const OTHER: &str = "objects";

static UPSERTS: LazyLock<HashMap<(&'static str, Tie), Upsert>> = LazyLock::new(|| {
    let mut upserts = HashMap::new();
    for tie in [Tie::Wins, Tie::Loses] {
        for kind in KINDS {
            let own = kind.columns.iter().map(|column| (column.name, column.sql));
            let columns: Vec<_> = COMMON.into_iter().chain(own).collect();
            upserts.insert(
                (kind.table, tie),
                upsert(kind.table, &["id", "livemode"], &columns, &not_older(kind.table, tie, kind.final_statuses)),
            );
        }
        let columns: Vec<_> = [("object", SqlType::Text)].into_iter().chain(COMMON).collect();
        upserts.insert(
            (OTHER, tie),
            upsert(OTHER, &["id", "object", "account", "livemode"], &columns, &not_older(OTHER, tie, &[])),
        );
    }
    upserts
});

/// The statement for a table of the mirror.
pub(super) fn upsert_into(table: &'static str, tie: Tie) -> Option<&'static Upsert> {
    UPSERTS.get(&(table, tie))
}

fn upsert(table: &str, key: &[&str], columns: &[(&str, SqlType)], not_older: &str) -> Upsert {
    let list = |show: &dyn Fn(&(&str, SqlType)) -> String| columns.iter().map(show).collect::<Vec<_>>().join(", ");
    let names = list(&|(name, _)| (*name).to_owned());
    let typed = list(&|(name, sql)| {
        let sql = match sql {
            SqlType::Text => "text",
            SqlType::BigInt => "bigint",
            SqlType::Bool => "boolean",
        };
        format!("{name} {sql}")
    });
    let extracted = list(&|(name, _)| format!("json_extract(given.value, '$.{name}')"));
    let set: Vec<String> = columns
        .iter()
        .filter(|(name, _)| !key.contains(name))
        .map(|(name, _)| format!("{name} = excluded.{name}"))
        .collect();
    let on_conflict =
        format!("ON CONFLICT ({}) DO UPDATE SET {} WHERE {} RETURNING id", key.join(", "), set.join(", "), not_older,);
    Upsert {
        postgres: format!(
            "INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset($1::json) AS given ({typed}) {on_conflict}"
        ),
        // `WHERE TRUE` tells SQLite's parser that ON belongs to the upsert, not to a join.
        sqlite: format!(
            "INSERT INTO {table} ({names}) SELECT {extracted} FROM json_each($1) AS given WHERE TRUE {on_conflict}"
        ),
    }
}

// Within one second a deletion is the last word, and the same event may always be applied again.
fn not_older(table: &str, tie: Tie, final_statuses: &[&str]) -> String {
    let tied = match tie {
        Tie::Wins => format!(
            "({table}.deleted_at IS NULL OR excluded.deleted_at IS NOT NULL){}",
            unless_ended(table, final_statuses)
        ),
        Tie::Loses => format!("{table}.event_id = excluded.event_id"),
    };
    format!("{table}.as_of < excluded.as_of OR ({table}.as_of = excluded.as_of AND ({tied}))")
}

// An object that has ended stays so, unless what comes says that it has ended too.
fn unless_ended(table: &str, final_statuses: &[&str]) -> String {
    if final_statuses.is_empty() {
        return String::new();
    }
    let ended = format!("IN ('{}')", final_statuses.join("', '"));
    format!(" AND (coalesce({table}.status, '') NOT {ended} OR coalesce(excluded.status, '') {ended})")
}
