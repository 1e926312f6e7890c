//! Changing the root key: every secret is opened with the old one and sealed with the new one, in one transaction.

use secrecy::ExposeSecret;
use tollgate_models::{Lane, api_keys, endpoints, settings};
use tollgate_stripe_client::ApiKey;

use crate::audit::{self, Actor};
use crate::keyring::{self, CHECK_SETTING, Keyring, api_key_place, endpoint_secret_place};
use crate::{Error, Tollgate, keys};

/// Seals every stored secret with a new root key; how many that were. From then on only the new key opens this database.
///
/// # Errors
/// When a secret does not open or the database fails; then everything stays as it was.
pub fn rekey(tollgate: &Tollgate, new: &Keyring, actor: &Actor) -> Result<usize, Error> {
    let old = tollgate.keyring();
    let now = tollgate.clock().now_millis();
    let work = |conn: &mut tollgate_models::AnyConnection| -> Result<Result<usize, Error>, tollgate_models::Error> {
        let mut count = 0;
        for row in api_keys::list(conn)? {
            let Ok(plain) = old.open(api_key_place(&row.fingerprint), &row.sealed) else {
                return Ok(Err(shut("key", row.id)));
            };
            let Ok(key) = ApiKey::parse(plain.expose_secret()) else { return Ok(Err(shut("key", row.id))) };
            let fingerprint = keys::fingerprint(new, &key);
            let Ok(sealed) = new.seal(api_key_place(&fingerprint), key.expose()) else {
                return Ok(Err(shut("key", row.id)));
            };
            api_keys::reseal(conn, row.id, &sealed, &fingerprint)?;
            count += 1;
        }
        for row in endpoints::all_secrets(conn)? {
            let place = endpoint_secret_place(&row.endpoint_uuid);
            let resealed = old.open(place, &row.sealed).and_then(|plain| new.seal(place, plain.expose_secret()));
            let Ok(sealed) = resealed else { return Ok(Err(shut("signing secret", row.id))) };
            endpoints::reseal_secret(conn, row.id, &sealed)?;
            count += 1;
        }
        match keyring::sealed_check(new) {
            Ok(check) => settings::set(conn, CHECK_SETTING, &check)?,
            Err(error) => return Ok(Err(error)),
        }
        audit::record(conn, actor, "secrets.rekeyed", new.key_id(), &format!("{count} secrets"), now)?;
        Ok(Ok(count))
    };
    // A refusal must roll back too, so it goes through the transaction as its error.
    let mut refusal = None;
    let done = tollgate.db().blocking().write(Lane::Ordinary, |conn| match work(conn)? {
        Ok(count) => Ok(count),
        Err(error) => {
            refusal = Some(error);
            Err(tollgate_models::Error::from(tollgate_models::db::rollback()))
        }
    });
    match (done, refusal) {
        (_, Some(error)) => Err(error),
        (done, None) => Ok(done?),
    }
}

fn shut(what: &str, id: i64) -> Error {
    Error::internal(format!("{what} {id} does not open with the present secret key"))
}
