//! `/v1/customers`: the customers, what they pay with, their balance and their discount.

use serde_json::{Value, json};

use super::{
    Call, KIND, Kind, RETRIEVE, create as creates, delete as deletes, delete_at, get, list, list_at, objects, post,
    search, update as updates,
};
use crate::engine::{Act, customers, discounts, setups};
use crate::failure::{Answer, Failure};
use crate::fields::{ADDRESS, Field, METADATA, SHIPPING, hash, integer, one_of, text, texts};
use crate::objects::coupon::Discounted;
use crate::objects::{number, text as text_at};
use crate::state::State;

const FIELDS: &[Field] = &[
    hash("address", ADDRESS).kept(),
    integer("balance").kept(),
    text("coupon"),
    text("promotion_code"),
    text("description").kept(),
    text("email").kept(),
    text("invoice_prefix").kept(),
    hash("invoice_settings", &[text("default_payment_method").kept(), text("footer").kept()]).kept(),
    text("name").kept(),
    integer("next_invoice_sequence").kept(),
    text("payment_method"),
    text("phone").kept(),
    texts("preferred_locales").kept(),
    hash("shipping", SHIPPING).kept(),
    text("source"),
    one_of("tax_exempt", &["none", "exempt", "reverse"]).kept(),
    text("test_clock"),
    METADATA,
];

