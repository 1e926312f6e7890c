//! Payouts, transfers and what is taken back of them.

use serde_json::{Value, json};

use super::{Made, list};

/// A payout on its way to the account's bank.
pub(crate) fn payout(made: Made, amount: i64, currency: &str, arrives: i64, destination: &str) -> Value {
    json!({
        "id": made.id,
        "object": "payout",
        "amount": amount,
        "application_fee": null,
        "application_fee_amount": null,
        "arrival_date": arrives,
        "automatic": false,
        "balance_transaction": null,
        "created": made.created,
        "currency": currency,
        "description": null,
        "destination": destination,
        "failure_balance_transaction": null,
        "failure_code": null,
        "failure_message": null,
        "livemode": made.livemode,
        "metadata": {},
        "method": "standard",
        "original_payout": null,
        "payout_method": null,
        "reconciliation_status": "not_applicable",
        "reversed_by": null,
        "source_type": "card",
        "statement_descriptor": null,
        "status": "pending",
        "trace_id": null,
        "type": "bank_account",
    })
}

/// Money for a connected account.
pub(crate) fn transfer(made: Made, amount: i64, currency: &str, destination: &str, balance: &str) -> Value {
    json!({
        "id": made.id,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": balance,
        "created": made.created,
        "currency": currency,
        "description": null,
        "destination": destination,
        "livemode": made.livemode,
        "metadata": {},
        "reversals": list(Vec::new(), format!("/v1/transfers/{}/reversals", made.id)),
        "reversed": false,
        "source_transaction": null,
        "source_type": "card",
        "transfer_group": null,
    })
}

/// What a transfer gave is taken back.
pub(crate) fn transfer_reversal(made: Made, transfer: &Value, amount: i64, balance: &str) -> Value {
    json!({
        "id": made.id,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": balance,
        "created": made.created,
        "currency": transfer["currency"],
        "destination_payment_refund": null,
        "metadata": {},
        "source_refund": null,
        "transfer": transfer["id"],
    })
}
