//! `/v1/account`, `/v1/accounts` and `/v1/account_links`: the own account and the connected ones.

use serde_json::{Value, json};

use super::metadata::change_metadata;
use super::{Call, KIND, Kind, create as creates, delete as deletes, get, list_at, page, update as updates};
use crate::failure::{Answer, Failure};
use crate::fields::{self, Field, METADATA, hash, one_of, text, tree};
use crate::server::no_access;
use crate::state::State;

const PROFILE: &[Field] = &[
    text("mcc").kept(),
    text("name").kept(),
    text("product_description").kept(),
    text("support_email").kept(),
    text("support_phone").kept(),
    text("support_url").kept(),
    text("url").kept(),
];

const FIELDS: &[Field] = &[
    one_of("type", &["standard", "express", "custom"]),
    text("country"),
    text("email").kept(),
    one_of("business_type", &["company", "government_entity", "individual", "non_profit"]).kept(),
    hash("business_profile", PROFILE).kept(),
    text("default_currency").kept(),
    tree("capabilities"),
    METADATA,
];

/// How long a link to Stripe's onboarding lives, in seconds.
const LINK: i64 = 300;

pub(super) static OWN: Kind = Kind {
    object: "account",
    path: "/v1/account",
    noun: "account",
    permission: "account",
    routes: &[get("", &[], own)],
    ..KIND
};

pub(super) static ACCOUNT: Kind = Kind {
    object: "account",
    path: "/v1/accounts",
    noun: "account",
    permission: "account",
    events: "account",
    routes: &[
        list_at("", &[], &[], list),
        get("/{}", &[], retrieve),
        creates(FIELDS, create),
        updates(FIELDS, update),
        deletes(delete),
    ],
    ..KIND
};

pub(super) static ACCOUNT_LINK: Kind = Kind {
    object: "account_link",
    path: "/v1/account_links",
    noun: "account link",
    permission: "account",
    routes: &[creates(
        &[
            text("account").required(),
            one_of("type", &["account_onboarding", "account_update"]).required(),
            text("refresh_url"),
            text("return_url"),
        ],
        link,
    )],
    ..KIND
};

fn own(state: &mut State, call: &Call) -> Answer {
    find(state, call, &call.scope.account)
}

/// The connected accounts, which only the platform has.
fn list(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.given)?;
    let is_platform = call.scope.account == state.accounts.default_id();
    let connected = state.accounts.connected().filter(|_| is_platform);
    let rows: Vec<&Value> = connected.filter(|row| created.contains(&row["created"].as_i64().unwrap_or(0))).collect();
    page::page(call, &rows, |row| row["id"].as_str().unwrap_or_default(), |row| (*row).clone())
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    find(state, call, call.id())
}

fn find(state: &State, call: &Call, id: &str) -> Answer {
    let found = state.accounts.get(id).filter(|_| state.accounts.may_act_for(&call.owner, id));
    found.cloned().ok_or_else(|| no_access(&call.key_hint, id))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let now = state.now();
    let name = call.given.text("/business_profile/name").unwrap_or("Unnamed account");
    let id = state.accounts.create(&mut state.ids, name, now);
    let mut account = find(state, call, &id)?;
    account["email"] = Value::Null;
    change(&mut account, call)?;
    state.accounts.replace(account.clone());
    Ok(account)
}

/// The account itself tells its platform of a change.
fn update(state: &mut State, call: &Call) -> Answer {
    let before = find(state, call, call.id())?;
    let mut after = before.clone();
    change(&mut after, call)?;
    if before != after {
        state.accounts.replace(after.clone());
        let mut act = call.act(state);
        act.scope.account = call.id().to_owned();
        act.tell_change("account.updated", after.clone(), before);
    }
    Ok(after)
}

fn change(account: &mut Value, call: &Call) -> Result<(), Failure> {
    fields::apply(account, call.given.value(), FIELDS);
    for (name, pointer) in [("type", "/type"), ("country", "/country")] {
        if let Some(given) = call.given.text(pointer) {
            account[name] = json!(given);
        }
    }
    for (name, wanted) in call.given.value()["capabilities"].as_object().into_iter().flatten() {
        let active = wanted["requested"] == "true";
        account["capabilities"][name.as_str()] = json!(if active { "active" } else { "inactive" });
    }
    change_metadata(account, call.given.value())
}

fn delete(state: &mut State, call: &Call) -> Answer {
    find(state, call, call.id())?;
    if call.id() == state.accounts.default_id() {
        return Err(Failure::invalid(403, "The platform's own account cannot be deleted."));
    }
    state.accounts.remove(call.id());
    Ok(super::objects::deleted(call))
}

fn link(state: &mut State, call: &Call) -> Answer {
    let account = call.given.text("/account").unwrap_or_default();
    find(state, call, account)?;
    let now = state.now();
    let url = format!("{}/setup/s/{account}/{}", call.base, state.ids.text(12));
    Ok(json!({ "object": "account_link", "created": now, "expires_at": now + LINK, "url": url }))
}
