//! What a backfill lists: which types, of which accounts, in the order in which they refer to each other.

use std::collections::{BTreeSet, HashMap};

use tollgate_models::mirror::{self, KINDS, Kind};
use tollgate_models::syncs::{self, NewWindow, Sync, Window};
use tollgate_models::{Lane, QueryResult, endpoints};
use tollgate_stripe_client::objects::object_kind;
use tollgate_stripe_client::{Client, Form, Priority};

use super::Runner;
use crate::Error;
use crate::reconcile::sources;

/// Connected accounts that are asked about; of further ones only those that events came from.
const MOST_CONNECTED: usize = 10_000;

/// An account in one mode, and whether it is a connected one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    account: String,
    livemode: bool,
    connected: bool,
}

impl Place {
    pub(super) fn of(window: &Window) -> Self {
        Self { account: window.account.clone(), livemode: window.livemode, connected: window.connected }
    }
}

/// Every type that a backfill lists unless others are asked for, those first that others refer to.
pub fn types() -> Vec<&'static str> {
    let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
    KINDS.iter().copied().for_each(|kind| visit(kind, &mut ordered, &mut seen));
    ordered.retain(|object| can_be_listed(object));
    ordered
}

// What a type refers to comes before it, unless that leads back to the type.
fn visit(kind: &'static Kind, ordered: &mut Vec<&'static str>, seen: &mut BTreeSet<&'static str>) {
    if !seen.insert(kind.object) {
        return;
    }
    for referred in kind.columns.iter().filter_map(|column| column.refers_to).filter_map(mirror::kind) {
        visit(referred, ordered, seen);
    }
    ordered.push(kind.object);
}

fn can_be_listed(object: &str) -> bool {
    object != "event" && object_kind(object).is_some_and(|kind| kind.listable)
}

/// Whether each of these types can be listed.
pub(super) fn check(wanted: &[String]) -> Result<(), Error> {
    match wanted.iter().find(|object| !can_be_listed(object)) {
        None => Ok(()),
        Some(unknown) => Err(Error::BadRequest(format!(
            "Stripe does not list {unknown:.60} objects as a whole; of those with tables it lists {}",
            types().join(", ")
        ))),
    }
}

/// The client for every account there is a key for, and for those connected to them.
pub(super) async fn accounts(runner: &Runner) -> Result<HashMap<Place, Client>, Error> {
    let now = runner.clock.now_seconds();
    let mut accounts = HashMap::new();
    for source in sources::all(&runner.database, &runner.stripe, now)? {
        let client = source.client.with_priority(Priority::Backfill);
        let (account, livemode) = (source.account.clone().unwrap_or_default(), source.livemode);
        if !source.connected && uses_connect(runner, livemode)? {
            for account in connected(&client).await {
                let client = runner.stripe.for_connected(&client, &account, livemode);
                accounts.insert(Place { account, livemode, connected: true }, client);
            }
        }
        accounts.insert(Place { account, livemode, connected: source.connected }, client);
    }
    Ok(accounts)
}

fn uses_connect(runner: &Runner, livemode: bool) -> Result<bool, Error> {
    let endpoints = runner.database.read(endpoints::list)?;
    Ok(endpoints.iter().any(|endpoint| endpoint.connect && endpoint.livemode == livemode))
}

// A key that may not list them leaves those that events came from.
async fn connected(client: &Client) -> Vec<String> {
    let listed = match client.list_objects("account", Form::new()) {
        Ok(pages) => pages.collect_all(MOST_CONNECTED).await,
        Err(error) => Err(error),
    };
    match listed {
        Ok(accounts) => accounts.iter().filter_map(|account| account["id"].as_str().map(str::to_owned)).collect(),
        Err(error) => {
            tracing::warn!(%error, "could not list connected accounts: those that events came from are backfilled");
            Vec::new()
        }
    }
}

/// Adds the first parts of a backfill, if it has none yet.
pub(super) fn begin(runner: &Runner, sync: &Sync, accounts: &HashMap<Place, Client>) -> Result<(), Error> {
    let asked = sync.types();
    let types: Vec<String> =
        if asked.is_empty() { types().into_iter().map(str::to_owned).collect() } else { ordered(asked) };
    let places: BTreeSet<&Place> = accounts.keys().collect();
    let window = |rank: usize, object: &str, place: &Place| NewWindow {
        sync_id: sync.id,
        rank: i32::try_from(rank).unwrap_or(i32::MAX),
        object: object.to_owned(),
        account: place.account.clone(),
        livemode: place.livemode,
        connected: place.connected,
        made_from: sync.since.filter(|_| object_kind(object).is_some_and(|kind| kind.by_time)),
        made_until: None,
    };
    let mut windows = Vec::new();
    for (rank, object) in types.iter().enumerate() {
        windows.extend(places.iter().map(|place| window(rank, object, place)));
    }
    runner.database.write(Lane::Ordinary, |conn| -> QueryResult<()> {
        if syncs::is_planned(conn, sync.id)? { Ok(()) } else { syncs::insert_windows(conn, &windows) }
    })?;
    Ok(())
}

fn ordered(mut asked: Vec<String>) -> Vec<String> {
    let known = types();
    asked.sort_by_key(|object| known.iter().position(|known| known == object).unwrap_or(usize::MAX));
    asked.dedup();
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_refer_to_comes_first() {
        let types = types();
        let place = |object| types.iter().position(|other| *other == object).unwrap();
        for (before, after) in
            [("customer", "subscription"), ("product", "price"), ("customer", "invoice"), ("customer", "charge")]
        {
            assert!(place(before) < place(after), "{before} before {after} in {types:?}");
        }
        let unique: BTreeSet<_> = types.iter().collect();
        assert_eq!(unique.len(), types.len());
    }

    #[test]
    fn the_declared_paths_are_those_that_the_client_lists() {
        for kind in KINDS {
            let listed = object_kind(kind.object).filter(|known| known.listable).map(|known| known.path);
            assert_eq!(kind.path, listed, "{}", kind.object);
        }
    }

    #[test]
    fn what_stripe_does_not_list_is_refused_with_what_it_lists() {
        assert!(check(&["customer".to_owned()]).is_ok());
        for unknown in ["event", "subscription_item", "weather", "", "customer; drop"] {
            let error = check(&["invoice".to_owned(), unknown.to_owned()]).unwrap_err().to_string();
            assert!(error.contains("customer"), "{error}");
        }
    }
}
