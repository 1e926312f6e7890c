//! Which Stripe API key is used for what, and the client that uses it.

use std::time::Duration;

use secrecy::ExposeSecret;
use tollgate_models::api_keys::{self, ApiKey as StoredKey};
use tollgate_models::endpoints::Endpoint;
use tollgate_models::{AnyConnection, Database};
use tollgate_stripe_client::{ApiKey, Budgets, Client};
use url::Url;

use crate::keyring::{Keyring, api_key_place};
use crate::{Config, Error};

/// Opens keys and makes clients.
#[derive(Clone)]
pub(crate) struct StripeKeys {
    keyring: Keyring,
    base: Url,
    timeout: Duration,
    from_environment: Option<ApiKey>,
    budgets: Budgets,
}

/// A key that was chosen.
pub(crate) struct Chosen {
    /// Its row; none for the key of the environment.
    pub(crate) row: Option<StoredKey>,
    /// The client that uses it.
    pub(crate) client: Client,
}

impl StripeKeys {
    /// `budgets` are those of all accounts; who has them can tell how they stand.
    pub(crate) fn new(config: &Config, keyring: &Keyring, budgets: &Budgets) -> Self {
        Self {
            keyring: keyring.clone(),
            base: config.stripe_api_base.clone(),
            timeout: config.stripe_timeout,
            from_environment: config.stripe_api_key.clone(),
            budgets: budgets.clone(),
        }
    }

    /// The key of a row, or without one the default for a mode: the stored default key, else the environment's.
    pub(crate) fn choose(&self, conn: &mut AnyConnection, id: Option<i64>, livemode: bool) -> Result<Chosen, Error> {
        let (row, key) = self.choose_key(conn, id, livemode)?;
        let account = row.as_ref().and_then(|row| row.account.as_deref());
        let client = self.client_in(&key, account)?;
        Ok(Chosen { row, client })
    }

    /// As [`choose`](Self::choose): its row, and the key itself for a program that speaks with Stripe on our behalf.
    pub(crate) fn choose_key(
        &self,
        conn: &mut AnyConnection,
        id: Option<i64>,
        livemode: bool,
    ) -> Result<(Option<StoredKey>, ApiKey), Error> {
        let stored = match id {
            Some(id) => Some(
                api_keys::find(conn, id)
                    .map_err(tollgate_models::Error::from)?
                    .ok_or_else(|| Error::NotFound(format!("there is no key number {id}")))?,
            ),
            None => api_keys::find_for(conn, None, livemode).map_err(tollgate_models::Error::from)?,
        };
        if let Some(row) = stored {
            let key = self.open(&row)?;
            return Ok((Some(row), key));
        }
        match &self.from_environment {
            Some(key) if key.livemode() == livemode => Ok((None, key.clone())),
            _ => {
                let mode = if livemode { "live" } else { "test" };
                Err(Error::BadRequest(format!(
                    "there is no {mode} mode key: add one under Accounts and keys, or with `tollgate keys add`"
                )))
            }
        }
    }

    /// The client for an endpoint's own account.
    pub(crate) fn client_of(&self, database: &Database, endpoint: &Endpoint) -> Result<Client, Error> {
        let (id, livemode) = (endpoint.api_key_id, endpoint.livemode);
        let chosen = database.read(|conn| Ok::<_, tollgate_models::Error>(self.choose(conn, id, livemode)))?;
        chosen.map(|chosen| chosen.client)
    }

    /// The client that tells of an account: by a key of its own, else by the default key, for which it is a connected one.
    pub(crate) fn client_for(
        &self,
        database: &Database,
        account: Option<&str>,
        livemode: bool,
    ) -> Result<Client, Error> {
        let own = match account {
            Some(account) => database.read(|conn| api_keys::find_for(conn, Some(account), livemode))?,
            None => None,
        };
        if let Some(row) = own {
            return self.client_in(&self.open(&row)?, row.account.as_deref());
        }
        let chosen = database.read(|conn| Ok::<_, tollgate_models::Error>(self.choose(conn, None, livemode)))??;
        // A key that may not tell its account is taken for the account's own.
        let others = chosen.row.and_then(|row| row.account).zip(account).filter(|(own, account)| own != account);
        Ok(match others {
            Some((_, account)) => self.for_connected(&chosen.client, account, livemode),
            None => chosen.client,
        })
    }

    /// The client for a mode, where no endpoint says which key.
    pub(crate) fn default_client(&self, database: &Database, livemode: bool) -> Result<Client, Error> {
        let chosen = database.read(|conn| Ok::<_, tollgate_models::Error>(self.choose(conn, None, livemode)))?;
        chosen.map(|chosen| chosen.client)
    }

    /// The client for the key of the environment, if that is one of the mode.
    pub(crate) fn of_environment(&self, livemode: bool) -> Result<Option<Client>, Error> {
        let key = self.from_environment.as_ref().filter(|key| key.livemode() == livemode);
        key.map(|key| self.client(key)).transpose()
    }

    /// Decrypts a stored key.
    pub(crate) fn open(&self, row: &StoredKey) -> Result<ApiKey, Error> {
        let plain = self.keyring.open(api_key_place(&row.fingerprint), &row.sealed).map_err(Error::internal)?;
        ApiKey::parse(plain.expose_secret()).map_err(Error::internal)
    }

    /// The same client for an account that is connected to the key's, whose requests count by themselves.
    pub(crate) fn for_connected(&self, client: &Client, account: &str, livemode: bool) -> Client {
        let client = client.with_account(account);
        let paced = client.budget().is_some();
        if paced { client.with_budget(self.budgets.of(account, livemode)) } else { client }
    }

    /// A client that uses a key of which nobody knows yet whose it is.
    pub(crate) fn client(&self, key: &ApiKey) -> Result<Client, Error> {
        self.client_in(key, None)
    }

    /// A client that uses a key of an account; all clients of one account and mode share a budget at Stripe itself. A
    /// simulator has no limit.
    pub(crate) fn client_in(&self, key: &ApiKey, account: Option<&str>) -> Result<Client, Error> {
        let client = Client::builder(key.clone())
            .base_url(self.base.clone())
            .timeout(self.timeout)
            .max_retries(1)
            .app_info("tollgate", env!("CARGO_PKG_VERSION"), "")
            .build()?;
        let paced = client.budget().is_some();
        let shared = || self.budgets.of(account.unwrap_or(&key.masked()), key.livemode());
        Ok(if paced { client.with_budget(shared()) } else { client })
    }
}
