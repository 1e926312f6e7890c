//! For how long the old and the new are both taken while a secret is rotated.

use std::time::Duration;

/// The overlap unless it is said otherwise; Stripe's dashboard offers no more.
pub const DEFAULT_OVERLAP: Duration = Duration::from_secs(24 * 3600);
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Reads an overlap: `0`, or a number with its unit, as `90s`, `30m`, `24h` or `7d`.
///
/// # Errors
/// What is wrong with the text, in words for whoever wrote it.
pub fn overlap(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let wrong = || "the overlap must be 0 or a number with its unit, for example 30m, 24h or 7d".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "" if number == 0 => 0,
        _ => return Err(wrong()),
    };
    let overlap = Duration::from_secs(number.saturating_mul(seconds));
    if overlap > LONGEST {
        return Err(format!("the overlap may be {} at the most", span(LONGEST)));
    }
    Ok(overlap)
}

/// An overlap in words.
pub fn span(overlap: Duration) -> String {
    let seconds = overlap.as_secs();
    let (number, unit) = match seconds {
        s if s > 0 && s % 86_400 == 0 && s > 86_400 => (s / 86_400, "day"),
        s if s > 0 && s % 3600 == 0 => (s / 3600, "hour"),
        s if s > 0 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// As unix milliseconds count it.
pub(super) fn millis(overlap: Duration) -> i64 {
    i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_read_with_their_unit_up_to_30_days() {
        for (text, seconds) in
            [("0", 0), ("0s", 0), ("90s", 90), ("30m", 1800), (" 24h ", 86_400), ("7d", 604_800), ("720h", 2_592_000)]
        {
            assert_eq!(overlap(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        let wrong = ["", "24", "-1h", "h", "1.5h", "1 h", "1w", "1H", "٣h", "31d", "721h", "99999999999999999999d"];
        for text in wrong.into_iter().chain(["18446744073709551615d", "1h\0"]) {
            assert!(overlap(text).is_err(), "{text}");
        }
    }

    #[test]
    fn overlaps_are_said_in_words() {
        let said = [0, 1, 90, 60, 1800, 3600, 86_400, 172_800, 604_800].map(|s| span(Duration::from_secs(s)));
        let words =
            ["0 seconds", "1 second", "90 seconds", "1 minute", "30 minutes", "1 hour", "24 hours", "2 days", "7 days"];
        assert_eq!(said, words);
    }
}
