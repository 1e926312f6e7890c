//! The mirror as an application reads it: objects by their type, with fields that are right in every API version.
//!
//! ```no_run
//! # fn f(conn: &mut tollgate_models::AnyConnection) -> diesel::QueryResult<()> {
//! use tollgate_models::mirror::{Customer, Subscription};
//!
//! if let Some(customer) = Customer::find_by_email(conn, "ann@example.com", true)? {
//!     for subscription in Subscription::active_for(conn, customer.id())? {
//!         // In Stripe's JSON the period's end moved from the subscription to its items; here it is one field.
//!         println!("{} until {:?}", subscription.id(), subscription.number("current_period_end"));
//!         // Whatever has no field of its own is in the JSON.
//!         println!("{}", subscription.json()["metadata"]["team"]);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A row may be a little behind Stripe: it is as of the newest event that was processed, which [`Object::as_of`] tells.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use serde_json::Value;

use super::{Kind, Object, SqlType, find, kind};
use crate::db::{AnyConnection, MultiBackend};

/// The statuses of a subscription that give access: paid, in its trial, or overdue while Stripe still tries.
/// <https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses>
const ACTIVE: [&str; 3] = ["active", "trialing", "past_due"];

impl Object {
    /// A field of the type's declaration as text, wherever the object's API version has it; none if it is null or no such
    /// field is declared.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.field(field)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A field as a whole number: money in the currency's minor unit, or a time in unix seconds.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.field(field)?.as_i64()
    }

    /// A field as yes or no.
    pub fn flag(&self, field: &str) -> Option<bool> {
        self.field(field)?.as_bool()
    }

    fn field(&self, field: &str) -> Option<Value> {
        let column = kind(&self.object)?.columns.iter().find(|column| column.name == field)?;
        Some(column.read(&self.json()))
    }
}

macro_rules! types {
    ($($(#[$meta:meta])* $name:ident = $object:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name(Object);

        impl $name {
            /// Stripe's name for the type.
            pub const OBJECT: &'static str = $object;

            /// The object with this id; a live one before one of test mode, also if it is deleted.
            ///
            /// # Errors
            /// When the query fails.
            pub fn find(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<Self>> {
                Ok(find(conn, Self::OBJECT, id)?.map(Self))
            }

            /// The objects whose text field, such as an id of another object, has a value; newest first, deleted ones
            /// too. Nothing if no such field is declared.
            ///
            /// # Errors
            /// When the query fails.
            pub fn list_by(conn: &mut AnyConnection, field: &str, value: &str) -> QueryResult<Vec<Self>> {
                let columns = kind(Self::OBJECT).map(|kind| kind.columns).unwrap_or_default();
                match columns.iter().find(|column| column.name == field && column.sql == SqlType::Text) {
                    Some(column) => Self::matching(conn, &format!("{} = $1", column.name), &[Bound::Text(value)]),
                    None => Ok(Vec::new()),
                }
            }

            /// Stripe's id.
            pub fn id(&self) -> &str {
                &self.0.id
            }

            fn matching(conn: &mut AnyConnection, condition: &str, values: &[Bound<'_>]) -> QueryResult<Vec<Self>> {
                Ok(matching(conn, Self::OBJECT, condition, values)?.into_iter().map(Self).collect())
            }
        }

        impl std::ops::Deref for $name {
            type Target = Object;

            fn deref(&self) -> &Object {
                &self.0
            }
        }
    )+};
}

types! {
    /// A customer.
    Customer = "customer";
    /// A subscription.
    Subscription = "subscription";
    /// An item of a subscription.
    SubscriptionItem = "subscription_item";
    /// An invoice.
    Invoice = "invoice";
    /// A payment intent.
    PaymentIntent = "payment_intent";
    /// A charge.
    Charge = "charge";
    /// A refund.
    Refund = "refund";
    /// A product.
    Product = "product";
    /// A price.
    Price = "price";
    /// A checkout session.
    CheckoutSession = "checkout.session";
    /// An account.
    Account = "account";
}

impl Customer {
    /// The newest customer with this email that is not deleted. Stripe allows several.
    ///
    /// # Errors
    /// When the query fails.
    pub fn find_by_email(conn: &mut AnyConnection, email: &str, livemode: bool) -> QueryResult<Option<Self>> {
        let values = [Bound::Text(email), Bound::Flag(livemode)];
        Ok(Self::matching(conn, "email = $1 AND livemode = $2 AND deleted_at IS NULL", &values)?.into_iter().next())
    }
}

impl Subscription {
    /// The subscriptions of a customer that give access: `active`, `trialing` and `past_due`, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn active_for(conn: &mut AnyConnection, customer: &str) -> QueryResult<Vec<Self>> {
        let statuses = format!("status IN ('{}')", ACTIVE.join("', '"));
        Self::matching(conn, &format!("customer = $1 AND {statuses}"), &[Bound::Text(customer)])
    }

    /// All subscriptions of a customer, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn of(conn: &mut AnyConnection, customer: &str) -> QueryResult<Vec<Self>> {
        Self::matching(conn, "customer = $1", &[Bound::Text(customer)])
    }

    /// Its items that are not removed, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn items(&self, conn: &mut AnyConnection) -> QueryResult<Vec<SubscriptionItem>> {
        SubscriptionItem::matching(conn, "subscription = $1 AND deleted_at IS NULL", &[Bound::Text(self.id())])
    }

    /// Whether it gives access.
    pub fn is_active(&self) -> bool {
        self.text("status").is_some_and(|status| ACTIVE.contains(&status.as_str()))
    }
}

