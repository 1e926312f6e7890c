//! Refunds.

use super::super::{Column, Kind};
use super::{BY_ID, PAYMENTS};

pub(super) const REFUND: Kind = Kind {
    object: "refund",
    path: Some("/v1/refunds"),
    table: "refunds",
    plural: "refunds",
    group: PAYMENTS,
    key: BY_ID,
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
    ..Kind::PLAIN
};
