//! Sources, the predecessors of payment methods.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const SOURCE: Kind = Kind {
    object: "source",
    // Listed only for each customer.
    path: None,
    table: "sources",
    plural: "sources",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::text("flow", &["/flow"]),
        Column::text("usage", &["/usage"]),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::text("last4", &["/card/last4", "/sepa_debit/last4"]),
        Column::text("email", &["/owner/email"]).personal(),
    ],
    lifecycle: &[&["pending"], &["chargeable"], &["consumed", "canceled", "failed"]],
    ..Kind::PLAIN
};
