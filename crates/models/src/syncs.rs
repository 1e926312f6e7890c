//! Backfills of the mirror: what was asked for, in which parts it is listed, and how far each part is.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use crate::db::{AnyConnection, text_enum};
use crate::page::{Cursor, Page};
use crate::schema::{sync_windows, syncs};

text_enum! {
    /// How far a backfill, or a part of one, is.
    Status {
        /// A part that is not listed to its end.
        Pending = "pending",
        /// A backfill that is worked off.
        Running = "running",
        /// It was listed to its end.
        Done = "done",
        /// Somebody stopped the backfill.
        Stopped = "stopped",
        /// Stripe refused the part, or every part of the backfill.
        Failed = "failed",
    }
}

/// A backfill.
#[derive(Clone, Debug, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = syncs)]
pub struct Sync {
    /// Row number.
    pub id: i64,
    /// Who asked for it.
    pub actor: String,
    /// The types that were asked for, as a JSON array; empty for all.
    #[serde(skip)]
    pub types: String,
    /// Objects that were made from this time on, in unix seconds; none for all.
    pub since: Option<i64>,
    /// How far it is.
    pub status: Status,
    /// Why it could not go on.
    pub last_error: Option<String>,
    /// In unix milliseconds.
    pub created_at: i64,
    /// In unix milliseconds.
    pub finished_at: Option<i64>,
}

impl Sync {
    /// The types that were asked for; empty for all.
    pub fn types(&self) -> Vec<String> {
        serde_json::from_str(&self.types).unwrap_or_default()
    }
}

/// A part of a backfill.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = sync_windows)]
pub struct Window {
    /// Row number.
    pub id: i64,
    /// The backfill.
    pub sync_id: i64,
    /// What others refer to comes first.
    pub rank: i32,
    /// The type.
    pub object: String,
    /// The account; empty if the key may not tell.
    pub account: String,
    /// Live or test mode.
    pub livemode: bool,
    /// Whether it is a connected account.
    pub connected: bool,
    /// Objects made from this time on, in unix seconds.
    pub made_from: Option<i64>,
    /// Objects made until this time, in unix seconds.
    pub made_until: Option<i64>,
    /// The last object that was stored: the next page comes after it.
    pub cursor: Option<String>,
    /// Pages that were listed.
    pub pages: i32,
    /// Objects that were listed.
    pub objects: i64,
    /// Those of them that were not here as they are.
    pub stored: i64,
    /// How far it is.
    pub status: Status,
    /// Why Stripe refused it.
    pub last_error: Option<String>,
}

/// A part to add.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = sync_windows, treat_none_as_default_value = false)]
pub struct NewWindow {
    /// The backfill.
    pub sync_id: i64,
    /// What others refer to comes first.
    pub rank: i32,
    /// The type.
    pub object: String,
    /// The account; empty if the key may not tell.
    pub account: String,
    /// Live or test mode.
    pub livemode: bool,
    /// Whether it is a connected account.
    pub connected: bool,
    /// Objects made from this time on, in unix seconds.
    pub made_from: Option<i64>,
    /// Objects made until this time, in unix seconds.
    pub made_until: Option<i64>,
}

/// How far one type is in a backfill.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName, serde::Serialize)]
pub struct Progress {
    /// The type.
    #[diesel(sql_type = Text)]
    pub object: String,
    /// The parts that are listed to their end, or refused.
    #[diesel(sql_type = BigInt)]
    pub ended: i64,
    /// All parts that are known.
    #[diesel(sql_type = BigInt)]
    pub windows: i64,
    /// Pages that were listed.
    #[diesel(sql_type = BigInt)]
    pub pages: i64,
    /// Objects that were listed.
    #[diesel(sql_type = BigInt)]
    pub objects: i64,
    /// Those of them that were not here as they are.
    #[diesel(sql_type = BigInt)]
    pub stored: i64,
    /// Parts that Stripe refused.
    #[diesel(sql_type = BigInt)]
    pub refused: i64,
    /// Why it refused one of them; empty if it refused none.
    #[diesel(sql_type = Text)]
    pub error: String,
    #[diesel(sql_type = Integer)]
    #[serde(skip)]
    rank: i32,
}

// Spelt out, so that the partial indexes can serve them.
fn pending() -> SqlLiteral<Bool> {
    sql("sync_windows.status = 'pending'")
}

fn running() -> SqlLiteral<Bool> {
    sql("syncs.status = 'running'")
}

/// Begins a backfill without any part; its number.
///
/// # Errors
/// When the query fails.
pub fn insert(
    conn: &mut AnyConnection,
    actor: &str,
    types: &[String],
    since: Option<i64>,
    now: i64,
) -> QueryResult<i64> {
    diesel::insert_into(syncs::table)
        .values((
            syncs::actor.eq(actor),
            syncs::types.eq(serde_json::Value::from(types).to_string()),
            syncs::since.eq(since),
            syncs::status.eq(Status::Running),
            syncs::created_at.eq(now),
        ))
        .returning(syncs::id)
        .get_result(conn)
}

