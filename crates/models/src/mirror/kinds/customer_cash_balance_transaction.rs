//! What changed the cash that customers have with us.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const CUSTOMER_CASH_BALANCE_TRANSACTION: Kind = Kind {
    object: "customer_cash_balance_transaction",
    // Listed only for each customer.
    path: None,
    table: "customer_cash_balance_transactions",
    plural: "customer cash balance transactions",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("net_amount", &["/net_amount"]).listed(),
        Column::number("ending_balance", &["/ending_balance"]).listed(),
        Column::id_of(
            "payment_intent",
            "payment_intent",
            &["/applied_to_payment/payment_intent", "/unapplied_from_payment/payment_intent"],
        ),
        Column::id_of("refund", "refund", &["/refunded_from_payment/refund"]),
    ],
    ..Kind::PLAIN
};
