//! Webhook endpoints and their signing secrets.

mod rotation;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use crate::db::{AnyConnection, text_enum};
use crate::schema::{api_keys, endpoint_secrets, endpoints};

pub use rotation::{
    due_to_retire, ended_secrets, expire_other_secrets, expire_secret, find_secret, lock, note, remove_secrets,
    set_retirement, successor,
};

text_enum! {
    /// Where an endpoint is in its life.
    Status {
        /// A row here; Stripe has not confirmed it, or its answer was lost.
        Pending = "pending",
        /// Takes deliveries.
        Enabled = "enabled",
        /// Stripe sends nothing, and nothing is taken.
        Disabled = "disabled",
        /// Gone at Stripe; kept here for the log.
        Deleted = "deleted",
    }
}

text_enum! {
    /// How a delivery's authenticity is settled, as in dj-stripe.
    Validation {
        /// By the signature, before it is accepted.
        VerifySignature = "verify_signature",
        /// By asking Stripe for the event, before it is processed.
        RetrieveEvent = "retrieve_event",
        /// Not at all; test mode only.
        None = "none",
    }
}

text_enum! {
    /// What an endpoint is at Stripe.
    Object {
        /// Of the v1 API, `we_…`.
        WebhookEndpoint = "webhook_endpoint",
        /// Of the v2 API, `ed_…`.
        EventDestination = "v2.core.event_destination",
    }
}

text_enum! {
    /// What an endpoint's events carry.
    Payload {
        /// The object as it was.
        Snapshot = "snapshot",
        /// Where to find the object.
        Thin = "thin",
    }
}

/// A URL of ours, registered at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = endpoints, treat_none_as_default_value = false)]
pub struct Endpoint {
    /// The UUIDv4 in its URL.
    pub uuid: String,
    /// `we_…`, once Stripe has it.
    pub stripe_id: Option<String>,
    /// The key that manages it.
    pub api_key_id: Option<i64>,
    /// The account it is registered in.
    pub account: Option<String>,
    /// Live or test mode.
    pub livemode: bool,
    /// Whether it gets connected accounts' events instead of the account's own.
    pub connect: bool,
    /// The whole URL.
    pub url: String,
    /// What the operator wrote about it.
    pub description: String,
    /// The event types as a JSON array; `["*"]` for all.
    pub enabled_events: String,
    /// The API version its events are rendered in; none follows the account.
    pub api_version: Option<String>,
    /// How old or early a signature may be, in seconds.
    pub tolerance_seconds: i32,
    /// How authenticity is settled.
    pub validation: Validation,
    /// Where it is in its life.
    pub status: Status,
    /// The key under which Stripe creates it only once.
    pub idempotency_key: String,
    /// Why the last call to Stripe about it failed, if it did.
    pub last_error: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// In unix milliseconds.
    pub created_at: i64,
    /// In unix milliseconds.
    pub updated_at: i64,
    /// In unix milliseconds.
    pub deleted_at: Option<i64>,
    /// What it is at Stripe.
    pub object: Object,
    /// What its events carry.
    pub payload: Payload,
    /// Types and families that are answered only after their handlers have committed, as a JSON array.
    pub inline_events: String,
    /// While its secret is rotated: the endpoint that this one takes the place of.
    pub replaces: Option<String>,
    /// While its secret is rotated: when this endpoint is deleted, in unix milliseconds.
    pub retire_at: Option<i64>,
}

impl Endpoint {
    /// The event types as a list.
    pub fn event_types(&self) -> Vec<String> {
        serde_json::from_str(&self.enabled_events).unwrap_or_default()
    }

    /// Whether it stands for a `tollgate listen`: Stripe's CLI delivers to it, Stripe knows nothing of it, and it ends soon
    /// unless that is told to go on.
    pub fn is_listening(&self) -> bool {
        self.status == Status::Enabled && self.stripe_id.is_none() && self.retire_at.is_some()
    }

    /// The types and families that are answered only after their handlers have committed.
    pub fn inline_types(&self) -> Vec<String> {
        serde_json::from_str(&self.inline_events).unwrap_or_default()
    }
}

/// A signing secret of an endpoint.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = endpoint_secrets)]
pub struct Secret {
    /// Row number.
    pub id: i64,
    /// The endpoint it signs for.
    pub endpoint_uuid: String,
    /// The secret, encrypted.
    pub sealed: String,
    /// In unix milliseconds.
    pub created_at: i64,
    /// When it is no longer taken, in unix milliseconds.
    pub expires_at: Option<i64>,
    /// When it last matched a signature, in unix milliseconds.
    pub last_used_at: Option<i64>,
}

/// Adds an endpoint.
///
/// # Errors
/// A unique violation when the UUID is taken.
pub fn insert(conn: &mut AnyConnection, endpoint: &Endpoint) -> QueryResult<()> {
    diesel::insert_into(endpoints::table).values(endpoint).execute(conn).map(drop)
}

/// Stores an endpoint's fields again, all but its UUID, idempotency key and maker, and what a rotation set: whoever changed the
/// endpoint may have read it before that.
///
/// # Errors
/// When the query fails.
pub fn update(conn: &mut AnyConnection, endpoint: &Endpoint) -> QueryResult<()> {
    diesel::update(endpoints::table.find(&endpoint.uuid))
        .set((
            endpoints::stripe_id.eq(&endpoint.stripe_id),
            endpoints::api_key_id.eq(endpoint.api_key_id),
            endpoints::account.eq(&endpoint.account),
            endpoints::url.eq(&endpoint.url),
            endpoints::description.eq(&endpoint.description),
            endpoints::enabled_events.eq(&endpoint.enabled_events),
            endpoints::api_version.eq(&endpoint.api_version),
            endpoints::tolerance_seconds.eq(endpoint.tolerance_seconds),
            endpoints::validation.eq(endpoint.validation),
            endpoints::status.eq(endpoint.status),
            endpoints::last_error.eq(&endpoint.last_error),
            endpoints::updated_at.eq(endpoint.updated_at),
            endpoints::deleted_at.eq(endpoint.deleted_at),
            endpoints::inline_events.eq(&endpoint.inline_events),
        ))
        .execute(conn)
        .map(drop)
}

