//! The API's routes as data, and how a path finds its own.

pub(crate) mod accounts;
mod balance;
mod billing_portal;
mod charges;
mod checkout;
mod checks;
mod cli_sessions;
mod coupons;
mod customers;
mod disputes;
mod event_destinations;
mod events;
mod expand;
mod invoice_items;
mod invoices;
mod kinds;
pub(crate) mod metadata;
pub(crate) mod objects;
mod page;
mod paths;
mod payment_intents;
mod payment_methods;
mod payouts;
mod prices;
mod products;
mod promotion_codes;
mod refunds;
mod search;
mod setup_intents;
mod shown;
mod subscription_items;
mod subscriptions;
mod tax_rates;
mod test_clocks;
mod transfers;
mod webhook_endpoints;

use crate::engine::Act;
use crate::failure::Answer;
use crate::fields::{Field, Given, METADATA, text, texts};
use crate::params::Params;
use crate::state::{Cause, Scope, State};
pub(crate) use paths::{Found, find, is_version};

/// A list filter: the parameter, and where in the object the value stands.
pub(crate) type Filter = (&'static str, &'static str);

/// One kind of object, as declared in its own file: where it is found, what it is called, what can be done with it.
pub(crate) struct Kind {
    pub(crate) object: &'static str,
    pub(crate) path: &'static str,
    /// The name in messages.
    pub(crate) noun: &'static str,
    /// The middle of the permissions that a restricted key needs: `rak_…_read` and `rak_…_write`.
    pub(crate) permission: &'static str,
    /// What the types of its events start with.
    pub(crate) events: &'static str,
    /// Not published by Stripe, and therefore in no description of its API.
    pub(crate) internal: bool,
    /// A path with a fixed name stands before one with an id in its place.
    pub(crate) routes: &'static [Route],
}

/// What a declaration leaves out.
pub(crate) const KIND: Kind =
    Kind { object: "", path: "", noun: "", permission: "", events: "", internal: false, routes: &[] };

/// What can be done at one path with one method.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    method: &'static str,
    /// What follows the kind's path; `{}` stands for an id.
    tail: &'static str,
    pub(crate) fields: &'static [Field],
    /// Lists alone have them; `None` is no list.
    pub(crate) filters: Option<&'static [Filter]>,
    pub(crate) run: fn(&mut State, &Call) -> Answer,
}

type Run = fn(&mut State, &Call) -> Answer;

const ID: &str = "/{}";

const fn route(method: &'static str, tail: &'static str, fields: &'static [Field], run: Run) -> Route {
    Route { method, tail, fields, filters: None, run }
}

/// Reads at a path below the kind's own.
pub(crate) const fn get(tail: &'static str, fields: &'static [Field], run: Run) -> Route {
    route("GET", tail, fields, run)
}

/// Does something at a path below the kind's own.
pub(crate) const fn post(tail: &'static str, fields: &'static [Field], run: Run) -> Route {
    route("POST", tail, fields, run)
}

/// Deletes at a path below the kind's own.
pub(crate) const fn delete_at(tail: &'static str, fields: &'static [Field], run: Run) -> Route {
    route("DELETE", tail, fields, run)
}

/// Lists at a path below the kind's own.
pub(crate) const fn list_at(
    tail: &'static str,
    filters: &'static [Filter],
    fields: &'static [Field],
    run: Run,
) -> Route {
    Route { filters: Some(filters), ..route("GET", tail, fields, run) }
}

/// Lists the kind.
pub(crate) const fn list(filters: &'static [Filter]) -> Route {
    list_at("", filters, &[], objects::list)
}

/// Reads one by its id.
pub(crate) const RETRIEVE: Route = get(ID, &[], objects::retrieve);

/// Makes one.
pub(crate) const fn create(fields: &'static [Field], run: Run) -> Route {
    route("POST", "", fields, run)
}

/// Changes one.
pub(crate) const fn update(fields: &'static [Field], run: Run) -> Route {
    route("POST", ID, fields, run)
}

/// Changes one as its kept fields and metadata say.
pub(crate) const fn plain_update(fields: &'static [Field]) -> Route {
    update(fields, objects::update)
}

/// Changes nothing but the metadata of one.
pub(crate) const UPDATE_METADATA: Route = plain_update(&[METADATA]);

/// Deletes one.
pub(crate) const fn delete(run: Run) -> Route {
    route("DELETE", ID, &[], run)
}

/// Deletes one without a trace elsewhere.
pub(crate) const PLAIN_DELETE: Route = delete(objects::delete);

impl Route {
    pub(crate) fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// Everything that the route knows: in version 1 of the API `expand` and what lists have come on top.
    pub(crate) fn known(&self, path: &str) -> Vec<Field> {
        let mut known = self.fields.to_vec();
        if path.starts_with("/v2/") {
            return known;
        }
        known.push(texts("expand"));
        if let Some(filters) = self.filters {
            known.extend(page::FIELDS);
            known.extend(filters.iter().map(|(name, _)| text(name)));
        }
        known
    }
}

/// One API call, with everything that does not change the state checked.
pub(crate) struct Call {
    /// The account acted for and the key's mode.
    pub(crate) scope: Scope,
    /// The account that the key belongs to.
    pub(crate) owner: String,
    pub(crate) key_hint: String,
    /// The version to render in.
    pub(crate) version: String,
    pub(crate) path: String,
    /// The ids in the path, in their order.
    pub(crate) ids: Vec<String>,
    pub(crate) given: Given,
    /// The parameters as they were sent.
    pub(crate) params: Params,
    pub(crate) cause: Cause,
    /// Where this API is found, for addresses in answers.
    pub(crate) base: String,
    pub(crate) kind: &'static Kind,
    pub(crate) fields: &'static [Field],
    pub(crate) filters: &'static [Filter],
}

impl Call {
    /// The id in the path; empty for lists and creations.
    pub(crate) fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// The second id in the path.
    pub(crate) fn second_id(&self) -> &str {
        self.ids.get(1).map_or("", String::as_str)
    }

    /// What the call does, in its account and on its account's behalf.
    pub(crate) fn act<'a>(&self, state: &'a mut State) -> Act<'a> {
        Act::new(state, self.scope.clone(), self.cause.clone())
    }
}
