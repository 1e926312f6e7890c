//! `/v1/subscriptions`: begun, changed, paused, resumed, canceled.

use serde_json::{Value, json};

use super::{
    Call, KIND, Kind, RETRIEVE, create as creates, delete_at, list_at, objects, post, prices, search, update as updates,
};
use crate::engine::changes::{self, Change};
use crate::engine::discounts::{self, Usable};
use crate::engine::subscriptions::{self, Terms};
use crate::engine::{Act, invoices};
use crate::failure::{Answer, Failure};
use crate::fields::{self, Field, METADATA, flag, hash, integer, one_of, rows, text, texts, tree};
use crate::objects::subscription::is_alive;
use crate::objects::text as text_at;
use crate::state::State;

const DAY: i64 = 24 * 3600;
const BEHAVIORS: &[&str] = &["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"];
pub(super) const PRORATIONS: &[&str] = &["always_invoice", "create_prorations", "none"];
const DISCOUNTS: Field = rows("discounts", &[text("coupon"), text("promotion_code"), text("discount")]);
const END_BEHAVIOR: Field =
    hash("end_behavior", &[one_of("missing_payment_method", &["cancel", "create_invoice", "pause"]).kept()]).kept();
const CANCELLATION: Field = hash(
    "cancellation_details",
    &[
        text("comment").kept(),
        one_of(
            "feedback",
            &[
                "customer_service",
                "low_quality",
                "missing_features",
                "other",
                "switched_service",
                "too_complex",
                "too_expensive",
                "unused",
            ],
        )
        .kept(),
    ],
)
.kept();
const ITEM: &[Field] = &[
    text("id"),
    text("price"),
    hash("price_data", prices::DATA),
    integer("quantity"),
    flag("deleted"),
    flag("clear_usage"),
    METADATA,
];
const FIELDS: &[Field] = &[
    rows("items", ITEM),
    flag("cancel_at_period_end"),
    text("cancel_at"),
    one_of("collection_method", &["charge_automatically", "send_invoice"]).kept(),
    integer("days_until_due").kept(),
    text("default_payment_method").kept(),
    text("description").kept(),
    text("coupon"),
    text("promotion_code"),
    DISCOUNTS,
    text("trial_end"),
    hash("trial_settings", &[END_BEHAVIOR]).kept(),
    one_of("payment_behavior", BEHAVIORS),
    one_of("proration_behavior", PRORATIONS),
    hash(
        "payment_settings",
        &[
            one_of("save_default_payment_method", &["off", "on_subscription"]).kept(),
            texts("payment_method_types").kept(),
        ],
    )
    .kept(),
    flag("off_session"),
    METADATA,
    // What only a creation takes.
    text("customer").required(),
    integer("trial_period_days"),
    text("currency"),
    tree("billing_mode"),
];
/// What comes before can be changed later too.
const CHANGEABLE: usize = 17;
const UPDATE: &[Field] = &[
    FIELDS[0],
    FIELDS[1],
    FIELDS[2],
    FIELDS[3],
    FIELDS[4],
    FIELDS[5],
    FIELDS[6],
    FIELDS[7],
    FIELDS[8],
    FIELDS[9],
    FIELDS[10],
    FIELDS[11],
    FIELDS[12],
    FIELDS[13],
    FIELDS[14],
    FIELDS[15],
    FIELDS[CHANGEABLE - 1],
    CANCELLATION,
    hash(
        "pause_collection",
        &[
            one_of("behavior", &["keep_as_draft", "mark_uncollectible", "void"]).required().kept(),
            integer("resumes_at").kept(),
        ],
    )
    .kept(),
    one_of("billing_cycle_anchor", &["now", "unchanged"]),
    integer("proration_date"),
];

pub(super) static SUBSCRIPTION: Kind = Kind {
    object: "subscription",
    path: "/v1/subscriptions",
    noun: "subscription",
    permission: "subscription",
    events: "customer.subscription",
    routes: &[
        list_at(
            "",
            &[
                ("customer", "/customer"),
                ("price", "/items/data/0/price/id"),
                ("collection_method", "/collection_method"),
                ("test_clock", "/test_clock"),
            ],
            &[text("status")],
            list,
        ),
        search::ROUTE,
        RETRIEVE,
        creates(FIELDS, create),
        updates(UPDATE, update),
        delete_at("/{}", &[CANCELLATION, flag("invoice_now"), flag("prorate")], cancel),
        post(
            "/{}/resume",
            &[one_of("billing_cycle_anchor", &["now", "unchanged"]), one_of("proration_behavior", PRORATIONS)],
            resume,
        ),
        delete_at("/{}/discount", &[], drop_discount),
    ],
    ..KIND
};

/// Canceled ones are left out unless they are asked for (<https://docs.stripe.com/api/subscriptions/list>).
fn list(state: &mut State, call: &Call) -> Answer {
    let status = call.given.text("/status").unwrap_or("not canceled");
    objects::list_where(state, call, |subscription| match (status, text_at(subscription, "/status")) {
        ("all", _) => true,
        ("not canceled", has) => has != "canceled",
        ("ended", has) => matches!(has, "canceled" | "incomplete_expired"),
        (wanted, has) => wanted == has,
    })
}