/// Removes an endpoint that was never confirmed, as if it had not been begun.
///
/// # Errors
/// When a query fails.
pub fn remove(conn: &mut AnyConnection, uuid: &str) -> QueryResult<()> {
    diesel::delete(endpoint_secrets::table.filter(endpoint_secrets::endpoint_uuid.eq(uuid))).execute(conn)?;
    diesel::delete(endpoints::table.find(uuid)).execute(conn).map(drop)
}

/// The endpoint with this UUID, deleted or not.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, uuid: &str) -> QueryResult<Option<Endpoint>> {
    endpoints::table.find(uuid).select(Endpoint::as_select()).first(conn).optional()
}

/// The endpoint that Stripe knows by this id.
///
/// # Errors
/// When the query fails.
pub fn find_by_stripe_id(conn: &mut AnyConnection, stripe_id: &str) -> QueryResult<Option<Endpoint>> {
    endpoints::table.filter(endpoints::stripe_id.eq(stripe_id)).select(Endpoint::as_select()).first(conn).optional()
}

/// All endpoints that are not deleted, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection) -> QueryResult<Vec<Endpoint>> {
    endpoints::table
        .filter(endpoints::deleted_at.is_null())
        .order((endpoints::created_at.desc(), endpoints::uuid))
        .select(Endpoint::as_select())
        .load(conn)
}

/// Whether an endpoint that is not deleted is managed with a key.
///
/// # Errors
/// When the query fails.
pub fn uses_key(conn: &mut AnyConnection, api_key_id: i64) -> QueryResult<bool> {
    let using = endpoints::table.filter(endpoints::api_key_id.eq(api_key_id)).filter(endpoints::deleted_at.is_null());
    diesel::select(diesel::dsl::exists(using)).get_result(conn)
}

/// Numbers that change whenever an endpoint is added, updated or removed, a secret is added or expires, or a key is added or
/// removed: cheap to ask for often. Sums, since a maximum would miss a change by a process whose clock is behind.
///
/// # Errors
/// When the query fails.
pub fn revision(conn: &mut AnyConnection) -> QueryResult<[Option<i64>; 3]> {
    let sum = |text| sql::<Nullable<BigInt>>(text);
    let endpoint = endpoints::table.select(sum("CAST(sum(updated_at) AS BIGINT)")).first(conn)?;
    let secret =
        endpoint_secrets::table.select(sum("CAST(sum(id + coalesce(expires_at, 0)) AS BIGINT)")).first(conn)?;
    let key = api_keys::table.select(sum("CAST(sum(id) AS BIGINT)")).first(conn)?;
    Ok([endpoint, secret, key])
}

/// Endpoints of a mode whose account was not known belong to this one: nobody else has a key.
///
/// # Errors
/// When the query fails.
pub fn adopt(conn: &mut AnyConnection, account: &str, livemode: bool, now: i64) -> QueryResult<usize> {
    diesel::update(endpoints::table.filter(endpoints::account.is_null()).filter(endpoints::livemode.eq(livemode)))
        .set((endpoints::account.eq(account), endpoints::updated_at.eq(now)))
        .execute(conn)
}

/// Adds a sealed secret and answers its row number.
///
/// # Errors
/// When the query fails.
pub fn insert_secret(conn: &mut AnyConnection, endpoint_uuid: &str, sealed: &str, now: i64) -> QueryResult<i64> {
    diesel::insert_into(endpoint_secrets::table)
        .values((
            endpoint_secrets::endpoint_uuid.eq(endpoint_uuid),
            endpoint_secrets::sealed.eq(sealed),
            endpoint_secrets::created_at.eq(now),
        ))
        .returning(endpoint_secrets::id)
        .get_result(conn)
}

/// The secrets of an endpoint, newest first.
///
/// # Errors
/// When the query fails.
pub fn secrets(conn: &mut AnyConnection, endpoint_uuid: &str) -> QueryResult<Vec<Secret>> {
    endpoint_secrets::table
        .filter(endpoint_secrets::endpoint_uuid.eq(endpoint_uuid))
        .order(endpoint_secrets::id.desc())
        .select(Secret::as_select())
        .load(conn)
}

/// Every secret there is, for the receiver's table and for a change of the root key.
///
/// # Errors
/// When the query fails.
pub fn all_secrets(conn: &mut AnyConnection) -> QueryResult<Vec<Secret>> {
    endpoint_secrets::table.order(endpoint_secrets::id).select(Secret::as_select()).load(conn)
}

/// Records when secrets last matched a signature.
///
/// # Errors
/// When the query fails.
pub fn record_secret_use(conn: &mut AnyConnection, secret_id: i64, at: i64) -> QueryResult<()> {
    diesel::update(endpoint_secrets::table.find(secret_id))
        .set(endpoint_secrets::last_used_at.eq(at))
        .execute(conn)
        .map(drop)
}

/// Replaces a sealed secret, when the root key changes.
///
/// # Errors
/// When the query fails.
pub fn reseal_secret(conn: &mut AnyConnection, id: i64, sealed: &str) -> QueryResult<()> {
    diesel::update(endpoint_secrets::table.find(id)).set(endpoint_secrets::sealed.eq(sealed)).execute(conn).map(drop)
}
