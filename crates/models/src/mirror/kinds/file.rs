//! Files.

use super::super::{Column, Kind, Nested};
use super::FILES;

pub(super) const FILE: Kind = Kind {
    object: "file",
    path: Some("/v1/files"),
    table: "files",
    plural: "files",
    group: FILES,
    columns: &[
        Column::text("filename", &["/filename"]).listed().personal(),
        Column::text("title", &["/title"]).personal(),
        Column::text("purpose", &["/purpose"]).listed().filtered(),
        Column::text("type", &["/type"]).listed(),
        Column::number("size", &["/size"]).listed(),
        Column::number("expires_at", &["/expires_at"]),
    ],
    nested: &[Nested { list: "/links", object: "file_link", parent: "file", owned: false }],
    ..Kind::PLAIN
};
