//! Small facts about this installation, by name.

use diesel::prelude::*;

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
/// When a query fails.
pub fn set(conn: &mut AnyConnection, key: &str, value: &str) -> QueryResult<()> {
    let changed = diesel::update(settings::table.find(key)).set(settings::value.eq(value)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(settings::table)
            .values((settings::key.eq(key), settings::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}
