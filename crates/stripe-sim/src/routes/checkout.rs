//! `/v1/checkout/sessions`, and `/v1/payment_pages`, by which Stripe's own page and CLI complete them.

use serde_json::{Value, json};

use super::{
    Call, KIND, Kind, RETRIEVE, UPDATE_METADATA, create as creates, get, list, list_at, objects, post, prices,
};
use crate::engine::checkout::{self, Visitor};
use crate::engine::{discounts, setups};
use crate::failure::{Answer, Failure};
use crate::fields::{self, Field, METADATA, SHIPPING, flag, hash, integer, one_of, rows, text, texts, tree};
use crate::money;
use crate::objects::checkout_session::{self, Order};
use crate::objects::{number, text as text_at};
use crate::state::State;

const PAYMENT_INTENT_DATA: &[Field] = &[
    one_of("capture_method", &["automatic", "automatic_async", "manual"]),
    text("description"),
    METADATA,
    text("receipt_email"),
    one_of("setup_future_usage", &["off_session", "on_session"]),
    hash("shipping", SHIPPING),
    text("statement_descriptor"),
    text("statement_descriptor_suffix"),
    text("transfer_group"),
];
const SUBSCRIPTION_DATA: &[Field] = &[
    text("description"),
    METADATA,
    integer("trial_end"),
    integer("trial_period_days"),
    hash("trial_settings", &[hash("end_behavior", &[text("missing_payment_method")])]),
];
const FIELDS: &[Field] = &[
    one_of("mode", &["payment", "setup", "subscription"]),
    rows(
        "line_items",
        &[text("price"), hash("price_data", prices::DATA), integer("quantity"), tree("adjustable_quantity")],
    ),
    text("success_url").kept(),
    text("cancel_url").kept(),
    text("return_url").kept(),
    text("client_reference_id").kept(),
    text("customer").kept(),
    text("customer_email").kept(),
    one_of("customer_creation", &["always", "if_required"]).kept(),
    rows("discounts", &[text("coupon"), text("promotion_code")]),
    flag("allow_promotion_codes").kept(),
    integer("expires_at").kept(),
    text("currency"),
    text("locale").kept(),
    text("submit_type").kept(),
    text("ui_mode").kept(),
    one_of("billing_address_collection", &["auto", "required"]).kept(),
    one_of("payment_method_collection", &["always", "if_required"]).kept(),
    hash("automatic_tax", &[flag("enabled").kept()]).kept(),
    hash("phone_number_collection", &[flag("enabled").kept()]).kept(),
    hash("payment_intent_data", PAYMENT_INTENT_DATA),
    hash("subscription_data", SUBSCRIPTION_DATA),
    texts("payment_method_types").kept(),
    texts("allowed_payment_method_types"),
    tree("payment_method_options"),
    METADATA,
];

pub(super) static CHECKOUT_SESSION: Kind = Kind {
    object: "checkout.session",
    path: "/v1/checkout/sessions",
    noun: "checkout.session",
    permission: "checkout_session",
    events: "checkout.session",
    routes: &[
        list(&[
            ("customer", "/customer"),
            ("payment_intent", "/payment_intent"),
            ("status", "/status"),
            ("subscription", "/subscription"),
        ]),
        RETRIEVE,
        creates(FIELDS, create),
        UPDATE_METADATA,
        list_at("/{}/line_items", &[], &[], line_items),
        post("/{}/expire", &[], expire),
    ],
    ..KIND
};

