//! The customers: who they are, what they pay with, and what changes about them.

use serde_json::{Value, json};

use crate::engine::{Act, customers, setups};
use crate::objects::text;

const FIRST: [&str; 12] =
    ["Amara", "Björn", "Chen", "Dalia", "Emeka", "Freya", "Goran", "Hana", "Inés", "Jonas", "Kavya", "Luca"];
const LAST: [&str; 12] = [
    "Okafor",
    "Lindqvist",
    "Wei",
    "Haddad",
    "Nwosu",
    "Larsen",
    "Petrović",
    "Sato",
    "Moreno",
    "Keller",
    "Rao",
    "Bianchi",
];
const STREETS: [&str; 5] = ["12 Mill Lane", "48 Station Road", "7 Orchard Way", "230 Bay Street", "91 Hill Rise"];
const CARDS: [&str; 4] = ["pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_visa_debit"];
/// Cards that the bank declines when they are charged.
const DECLINED: [&str; 3] = ["4000000000009995", "4000000000000341", "4000000000000069"];

/// A new customer with a card; gives the ids of both.
pub(super) fn arrive(act: &mut Act) -> (String, String) {
    let first = act.pick(&FIRST).unwrap_or(FIRST[0]);
    let last = act.pick(&LAST).unwrap_or(LAST[0]);
    let domain = act.state.ids.text(8).to_lowercase();
    act.begin_request();
    let id = customers::create(act, |customer| {
        customer["name"] = json!(format!("{first} {last}"));
        customer["email"] = json!(format!("{}@{domain}.example", first.to_lowercase()));
    });
    let card = act.pick(&CARDS).unwrap_or(CARDS[0]);
    let method = setups::named(act, card).unwrap_or_default();
    let owner = act.object(&id);
    act.amend(&method, |method| {
        method["billing_details"]["email"] = owner["email"].clone();
        method["billing_details"]["name"] = owner["name"].clone();
        method["~set_up"] = json!(true);
    });
    // These cards are good, so the bank does not refuse.
    let _ = setups::attach(act, &method, &id);
    customers::set_default_method(act, &id, &method);
    (id, method)
}

/// Lets the bank pay with a customer's card, or decline from now on.
pub(super) fn set_card(act: &mut Act, customer: &str, good: bool) {
    let method = text(&act.object(customer), "/invoice_settings/default_payment_method").to_owned();
    let bad = act.pick(&DECLINED).unwrap_or(DECLINED[0]);
    act.amend(&method, |method| method["~number"] = json!(if good { "4242424242424242" } else { bad }));
}

/// The customers who can pay.
pub(super) fn can_pay(customer: &Value) -> bool {
    !customer["invoice_settings"]["default_payment_method"].is_null() && customer["delinquent"] == false
}

/// Someone moves or gets a new telephone.
pub(super) fn change_details(act: &mut Act) -> bool {
    let Some(customer) = act.pick_object("customer", |_| true) else { return false };
    let street = act.pick(&STREETS).unwrap_or(STREETS[0]);
    let phone = format!("+1555{:07}", act.below(10_000_000));
    let moves = act.chance(50);
    act.begin_request();
    act.update(text(&customer, "/id"), "customer.updated", |customer| {
        if moves {
            customer["address"] = json!({
                "city": "Port Ellis", "country": "US", "line1": street, "line2": null,
                "postal_code": "04101", "state": "ME",
            });
        } else {
            customer["phone"] = json!(phone);
        }
    });
    true
}
