//! Stripe API keys: adding one asks Stripe whose it is; it is stored sealed and shown masked.

use tollgate_models::api_keys::{self, ApiKey as StoredKey, NewApiKey};
use tollgate_models::{AnyConnection, endpoints, events, mirror, shadow_events};
use tollgate_stripe_client::{Account, ApiKey, Error as StripeError, KeyKind, Priority};

use crate::audit::{self, Actor};
use crate::keyring::{Keyring, api_key_place};
use crate::{Error, Tollgate};

/// Adds a key, after Stripe has taken it.
///
/// A restricted key may lack the permission to read its account; then it is stored without one.
///
/// # Errors
/// [`Error::BadRequest`] when it is no key or Stripe does not take it, [`Error::Conflict`] when it is here already.
pub async fn add(tollgate: &Tollgate, name: &str, secret: &str, actor: &Actor) -> Result<StoredKey, Error> {
    let key = ApiKey::parse(secret).map_err(|error| Error::BadRequest(error.to_string()))?;
    let name = check_name(name, &key)?;
    let account = whose(tollgate, &key).await?;
    let fingerprint = fingerprint(tollgate.keyring(), &key);
    let sealed = tollgate.keyring().seal(api_key_place(&fingerprint), key.expose()).map_err(Error::internal)?;
    let (masked, livemode, now, actor) = (key.masked(), key.livemode(), tollgate.clock().now_millis(), actor.clone());
    let kind = match key.kind() {
        KeyKind::Restricted => "restricted",
        _ => "secret",
    };
    let adopts = is_of_environments(tollgate, account.as_ref(), livemode).await;
    let added = tollgate
        .db()
        .write(move |conn| -> Result<Option<StoredKey>, tollgate_models::Error> {
            if api_keys::find_by_fingerprint(conn, &fingerprint)?.is_some() {
                return Ok(None);
            }
            let first = api_keys::find_for(conn, None, livemode)?.is_none();
            let new = NewApiKey {
                name: &name,
                kind,
                livemode,
                masked: &masked,
                sealed: &sealed,
                fingerprint: &fingerprint,
                account: account.as_ref().map(|account| account.id.as_str()),
                account_name: account.as_ref().map(Account::name),
                is_default: first,
                created_at: now,
            };
            let id = api_keys::insert(conn, &new)?;
            // Stripe was asked with it just now.
            api_keys::record_use(conn, id, now, None)?;
            audit::record(conn, &actor, "key.added", &id.to_string(), &masked, now)?;
            if let Some(account) = account.as_ref().filter(|_| adopts) {
                adopt(conn, &account.id, livemode, now)?;
            }
            Ok(api_keys::find(conn, id)?)
        })
        .await?;
    let added = added.ok_or_else(|| Error::Conflict("this key is here already".to_owned()))?;
    tollgate.intake_refresh().await?;
    Ok(added)
}

/// Whether what came while no stored key told an account may be this account's: unless the key of the environment, by which
/// it may have come, is another's.
async fn is_of_environments(tollgate: &Tollgate, account: Option<&Account>, livemode: bool) -> bool {
    let environment = tollgate.config().stripe_api_key.as_ref().filter(|key| key.livemode() == livemode);
    let (Some(account), Some(key)) = (account, environment) else { return account.is_some() };
    matches!(whose(tollgate, key).await, Ok(Some(owner)) if owner.id == account.id)
}

/// Gives an account what came while nobody knew whose it is, if no other account has a key of the mode.
fn adopt(conn: &mut AnyConnection, account: &str, livemode: bool, now: i64) -> Result<(), tollgate_models::Error> {
    let of_mode = api_keys::list(conn)?.into_iter().filter(|key| key.livemode == livemode);
    if of_mode.into_iter().all(|key| key.account.as_deref() == Some(account)) {
        endpoints::adopt(conn, account, livemode, now)?;
        events::adopt(conn, account, livemode)?;
        shadow_events::adopt(conn, account, livemode)?;
        mirror::adopt(conn, account, livemode)?;
    }
    Ok(())
}

/// Makes a key the default of its mode.
///
/// # Errors
/// [`Error::NotFound`] when there is no such key.
pub async fn make_default(tollgate: &Tollgate, id: i64, actor: &Actor) -> Result<(), Error> {
    let (now, actor) = (tollgate.clock().now_millis(), actor.clone());
    let found = tollgate
        .db()
        .write(move |conn| {
            let Some(key) = api_keys::find(conn, id)? else { return Ok(false) };
            api_keys::make_default(conn, &key)?;
            audit::record(conn, &actor, "key.made_default", &id.to_string(), &key.masked, now).map(|()| true)
        })
        .await?;
    found.then_some(()).ok_or_else(|| no_such_key(id))
}

/// Deletes a key.
///
/// # Errors
/// [`Error::NotFound`] when there is no such key, [`Error::Conflict`] while an endpoint is managed with it.
pub async fn delete(tollgate: &Tollgate, id: i64, actor: &Actor) -> Result<(), Error> {
    let (now, actor) = (tollgate.clock().now_millis(), actor.clone());
    let deleted = tollgate
        .db()
        .write(move |conn| -> Result<Option<bool>, tollgate_models::Error> {
            if tollgate_models::endpoints::uses_key(conn, id)? {
                return Ok(None);
            }
            let deleted = api_keys::delete(conn, id)?;
            audit::record(conn, &actor, "key.deleted", &id.to_string(), "", now)?;
            Ok(Some(deleted))
        })
        .await?;
    match deleted {
        Some(true) => Ok(()),
        Some(false) => Err(no_such_key(id)),
        None => Err(Error::Conflict("an endpoint is managed with this key: delete that first".to_owned())),
    }
}

fn no_such_key(id: i64) -> Error {
    Error::NotFound(format!("there is no key number {id}"))
}

/// The keyed hash by which a key is recognised.
pub(crate) fn fingerprint(keyring: &Keyring, key: &ApiKey) -> String {
    hex::encode(keyring.mac("api key fingerprint", key.expose().as_bytes()))
}

fn check_name(name: &str, key: &ApiKey) -> Result<String, Error> {
    let name = name.trim();
    if name.chars().count() > 100 || name.contains('\0') {
        return Err(Error::BadRequest("the name may have 100 characters".to_owned()));
    }
    let mode = if key.livemode() { "Live" } else { "Test" };
    Ok(if name.is_empty() { format!("{mode} key {}", key.masked()) } else { name.to_owned() })
}

async fn whose(tollgate: &Tollgate, key: &ApiKey) -> Result<Option<Account>, Error> {
    let client = tollgate.stripe_keys().client(key)?.with_priority(Priority::Person);
    match client.retrieve_account().await {
        Ok(account) => Ok(Some(account)),
        // Stripe knows the key, and holds that it may not ask this.
        Err(StripeError::Api(error)) if error.missing_permission().is_some() => Ok(None),
        Err(StripeError::Api(error)) if error.is_authentication() => {
            Err(Error::BadRequest(format!("Stripe does not take this key: {}", error.message)))
        }
        Err(error) => Err(error.into()),
    }
}
