//! Configurations of the customer portal.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const BILLING_PORTAL_CONFIGURATION: Kind = Kind {
    object: "billing_portal.configuration",
    path: Some("/v1/billing_portal/configurations"),
    table: "billing_portal_configurations",
    plural: "portal configurations",
    group: BILLING,
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::flag("is_default", &["/is_default"]).listed(),
        Column::text("default_return_url", &["/default_return_url"]),
        Column::flag("login_page_enabled", &["/login_page/enabled"]),
        Column::number("updated", &["/updated"]).listed(),
    ],
    ..Kind::PLAIN
};