fn create(state: &mut State, call: &Call) -> Answer {
    let customer = objects::customer(state, call)?;
    let given = &call.given;
    let mut prices = Vec::new();
    for (index, row) in given.rows("/items").iter().enumerate() {
        prices.push((price(state, call, row, index)?, row["quantity"].as_i64().unwrap_or(1)));
    }
    if prices.is_empty() {
        return Err(Failure::missing_param("items"));
    }
    objects::named(state, call, "default_payment_method", "payment_method", "PaymentMethod")?;
    let mut kept = json!({ "metadata": {} });
    objects::keep(&mut kept, call, &[METADATA])?;
    let mut act = call.act(state);
    act.by_clock_of(&customer);
    let terms = Terms {
        customer: &customer,
        prices,
        payment_method: given.text("/default_payment_method"),
        trial_end: trial_end(call, act.now)?,
        discount: discount(&act, call)?,
        behavior: given.text("/payment_behavior").unwrap_or("allow_incomplete"),
        off_session: given.flag("/off_session").unwrap_or(false),
    };
    can_pay(&act, call, &terms)?;
    let now = act.now;
    let id = subscriptions::create(&mut act, &terms, |subscription| {
        fields::apply(subscription, given.value(), FIELDS);
        subscription["metadata"] = kept["metadata"].take();
        set_end(subscription, call, now);
    })?;
    objects::show(state, call, &id)
}

/// The recurring price that a row names or describes.
pub(super) fn price(state: &mut State, call: &Call, row: &Value, index: usize) -> Result<Value, Failure> {
    let at = format!("items[{index}][price]");
    let id = match row["price"].as_str() {
        Some(id) => id.to_owned(),
        None if row["price_data"].is_object() => prices::make(&mut call.act(state), "", &row["price_data"])?,
        None => return Err(Failure::missing_param(&at)),
    };
    let price = objects::find_as(state, call, "price", "price", &id).map_err(|failure| failure.at(&at))?.clone();
    if price["type"] != "recurring" {
        let message = "The price specified is set to `type=one_time` but this field only accepts prices with \
                       `type=recurring`.";
        return Err(Failure::param(at, message));
    }
    Ok(price)
}

/// When the trial ends; none for no trial.
fn trial_end(call: &Call, now: i64) -> Result<Option<i64>, Failure> {
    match (call.given.text("/trial_end"), call.given.integer("/trial_period_days")) {
        (Some("now"), _) | (None, None) => Ok(None),
        (None, Some(days)) => Ok((days > 0).then_some(now + days * DAY)),
        (Some(text), _) => {
            let at: i64 = text.parse().map_err(|_| Failure::invalid_integer("trial_end", text))?;
            if at <= now {
                let message = "Invalid timestamp: must be an integer Unix timestamp in the future.";
                return Err(Failure::param("trial_end", message));
            }
            Ok(Some(at))
        }
    }
}

fn discount(act: &Act, call: &Call) -> Result<Option<Usable>, Failure> {
    let row = call.given.rows("/discounts").first();
    let pick = |name: &str| row.and_then(|row| row[name].as_str());
    let coupon = call.given.text("/coupon").or(pick("coupon"));
    let code = call.given.text("/promotion_code").or(pick("promotion_code"));
    discounts::usable(act, coupon, code)
}

/// What is charged at once needs something to charge.
fn can_pay(act: &Act, call: &Call, terms: &Terms) -> Result<(), Failure> {
    let customer = &terms.customer["invoice_settings"]["default_payment_method"];
    let later = terms.trial_end.is_some()
        || terms.behavior == "default_incomplete"
        || call.given.text("/collection_method") == Some("send_invoice");
    let free = terms.prices.iter().all(|(price, _)| price["unit_amount"] == 0);
    let known = terms.payment_method.or(customer.as_str()).is_some_and(|id| act.state.store.get(id).is_some());
    if later || free || known {
        return Ok(());
    }
    let message = "This customer has no attached payment source or default payment method. Please consider adding a \
                   default payment method. For more information, visit \
                   https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.";
    Err(Failure::invalid(400, message).code("resource_missing"))
}

/// Sets or takes back when it ends.
fn set_end(subscription: &mut Value, call: &Call, now: i64) {
    if let Some(at_end) = call.given.flag("/cancel_at_period_end") {
        subscriptions::cancel_at_period_end(subscription, at_end, now);
    }
    if call.given.has("/cancel_at") {
        let at = call.given.text("/cancel_at").and_then(|text| text.parse().ok());
        subscriptions::note_cancellation(subscription, at, now);
    }
}

