//! Capabilities of connected accounts; their ids are the same in each.

use super::super::{Column, Kind};
use super::CONNECT;

pub(super) const CAPABILITY: Kind = Kind {
    object: "capability",
    // Listed only for each account.
    path: None,
    table: "capabilities",
    plural: "capabilities",
    group: CONNECT,
    columns: &[
        Column::id_of("account", "connected_account", &["/account"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::flag("requested", &["/requested"]).listed(),
        Column::number("requested_at", &["/requested_at"]),
        Column::text("disabled_reason", &["/requirements/disabled_reason"]).listed(),
    ],
    ..Kind::PLAIN
};
