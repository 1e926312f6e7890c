//! Which features a customer may use: one object for each customer.

use super::super::{Column, Kind, Nested};
use super::CUSTOMERS;

pub(super) const ACTIVE_ENTITLEMENT_SUMMARY: Kind = Kind {
    object: "entitlements.active_entitlement_summary",
    // Sent by events alone.
    path: None,
    table: "active_entitlement_summaries",
    plural: "active entitlement summaries",
    group: CUSTOMERS,
    id: "/customer",
    columns: &[Column::id_of("customer", "customer", &["/customer"]).listed()],
    nested: &[Nested {
        list: "/entitlements",
        object: "entitlements.active_entitlement",
        parent: "customer",
        owned: true,
    }],
    ..Kind::PLAIN
};