pub(super) static PAYMENT_PAGE: Kind = Kind {
    object: "checkout.session",
    path: "/v1/payment_pages",
    noun: "payment page",
    permission: "checkout_session",
    internal: true,
    routes: &[
        get("/{}", &[], objects::retrieve),
        post("/{}/confirm", &[text("payment_method").required(), integer("expected_amount")], confirm),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let customer = objects::customer(state, call)?;
    let mode = call.given.text("/mode").ok_or_else(|| Failure::missing_param("mode"))?;
    let lines = lines(state, call, mode)?;
    let mut kept = json!({});
    objects::keep(&mut kept, call, FIELDS)?;
    let usable = {
        let row = call.given.rows("/discounts").first();
        let pick = |name: &str| row.and_then(|row| row[name].as_str());
        discounts::usable(&call.act(state), pick("coupon"), pick("promotion_code"))?
    };
    let amount: i64 = lines.iter().map(|line| number(line, "/amount_total")).sum();
    let order = Order {
        mode,
        customer: &customer,
        amount: (mode != "setup").then_some(amount),
        currency: lines.first().map(|line| text_at(line, "/currency")).or(call.given.text("/currency")),
        url: &call.base,
    };
    let id = checkout::open(&mut call.act(state), &order, |session| {
        fields::merge(session, &kept);
        if let Some(usable) = &usable {
            take_off(session, amount, usable);
        }
        session["~lines"] = Value::Array(lines.clone());
        session["~payment_intent_data"] = call.given.value()["payment_intent_data"].clone();
        session["~subscription_data"] = call.given.value()["subscription_data"].clone();
    });
    objects::show(state, call, &id)
}

fn take_off(session: &mut Value, amount: i64, usable: &discounts::Usable) {
    let coupon = &usable.coupon;
    let off = match coupon["percent_off"].as_f64() {
        Some(percent) => money::percent(amount, percent),
        None => number(coupon, "/amount_off").min(amount),
    };
    session["amount_total"] = json!(amount - off);
    session["total_details"]["amount_discount"] = json!(off);
    session["discounts"] = json!([{ "coupon": coupon["id"], "promotion_code": usable.promotion_code }]);
    session["~coupon"] = coupon["id"].clone();
}

/// What is for sale, as the session lists it.
fn lines(state: &mut State, call: &Call, mode: &str) -> Result<Vec<Value>, Failure> {
    let rows = call.given.rows("/line_items");
    if rows.is_empty() && mode != "setup" {
        let message = "You must provide at least one line item.";
        return Err(Failure::param("line_items", message).code("parameter_missing"));
    }
    rows.iter().enumerate().map(|(index, row)| line(state, call, row, index, mode)).collect()
}

fn line(state: &mut State, call: &Call, row: &Value, index: usize, mode: &str) -> Result<Value, Failure> {
    let at = format!("line_items[{index}][price]");
    let id = match row["price"].as_str() {
        Some(id) => id.to_owned(),
        None if row["price_data"].is_object() => prices::make(&mut call.act(state), "", &row["price_data"])?,
        None => return Err(Failure::missing_param(&at)),
    };
    let price = objects::find_as(state, call, "price", "price", &id).map_err(|failure| failure.at(&at))?.clone();
    if price["type"] == "recurring" && mode == "payment" {
        let message = "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode \
                       or use only one-time prices.";
        return Err(Failure::param(at, message));
    }
    let product = state.store.get(text_at(&price, "/product")).map(|product| text_at(product, "/name").to_owned());
    let id = state.ids.id("li");
    Ok(checkout_session::line_item(&id, &price, &product.unwrap_or_default(), row["quantity"].as_i64().unwrap_or(1)))
}

fn line_items(state: &mut State, call: &Call) -> Answer {
    let rows = objects::find(state, call)?["~lines"].as_array().cloned().unwrap_or_default();
    objects::list_rows(state, call, &rows)
}

fn expire(state: &mut State, call: &Call) -> Answer {
    let status = text_at(objects::find(state, call)?, "/status").to_owned();
    if status != "open" {
        let message =
            format!("Only Checkout Sessions with a status in [\"open\"] can be expired. This one is {status}.");
        return Err(Failure::invalid(400, message));
    }
    checkout::expire(&mut call.act(state), call.id());
    objects::show(state, call, call.id())
}

fn confirm(state: &mut State, call: &Call) -> Answer {
    let session = objects::find(state, call)?.clone();
    if call.given.integer("/expected_amount").is_some_and(|amount| amount != number(&session, "/amount_total")) {
        return Err(Failure::param("expected_amount", "The amount has changed.").code("checkout_amount_mismatch"));
    }
    let mut act = call.act(state);
    let id = call.given.text("/payment_method").unwrap_or_default();
    let method =
        setups::named(&mut act, id).ok_or_else(|| Failure::no_such("PaymentMethod", id).at("payment_method"))?;
    let details = act.object(&method)["billing_details"].clone();
    let visitor = Visitor { name: details["name"].as_str(), email: details["email"].as_str(), method: &method };
    checkout::complete(&mut act, call.id(), &visitor)?;
    objects::show(state, call, call.id())
}
