//! Accounts and the keys that open them.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::ids::Ids;
use crate::objects::account;

/// What a key may do.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) account: String,
    pub(crate) livemode: bool,
    /// None: everything.
    pub(crate) permissions: Option<BTreeSet<String>>,
    pub(crate) revoked: bool,
}

impl Key {
    /// Whether the key has this permission; the right to write includes the right to read.
    pub(crate) fn may(&self, permission: &str) -> bool {
        let Some(granted) = &self.permissions else { return true };
        let write = permission.strip_suffix("_read").map(|stem| format!("{stem}_write"));
        granted.contains(permission) || write.is_some_and(|write| granted.contains(&write))
    }
}

/// The accounts; the first is the default one and the platform that all others are connected to.
pub(crate) struct Accounts {
    objects: Vec<Value>,
    keys: HashMap<String, Key>,
    issued: HashMap<(String, bool), String>,
    default: String,
}

impl Accounts {
    pub(crate) fn new(ids: &mut Ids, now: i64) -> Self {
        let default = ids.id("acct");
        let object = account::account(&default, "Harbour Coffee Roasters", now, false);
        Self { objects: vec![object], keys: HashMap::new(), issued: HashMap::new(), default }
    }

    /// The account that keys without a record belong to.
    pub(crate) fn default_id(&self) -> &str {
        &self.default
    }

    pub(crate) fn create(&mut self, ids: &mut Ids, name: &str, now: i64) -> String {
        let id = ids.id("acct");
        self.objects.push(account::account(&id, name, now, true));
        id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.iter().find(|object| object["id"] == id)
    }

    /// Puts a changed account in the place of the one with its id.
    pub(crate) fn replace(&mut self, changed: Value) {
        if let Some(object) = self.objects.iter_mut().find(|object| object["id"] == changed["id"]) {
            *object = changed;
        }
    }

    /// Takes a connected account away.
    pub(crate) fn remove(&mut self, id: &str) {
        self.objects.retain(|object| object["id"] != id || object["id"] == self.default.as_str());
    }

    /// The accounts connected to the default one, newest first.
    pub(crate) fn connected(&self) -> impl Iterator<Item = &Value> {
        self.objects.iter().skip(1).rev()
    }

    /// Whether a key of `owner` may act for `id` by the `Stripe-Account` header.
    pub(crate) fn may_act_for(&self, owner: &str, id: &str) -> bool {
        owner == id || (owner == self.default && self.get(id).is_some())
    }

    /// The secret key of an account in a mode; the same one each time.
    pub(crate) fn issue(&mut self, ids: &mut Ids, account: &str, livemode: bool) -> String {
        let slot = (account.to_owned(), livemode);
        if let Some(key) = self.issued.get(&slot) {
            return key.clone();
        }
        let mode = if livemode { "live" } else { "test" };
        let key = format!("sk_{mode}_51{}{}", account.trim_start_matches("acct_1"), ids.text(40));
        self.keys.insert(key.clone(), fresh(account, livemode));
        self.issued.insert(slot, key.clone());
        key
    }

    /// What a key opens; well-formed keys nobody issued open the default account.
    pub(crate) fn key(&self, key: &str) -> Option<Key> {
        if let Some(known) = self.keys.get(key) {
            return Some(known.clone());
        }
        let (kind, rest) = key.split_once('_')?;
        let (mode, secret) = rest.split_once('_')?;
        let livemode = match mode {
            "test" => false,
            "live" => true,
            _ => return None,
        };
        (matches!(kind, "sk" | "rk") && !secret.is_empty()).then(|| fresh(&self.default, livemode))
    }

    /// Changes what a key may do.
    pub(crate) fn change_key(&mut self, key: &str, change: impl FnOnce(&mut Key)) {
        let mut record = self.key(key).unwrap_or_else(|| fresh(&self.default, key.contains("_live_")));
        change(&mut record);
        self.keys.insert(key.to_owned(), record);
    }
}

fn fresh(account: &str, livemode: bool) -> Key {
    Key { account: account.to_owned(), livemode, permissions: None, revoked: false }
}
