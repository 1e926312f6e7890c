//! Mandates: what customers allowed to be taken from them.

use super::super::{Column, Kind};
use super::PAYMENTS;

pub(super) const MANDATE: Kind = Kind {
    object: "mandate",
    // Only to be had one by one.
    path: None,
    table: "mandates",
    plural: "mandates",
    group: PAYMENTS,
    columns: &[
        Column::id_of("payment_method", "payment_method", &["/payment_method"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("payment_method_type", &["/payment_method_details/type"]).listed(),
        Column::number("accepted_at", &["/customer_acceptance/accepted_at"]),
        Column::text("currency", &["/single_use/currency"]),
        Column::number("amount", &["/single_use/amount"]),
        Column::id_of("account", "on_behalf_of", &["/on_behalf_of"]),
    ],
    lifecycle: &[&["pending"], &["active"], &["inactive"]],
    ..Kind::PLAIN
};
