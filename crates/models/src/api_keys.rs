//! Stripe API keys: sealed, with whose they are.

use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::schema::api_keys;

/// A key of a Stripe account.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub struct ApiKey {
    /// Row number.
    pub id: i64,
    /// What the operator calls it.
    pub name: String,
    /// `secret` or `restricted`.
    pub kind: String,
    /// Live or test mode.
    pub livemode: bool,
    /// Prefix and last four characters.
    pub masked: String,
    /// The key, encrypted.
    pub sealed: String,
    /// A keyed hash of it, so that it cannot be added twice.
    pub fingerprint: String,
    /// The account it belongs to, if Stripe told.
    pub account: Option<String>,
    /// That account's name.
    pub account_name: Option<String>,
    /// Whether it is taken where no key is named; one for each mode.
    pub is_default: bool,
    /// When it was last used, in unix milliseconds.
    pub last_used_at: Option<i64>,
    /// Why its last use failed, if it did.
    pub last_error: Option<String>,
    /// In unix milliseconds.
    pub created_at: i64,
}

/// A key to add.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub struct NewApiKey<'a> {
    /// What the operator calls it.
    pub name: &'a str,
    /// `secret` or `restricted`.
    pub kind: &'a str,
    /// Live or test mode.
    pub livemode: bool,
    /// Prefix and last four characters.
    pub masked: &'a str,
    /// The key, encrypted.
    pub sealed: &'a str,
    /// A keyed hash of it.
    pub fingerprint: &'a str,
    /// The account it belongs to.
    pub account: Option<&'a str>,
    /// That account's name.
    pub account_name: Option<&'a str>,
    /// Whether it is taken where no key is named.
    pub is_default: bool,
    /// In unix milliseconds.
    pub created_at: i64,
}

/// Adds a key and answers its row number.
///
/// # Errors
/// A unique violation when the same key is there already.
pub fn insert(conn: &mut AnyConnection, new: &NewApiKey<'_>) -> QueryResult<i64> {
    diesel::insert_into(api_keys::table).values(new).returning(api_keys::id).get_result(conn)
}

/// All keys, in the order they were added.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection) -> QueryResult<Vec<ApiKey>> {
    api_keys::table.order(api_keys::id).select(ApiKey::as_select()).load(conn)
}

/// The key with this row number.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<ApiKey>> {
    api_keys::table.find(id).select(ApiKey::as_select()).first(conn).optional()
}

/// The key with this keyed hash.
///
/// # Errors
/// When the query fails.
pub fn find_by_fingerprint(conn: &mut AnyConnection, fingerprint: &str) -> QueryResult<Option<ApiKey>> {
    api_keys::table.filter(api_keys::fingerprint.eq(fingerprint)).select(ApiKey::as_select()).first(conn).optional()
}

/// The key to use for a mode: one of the account's if it is named, else the default one.
///
/// # Errors
/// When the query fails.
pub fn find_for(conn: &mut AnyConnection, account: Option<&str>, livemode: bool) -> QueryResult<Option<ApiKey>> {
    let of_mode = api_keys::table.filter(api_keys::livemode.eq(livemode)).select(ApiKey::as_select());
    match account {
        Some(account) => of_mode.filter(api_keys::account.eq(account)).order(api_keys::id.desc()).first(conn),
        None => of_mode.order((api_keys::is_default.desc(), api_keys::id.asc())).first(conn),
    }
    .optional()
}

/// Makes a key the default of its mode, and no other.
///
/// # Errors
/// When a query fails.
pub fn make_default(conn: &mut AnyConnection, key: &ApiKey) -> QueryResult<()> {
    diesel::update(api_keys::table.filter(api_keys::livemode.eq(key.livemode)))
        .set(api_keys::is_default.eq(api_keys::id.eq(key.id)))
        .execute(conn)
        .map(drop)
}

/// Records a use of the key and how it went.
///
/// # Errors
/// When the query fails.
pub fn record_use(conn: &mut AnyConnection, id: i64, at: i64, error: Option<&str>) -> QueryResult<()> {
    diesel::update(api_keys::table.find(id))
        .set((api_keys::last_used_at.eq(at), api_keys::last_error.eq(error)))
        .execute(conn)
        .map(drop)
}

/// Records whose key it is.
///
/// # Errors
/// When the query fails.
pub fn set_account(conn: &mut AnyConnection, id: i64, account: &str, name: Option<&str>) -> QueryResult<()> {
    diesel::update(api_keys::table.find(id))
        .set((api_keys::account.eq(account), api_keys::account_name.eq(name)))
        .execute(conn)
        .map(drop)
}

/// Replaces the sealed form and the keyed hash, when the root key changes.
///
/// # Errors
/// When the query fails.
pub fn reseal(conn: &mut AnyConnection, id: i64, sealed: &str, fingerprint: &str) -> QueryResult<()> {
    diesel::update(api_keys::table.find(id))
        .set((api_keys::sealed.eq(sealed), api_keys::fingerprint.eq(fingerprint)))
        .execute(conn)
        .map(drop)
}

/// Deletes a key, and forgets it at endpoints that are deleted; whether it was there.
///
/// # Errors
/// A foreign key violation while an endpoint uses it.
pub fn delete(conn: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    use crate::schema::endpoints;
    diesel::update(endpoints::table.filter(endpoints::api_key_id.eq(id)).filter(endpoints::deleted_at.is_not_null()))
        .set(endpoints::api_key_id.eq(None::<i64>))
        .execute(conn)?;
    diesel::delete(api_keys::table.find(id)).execute(conn).map(|deleted| deleted == 1)
}
