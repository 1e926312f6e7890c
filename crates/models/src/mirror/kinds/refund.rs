//! Refunds.

use super::super::{Column, Kind};

pub(super) const REFUND: Kind = Kind {
    object: "refund",
    table: "refunds",
    plural: "refunds",
    columns: &[
        Column::id_of("charge", "charge", &["/charge"]).listed(),
        Column::id_of("payment_intent", "payment_intent", &["/payment_intent"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::text("reason", &["/reason"]).listed(),
        Column::text("failure_reason", &["/failure_reason"]),
    ],
    lifecycle: &[&["pending"], &["requires_action"], &["succeeded", "failed", "canceled"]],
    nested: &[],
};
