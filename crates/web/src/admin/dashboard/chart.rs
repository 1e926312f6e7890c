//! The bars of the last 24 hours, as rectangles that the template draws.

use std::collections::BTreeMap;

use tollgate_models::event_counts::Hour;

use crate::admin::show::{count, utc};

/// In milliseconds.
pub(in crate::admin) const HOUR: i64 = 3_600_000;
const HOURS: i64 = 24;
const WIDTH: i64 = 960;
const HEIGHT: i64 = 150;
const GAP: i64 = 4;
/// The width of the bar of refused deliveries.
const THIN: i64 = 7;
/// The height of the smallest count, so that a single event in a busy day is still to be seen.
const LEAST: i64 = 2;

pub(in crate::admin) struct Bar {
    pub(in crate::admin) class: &'static str,
    pub(in crate::admin) x: i64,
    pub(in crate::admin) y: i64,
    pub(in crate::admin) width: i64,
    pub(in crate::admin) height: i64,
    pub(in crate::admin) title: String,
}

pub(in crate::admin) struct HourRow {
    pub(in crate::admin) label: String,
    pub(in crate::admin) fine: String,
    pub(in crate::admin) trouble: String,
    pub(in crate::admin) refused: String,
}

/// The chart with its table.
pub(in crate::admin) struct Chart {
    pub(in crate::admin) bars: Vec<Bar>,
    pub(in crate::admin) labels: Vec<String>,
    pub(in crate::admin) hours: Vec<HourRow>,
    pub(in crate::admin) most: String,
    pub(in crate::admin) summary: String,
}

/// The first hour that is drawn, in unix milliseconds / [`HOUR`].
pub(in crate::admin) fn first_hour(now: i64) -> i64 {
    now.div_euclid(HOUR) - HOURS + 1
}

impl Chart {
    /// Draws the hours up to the one that runs.
    pub(in crate::admin) fn new(hours: &BTreeMap<i64, Hour>, now: i64) -> Self {
        let first = first_hour(now);
        let shown: Vec<(i64, Hour)> =
            (first..first + HOURS).map(|hour| (hour, hours.get(&hour).copied().unwrap_or_default())).collect();
        let most = shown.iter().map(|(_, hour)| arrived(hour)).max().unwrap_or_default();
        let all: i64 = shown.iter().map(|(_, hour)| arrived(hour)).sum();
        let positions = shown.iter().zip(0..);
        Self {
            bars: positions.flat_map(|((hour, counts), at)| bars_of(at, *hour, counts, most)).collect(),
            labels: shown.iter().step_by(6).map(|(hour, _)| label(*hour)).chain(["now".to_owned()]).collect(),
            hours: shown.iter().rev().map(|(hour, counts)| hour_row(*hour, counts)).collect(),
            most: count(most),
            summary: format!(
                "{} events arrived in the last 24 hours; the most in one hour were {}",
                count(all),
                count(most)
            ),
        }
    }
}

fn arrived(hour: &Hour) -> i64 {
    hour.fine + hour.in_trouble
}

/// The bars of one hour: what arrived, stacked, and beside it what was refused. A flood of forgeries must not flatten the
/// events, so the events set the scale, and the refused are cut at the top.
fn bars_of(position: i64, hour: i64, counts: &Hour, most: i64) -> Vec<Bar> {
    let left = position * WIDTH / HOURS + GAP / 2;
    let scaled = |number: i64| (number.saturating_mul(HEIGHT - 2 * LEAST) / most.max(1)).clamp(LEAST, HEIGHT);
    let mut bars = Vec::new();
    let mut add = |class, name, number: i64, bottom: i64, (x, width)| {
        if number == 0 {
            return bottom;
        }
        let (height, title) = (scaled(number), format!("{}: {} {name}", label(hour), count(number)));
        bars.push(Bar { class, x, y: bottom - height, width, height, title });
        bottom - height
    };
    let wide = (left, WIDTH / HOURS - GAP - THIN - 1);
    let floor = add("fine", "fine", counts.fine, HEIGHT, wide);
    add("trouble", "failed or dead", counts.in_trouble, floor, wide);
    add("refused", "refused", counts.refused, HEIGHT, (left + wide.1 + 1, THIN));
    bars
}

fn label(hour: i64) -> String {
    utc(hour * HOUR).map(|at| format!("{:02}:00", at.hour())).unwrap_or_default()
}

fn hour_row(hour: i64, counts: &Hour) -> HourRow {
    HourRow {
        label: label(hour),
        fine: count(counts.fine),
        trouble: count(counts.in_trouble),
        refused: count(counts.refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_inside_the_chart_and_show_the_smallest_count() {
        let now = 1_795_413_046_000;
        let first = first_hour(now);
        let hours = BTreeMap::from([
            (first, Hour { fine: 1_000_000, in_trouble: 1, refused: 90_000_000 }),
            (first + 23, Hour { fine: 1, in_trouble: 0, refused: 0 }),
            (first - 1, Hour { fine: 5, in_trouble: 5, refused: 5 }),
        ]);
        let chart = Chart::new(&hours, now);
        assert_eq!((chart.bars.len(), chart.hours.len()), (4, 24));
        for bar in &chart.bars {
            assert!(bar.y >= 0 && bar.y + bar.height <= HEIGHT && bar.x + bar.width <= WIDTH && bar.height > 0);
        }
        assert_eq!(Chart::new(&BTreeMap::new(), now).bars.len(), 0);
    }
}
