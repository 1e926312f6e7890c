//! Accounts: our own and connected ones.

use super::super::{Column, Kind};
use super::{BY_ID, CONNECT};

pub(super) const ACCOUNT: Kind = Kind {
    object: "account",
    // Connected accounts; our own is at `/v1/account`.
    path: Some("/v1/accounts"),
    table: "accounts",
    plural: "accounts",
    group: CONNECT,
    key: BY_ID,
    columns: &[
        Column::text("email", &["/email"]).listed().personal(),
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
    ..Kind::PLAIN
};
