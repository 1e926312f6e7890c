//! The object types that have tables of their own, one file each, in the order in which pages list them.

mod account;
mod charge;
mod checkout_session;
mod customer;
mod invoice;
mod payment_intent;
mod price;
mod product;
mod refund;
mod subscription;
mod subscription_item;

use super::Kind;

/// Every object type with a table of its own.
pub const KINDS: &[&Kind] = &[
    &customer::CUSTOMER,
    &subscription::SUBSCRIPTION,
    &subscription_item::SUBSCRIPTION_ITEM,
    &invoice::INVOICE,
    &payment_intent::PAYMENT_INTENT,
    &charge::CHARGE,
    &refund::REFUND,
    &checkout_session::CHECKOUT_SESSION,
    &product::PRODUCT,
    &price::PRICE,
    &account::ACCOUNT,
];

/// The declaration of an object type, if it has a table of its own.
pub fn kind(object: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.object == object)
}
