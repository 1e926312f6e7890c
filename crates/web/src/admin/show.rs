//! How values look on pages: states as badges, times, modes and ids. Each is a small template, so that it looks the same everywhere.

use askama::Template;
use time::OffsetDateTime;
use time::macros::format_description;
use tollgate_models::{deliveries, endpoints, events, replays, runs, tasks};

/// How a state is to be read: its colour and its icon; a word always stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Warn,
    Info,
    Waiting,
    Again,
    Quiet,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn | Self::Again => "warn",
            Self::Info | Self::Waiting => "info",
            Self::Quiet => "",
        }
    }

    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "cross",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Waiting => "clock",
            Self::Again => "again",
            Self::Quiet => "none",
        }
    }
}

/// A state: icon, word and colour.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/parts/badge.html")]
pub(super) struct Badge {
    tone: Tone,
    word: String,
}

impl askama::filters::HtmlSafe for Badge {}

impl Badge {
    pub(super) fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }
}

impl From<events::Status> for Badge {
    fn from(status: events::Status) -> Self {
        let tone = match status {
            events::Status::Pending => Tone::Waiting,
            events::Status::Processing => Tone::Info,
            events::Status::Processed => Tone::Good,
            events::Status::Failed => Tone::Again,
            events::Status::Dead => Tone::Bad,
            events::Status::Ignored => Tone::Quiet,
        };
        Self::new(tone, status.as_str())
    }
}

impl From<deliveries::Outcome> for Badge {
    fn from(outcome: deliveries::Outcome) -> Self {
        let tone = match outcome {
            deliveries::Outcome::Accepted => Tone::Good,
            deliveries::Outcome::Duplicate => Tone::Quiet,
            deliveries::Outcome::Refused => Tone::Bad,
            deliveries::Outcome::Shadow => Tone::Info,
        };
        Self::new(tone, outcome.as_str())
    }
}

impl From<runs::Outcome> for Badge {
    fn from(outcome: runs::Outcome) -> Self {
        let tone = match outcome {
            runs::Outcome::Succeeded => Tone::Good,
            runs::Outcome::Failed | runs::Outcome::Panicked | runs::Outcome::TimedOut => Tone::Bad,
            runs::Outcome::RolledBack => Tone::Warn,
        };
        Self::new(tone, outcome.as_str().replace('_', " "))
    }
}

impl From<tasks::Status> for Badge {
    fn from(status: tasks::Status) -> Self {
        let tone = match status {
            tasks::Status::Pending => Tone::Waiting,
            tasks::Status::Running => Tone::Info,
            tasks::Status::Succeeded => Tone::Good,
            tasks::Status::Failed => Tone::Again,
            tasks::Status::Dead => Tone::Bad,
        };
        Self::new(tone, status.as_str())
    }
}

impl From<replays::Status> for Badge {
    fn from(status: replays::Status) -> Self {
        let tone = match status {
            replays::Status::Running => Tone::Info,
            replays::Status::Done => Tone::Good,
            replays::Status::Stopped => Tone::Warn,
            replays::Status::Failed => Tone::Bad,
        };
        Self::new(tone, status.as_str())
    }
}

impl From<endpoints::Status> for Badge {
    fn from(status: endpoints::Status) -> Self {
        let tone = match status {
            endpoints::Status::Pending => Tone::Waiting,
            endpoints::Status::Enabled => Tone::Good,
            endpoints::Status::Disabled => Tone::Warn,
            endpoints::Status::Deleted => Tone::Quiet,
        };
        Self::new(tone, status.as_str())
    }
}

/// Live or test mode, always as a word.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "admin/parts/mode.html")]
pub(super) struct Mode {
    pub(super) live: bool,
}

impl askama::filters::HtmlSafe for Mode {}

/// An id in full, with a link if it leads somewhere, and a button that copies it.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/parts/id.html")]
pub(super) struct Id {
    text: String,
    href: Option<String>,
}

impl askama::filters::HtmlSafe for Id {}

impl Id {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: None }
    }

    pub(super) fn link(text: impl Into<String>, href: String) -> Self {
        Self { text: text.into(), href: Some(href) }
    }
}

