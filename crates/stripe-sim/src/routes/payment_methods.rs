//! `/v1/payment_methods`: cards and bank accounts, given to customers and taken away.

use serde_json::{Value, json};

use super::{Call, KIND, Kind, RETRIEVE, create as creates, list, objects, plain_update, post};
use crate::cards;
use crate::engine::{Act, setups};
use crate::failure::{Answer, Failure};
use crate::fields::{self, ADDRESS, Field, METADATA, hash, integer, one_of, text};
use crate::objects::payment_method;
use crate::objects::text as text_at;
use crate::state::State;

const KINDS: &[&str] = &["card", "sepa_debit", "us_bank_account"];
const BILLING: Field = hash(
    "billing_details",
    &[hash("address", ADDRESS).kept(), text("email").kept(), text("name").kept(), text("phone").kept()],
)
.kept();
const REDISPLAY: Field = one_of("allow_redisplay", &["always", "limited", "unspecified"]).kept();
const CARD: Field =
    hash("card", &[text("token"), text("number"), integer("exp_month"), integer("exp_year"), text("cvc")]);
const SEPA: Field = hash("sepa_debit", &[text("iban").required()]);
const US_BANK: Field = hash(
    "us_bank_account",
    &[
        text("account_number").required(),
        text("routing_number"),
        one_of("account_holder_type", &["company", "individual"]),
        one_of("account_type", &["checking", "savings"]),
    ],
);
const FIELDS: &[Field] = &[one_of("type", KINDS).required(), CARD, SEPA, US_BANK, BILLING, REDISPLAY, METADATA];

/// A payment method that a call describes instead of naming one.
pub(super) const DATA: Field = hash("payment_method_data", FIELDS);

pub(super) static PAYMENT_METHOD: Kind = Kind {
    object: "payment_method",
    path: "/v1/payment_methods",
    noun: "PaymentMethod",
    permission: "payment_method",
    events: "payment_method",
    routes: &[
        list(&[("customer", "/customer"), ("type", "/type")]),
        RETRIEVE,
        creates(FIELDS, create),
        plain_update(&[
            BILLING,
            REDISPLAY,
            hash("card", &[integer("exp_month").kept(), integer("exp_year").kept()]).kept(),
            METADATA,
        ]),
        post("/{}/attach", &[text("customer").required()], attach),
        post("/{}/detach", &[], detach),
    ],
    ..KIND
};

/// No event tells of a payment method that belongs to nobody.
fn create(state: &mut State, call: &Call) -> Answer {
    let id = make(&mut call.act(state), call.given.value())?;
    objects::show(state, call, &id)
}

/// Makes what the parameters describe; gives its id.
fn make(act: &mut Act, given: &Value) -> Result<String, Failure> {
    let (id, fingerprint) = (act.id("pm"), act.state.ids.text(16));
    let made = act.made(&id);
    let mut object = match text_at(given, "/type") {
        "card" => {
            let (card, expires) = card(&given["card"])?;
            payment_method::card(made, card, expires, &fingerprint)
        }
        kind => {
            let number =
                text_at(given, &format!("/{kind}/{}", if kind == "sepa_debit" { "iban" } else { "account_number" }));
            if number.len() < 4 || !number.is_ascii() {
                return Err(Failure::missing_param(kind));
            }
            payment_method::bank_account(made, kind, number, &fingerprint)
        }
    };
    fields::apply(&mut object, given, FIELDS);
    super::metadata::change_metadata(&mut object, given)?;
    act.put(object);
    Ok(id)
}

/// A card by token or by number, and when it expires.
fn card(given: &Value) -> Result<(cards::TestMethod, (i64, i64)), Failure> {
    let expires = |name: &str, otherwise: i64| given[name].as_i64().unwrap_or(otherwise);
    let expires = (expires("exp_month", 8), expires("exp_year", 2031));
    let found = match (given["token"].as_str(), given["number"].as_str()) {
        (Some(token), _) => cards::by_name(token).ok_or_else(|| Failure::no_such("token", token).at("card[token]"))?,
        (None, Some(number)) => cards::by_number(number).ok_or_else(|| {
            let message = "Your card number is incorrect.";
            Failure::invalid(402, message).kind("card_error").code("incorrect_number").with("param", json!("number"))
        })?,
        (None, None) => return Err(Failure::missing_param("card")),
    };
    Ok((found, expires))
}

/// The payment method that a call names or describes, if it does.
pub(super) fn given(state: &mut State, call: &Call) -> Result<Option<String>, Failure> {
    let mut act = call.act(state);
    if let Some(id) = call.given.text("/payment_method") {
        let known = setups::named(&mut act, id);
        return known.map(Some).ok_or_else(|| Failure::no_such("PaymentMethod", id).at("payment_method"));
    }
    match &call.given.value()["payment_method_data"] {
        Value::Null => Ok(None),
        described => make(&mut act, described).map(Some),
    }
}

fn attach(state: &mut State, call: &Call) -> Answer {
    let customer = objects::customer(state, call)?;
    let mut act = call.act(state);
    let id = setups::named(&mut act, call.id()).ok_or_else(|| Failure::no_such(call.kind.noun, call.id()))?;
    if act.object(&id)["customer"].as_str().is_some_and(|owner| customer["id"] != owner) {
        let message = "The payment method you provided has already been attached to a customer.";
        return Err(Failure::invalid(400, message).code("payment_method_already_attached"));
    }
    setups::attach(&mut act, &id, text_at(&customer, "/id"))?;
    objects::show(state, call, &id)
}

fn detach(state: &mut State, call: &Call) -> Answer {
    let method = objects::find(state, call)?.clone();
    let Some(customer) = method["customer"].as_str() else {
        let message = "The payment method you provided is not attached to a customer so detachment is impossible.";
        return Err(Failure::invalid(400, message).code("payment_method_not_attached"));
    };
    let mut act = call.act(state);
    act.become_and_tell(call.id(), "payment_method.detached", |method| method["customer"] = Value::Null);
    act.update(customer, "customer.updated", |customer| {
        if customer["invoice_settings"]["default_payment_method"] == call.id() {
            customer["invoice_settings"]["default_payment_method"] = Value::Null;
        }
    });
    objects::show(state, call, call.id())
}
