//! Accounts: our own and connected ones.

use super::super::{Column, Kind};

pub(super) const ACCOUNT: Kind = Kind {
    object: "account",
    table: "accounts",
    plural: "accounts",
    columns: &[
        Column::text("email", &["/email"]).listed(),
        Column::text(
            "business_name",
            &["/business_profile/name", "/settings/dashboard/display_name", "/business_name", "/display_name"],
        )
        .listed(),
        Column::text("country", &["/country"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::flag("charges_enabled", &["/charges_enabled"]).listed(),
        Column::flag("payouts_enabled", &["/payouts_enabled"]),
        Column::text("default_currency", &["/default_currency"]),
    ],
    lifecycle: &[],
    nested: &[],
};
