//! Customers: how they come and go.

use serde_json::{Value, json};

use super::{Act, subscriptions};
use crate::objects::customer;
use crate::objects::subscription::is_alive;

/// A new customer; gives its id.
pub(crate) fn create(act: &mut Act, change: impl FnOnce(&mut Value)) -> String {
    let (id, prefix) = (act.id("cus"), act.state.ids.text(8).to_uppercase());
    let mut object = customer::customer(act.made(&id), &prefix);
    change(&mut object);
    act.create("customer.created", object);
    id
}

/// A customer goes, and the customer's subscriptions end.
pub(crate) fn delete(act: &mut Act, id: &str) {
    let running = act.ids_of("subscription", |subscription| subscription["customer"] == id && is_alive(subscription));
    for subscription in running {
        subscriptions::end(act, &subscription, Some("cancellation_requested"));
    }
    act.remove("customer.deleted", id);
}

/// Sets what a customer pays with unless told otherwise.
pub(crate) fn set_default_method(act: &mut Act, id: &str, method: &str) {
    act.update(id, "customer.updated", |customer| {
        customer["invoice_settings"]["default_payment_method"] = json!(method);
    });
}
