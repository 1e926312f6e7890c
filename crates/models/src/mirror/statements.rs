//! The SQL of the mirror, made once from the declarations: one statement stores any number of rows.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{KINDS, Kind, SqlType, kind};
use crate::db::Insert;

/// A statement for each database. Its one parameter is a JSON array, and it answers ids.
pub(crate) struct Statement {
    pub(crate) postgres: String,
    pub(crate) sqlite: String,
}

/// Which rows replace the ones they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Guard {
    /// Those that are newer, and those of the same event.
    Newer,
    /// Also those that are exactly as old.
    NotOlder,
}

/// The columns that every mirror table has, in the order of its statements.
pub(super) const COMMON: [(&str, SqlType); 9] = [
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

/// Where among them `created` is.
pub(super) const CREATED: usize = 3;

/// The table of the types that have none of their own.
pub(super) const OTHER: &str = "objects";

static UPSERTS: LazyLock<HashMap<(&'static str, Guard), Insert>> = LazyLock::new(|| {
    let mut upserts = HashMap::new();
    for guard in [Guard::Newer, Guard::NotOlder] {
        for kind in KINDS {
            let own = kind.columns.iter().map(|column| (column.name, column.sql));
            let columns: Vec<_> = COMMON.into_iter().chain(own).collect();
            upserts.insert((kind.table, guard), upsert(kind.table, kind.key, &columns, guard));
        }
        let columns: Vec<_> = COMMON.into_iter().chain([("object", SqlType::Text)]).collect();
        upserts.insert((OTHER, guard), upsert(OTHER, &["id", "object", "account", "livemode"], &columns, guard));
    }
    upserts
});

/// The statement for a table of the mirror.
pub(super) fn upsert_into(table: &'static str, guard: Guard) -> Option<&'static Insert> {
    UPSERTS.get(&(table, guard))
}

static REMOVALS: LazyLock<HashMap<(&'static str, &'static str), Statement>> = LazyLock::new(|| {
    let owned = KINDS.iter().flat_map(|kind| kind.nested).filter(|nested| nested.owned);
    owned
        .filter_map(|nested| {
            let kind = kind(nested.object)?;
            Some(((kind.table, nested.parent), removal(kind, nested.parent)))
        })
        .collect()
});

/// The statement that marks as deleted what lists no longer hold: rows are `parent`, `account`, `as_of`, `livemode` and
/// `kept`, an array of ids.
pub(super) fn removal_from(table: &'static str, parent: &'static str) -> Option<&'static Statement> {
    REMOVALS.get(&(table, parent))
}

fn removal(kind: &Kind, parent: &str) -> Statement {
    let table = kind.table;
    let of_account =
        if kind.is_keyed_by_account() { format!("AND {table}.account = given.account ") } else { String::new() };
    let update = |given: &str, not_kept: &str| {
        format!(
            "UPDATE {table} SET deleted_at = given.as_of * 1000, as_of = given.as_of FROM {given} \
             WHERE {table}.{parent} = given.parent AND {table}.livemode = given.livemode {of_account}\
             AND {table}.deleted_at IS NULL AND {table}.as_of <= given.as_of AND {table}.id NOT IN ({not_kept}) \
             RETURNING id"
        )
    };
    Statement {
        postgres: update(
            "json_to_recordset($1::json) AS given (parent text, account text, as_of bigint, livemode boolean, kept json)",
            "SELECT json_array_elements_text(given.kept)",
        ),
        sqlite: update(
            "(SELECT json_extract(value, '$.parent') AS parent, json_extract(value, '$.account') AS account, \
             json_extract(value, '$.as_of') AS as_of, json_extract(value, '$.livemode') AS livemode, \
             json_extract(value, '$.kept') AS kept FROM json_each($1)) AS given",
            "SELECT value FROM json_each(given.kept)",
        ),
    }
}

fn upsert(table: &str, key: &[&str], columns: &[(&str, SqlType)], guard: Guard) -> Insert {
    let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let set: Vec<String> = columns
        .iter()
        .filter(|(name, _)| !key.contains(name))
        .map(|(name, _)| format!("{name} = excluded.{name}"))
        .collect();
    let replaces = match guard {
        Guard::Newer => format!(
            "{table}.as_of < excluded.as_of OR ({table}.as_of = excluded.as_of AND {table}.event_id = excluded.event_id)"
        ),
        Guard::NotOlder => format!("{table}.as_of <= excluded.as_of"),
    };
    Insert {
        into: format!("INSERT INTO {table} ({names})"),
        then: format!(
            "ON CONFLICT ({}) DO UPDATE SET {} WHERE {replaces} RETURNING id",
            key.join(", "),
            set.join(", ")
        ),
        names,
    }
}
