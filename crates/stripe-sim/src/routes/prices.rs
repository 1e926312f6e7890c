//! `/v1/prices`, and `/v1/plans`, which show the recurring ones as they were called before.

use serde_json::{Value, json};

use super::{Call, KIND, Kind, RETRIEVE, create as creates, get, list_at, objects, page, search, update as updates};
use crate::engine::Act;
use crate::failure::{Answer, Failure};
use crate::fields::{self, Field, METADATA, decimal, flag, hash, integer, one_of, text};
use crate::objects::price::{self, Terms, plan};
use crate::objects::{product, text as text_at};
use crate::state::State;

const INTERVALS: &[&str] = &["day", "week", "month", "year"];
const TAX: &[&str] = &["exclusive", "inclusive", "unspecified"];
const RECURRING: Field = hash(
    "recurring",
    &[
        one_of("interval", INTERVALS).required(),
        integer("interval_count"),
        one_of("usage_type", &["licensed"]),
        integer("trial_period_days"),
    ],
);

/// A price that is described inside another call.
pub(super) const DATA: &[Field] = &[
    text("currency").required(),
    text("product"),
    hash("product_data", &[text("name").required(), text("description"), METADATA]),
    RECURRING,
    one_of("tax_behavior", TAX).kept(),
    integer("unit_amount"),
    decimal("unit_amount_decimal"),
];
const CREATE: &[Field] = &[
    DATA[0],
    DATA[1],
    DATA[2],
    DATA[3],
    DATA[4],
    DATA[5],
    DATA[6],
    flag("active").kept(),
    text("nickname").kept(),
    text("lookup_key").kept(),
    flag("transfer_lookup_key"),
    one_of("billing_scheme", &["per_unit"]).kept(),
    METADATA,
];
const UPDATE: &[Field] = &[
    flag("active").kept(),
    text("nickname").kept(),
    text("lookup_key").kept(),
    flag("transfer_lookup_key"),
    one_of("tax_behavior", TAX).kept(),
    METADATA,
];

pub(super) static PRICE: Kind = Kind {
    object: "price",
    path: "/v1/prices",
    noun: "price",
    permission: "plan",
    events: "price",
    routes: &[
        list_at(
            "",
            &[("active", "/active"), ("product", "/product"), ("currency", "/currency"), ("type", "/type")],
            &[fields::texts("lookup_keys")],
            list_prices,
        ),
        search::ROUTE,
        RETRIEVE,
        creates(CREATE, create),
        updates(UPDATE, update),
    ],
    ..KIND
};

pub(super) static PLAN: Kind = Kind {
    object: "plan",
    path: "/v1/plans",
    noun: "plan",
    permission: "plan",
    events: "plan",
    routes: &[
        list_at("", &[("active", "/active"), ("product", "/product")], &[], list_plans),
        get("/{}", &[], plan_of),
    ],
    ..KIND
};

fn list_prices(state: &mut State, call: &Call) -> Answer {
    let keys = call.given.texts("/lookup_keys");
    objects::list_where(state, call, |price| {
        keys.as_ref().is_none_or(|keys| price["lookup_key"].as_str().is_some_and(|key| keys.contains(&key)))
    })
}

fn create(state: &mut State, call: &Call) -> Answer {
    let product = match objects::named(state, call, "product", "product", "product")? {
        Some(product) => text_at(product, "/id").to_owned(),
        None if call.given.has("/product_data") => {
            make_product(&mut call.act(state), &call.given.value()["product_data"])?
        }
        None => return Err(Failure::missing_param("product")),
    };
    free_lookup_key(state, call)?;
    let mut act = call.act(state);
    let mut object = build(&mut act, &product, call.given.value())?;
    objects::keep(&mut object, call, CREATE)?;
    let id = text_at(&object, "/id").to_owned();
    act.create("price.created", object);
    objects::show(state, call, &id)
}

fn make_product(act: &mut Act, data: &Value) -> Result<String, Failure> {
    let id = act.id("prod");
    let mut object = product::product(act.made(&id), text_at(data, "/name"));
    object["description"] = data["description"].clone();
    super::metadata::change_metadata(&mut object, data)?;
    act.create("product.created", object);
    Ok(id)
}

fn build(act: &mut Act, product: &str, given: &Value) -> Result<Value, Failure> {
    let recurring = &given["recurring"];
    let interval = recurring["interval"]
        .as_str()
        .map(|interval| (interval, recurring["interval_count"].as_i64().unwrap_or(1).max(1)));
    let whole = given["unit_amount"].as_i64().or(given["unit_amount_decimal"].as_i64());
    let terms = Terms {
        product,
        currency: &text_at(given, "/currency").to_lowercase(),
        unit_amount: whole.ok_or_else(|| Failure::missing_param("unit_amount"))?,
        interval,
    };
    let id = act.id("price");
    Ok(price::price(act.made(&id), &terms))
}

/// Makes a price that another call describes, of a product that it names, describes, or is given; gives its id.
pub(super) fn make(act: &mut Act, product: &str, data: &Value) -> Result<String, Failure> {
    let product = match (product, data["product"].as_str()) {
        ("", Some(named)) => named.to_owned(),
        ("", None) => make_product(act, &data["product_data"])?,
        (given, _) => given.to_owned(),
    };
    let mut object = build(act, &product, data)?;
    fields::apply(&mut object, data, DATA);
    let id = text_at(&object, "/id").to_owned();
    act.create("price.created", object);
    Ok(id)
}

/// A lookup key belongs to one price; a call may take it from another.
fn free_lookup_key(state: &mut State, call: &Call) -> Result<(), Failure> {
    let Some(key) = call.given.text("/lookup_key") else { return Ok(()) };
    let mut act = call.act(state);
    let Some(owner) = act.ids_of("price", |price| price["lookup_key"] == key && price["id"] != call.id()).pop() else {
        return Ok(());
    };
    if call.given.flag("/transfer_lookup_key") != Some(true) {
        let message = format!("A price (`{owner}`) already uses that lookup key.");
        return Err(Failure::param("lookup_key", message));
    }
    act.update(&owner, "price.updated", |price| price["lookup_key"] = Value::Null);
    Ok(())
}

fn update(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    free_lookup_key(state, call)?;
    objects::update(state, call)
}

fn plan_of(state: &mut State, call: &Call) -> Answer {
    let price = objects::find_as(state, call, "price", "plan", call.id())?;
    Ok(plan(price))
}

fn list_plans(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.given)?;
    let wanted = |name: &str| call.given.text(&format!("/{name}")).map(str::to_owned);
    let (active, product) = (wanted("active"), wanted("product"));
    let fits = |price: &&Value| {
        price["type"] == "recurring"
            && created.contains(&price["created"].as_i64().unwrap_or(0))
            && active.as_ref().is_none_or(|active| json!(active == "true") == price["active"])
            && product.as_ref().is_none_or(|product| price["product"] == product.as_str())
    };
    let rows: Vec<&Value> = state.store.newest(&call.scope, "price").filter(fits).collect();
    page::page(call, &rows, |row| text_at(row, "/id"), |row| plan(row))
}
