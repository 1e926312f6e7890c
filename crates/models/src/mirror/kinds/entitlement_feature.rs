//! Features that products come with.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const ENTITLEMENT_FEATURE: Kind = Kind {
    object: "entitlements.feature",
    path: Some("/v1/entitlements/features"),
    table: "entitlement_features",
    plural: "entitlement features",
    group: CATALOG,
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::text("lookup_key", &["/lookup_key"]).listed().filtered(),
        Column::flag("active", &["/active"]).listed(),
    ],
    ..Kind::PLAIN
};
