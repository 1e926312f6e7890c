//! Payment links.

use super::super::{Column, Kind};
use super::PAYMENTS;

pub(super) const PAYMENT_LINK: Kind = Kind {
    object: "payment_link",
    path: Some("/v1/payment_links"),
    table: "payment_links",
    plural: "payment links",
    group: PAYMENTS,
    columns: &[
        Column::flag("active", &["/active"]).listed(),
        Column::text("url", &["/url"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::text("submit_type", &["/submit_type"]),
        Column::number("application_fee_amount", &["/application_fee_amount"]),
        Column::text("application_fee_percent", &["/application_fee_percent"]),
        Column::id_of("account", "on_behalf_of", &["/on_behalf_of"]),
        Column::id_of("account", "transfer_destination", &["/transfer_data/destination"]),
    ],
    ..Kind::PLAIN
};
