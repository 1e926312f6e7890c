//! Amounts in minor units: shares of a period, discounts, and how they are spread.

/// The part of an amount for what is left of a period, rounded to the nearest, halves away from zero.
pub(crate) fn prorated(amount: i64, left: i64, period: i64) -> i64 {
    share(amount, left.clamp(0, period.max(0)), period)
}

/// So many per cent of an amount.
pub(crate) fn percent(amount: i64, percent: f64) -> i64 {
    // Stripe takes two decimals, so hundredths of a per cent are exact.
    #[expect(clippy::cast_possible_truncation, reason = "a percentage is at most 100")]
    let hundredths = (percent.clamp(0.0, 100.0) * 100.0).round() as i64;
    share(amount, hundredths, 10_000)
}

/// An amount spread over others in proportion; the parts add up to it.
pub(crate) fn spread(amount: i64, over: &[i64]) -> Vec<i64> {
    let (mut left, mut rest) = (amount, over.iter().sum::<i64>());
    over.iter()
        .map(|part| {
            let taken = share(left, *part, rest);
            left -= taken;
            rest -= part;
            taken
        })
        .collect()
}

fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let exact = i128::from(amount) * i128::from(part) * 2;
    let whole = i128::from(whole) * 2;
    let rounded = (exact.abs() + whole.abs() / 2) / whole.abs() * exact.signum() * whole.signum();
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{percent, prorated, spread};

    #[test]
    fn what_is_left_of_a_period_is_rounded_to_the_nearest() {
        let cases = [
            (1000, 15, 30, 500),
            (1000, 1, 3, 333),
            (-1000, 1, 3, -333),
            (1, 1, 2, 1),
            (-1, 1, 2, -1),
            (1000, 40, 30, 1000),
            (1000, -1, 30, 0),
            (1000, 5, 0, 0),
        ];
        for (amount, left, period, expected) in cases {
            assert_eq!(prorated(amount, left, period), expected, "{amount} {left}/{period}");
        }
    }

    #[test]
    fn percentages_have_two_decimals() {
        let cases = [(1000, 25.5, 255), (999, 10.0, 100), (1000, 33.33, 333), (1000, 150.0, 1000), (1000, -5.0, 0)];
        for (amount, percentage, expected) in cases {
            assert_eq!(percent(amount, percentage), expected, "{percentage} % of {amount}");
        }
    }

    proptest! {
        #[test]
        fn what_is_spread_adds_up(amount in 0_i64..1_000_000, over in prop::collection::vec(0_i64..100_000, 1..8)) {
            prop_assume!(over.iter().sum::<i64>() > 0);
            prop_assert_eq!(spread(amount, &over).iter().sum::<i64>(), amount);
        }
    }
}
