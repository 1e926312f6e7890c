//! The endpoints in memory: a delivery finds its endpoint and secrets without a query.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use secrecy::ExposeSecret;
use tollgate_models::api_keys::{self, ApiKey};
use tollgate_models::endpoints::{self, Endpoint, Status, Validation};
use tollgate_models::{AnyConnection, Database, upgrades};
use tollgate_stripe_client::webhook::Tolerance;
use tollgate_stripe_client::{WebhookSecret, catalogue};
use uuid::Uuid;

use crate::keyring::{Keyring, endpoint_secret_place};
use crate::{Clock, Config, Error};

/// Another process may change an endpoint; its change is seen after this time at the latest.
pub(crate) const FRESHNESS: Duration = Duration::from_secs(1);

/// An endpoint as the intake needs it.
#[derive(Clone)]
pub(crate) struct KnownEndpoint {
    /// None for the legacy URL.
    pub(crate) uuid: Option<String>,
    pub(crate) status: Status,
    pub(crate) validation: Validation,
    /// None takes both modes, as the legacy URL does.
    pub(crate) livemode: Option<bool>,
    pub(crate) account: Option<String>,
    /// None takes both kinds, as the legacy URL does.
    pub(crate) connect: Option<bool>,
    pub(crate) tolerance: Tolerance,
    /// Whether what comes by it is only compared, since it is the shadow of an upgrade.
    pub(crate) shadow: bool,
    /// Types and families that are answered only after their handlers have committed.
    pub(crate) inline: Vec<String>,
    pub(crate) secrets: Vec<KnownSecret>,
}

/// A live secret of an endpoint.
#[derive(Clone)]
pub(crate) struct KnownSecret {
    /// The row; none for the legacy URL.
    pub(crate) id: Option<i64>,
    pub(crate) secret: WebhookSecret,
    /// In unix milliseconds.
    pub(crate) expires_at: Option<i64>,
}

impl KnownEndpoint {
    /// Whether an event of this type is answered only after its handlers have committed.
    pub(crate) fn is_inline(&self, event_type: &str) -> bool {
        self.inline.iter().any(|pattern| catalogue::matches(pattern, event_type))
    }

    /// A name for the log that is no address: the start of the UUID.
    pub(crate) fn label(&self) -> &str {
        self.uuid.as_deref().map_or("legacy", |uuid| &uuid[..8])
    }
}

type Endpoints = HashMap<Uuid, Arc<KnownEndpoint>>;
type Revision = [Option<i64>; 3];

/// Every endpoint, replaced as a whole when one changes.
pub(crate) struct Table {
    database: Database,
    keyring: Keyring,
    current: ArcSwap<Endpoints>,
    revision: Mutex<Revision>,
    legacy: ArcSwapOption<KnownEndpoint>,
}

impl Table {
    pub(super) fn load(database: &Database, config: &Config, keyring: &Keyring, _clock: &Clock) -> Result<Self, Error> {
        let table = Self {
            database: database.clone(),
            keyring: keyring.clone(),
            current: ArcSwap::default(),
            revision: Mutex::default(),
            legacy: config.legacy_webhook_secret.clone().map(legacy_endpoint).into(),
        };
        if table.legacy.load().is_some() {
            tracing::warn!(
                "the legacy URL /stripe/webhooks is on: anyone can guess it; move to endpoints of their own"
            );
        }
        table.refresh()?;
        Ok(table)
    }

    pub(super) fn find(&self, uuid: &Uuid) -> Option<Arc<KnownEndpoint>> {
        self.current.load().get(uuid).cloned()
    }

    pub(super) fn legacy(&self) -> Option<Arc<KnownEndpoint>> {
        self.legacy.load_full()
    }

