//! Setup intents.

use super::super::{Column, Kind};
use super::PAYMENTS;

pub(super) const SETUP_INTENT: Kind = Kind {
    object: "setup_intent",
    path: Some("/v1/setup_intents"),
    table: "setup_intents",
    plural: "setup intents",
    group: PAYMENTS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("status", &["/status"]).listed().filtered(),
        Column::text("usage", &["/usage"]).listed(),
        Column::id_of("payment_method", "payment_method", &["/payment_method"]).listed(),
        Column::id_of("mandate", "mandate", &["/mandate"]),
        Column::id_of("mandate", "single_use_mandate", &["/single_use_mandate"]),
        Column::text("latest_attempt", &["/latest_attempt"]),
        Column::text("cancellation_reason", &["/cancellation_reason"]),
        Column::id_of("account", "on_behalf_of", &["/on_behalf_of"]),
    ],
    lifecycle: &[
        &["requires_payment_method"],
        &["requires_confirmation"],
        &["requires_action"],
        &["processing"],
        &["succeeded", "canceled"],
    ],
    ..Kind::PLAIN
};
