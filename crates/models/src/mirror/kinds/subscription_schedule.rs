//! Subscription schedules.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const SUBSCRIPTION_SCHEDULE: Kind = Kind {
    object: "subscription_schedule",
    path: Some("/v1/subscription_schedules"),
    table: "subscription_schedules",
    plural: "subscription schedules",
    group: BILLING,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("subscription", "subscription", &["/subscription"]).listed(),
        Column::id_of("subscription", "released_subscription", &["/released_subscription"]),
        Column::text("status", &["/status"]).listed(),
        Column::text("end_behavior", &["/end_behavior"]).listed(),
        Column::number("phase_start_date", &["/current_phase/start_date"]),
        Column::number("phase_end_date", &["/current_phase/end_date"]).listed(),
        Column::number("canceled_at", &["/canceled_at"]),
        Column::number("completed_at", &["/completed_at"]),
        Column::number("released_at", &["/released_at"]),
        Column::id_of("test_helpers.test_clock", "test_clock", &["/test_clock"]),
    ],
    lifecycle: &[&["not_started"], &["active"], &["completed", "released", "canceled"]],
    ..Kind::PLAIN
};