fn update(state: &mut State, call: &Call) -> Answer {
    let before = objects::find(state, call)?.clone();
    if !is_alive(&before) {
        let message = "A canceled subscription can only update its cancellation_details and metadata.";
        return Err(Failure::invalid(400, message));
    }
    let mut wanted = Vec::new();
    for (index, row) in call.given.rows("/items").iter().enumerate() {
        wanted.push(change(state, call, &before, row, index)?);
    }
    let mut changed = before.clone();
    objects::keep(&mut changed, call, UPDATE)?;
    let mut act = call.act(state);
    act.by_clock_of(&before);
    let usable = discount(&act, call)?;
    let until = trial_end(call, act.now)?;
    if let Some(usable) = &usable {
        subscriptions::discount(&mut act, call.id(), usable);
    }
    let proration = call.given.text("/proration_behavior").unwrap_or("create_prorations");
    let now = act.now;
    changes::apply(&mut act, call.id(), &wanted, proration, |subscription| {
        fields::apply(subscription, call.given.value(), UPDATE);
        subscription["metadata"] = changed["metadata"].take();
        set_end(subscription, call, now);
        if let Some(until) = until {
            subscription["trial_end"] = json!(until);
            subscription["trial_start"] = json!(subscription["trial_start"].as_i64().unwrap_or(now));
            subscription["status"] = json!("trialing");
            crate::objects::subscription::set_period(
                subscription,
                crate::objects::subscription::Period { start: now, end: until },
            );
            subscription["billing_cycle_anchor"] = json!(until);
        }
    });
    begin_now(&mut act, call, &before);
    objects::show(state, call, call.id())
}

/// A trial that ends now, or a new billing cycle, begins a period and bills it.
fn begin_now(act: &mut Act, call: &Call, before: &Value) {
    let trial_over = call.given.text("/trial_end") == Some("now") && before["status"] == "trialing";
    if trial_over || call.given.text("/billing_cycle_anchor") == Some("now") {
        let invoice = subscriptions::begin_period(act, call.id(), act.now);
        invoices::finalize(act, &invoice);
        invoices::collect_if_automatic(act, &invoice);
    }
}

/// A change of an item, as a row of a call says it.
pub(super) fn change(
    state: &mut State,
    call: &Call,
    subscription: &Value,
    row: &Value,
    index: usize,
) -> Result<Change, Failure> {
    let item = row["id"].as_str();
    let known = |id: &str| crate::objects::subscription::items(subscription).iter().any(|item| item["id"] == id);
    if let Some(id) = item.filter(|id| !known(id)) {
        return Err(Failure::no_such("subscription item", id).at(format!("items[{index}][id]")));
    }
    let named = row["price"].is_string() || row["price_data"].is_object();
    let price = if named || item.is_none() { price(state, call, row, index)? } else { Value::Null };
    let mut metadata = Value::Null;
    if row["metadata"].is_object() {
        let mut kept = json!({ "metadata": {} });
        super::metadata::change_metadata(&mut kept, row)?;
        metadata = kept["metadata"].take();
    }
    Ok(Change {
        item: item.map(str::to_owned),
        price,
        quantity: row["quantity"].as_i64(),
        deleted: row["deleted"] == true,
        metadata,
    })
}

fn cancel(state: &mut State, call: &Call) -> Answer {
    let mut before = objects::find(state, call)?.clone();
    if !is_alive(&before) {
        return Err(Failure::no_such(call.kind.noun, call.id()));
    }
    fields::apply(&mut before, call.given.value(), &[CANCELLATION]);
    let details = before["cancellation_details"].clone();
    let mut act = call.act(state);
    act.by_clock_of(&before);
    if call.given.flag("/prorate") == Some(true) {
        changes::credit_rest(&mut act, call.id());
    }
    if call.given.flag("/invoice_now") == Some(true) {
        changes::invoice_now(&mut act, call.id(), None);
    }
    act.amend(call.id(), |subscription| subscription["cancellation_details"] = details);
    subscriptions::end(&mut act, call.id(), Some("cancellation_requested"));
    objects::show(state, call, call.id())
}

fn resume(state: &mut State, call: &Call) -> Answer {
    let before = objects::find(state, call)?.clone();
    if before["status"] != "paused" {
        return Err(Failure::invalid(400, format!("Subscription {} is not paused and cannot be resumed.", call.id())));
    }
    let mut act = call.act(state);
    act.by_clock_of(&before);
    let now = act.now;
    let invoice = subscriptions::begin_period(&mut act, call.id(), now);
    act.announce("customer.subscription.resumed", call.id());
    invoices::finalize(&mut act, &invoice);
    invoices::collect_if_automatic(&mut act, &invoice);
    objects::show(state, call, call.id())
}

fn drop_discount(state: &mut State, call: &Call) -> Answer {
    let subscription = objects::find(state, call)?.clone();
    let mut act = call.act(state);
    let id = subscription["discounts"][0].as_str().ok_or_else(|| Failure::no_such("discount", call.id()))?;
    let mut discount = act.object(id);
    discounts::end(&mut act, &discount);
    discount["deleted"] = json!(true);
    objects::show_value(state, call, &discount)
}
