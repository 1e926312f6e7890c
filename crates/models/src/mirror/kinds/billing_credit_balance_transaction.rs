//! What changed the credits that customers were given.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const BILLING_CREDIT_BALANCE_TRANSACTION: Kind = Kind {
    object: "billing.credit_balance_transaction",
    path: Some("/v1/billing/credit_balance_transactions"),
    table: "billing_credit_balance_transactions",
    plural: "billing credit balance transactions",
    group: BILLING,
    columns: &[
        Column::id_of("billing.credit_grant", "credit_grant", &["/credit_grant"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("currency", &["/credit/amount/monetary/currency", "/debit/amount/monetary/currency"]),
        Column::number("amount", &["/credit/amount/monetary/value", "/debit/amount/monetary/value"]).listed(),
        Column::id_of(
            "invoice",
            "invoice",
            &["/debit/credits_applied/invoice", "/credit/credits_application_invoice_voided/invoice"],
        )
        .listed(),
        Column::number("effective_at", &["/effective_at"]).listed(),
        Column::id_of("test_helpers.test_clock", "test_clock", &["/test_clock"]),
    ],
    ..Kind::PLAIN
};