/// A point in time, in UTC; with how long ago that is, if asked for.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/parts/stamp.html")]
pub(super) struct Stamp {
    millis: i64,
    iso: String,
    full: String,
    text: String,
    ago: String,
    relative: bool,
}

impl askama::filters::HtmlSafe for Stamp {}

impl Stamp {
    /// A time in unix milliseconds, short, with its distance from `now`: for lists.
    pub(super) fn short(millis: i64, now: i64) -> Self {
        let Some(at) = utc(millis) else { return Self::unknown(millis) };
        let this_year = utc(now).is_some_and(|now| now.year() == at.year());
        let text = if this_year {
            at.format(format_description!("[day padding:none] [month repr:short] [hour]:[minute]:[second]"))
        } else {
            at.format(format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]"))
        };
        Self { text: text.unwrap_or_default(), ..Self::full(millis, now) }
    }

    /// A time in unix milliseconds, whole, with its distance from `now`.
    pub(super) fn full(millis: i64, now: i64) -> Self {
        let Some(at) = utc(millis) else { return Self::unknown(millis) };
        let full = full_text(at);
        let iso = at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")).unwrap_or_default();
        Self { millis, iso, text: full.clone(), full, ago: ago(millis, now), relative: true }
    }

    /// The same without the distance.
    pub(super) fn alone(self) -> Self {
        Self { relative: false, ..self }
    }

    // A damaged or hostile number is shown as it is.
    fn unknown(millis: i64) -> Self {
        let text = millis.to_string();
        Self { millis, iso: String::new(), full: text.clone(), text, ago: String::new(), relative: false }
    }
}

/// A time in unix seconds as `2026-11-23 05:50:46 UTC`.
pub(super) fn seconds_text(seconds: i64) -> Option<String> {
    utc(seconds.checked_mul(1000)?).map(full_text)
}

fn full_text(at: OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC")).unwrap_or_default()
}

pub(super) fn utc(millis: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok().filter(|at| at.year() > 0)
}

/// How far a time is from now, in words: `3 min ago`, `in 5 min`.
pub(super) fn ago(millis: i64, now: i64) -> String {
    let seconds = now.saturating_sub(millis).div_euclid(1000);
    let span = match seconds.unsigned_abs() {
        0..5 => return "just now".to_owned(),
        s @ 5..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..172_800 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    };
    if seconds < 0 { format!("in {span}") } else { format!("{span} ago") }
}

/// A duration in microseconds as an operator reads it.
pub(super) fn duration(micros: i64) -> String {
    match micros {
        ..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// A size in bytes as an operator reads it.
pub(super) fn size(bytes: i64) -> String {
    match bytes {
        ..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{}.{} kB", bytes / 1_024, bytes % 1_024 * 10 / 1_024),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// A count with thousands set apart.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_distances_and_counts_read_well() {
        let now = 1_795_413_046_000;
        assert_eq!(seconds_text(1_795_413_046).as_deref(), Some("2026-11-23 05:50:46 UTC"));
        assert_eq!(Stamp::short(now, now).text, "23 Nov 05:50:46");
        assert_eq!(Stamp::short(now - 400 * 86_400_000, now).text, "19 Oct 2025, 05:50");
        for (millis, text) in
            [(0, "just now"), (61_000, "1 min ago"), (-300_000, "in 5 min"), (200_000_000, "2 days ago")]
        {
            assert_eq!(ago(now - millis, now), text);
        }
        assert_eq!(Stamp::short(i64::MAX, now).text, i64::MAX.to_string());
        assert_eq!([count(0), count(999), count(1_000), count(-1_234_567)], ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([duration(900), duration(12_340), duration(2_500_000)], ["900 µs", "12.3 ms", "2.5 s"]);
        assert_eq!([size(12), size(1_536), size(1_048_576)], ["12 B", "1.5 kB", "1.0 MB"]);
    }

    #[test]
    fn text_in_a_component_is_escaped() {
        let id = Id::plain("\"><script>").to_string();
        assert!(!id.contains("<script>"), "{id}");
    }
}