impl Invoice {
    /// The invoices of a customer that wait for payment, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn open_of(conn: &mut AnyConnection, customer: &str) -> QueryResult<Vec<Self>> {
        Self::matching(conn, "customer = $1 AND status = 'open' AND deleted_at IS NULL", &[Bound::Text(customer)])
    }

    /// The newest invoices that wait for payment and were due before a time, in unix seconds.
    ///
    /// # Errors
    /// When the query fails.
    pub fn overdue(conn: &mut AnyConnection, at: i64, livemode: bool) -> QueryResult<Vec<Self>> {
        let condition = "status = 'open' AND due_date < $1 AND livemode = $2 AND deleted_at IS NULL";
        Self::matching(conn, condition, &[Bound::Number(at), Bound::Flag(livemode)])
    }

    /// The invoices of a subscription, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn of_subscription(conn: &mut AnyConnection, subscription: &str) -> QueryResult<Vec<Self>> {
        Self::matching(conn, "subscription = $1", &[Bound::Text(subscription)])
    }
}

impl Price {
    /// The active prices of a product, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn active_of(conn: &mut AnyConnection, product: &str) -> QueryResult<Vec<Self>> {
        Self::matching(conn, "product = $1 AND active AND deleted_at IS NULL", &[Bound::Text(product)])
    }

    /// The active price with a lookup key.
    ///
    /// # Errors
    /// When the query fails.
    pub fn find_by_lookup_key(conn: &mut AnyConnection, key: &str, livemode: bool) -> QueryResult<Option<Self>> {
        let values = [Bound::Text(key), Bound::Flag(livemode)];
        let condition = "lookup_key = $1 AND livemode = $2 AND active AND deleted_at IS NULL";
        Ok(Self::matching(conn, condition, &values)?.into_iter().next())
    }
}

impl Charge {
    /// The charges of a payment intent, newest first: each attempt has one.
    ///
    /// # Errors
    /// When the query fails.
    pub fn of_payment_intent(conn: &mut AnyConnection, payment_intent: &str) -> QueryResult<Vec<Self>> {
        Self::matching(conn, "payment_intent = $1", &[Bound::Text(payment_intent)])
    }
}

impl Refund {
    /// The refunds of a charge, newest first.
    ///
    /// # Errors
    /// When the query fails.
    pub fn of_charge(conn: &mut AnyConnection, charge: &str) -> QueryResult<Vec<Self>> {
        Self::matching(conn, "charge = $1", &[Bound::Text(charge)])
    }
}

/// No list is longer; who needs more pages through [`list`](super::list).
const MOST: i64 = 1000;

#[derive(Clone, Copy)]
enum Bound<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
}

// Conditions are written here, never by a caller; values are bound.
fn matching(conn: &mut AnyConnection, object: &str, condition: &str, values: &[Bound<'_>]) -> QueryResult<Vec<Object>> {
    let Some(Kind { table, .. }) = kind(object) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT id, '{object}' AS object, account, livemode, created, deleted_at, as_of, event_id, api_version, data \
         FROM {table} WHERE {condition} ORDER BY created DESC, id DESC LIMIT {MOST}"
    );
    let mut query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
    for value in values {
        query = match *value {
            Bound::Text(text) => query.bind::<Text, _>(text),
            Bound::Number(number) => query.bind::<BigInt, _>(number),
            Bound::Flag(flag) => query.bind::<Bool, _>(flag),
        };
    }
    query.load(conn)
}