pub(super) static CUSTOMER: Kind = Kind {
    object: "customer",
    path: "/v1/customers",
    noun: "customer",
    permission: "customer",
    events: "customer",
    routes: &[
        list(&[("email", "/email"), ("test_clock", "/test_clock")]),
        search::ROUTE,
        RETRIEVE,
        creates(FIELDS, create),
        updates(FIELDS, update),
        deletes(delete),
        list_at("/{}/payment_methods", &[("type", "/type")], &[], payment_methods),
        get("/{}/payment_methods/{}", &[], payment_method),
        list_at("/{}/subscriptions", &[], &[], subscriptions),
        list_at("/{}/balance_transactions", &[], &[], balance_transactions),
        post(
            "/{}/balance_transactions",
            &[integer("amount").required(), text("currency").required(), text("description"), METADATA],
            change_balance,
        ),
        get("/{}/discount", &[], discount),
        delete_at("/{}/discount", &[], drop_discount),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let clock = objects::named(state, call, "test_clock", "test_helpers.test_clock", "test clock")?.cloned();
    let method = method(state, call)?;
    let mut kept = json!({ "metadata": {} });
    objects::keep(&mut kept, call, &[METADATA])?;
    let mut act = call.act(state);
    if let Some(clock) = &clock {
        act.by_clock_of(&json!({ "test_clock": clock["id"] }));
    }
    let usable = discounts::usable(&act, call.given.text("/coupon"), call.given.text("/promotion_code"))?;
    let id = customers::create(&mut act, |customer| {
        crate::fields::apply(customer, call.given.value(), FIELDS);
        customer["metadata"] = kept["metadata"].take();
        customer["test_clock"] = clock.map(|clock| clock["id"].clone()).unwrap_or_default();
    });
    attach(&mut act, call, &id, method)?;
    if let Some(usable) = usable {
        begin_discount(&mut act, &id, &usable);
    }
    objects::show(state, call, &id)
}

/// The payment method of a new customer; a token such as `tok_visa` is one too.
fn method(state: &mut State, call: &Call) -> Result<Option<String>, Failure> {
    let given = [("payment_method", "/payment_method"), ("source", "/source")];
    let Some((param, id)) = given.iter().find_map(|(param, at)| Some((*param, call.given.text(at)?))) else {
        return Ok(None);
    };
    let found = setups::named(&mut call.act(state), id);
    found.map(Some).ok_or_else(|| Failure::no_such("PaymentMethod", id).at(param))
}

fn attach(act: &mut Act, call: &Call, id: &str, method: Option<String>) -> Result<(), Failure> {
    let Some(method) = method else { return Ok(()) };
    setups::attach(act, &method, id)?;
    // What was a source is what is charged by default; of payment methods the one that is named.
    let named = call.given.text("/invoice_settings/default_payment_method");
    if named.is_some() || call.given.has("/source") {
        customers::set_default_method(act, id, &method);
    }
    Ok(())
}

fn begin_discount(act: &mut Act, id: &str, usable: &discounts::Usable) {
    let discount = discounts::begin(act, usable, Discounted { customer: id, ..Discounted::default() });
    act.update(id, "customer.updated", |customer| customer["discount"] = discount);
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    if let Some(id) = call.given.text("/invoice_settings/default_payment_method") {
        let method = objects::find_as(state, call, "payment_method", "PaymentMethod", id)?;
        if method["customer"] != call.id() {
            let message = format!(
                "The customer does not have a payment method with the ID {id}. The payment method must be attached to \
                 the customer."
            );
            return Err(Failure::param("invoice_settings[default_payment_method]", message).code("resource_missing"));
        }
    }
    let source = method(state, call)?;
    objects::keep(&mut changed, call, FIELDS)?;
    let mut act = call.act(state);
    let usable = discounts::usable(&act, call.given.text("/coupon"), call.given.text("/promotion_code"))?;
    act.update(call.id(), "customer.updated", |customer| *customer = changed);
    attach(&mut act, call, call.id(), source)?;
    if let Some(usable) = usable {
        begin_discount(&mut act, call.id(), &usable);
    }
    objects::show(state, call, call.id())
}

fn delete(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    customers::delete(&mut call.act(state), call.id());
    Ok(objects::deleted(call))
}

fn payment_methods(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    objects::list_kind(state, call, "payment_method", |method| method["customer"] == call.id())
}

fn payment_method(state: &mut State, call: &Call) -> Answer {
    let method = objects::find_as(state, call, "payment_method", "PaymentMethod", call.second_id())?.clone();
    if method["customer"] != call.id() {
        return Err(Failure::no_such("PaymentMethod", call.second_id()));
    }
    objects::show_value(state, call, &method)
}

fn subscriptions(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    let of_customer = |row: &Value| row["customer"] == call.id() && text_at(row, "/status") != "canceled";
    objects::list_kind(state, call, "subscription", of_customer)
}

fn balance_transactions(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    objects::list_kind(state, call, "customer_balance_transaction", |row| row["customer"] == call.id())
}

fn change_balance(state: &mut State, call: &Call) -> Answer {
    let customer = objects::find(state, call)?.clone();
    let amount = call.given.integer("/amount").unwrap_or_default();
    let after = number(&customer, "/balance") + amount;
    let mut act = call.act(state);
    act.by_clock_of(&customer);
    let id = act.id("cbtxn");
    let mut object = json!({
        "id": id,
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": null,
        "created": act.now,
        "credit_note": null,
        "currency": call.given.text("/currency"),
        "customer": call.id(),
        "customer_account": null,
        "description": call.given.text("/description"),
        "ending_balance": after,
        "invoice": null,
        "livemode": call.scope.livemode,
        "metadata": {},
        "type": "adjustment",
    });
    objects::keep(&mut object, call, &[METADATA])?;
    let currency = object["currency"].clone();
    act.put(object);
    act.update(call.id(), "customer.updated", |customer| {
        customer["balance"] = json!(after);
        customer["currency"] = currency;
    });
    objects::show(state, call, &id)
}

fn discount(state: &mut State, call: &Call) -> Answer {
    let discount = objects::find(state, call)?["discount"].clone();
    if discount.is_null() {
        return Err(Failure::no_such("discount", call.id()));
    }
    objects::show_value(state, call, &discount)
}

fn drop_discount(state: &mut State, call: &Call) -> Answer {
    let discount = objects::find(state, call)?["discount"].clone();
    if discount.is_null() {
        return Err(Failure::no_such("discount", call.id()));
    }
    discounts::end(&mut call.act(state), &discount);
    let mut deleted = discount;
    deleted["deleted"] = json!(true);
    objects::show_value(state, call, &deleted)
}
