//! Early fraud warnings.

use super::super::{Column, Kind};
use super::PAYMENTS;

pub(super) const EARLY_FRAUD_WARNING: Kind = Kind {
    object: "radar.early_fraud_warning",
    path: Some("/v1/radar/early_fraud_warnings"),
    table: "early_fraud_warnings",
    plural: "early fraud warnings",
    group: PAYMENTS,
    columns: &[
        Column::id_of("charge", "charge", &["/charge"]).listed(),
        Column::id_of("payment_intent", "payment_intent", &["/payment_intent"]),
        Column::flag("actionable", &["/actionable"]).listed(),
        Column::text("fraud_type", &["/fraud_type"]).listed(),
    ],
    ..Kind::PLAIN
};
