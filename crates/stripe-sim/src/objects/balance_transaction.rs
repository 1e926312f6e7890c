//! Balance transactions: what a charge, a refund or a dispute did to the balance.

use serde_json::{Value, json};

use super::Made;

/// One movement.
pub(crate) struct Movement<'a> {
    /// `charge`, `refund`, `adjustment`, `payout` or `transfer`.
    pub(crate) kind: &'a str,
    /// The charge, refund or dispute.
    pub(crate) source: &'a str,
    /// In minor units, negative when money leaves.
    pub(crate) amount: i64,
    pub(crate) fee: i64,
    pub(crate) currency: &'a str,
    pub(crate) description: Option<&'a str>,
}

/// A movement: what a charge brings, and what is taken of it, is available two days later.
pub(crate) fn balance_transaction(made: Made, movement: &Movement) -> Value {
    let fees = if movement.fee == 0 {
        json!([])
    } else {
        json!([{
            "amount": movement.fee,
            "application": null,
            "currency": movement.currency,
            "description": if movement.kind == "charge" { "Stripe processing fees" } else { "Dispute fee" },
            "type": "stripe_fee",
        }])
    };
    let earned = matches!(movement.kind, "charge" | "refund");
    json!({
        "id": made.id,
        "object": "balance_transaction",
        "amount": movement.amount,
        "available_on": if earned { made.created + 2 * 24 * 3600 } else { made.created },
        "balance_type": "payments",
        "created": made.created,
        "currency": movement.currency,
        "description": movement.description,
        "exchange_rate": null,
        "fee": movement.fee,
        "fee_details": fees,
        "net": movement.amount - movement.fee,
        "reporting_category": if movement.kind == "adjustment" { "dispute" } else { movement.kind },
        "source": movement.source,
        "status": if earned { "pending" } else { "available" },
        "type": movement.kind,
    })
}

/// Stripe's fee for a card in the United States: 2.9 % and 30 cents.
pub(crate) fn card_fee(amount: i64) -> i64 {
    (amount * 29 + 500) / 1000 + 30
}
