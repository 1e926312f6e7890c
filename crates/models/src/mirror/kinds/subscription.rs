//! Subscriptions, with their items in a table of their own.

use super::super::{Column, Kind, Nested};
use super::{BILLING, BY_ID};

pub(super) const SUBSCRIPTION: Kind = Kind {
    object: "subscription",
    path: Some("/v1/subscriptions"),
    table: "subscriptions",
    plural: "subscriptions",
    group: BILLING,
    key: BY_ID,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("status", &["/status"]).listed().filtered(),
        Column::text("currency", &["/currency"]),
        // The periods moved to the items with 2025-03-31.basil; all items of one interval share theirs.
        Column::number("current_period_start", &["/items/data/0/current_period_start", "/current_period_start"]),
        Column::number("current_period_end", &["/items/data/0/current_period_end", "/current_period_end"]).listed(),
        Column::flag("cancel_at_period_end", &["/cancel_at_period_end"]).listed(),
        Column::number("cancel_at", &["/cancel_at"]),
        Column::number("canceled_at", &["/canceled_at"]),
        Column::number("ended_at", &["/ended_at"]),
        Column::number("start_date", &["/start_date"]),
        Column::number("trial_end", &["/trial_end"]),
        Column::text("collection_method", &["/collection_method"]),
        Column::id_of("invoice", "latest_invoice", &["/latest_invoice"]).listed(),
        Column::id_of("payment_method", "default_payment_method", &["/default_payment_method"]),
    ],
    lifecycle: &[
        &["incomplete"],
        &["trialing"],
        &["active", "past_due", "unpaid", "paused"],
        &["canceled", "incomplete_expired"],
    ],
    nested: &[Nested { list: "/items", object: "subscription_item", parent: "subscription", owned: true }],
    ..Kind::PLAIN
};
