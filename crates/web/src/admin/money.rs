//! Amounts as people write them: whole numbers in the currency's minor unit become decimal text, never through a float.

/// Currencies without decimals at Stripe: <https://docs.stripe.com/currencies#zero-decimal>.
const ZERO_DECIMAL: &[&str] =
    &["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];
/// Currencies with three decimals: <https://docs.stripe.com/currencies#three-decimal>.
const THREE_DECIMAL: &[&str] = &["bhd", "jod", "kwd", "omr", "tnd"];

/// `19.99 USD` for 1999 of `usd`; of ISK and UGX, which have no decimals, Stripe's API still counts hundredths.
pub(super) fn money(amount: i64, currency: &str) -> String {
    let currency = currency.to_ascii_lowercase();
    let sign = if amount < 0 { "−" } else { "" };
    let (whole, fraction) = match currency.as_str() {
        zero if ZERO_DECIMAL.contains(&zero) => (amount.unsigned_abs(), String::new()),
        three if THREE_DECIMAL.contains(&three) => {
            (amount.unsigned_abs() / 1_000, format!(".{:03}", amount.unsigned_abs() % 1_000))
        }
        _ => (amount.unsigned_abs() / 100, format!(".{:02}", amount.unsigned_abs() % 100)),
    };
    let whole = super::show::count(i64::try_from(whole).unwrap_or(i64::MAX));
    format!("{sign}{whole}{fraction} {}", currency.to_ascii_uppercase())
}

/// Whether a field of one of Stripe's objects is an amount of money, by its name.
pub(super) fn is_amount(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "total",
        "subtotal",
        "balance",
        "unit_amount",
        "tax",
        "net",
        "net_amount",
        "fee",
        "total_excluding_tax",
        "starting_balance",
        "ending_balance",
    ];
    NAMES.contains(&name) || name == "amount" || name.starts_with("amount_") || name.ends_with("_amount")
}

/// Whether a field of one of Stripe's objects is a time in unix seconds, by its name.
pub(super) fn is_time(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "created",
        "expires",
        "updated",
        "due_date",
        "start_date",
        "ended_at",
        "trial_start",
        "trial_end",
        "period_start",
        "period_end",
        "available_on",
        "arrival_date",
        "start",
        "end",
        "billing_cycle_anchor",
        "effective_at",
        "due_by",
        "redeem_by",
        "frozen_time",
        "deletes_after",
    ];
    NAMES.contains(&name)
        || name.ends_with("_at")
        || name.ends_with("_period_start")
        || name.ends_with("_period_end")
        || name.ends_with("_date")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_follow_the_decimals_of_their_currency() {
        for (amount, currency, text) in [
            (1999, "usd", "19.99 USD"),
            (5, "eur", "0.05 EUR"),
            (-1999, "usd", "−19.99 USD"),
            (500, "jpy", "500 JPY"),
            (1_234_567, "krw", "1,234,567 KRW"),
            (1234, "kwd", "1.234 KWD"),
            (0, "bhd", "0.000 BHD"),
            (500, "isk", "5.00 ISK"),
            (123_456_789, "usd", "1,234,567.89 USD"),
            (i64::MIN, "jpy", "−9,223,372,036,854,775,807 JPY"),
        ] {
            assert_eq!(money(amount, currency), text);
        }
    }

    #[test]
    fn names_tell_amounts_and_times() {
        assert!(is_amount("amount_due") && is_amount("unit_amount") && !is_amount("quantity"));
        assert!(is_time("created") && is_time("current_period_end") && is_time("canceled_at") && !is_time("status"));
    }
}
