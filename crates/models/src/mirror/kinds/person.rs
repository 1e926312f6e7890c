//! Persons behind connected accounts.

use super::super::{Column, Kind};
use super::CONNECT;

pub(super) const PERSON: Kind = Kind {
    object: "person",
    // Listed only for each account.
    path: None,
    table: "persons",
    plural: "persons",
    group: CONNECT,
    columns: &[
        Column::id_of("account", "connected_account", &["/account"]).listed(),
        Column::text("first_name", &["/first_name"]).listed().personal(),
        Column::text("last_name", &["/last_name"]).listed().personal(),
        Column::text("email", &["/email"]).personal(),
        Column::text("phone", &["/phone"]).personal(),
        Column::flag("representative", &["/relationship/representative"]).listed(),
        Column::flag("owner", &["/relationship/owner"]),
        Column::flag("director", &["/relationship/director"]),
        Column::flag("executive", &["/relationship/executive"]),
        Column::text("verification_status", &["/verification/status"]).listed(),
    ],
    ..Kind::PLAIN
};