    /// Reads the endpoints again.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        let (revision, endpoints) = self
            .database
            .read(|conn| -> Result<_, tollgate_models::Error> { Ok((endpoints::revision(conn)?, self.read(conn)?)) })?;
        self.current.store(Arc::new(endpoints));
        if let Some(legacy) = self.legacy() {
            let account = only_account(&self.database.read(api_keys::list)?);
            self.legacy.store(Some(Arc::new(KnownEndpoint { account, ..KnownEndpoint::clone(&legacy) })));
        }
        *self.revision.lock().unwrap_or_else(PoisonError::into_inner) = revision;
        Ok(())
    }

    fn read(&self, conn: &mut AnyConnection) -> Result<Endpoints, tollgate_models::Error> {
        let mut secrets: HashMap<String, Vec<KnownSecret>> = HashMap::new();
        for row in endpoints::all_secrets(conn)? {
            match self.open(&row) {
                Ok(secret) => secrets.entry(row.endpoint_uuid).or_default().push(KnownSecret {
                    id: Some(row.id),
                    secret,
                    expires_at: row.expires_at,
                }),
                // The endpoint's other secrets still count; without any, deliveries are refused with `no_secret`.
                Err(error) => tracing::error!(secret = row.id, %error, "a signing secret does not open"),
            }
        }
        let all = endpoints::list(conn)?;
        // After the endpoints: one that is begun in between is not there yet, and none is taken for a live one.
        let shadows: HashSet<String> = upgrades::shadows(conn)?.into_iter().collect();
        let known = all.into_iter().filter_map(|endpoint| {
            let uuid = Uuid::try_parse(&endpoint.uuid).ok()?;
            let mut secrets = secrets.remove(&endpoint.uuid).unwrap_or_default();
            secrets.reverse();
            let shadow = shadows.contains(&endpoint.uuid);
            Some((uuid, Arc::new(known_endpoint(endpoint, secrets, shadow))))
        });
        Ok(known.collect())
    }

    fn open(&self, row: &endpoints::Secret) -> Result<WebhookSecret, Error> {
        let plain =
            self.keyring.open(endpoint_secret_place(&row.endpoint_uuid), &row.sealed).map_err(Error::internal)?;
        WebhookSecret::parse(plain.expose_secret()).map_err(Error::internal)
    }

    fn refresh_if_changed(&self) -> Result<(), Error> {
        let revision = self.database.read(endpoints::revision)?;
        let known = *self.revision.lock().unwrap_or_else(PoisonError::into_inner);
        if revision == known { Ok(()) } else { self.refresh() }
    }

    /// Watches for changes made by other processes, until the table is dropped.
    pub(super) fn keep_fresh(self: &Arc<Self>) {
        let table = Arc::downgrade(self);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(FRESHNESS);
                let Some(table) = table.upgrade() else { return };
                if let Err(error) = table.refresh_if_changed() {
                    tracing::warn!(%error, "could not look for changed endpoints");
                }
            }
        });
    }
}

fn known_endpoint(endpoint: Endpoint, secrets: Vec<KnownSecret>, shadow: bool) -> KnownEndpoint {
    KnownEndpoint {
        shadow,
        // No handler runs for what is only compared.
        inline: if shadow { Vec::new() } else { endpoint.inline_types() },
        status: endpoint.status,
        validation: endpoint.validation,
        livemode: Some(endpoint.livemode),
        account: endpoint.account,
        connect: Some(endpoint.connect),
        tolerance: tolerance(endpoint.tolerance_seconds),
        uuid: Some(endpoint.uuid),
        secrets,
    }
}

/// Whose the legacy URL's events are, where there are keys of one account only.
fn only_account(keys: &[ApiKey]) -> Option<String> {
    let mut accounts = keys.iter().map(|key| key.account.as_deref());
    let first = accounts.next()??;
    accounts.all(|account| account == Some(first)).then(|| first.to_owned())
}

fn legacy_endpoint(secret: WebhookSecret) -> Arc<KnownEndpoint> {
    Arc::new(KnownEndpoint {
        uuid: None,
        status: Status::Enabled,
        validation: Validation::VerifySignature,
        livemode: None,
        account: None,
        connect: None,
        tolerance: Tolerance::default(),
        shadow: false,
        inline: Vec::new(),
        secrets: vec![KnownSecret { id: None, secret, expires_at: None }],
    })
}

fn tolerance(seconds: i32) -> Tolerance {
    u32::try_from(seconds).ok().and_then(NonZeroU32::new).map_or_else(Tolerance::default, Tolerance)
}
