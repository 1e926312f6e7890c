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
        let most = shown.iter().map(|(_, hour)| total(hour)).max().unwrap_or_default();
        let arrived: i64 = shown.iter().map(|(_, hour)| hour.fine + hour.in_trouble).sum();
        let mut bars = Vec::new();
        for (position, (hour, counts)) in shown.iter().enumerate() {
            stack(&mut bars, position as i64, *hour, counts, most);
        }
        Self {
            bars,
            labels: shown.iter().step_by(6).map(|(hour, _)| label(*hour)).chain(["now".to_owned()]).collect(),
            hours: shown.iter().rev().map(|(hour, counts)| hour_row(*hour, counts)).collect(),
            most: count(most),
            summary: format!(
                "{} events arrived in the last 24 hours; the most in one hour were {}",
                count(arrived),
                count(most)
            ),
        }
    }
}

fn total(hour: &Hour) -> i64 {
    hour.fine + hour.in_trouble + hour.refused
}

fn stack(bars: &mut Vec<Bar>, position: i64, hour: i64, counts: &Hour, most: i64) {
    let mut floor = HEIGHT;
    for (class, name, number) in [
        ("fine", "fine", counts.fine),
        ("trouble", "failed or dead", counts.in_trouble),
        ("refused", "refused", counts.refused),
    ] {
        if number == 0 {
            continue;
        }
        let height = number.saturating_mul(HEIGHT - 3 * LEAST) / most.max(1);
        let height = height.max(LEAST);
        floor -= height;
        bars.push(Bar {
            class,
            x: position * WIDTH / HOURS + GAP / 2,
            y: floor,
            width: WIDTH / HOURS - GAP,
            height,
            title: format!("{}: {} {name}", label(hour), count(number)),
        });
    }
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
            (first, Hour { fine: 1_000_000, in_trouble: 1, refused: 1 }),
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
