//! Payment methods.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const PAYMENT_METHOD: Kind = Kind {
    object: "payment_method",
    path: Some("/v1/payment_methods"),
    table: "payment_methods",
    plural: "payment methods",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("brand", &["/card/brand", "/card_present/brand"]).listed(),
        Column::text(
            "last4",
            &[
                "/card/last4",
                "/us_bank_account/last4",
                "/sepa_debit/last4",
                "/bacs_debit/last4",
                "/au_becs_debit/last4",
                "/acss_debit/last4",
                "/card_present/last4",
            ],
        )
        .listed(),
        Column::number("exp_month", &["/card/exp_month", "/card_present/exp_month"]),
        Column::number("exp_year", &["/card/exp_year", "/card_present/exp_year"]).listed(),
        Column::text("country", &["/card/country", "/sepa_debit/country", "/card_present/country"]),
        Column::text(
            "fingerprint",
            &[
                "/card/fingerprint",
                "/us_bank_account/fingerprint",
                "/sepa_debit/fingerprint",
                "/bacs_debit/fingerprint",
                "/au_becs_debit/fingerprint",
                "/acss_debit/fingerprint",
                "/card_present/fingerprint",
            ],
        )
        .filtered(),
        Column::text("email", &["/billing_details/email"]).personal(),
        Column::text("name", &["/billing_details/name"]).personal(),
        Column::text("allow_redisplay", &["/allow_redisplay"]),
    ],
    ..Kind::PLAIN
};
