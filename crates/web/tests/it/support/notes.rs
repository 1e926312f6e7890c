//! A table of the host's own, which handlers write to.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use tollgate::models::testing::TestDb;
use tollgate::{Context, Event, HandlerResult};

/// Makes the table.
pub fn make_notes(db: &TestDb) {
    let sql = "CREATE TABLE notes (event_id TEXT NOT NULL, text TEXT NOT NULL)";
    diesel::sql_query(sql).execute(&mut db.connect()).unwrap();
}

/// A handler that writes a row about the event.
pub fn note(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    note_as(event, context, "seen")
}

/// Writes a row about the event.
pub fn note_as(event: &Event, context: &mut Context<'_>, text: &str) -> HandlerResult {
    diesel::sql_query("INSERT INTO notes (event_id, text) VALUES ($1, $2)")
        .bind::<Text, _>(event.id())
        .bind::<Text, _>(text)
        .execute(context.conn())?;
    Ok(())
}
