//! Meters of what customers use.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const BILLING_METER: Kind = Kind {
    object: "billing.meter",
    path: Some("/v1/billing/meters"),
    table: "billing_meters",
    plural: "billing meters",
    group: BILLING,
    columns: &[
        Column::text("display_name", &["/display_name"]).listed(),
        Column::text("event_name", &["/event_name"]).listed().filtered(),
        Column::text("status", &["/status"]).listed(),
        Column::text("event_time_window", &["/event_time_window"]),
        Column::text("aggregation", &["/default_aggregation/formula"]).listed(),
        Column::number("updated", &["/updated"]),
        Column::number("deactivated_at", &["/status_transitions/deactivated_at"]),
    ],
    ..Kind::PLAIN
};
