//! Reviews of payments that may be fraud.

use super::super::{Column, Kind};
use super::PAYMENTS;

pub(super) const REVIEW: Kind = Kind {
    object: "review",
    path: Some("/v1/reviews"),
    table: "reviews",
    plural: "reviews",
    group: PAYMENTS,
    columns: &[
        Column::id_of("charge", "charge", &["/charge"]).listed(),
        Column::id_of("payment_intent", "payment_intent", &["/payment_intent"]),
        Column::flag("open", &["/open"]).listed(),
        Column::text("reason", &["/reason"]).listed(),
        Column::text("opened_reason", &["/opened_reason"]),
        Column::text("closed_reason", &["/closed_reason"]),
    ],
    ..Kind::PLAIN
};
