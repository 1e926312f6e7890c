//! Charges.

use serde_json::{Value, json};

use super::Made;

/// A charge of a payment intent; it says `succeeded` until [`decline`] says otherwise.
pub(crate) fn charge(made: Made, intent: &Value, method: &Value, receipt: &str) -> Value {
    json!({
        "id": made.id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": null,
        "application_fee": null,
        "application_fee_amount": null,
        "balance_transaction": null,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "HARBOUR COFFEE",
        "captured": true,
        "created": made.created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": false,
        "failure_balance_transaction": null,
        "failure_code": null,
        "failure_message": null,
        "fraud_details": {},
        "livemode": made.livemode,
        "metadata": {},
        "on_behalf_of": null,
        "outcome": {
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": "approved_by_network",
            "reason": null,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": true,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": { "card": card(intent, method), "type": "card" },
        "receipt_email": null,
        "receipt_number": null,
        "receipt_url": format!("https://pay.stripe.com/receipts/invoices/{receipt}?s=ap"),
        "refunded": false,
        "review": null,
        "shipping": null,
        "source": null,
        "source_transfer": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "succeeded",
        "transfer_data": null,
        "transfer_group": null,
        "~invoice": intent["~invoice"],
    })
}

fn card(intent: &Value, method: &Value) -> Value {
    let card = &method["card"];
    json!({
        "amount_authorized": intent["amount"],
        "authorization_code": null,
        "brand": card["brand"],
        "checks": card["checks"],
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": { "status": "disabled" },
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": { "status": "unavailable" },
        "installments": null,
        "last4": card["last4"],
        "mandate": null,
        "multicapture": { "status": "unavailable" },
        "network": card["brand"],
        "network_token": { "used": false },
        "overcapture": { "maximum_amount_capturable": intent["amount"], "status": "unavailable" },
        "regulated_status": "unregulated",
        "three_d_secure": null,
        "wallet": null,
    })
}

/// Turns a charge into one that the bank declined.
pub(crate) fn decline(charge: &mut Value, reason: &str) {
    let message = match reason {
        "insufficient_funds" => "Your card has insufficient funds.",
        "expired_card" => "Your card has expired.",
        _ => "Your card was declined.",
    };
    charge["amount_captured"] = json!(0);
    charge["captured"] = json!(false);
    charge["failure_code"] = json!(if reason == "expired_card" { reason } else { "card_declined" });
    charge["failure_message"] = json!(message);
    charge["outcome"]["advice_code"] = json!("try_again_later");
    charge["outcome"]["network_decline_code"] = json!("51");
    charge["outcome"]["network_status"] = json!("declined_by_network");
    charge["outcome"]["reason"] = json!(reason);
    charge["outcome"]["seller_message"] = json!(format!("The bank returned the decline code `{reason}`."));
    charge["outcome"]["type"] = json!("issuer_declined");
    charge["paid"] = json!(false);
    charge["receipt_url"] = Value::Null;
    charge["status"] = json!("failed");
}
