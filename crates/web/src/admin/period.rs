//! Spans of time in filters: presets that move with the clock, and fixed bounds in UTC.

use time::PrimitiveDateTime;
use time::macros::format_description;

use super::fields::Fields;
use crate::Error;

const HOUR: i64 = 3_600_000;

/// The presets with their labels.
pub(super) const PERIODS: [(&str, &str); 5] =
    [("", "Any time"), ("1h", "Last hour"), ("24h", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days")];

/// From when and until when, in unix milliseconds; a fixed bound wins over the preset.
pub(super) fn bounds(query: &Fields, now: i64) -> Result<(Option<i64>, Option<i64>), Error> {
    let preset = match query.get("period") {
        "1h" => Some(now - HOUR),
        "24h" => Some(now - 24 * HOUR),
        "7d" => Some(now - 7 * 24 * HOUR),
        "30d" => Some(now - 30 * 24 * HOUR),
        _ => None,
    };
    let from = query.some("from").map(moment).transpose()?;
    let until = query.some("until").map(moment).transpose()?;
    Ok((from.or(preset), until))
}

/// A time in unix milliseconds as the filter's field has it, in whole seconds.
pub(super) fn text(millis: i64) -> Option<String> {
    let at = super::show::utc(millis)?;
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).ok()
}

/// A time as a field has it, in UTC; in unix milliseconds.
pub(super) fn moment(text: &str) -> Result<i64, Error> {
    let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let minutes = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let parsed = PrimitiveDateTime::parse(text, seconds).or_else(|_| PrimitiveDateTime::parse(text, minutes));
    let parsed =
        parsed.map_err(|_| Error::BadRequest(format!("{text:.40} is no time: write for example 2026-11-23T05:50")))?;
    Ok(parsed.assume_utc().unix_timestamp() * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_in_utc() {
        let read = |query: &str| bounds(&Fields::parse(query.as_bytes()), 1_795_413_046_000);
        assert_eq!(read("period=1h").unwrap(), (Some(1_795_409_446_000), None));
        assert_eq!(read("period=1h&from=2026-11-23T05:50").unwrap(), (Some(1_795_413_000_000), None));
        assert_eq!(read("until=2026-11-23T05:50:46").unwrap(), (None, Some(1_795_413_046_000)));
        assert!(read("from=yesterday").is_err());
        assert_eq!(text(1_795_413_046_999).as_deref(), Some("2026-11-23T05:50:46"));
        assert_eq!(text(i64::MAX), None);
    }
}
