//! Small facts about this installation, by name.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::AnyConnection;
use crate::schema::settings;

/// The value of a setting.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, key: &str) -> QueryResult<Option<String>> {
    settings::table.find(key).select(settings::value).first(conn).optional()
}

/// Sets a setting, whether it was there or not.
///
/// # Errors
/// When the query fails.
pub fn set(conn: &mut AnyConnection, key: &str, value: &str) -> QueryResult<()> {
    // As text, since Diesel has no upsert for both databases; these words mean the same to both.
    let upsert =
        "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    diesel::sql_query(upsert).bind::<Text, _>(key).bind::<Text, _>(value).execute(conn).map(drop)
}

/// Sets a setting that is a number, unless it is there and as high.
///
/// # Errors
/// When the query fails.
pub fn raise(conn: &mut AnyConnection, key: &str, number: i64) -> QueryResult<()> {
    let upsert = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value \
        WHERE CAST(settings.value AS BIGINT) < CAST(excluded.value AS BIGINT)";
    diesel::sql_query(upsert).bind::<Text, _>(key).bind::<Text, _>(number.to_string()).execute(conn).map(drop)
}
