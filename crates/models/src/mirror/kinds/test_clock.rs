//! Test clocks.

use super::super::{Column, Kind};
use super::FILES;

pub(super) const TEST_CLOCK: Kind = Kind {
    object: "test_helpers.test_clock",
    path: Some("/v1/test_helpers/test_clocks"),
    table: "test_clocks",
    plural: "test clocks",
    group: FILES,
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::number("frozen_time", &["/frozen_time"]).listed(),
        Column::number("deletes_after", &["/deletes_after"]).listed(),
    ],
    ..Kind::PLAIN
};