/// Adds parts.
///
/// # Errors
/// When a query fails.
pub fn insert_windows(conn: &mut AnyConnection, windows: &[NewWindow]) -> QueryResult<()> {
    for window in windows {
        diesel::insert_into(sync_windows::table).values(window).execute(conn)?;
    }
    Ok(())
}

/// The backfill with this number.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Sync>> {
    syncs::table.find(id).select(Sync::as_select()).first(conn).optional()
}

/// The oldest backfill that is not at its end.
///
/// # Errors
/// When the query fails.
pub fn next_running(conn: &mut AnyConnection) -> QueryResult<Option<Sync>> {
    syncs::table.filter(running()).order(syncs::id).select(Sync::as_select()).first(conn).optional()
}

/// Lists backfills, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, cursor: Cursor, limit: usize) -> QueryResult<Page<Sync>> {
    let query = syncs::table.select(Sync::as_select()).into_boxed::<crate::db::MultiBackend>();
    let query = match cursor {
        Cursor::Newest => query.order(syncs::id.desc()),
        Cursor::Before(id) => query.filter(syncs::id.lt(id)).order(syncs::id.desc()),
        Cursor::After(id) => query.filter(syncs::id.gt(id)).order(syncs::id.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |sync| sync.id))
}

/// Whether a backfill has any part, listed or not.
///
/// # Errors
/// When the query fails.
pub fn is_planned(conn: &mut AnyConnection, sync_id: i64) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(sync_windows::table.filter(sync_windows::sync_id.eq(sync_id)))).get_result(conn)
}

/// The next parts to list, but for some that are under way.
///
/// # Errors
/// When the query fails.
pub fn next_windows(conn: &mut AnyConnection, sync_id: i64, under_way: &[i64], limit: i64) -> QueryResult<Vec<Window>> {
    sync_windows::table
        .filter(sync_windows::sync_id.eq(sync_id))
        .filter(pending())
        .filter(sync_windows::id.ne_all(under_way))
        .order((sync_windows::rank, sync_windows::id))
        .limit(limit)
        .select(Window::as_select())
        .load(conn)
}

/// Records a page of a part: how many objects it had and stored, where the next one begins, and how far the part is now.
///
/// # Errors
/// When the query fails.
pub fn record_page(
    conn: &mut AnyConnection,
    window: i64,
    objects: i64,
    stored: i64,
    cursor: Option<&str>,
    status: Status,
) -> QueryResult<()> {
    diesel::update(sync_windows::table.find(window))
        .set((
            sync_windows::pages.eq(sync_windows::pages + 1),
            sync_windows::objects.eq(sync_windows::objects + objects),
            sync_windows::stored.eq(sync_windows::stored + stored),
            sync_windows::cursor.eq(cursor),
            sync_windows::status.eq(status),
            sync_windows::last_error.eq(None::<String>),
        ))
        .execute(conn)
        .map(drop)
}

/// Records that Stripe refused a part, or did not answer: it stays pending or has failed.
///
/// # Errors
/// When the query fails.
pub fn record_error(conn: &mut AnyConnection, window: i64, status: Status, error: &str) -> QueryResult<()> {
    diesel::update(sync_windows::table.find(window))
        .set((sync_windows::status.eq(status), sync_windows::last_error.eq(error)))
        .execute(conn)
        .map(drop)
}

/// Ends a backfill that is running; whether it was. `now` in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn finish(conn: &mut AnyConnection, id: i64, status: Status, error: Option<&str>, now: i64) -> QueryResult<bool> {
    let ended = diesel::update(syncs::table.find(id).filter(running()))
        .set((syncs::status.eq(status), syncs::last_error.eq(error), syncs::finished_at.eq(now)))
        .execute(conn)?;
    Ok(ended == 1)
}

/// How far each type is, those first that others refer to.
///
/// # Errors
/// When the query fails.
pub fn progress(conn: &mut AnyConnection, sync_id: i64) -> QueryResult<Vec<Progress>> {
    let query = "SELECT object, min(rank) AS rank, count(*) AS windows, \
                 sum(CASE WHEN status = 'pending' THEN 0 ELSE 1 END) AS ended, CAST(sum(pages) AS BIGINT) AS pages, \
                 CAST(sum(objects) AS BIGINT) AS objects, CAST(sum(stored) AS BIGINT) AS stored, \
                 sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS refused, \
                 COALESCE(max(last_error), '') AS error \
                 FROM sync_windows WHERE sync_id = $1 GROUP BY object ORDER BY min(rank), object";
    diesel::sql_query(query).bind::<BigInt, _>(sync_id).load(conn)
}
