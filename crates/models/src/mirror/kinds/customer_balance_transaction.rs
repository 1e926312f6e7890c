//! What changed the credit that customers have with us.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const CUSTOMER_BALANCE_TRANSACTION: Kind = Kind {
    object: "customer_balance_transaction",
    // Listed only for each customer.
    path: None,
    table: "customer_balance_transactions",
    plural: "customer balance transactions",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("ending_balance", &["/ending_balance"]).listed(),
        Column::id_of("invoice", "invoice", &["/invoice"]).listed(),
        Column::id_of("credit_note", "credit_note", &["/credit_note"]),
        Column::id_of("checkout.session", "checkout_session", &["/checkout_session"]),
    ],
    ..Kind::PLAIN
};
