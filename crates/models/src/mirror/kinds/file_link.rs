//! Links to files. Whoever has the URL has the file, so it has no column.

use super::super::{Column, Kind};
use super::FILES;

pub(super) const FILE_LINK: Kind = Kind {
    object: "file_link",
    path: Some("/v1/file_links"),
    table: "file_links",
    plural: "file links",
    group: FILES,
    columns: &[
        Column::id_of("file", "file", &["/file"]).listed(),
        Column::flag("expired", &["/expired"]).listed(),
        Column::number("expires_at", &["/expires_at"]).listed(),
    ],
    ..Kind::PLAIN
};
