//! How many refused deliveries of one endpoint become rows: beyond a number in a minute they are counted on the last row,
//! so that a leaked URL cannot fill the disk.

use std::collections::HashMap;

use tollgate_models::deliveries::Outcome;
use tollgate_models::intake::Arrival;

/// Rows that one endpoint's refusals may make in a minute.
const ROWS_A_MINUTE: u32 = 60;
const MINUTE: i64 = 60_000;

#[derive(Default)]
struct Recent {
    minute: i64,
    rows: u32,
    last_row: Option<i64>,
}

/// What each endpoint's refusals made of the current minute.
#[derive(Default)]
pub(super) struct Refusals(HashMap<Option<String>, Recent>);

/// What becomes of an arrival.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A row of its own.
    Row,
    /// A count on this row.
    CountedOn(i64),
    /// A count on the endpoint's last refusal before it in the same batch, which has no number yet.
    CountedOnLast,
}

impl Refusals {
    /// Settles where an arrival goes; `now` in unix milliseconds.
    pub(super) fn place(&mut self, arrival: &Arrival, now: i64) -> Place {
        if arrival.delivery.outcome != Outcome::Refused {
            return Place::Row;
        }
        let recent = self.0.entry(arrival.delivery.endpoint_uuid.clone()).or_default();
        let minute = now.div_euclid(MINUTE);
        if recent.minute != minute {
            *recent = Recent { minute, rows: 0, last_row: None };
        }
        if recent.rows < ROWS_A_MINUTE {
            recent.rows += 1;
            return Place::Row;
        }
        recent.last_row.map_or(Place::CountedOnLast, Place::CountedOn)
    }

    /// Remembers the row that an endpoint's refusal got.
    pub(super) fn stored(&mut self, endpoint_uuid: Option<&str>, row: i64) {
        if let Some(recent) = self.0.get_mut(&endpoint_uuid.map(str::to_owned)) {
            recent.last_row = Some(row);
        }
    }
}
