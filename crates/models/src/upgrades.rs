//! Upgrades of endpoints to another API version: which endpoint is the shadow of which, and how far each upgrade is.

use diesel::prelude::*;

use crate::db::{AnyConnection, text_enum};
use crate::schema::upgrades;

text_enum! {
    /// How far an upgrade is.
    Status {
        /// Both endpoints get every event; what comes by the shadow is only compared.
        Comparing = "comparing",
        /// The shadow is the live endpoint by now; the old one is still to be disabled.
        Swapping = "swapping",
        /// The old one is disabled.
        Swapped = "swapped",
        /// The shadow is to be deleted.
        Abandoning = "abandoning",
        /// The shadow is deleted, and all is as before.
        Abandoned = "abandoned",
    }
}

/// An upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = upgrades)]
pub struct Upgrade {
    /// Row number.
    pub id: i64,
    /// The endpoint that is upgraded.
    pub live_uuid: String,
    /// The endpoint beside it, in the new version.
    pub shadow_uuid: String,
    /// The version of before; none follows the account's default.
    pub from_version: Option<String>,
    /// The new version.
    pub to_version: String,
    /// How far it is.
    pub status: Status,
    /// What stood in the way last.
    pub last_error: Option<String>,
    /// Who began it.
    pub actor: String,
    /// In unix milliseconds.
    pub created_at: i64,
    /// When Stripe had made the shadow, in unix milliseconds.
    pub begun_at: Option<i64>,
    /// When the shadow became the live endpoint, in unix milliseconds.
    pub swapped_at: Option<i64>,
    /// When nothing was left to do, in unix milliseconds.
    pub finished_at: Option<i64>,
}

/// An upgrade to begin.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = upgrades, treat_none_as_default_value = false)]
pub struct NewUpgrade<'a> {
    /// The endpoint that is upgraded.
    pub live_uuid: &'a str,
    /// The endpoint beside it, in the new version.
    pub shadow_uuid: &'a str,
    /// The version of before; none follows the account's default.
    pub from_version: Option<&'a str>,
    /// The new version.
    pub to_version: &'a str,
    /// How far it is.
    pub status: Status,
    /// Who begins it.
    pub actor: &'a str,
    /// In unix milliseconds.
    pub created_at: i64,
}

/// Adds an upgrade.
///
/// # Errors
/// A unique violation when the endpoint has one that is not ended.
pub fn insert(conn: &mut AnyConnection, new: &NewUpgrade<'_>) -> QueryResult<()> {
    diesel::insert_into(upgrades::table).values(new).execute(conn).map(drop)
}

/// The upgrade of this number.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Upgrade>> {
    upgrades::table.find(id).select(Upgrade::as_select()).first(conn).optional()
}

/// The newest upgrade that an endpoint has part in, as the one or the other.
///
/// # Errors
/// When the query fails.
pub fn latest(conn: &mut AnyConnection, uuid: &str) -> QueryResult<Option<Upgrade>> {
    upgrades::table
        .filter(upgrades::live_uuid.eq(uuid).or(upgrades::shadow_uuid.eq(uuid)))
        .order(upgrades::id.desc())
        .select(Upgrade::as_select())
        .first(conn)
        .optional()
}

/// The upgrade that an endpoint has part in, unless it is ended.
///
/// # Errors
/// When the query fails.
pub fn open_of(conn: &mut AnyConnection, uuid: &str) -> QueryResult<Option<Upgrade>> {
    Ok(latest(conn, uuid)?.filter(|upgrade| upgrade.finished_at.is_none()))
}

/// The upgrades that are not ended.
///
/// # Errors
/// When the query fails.
pub fn open(conn: &mut AnyConnection) -> QueryResult<Vec<Upgrade>> {
    upgrades::table.filter(upgrades::finished_at.is_null()).order(upgrades::id).select(Upgrade::as_select()).load(conn)
}

/// The endpoints whose deliveries are only compared; those that were given up too, so that none is taken for a live one
/// while it is deleted.
///
/// # Errors
/// When the query fails.
pub fn shadows(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    upgrades::table
        .filter(upgrades::status.eq_any([Status::Comparing, Status::Abandoning, Status::Abandoned]))
        .select(upgrades::shadow_uuid)
        .load(conn)
}

/// Stripe has made a shadow. Time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn begun(conn: &mut AnyConnection, shadow_uuid: &str, now: i64) -> QueryResult<usize> {
    diesel::update(upgrades::table.filter(upgrades::shadow_uuid.eq(shadow_uuid)).filter(upgrades::begun_at.is_null()))
        .set(upgrades::begun_at.eq(now))
        .execute(conn)
}

/// Forgets the upgrade of a shadow that Stripe never made.
///
/// # Errors
/// When the query fails.
pub fn remove(conn: &mut AnyConnection, shadow_uuid: &str) -> QueryResult<()> {
    diesel::delete(upgrades::table.filter(upgrades::shadow_uuid.eq(shadow_uuid))).execute(conn).map(drop)
}

/// Makes the shadow the live endpoint; whether it was still compared until now. Time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn begin_swap(conn: &mut AnyConnection, id: i64, now: i64) -> QueryResult<bool> {
    let comparing = upgrades::table.find(id).filter(upgrades::status.eq(Status::Comparing));
    let changed = diesel::update(comparing)
        .set((
            upgrades::status.eq(Status::Swapping),
            upgrades::swapped_at.eq(now),
            upgrades::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Gives an upgrade up, unless its shadow is live already; whether it may be.
///
/// # Errors
/// When the query fails.
pub fn begin_abandoning(conn: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    let open = upgrades::table.find(id).filter(upgrades::status.eq_any([Status::Comparing, Status::Abandoning]));
    let changed = diesel::update(open).set(upgrades::status.eq(Status::Abandoning)).execute(conn)?;
    Ok(changed == 1)
}

/// Ends an upgrade that is at `from`; whether it was. Time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn finish(conn: &mut AnyConnection, id: i64, from: Status, to: Status, now: i64) -> QueryResult<bool> {
    let changed = diesel::update(upgrades::table.find(id).filter(upgrades::status.eq(from)))
        .set((upgrades::status.eq(to), upgrades::finished_at.eq(now), upgrades::last_error.eq(None::<String>)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Records what stands in an upgrade's way.
///
/// # Errors
/// When the query fails.
pub fn note(conn: &mut AnyConnection, id: i64, problem: Option<&str>) -> QueryResult<()> {
    diesel::update(upgrades::table.find(id)).set(upgrades::last_error.eq(problem)).execute(conn).map(drop)
}
