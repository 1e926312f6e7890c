//! Billing periods by the calendar: months are as long as they are, and the 31st becomes the last day of a short one.

use time::{Date, Month, OffsetDateTime};

const DAY: i64 = 24 * 3600;

/// The time so many intervals (`day`, `week`, `month`, `year`) after a time, both in unix seconds.
pub(crate) fn after(unix: i64, interval: &str, count: i64) -> i64 {
    match interval {
        "day" => unix.saturating_add(count.saturating_mul(DAY)),
        "week" => unix.saturating_add(count.saturating_mul(7 * DAY)),
        "year" => months_after(unix, count.saturating_mul(12)),
        _ => months_after(unix, count),
    }
}

/// The first end of a period after `from`, for periods that are counted from an anchor, so that a 31st comes back.
pub(crate) fn next_end(anchor: i64, from: i64, interval: &str, count: i64) -> i64 {
    let count = count.max(1);
    // Two periods less than what fits at their longest, so that only a few remain to be tried.
    let longest = after(0, interval, count).max(DAY) + 2 * DAY;
    let mut periods = ((from - anchor) / longest - 2).max(0);
    loop {
        let end = after(anchor, interval, periods.saturating_mul(count));
        if end > from || end == i64::MAX {
            return end;
        }
        periods += 1;
    }
}

fn months_after(unix: i64, months: i64) -> i64 {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(unix) else { return i64::MAX };
    let total = i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).unwrap_or(i32::MAX);
    let month = u8::try_from(total.rem_euclid(12) + 1).ok().and_then(|number| Month::try_from(number).ok());
    let Some(month) = month else { return i64::MAX };
    let date = Date::from_calendar_date(year, month, at.day().min(month.length(year)));
    date.map_or(i64::MAX, |date| at.replace_date(date).unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::{after, next_end};
    use crate::clock::unix;

    fn at(day: &str) -> i64 {
        unix(&format!("{day}T10:00:00Z")).unwrap()
    }

    #[test]
    fn months_keep_their_day_where_there_is_one() {
        let cases = [
            ("2026-01-15", "month", 1, "2026-02-15"),
            ("2026-01-31", "month", 1, "2026-02-28"),
            ("2028-01-31", "month", 1, "2028-02-29"),
            ("2026-01-31", "month", 2, "2026-03-31"),
            ("2026-11-30", "month", 3, "2027-02-28"),
            ("2028-02-29", "year", 1, "2029-02-28"),
            ("2026-12-31", "day", 1, "2027-01-01"),
            ("2026-12-31", "week", 2, "2027-01-14"),
        ];
        for (from, interval, count, to) in cases {
            assert_eq!(after(at(from), interval, count), at(to), "{from} {count} {interval}");
        }
    }

    #[test]
    fn the_end_of_a_period_is_counted_from_the_anchor() {
        let anchor = at("2026-01-31");
        let cases = [
            ("2026-01-31", "2026-02-28"),
            ("2026-02-28", "2026-03-31"),
            ("2026-03-30", "2026-03-31"),
            ("2036-06-30", "2036-07-31"),
            ("2025-06-30", "2026-01-31"),
        ];
        for (from, end) in cases {
            assert_eq!(next_end(anchor, at(from), "month", 1), at(end), "{from}");
        }
        assert_eq!(next_end(anchor, anchor + 10, "day", 1), anchor + 24 * 3600);
        assert_eq!(next_end(anchor, i64::MAX - 1, "year", 1), i64::MAX);
    }
}
