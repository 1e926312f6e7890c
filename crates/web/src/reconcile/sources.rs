//! Whose events are compared: each account there is a key for, and connected accounts that events came from.

use std::collections::BTreeMap;

use tollgate_models::endpoints::{self, Endpoint, Payload, Status};
use tollgate_models::{Database, api_keys, events};
use tollgate_stripe_client::{Client, Priority};

use super::{KEPT, covers};
use crate::Error;
use crate::stripe_keys::StripeKeys;

/// Stripe takes at most this many types in one question.
const MOST_TYPES: usize = 20;

/// An account in one mode, and how to ask about it.
pub(crate) struct Source {
    pub(crate) client: Client,
    /// None if the key may not tell.
    pub(crate) account: Option<String>,
    pub(crate) livemode: bool,
    pub(crate) connected: bool,
    /// When Tollgate began to take its events, in unix seconds.
    pub(crate) began: i64,
    // What its endpoints take; nothing stands for all.
    patterns: Vec<String>,
}

impl Source {
    /// The setting that keeps how far the last sweep came.
    pub(crate) fn cursor(&self) -> String {
        let mode = if self.livemode { "live" } else { "test" };
        let kind = if self.connected { "connected" } else { "own" };
        format!("reconcile.{}.{mode}.{kind}", self.account.as_deref().unwrap_or("unknown"))
    }

    /// Whether an event of this type should have arrived.
    pub(crate) fn wants(&self, event_type: &str) -> bool {
        covers(&self.patterns, event_type)
    }

    /// The types that Stripe is asked for; nothing asks for all.
    pub(crate) fn types_to_ask(&self) -> Vec<String> {
        let exact = self.patterns.iter().all(|pattern| pattern != "*") && self.patterns.len() <= MOST_TYPES;
        if exact { self.patterns.clone() } else { Vec::new() }
    }
}

/// Everything there is a key for; `now` in unix seconds.
pub(crate) fn all(database: &Database, stripe: &StripeKeys, now: i64) -> Result<Vec<Source>, Error> {
    let (keys, endpoints) = database
        .read(|conn| -> Result<_, tollgate_models::Error> { Ok((api_keys::list(conn)?, endpoints::list(conn)?)) })?;
    let mut own: BTreeMap<(Option<String>, bool), Client> = BTreeMap::new();
    for key in &keys {
        let place = (key.account.clone(), key.livemode);
        if key.is_default || !own.contains_key(&place) {
            own.insert(place, stripe.client_in(&stripe.open(key)?, key.account.as_deref())?);
        }
    }
    for livemode in [true, false] {
        if !own.keys().any(|(_, of_mode)| *of_mode == livemode)
            && let Some(client) = stripe.of_environment(livemode)?
        {
            own.insert((None, livemode), client);
        }
    }
    let mut sources = Vec::new();
    for ((account, livemode), client) in own {
        let client = client.with_priority(Priority::Reconcile);
        let takes = |connect: bool| of(&endpoints, account.as_deref(), livemode, connect);
        for connected in connected_accounts(database, &takes(true), now)? {
            sources.push(Source {
                client: stripe.for_connected(&client, &connected, livemode),
                account: Some(connected),
                livemode,
                connected: true,
                began: began(&takes(true), now),
                patterns: patterns(&takes(true)),
            });
        }
        let mine = takes(false);
        let (began, patterns) = (began(&mine, now), patterns(&mine));
        sources.push(Source { client, account, livemode, connected: false, began, patterns });
    }
    Ok(sources)
}

// The endpoints of an account and mode. A key that may not tell its account stands for every endpoint of the mode.
fn of<'a>(endpoints: &'a [Endpoint], account: Option<&str>, livemode: bool, connect: bool) -> Vec<&'a Endpoint> {
    let same = |endpoint: &&Endpoint| {
        let account = account.is_none() || endpoint.account.is_none() || endpoint.account.as_deref() == account;
        account && endpoint.livemode == livemode && endpoint.connect == connect && endpoint.status != Status::Pending
    };
    endpoints.iter().filter(same).collect()
}

fn began(endpoints: &[&Endpoint], now: i64) -> i64 {
    endpoints.iter().map(|endpoint| endpoint.created_at.div_euclid(1000)).min().unwrap_or(now)
}

fn patterns(endpoints: &[&Endpoint]) -> Vec<String> {
    let snapshot = endpoints.iter().filter(|endpoint| endpoint.payload == Payload::Snapshot);
    let mut patterns: Vec<String> = snapshot.flat_map(|endpoint| endpoint.event_types()).collect();
    patterns.sort();
    patterns.dedup();
    patterns
}

fn connected_accounts(database: &Database, endpoints: &[&Endpoint], now: i64) -> Result<Vec<String>, Error> {
    let uuids: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.uuid.as_str()).collect();
    if uuids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(database.read(|conn| events::accounts(conn, &uuids, (now - KEPT).saturating_mul(1000)))?)
}
