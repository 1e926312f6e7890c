//! Features that a customer may use.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const ACTIVE_ENTITLEMENT: Kind = Kind {
    object: "entitlements.active_entitlement",
    // Listed only for each customer.
    path: None,
    table: "active_entitlements",
    plural: "active entitlements",
    group: CUSTOMERS,
    columns: &[
        // Only its place in a summary tells.
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("entitlements.feature", "feature", &["/feature"]).listed(),
        Column::text("lookup_key", &["/lookup_key"]).listed().filtered(),
    ],
    ..Kind::PLAIN
};
