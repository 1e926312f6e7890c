//! Charges.

use serde_json::{Value, json};

use super::{Made, text};
use crate::cards;

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
        "metadata": intent["metadata"],
        "on_behalf_of": intent["on_behalf_of"],
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
        "payment_method_details": details(intent, method),
        "receipt_email": intent["receipt_email"],
        "receipt_number": null,
        "receipt_url": format!("https://pay.stripe.com/receipts/invoices/{receipt}?s=ap"),
        "refunded": false,
        "review": null,
        "shipping": intent["shipping"],
        "source": null,
        "source_transfer": null,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded",
        "transfer_data": intent["transfer_data"],
        "transfer_group": intent["transfer_group"],
        "~invoice": intent["~invoice"],
    })
}

/// How it was paid: the payment method as it was then.
fn details(intent: &Value, method: &Value) -> Value {
    let kind = text(method, "/type");
    let shown = if kind == "card" { card(intent, method) } else { account(method, kind) };
    json!({ kind: shown, "type": kind })
}

fn account(method: &Value, kind: &str) -> Value {
    let mut shown = method[kind].clone();
    if let Some(fields) = shown.as_object_mut() {
        let beside = ["generated_from", "networks", "financial_connections_account", "status_details"];
        fields.retain(|name, _| !beside.contains(&name.as_str()));
    }
    shown["mandate"] = Value::Null;
    shown
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
    let decline = cards::decline(reason);
    charge["amount_captured"] = json!(0);
    charge["captured"] = json!(false);
    charge["failure_code"] = json!(decline.code);
    charge["failure_message"] = json!(decline.message);
    charge["outcome"]["advice_code"] = json!(decline.advice);
    charge["outcome"]["network_decline_code"] = json!(decline.network_code);
    charge["outcome"]["network_status"] = json!("declined_by_network");
    charge["outcome"]["reason"] = json!(reason);
    charge["outcome"]["seller_message"] = json!(format!("The bank returned the decline code `{reason}`."));
    charge["outcome"]["type"] = json!("issuer_declined");
    charge["paid"] = json!(false);
    charge["receipt_url"] = Value::Null;
    charge["status"] = json!("failed");
}

/// Turns a charge into one that the bank will tell of later.
pub(crate) fn wait(charge: &mut Value) {
    charge["paid"] = json!(false);
    charge["status"] = json!("pending");
}

/// Turns a charge into one whose money is only set aside.
pub(crate) fn hold(charge: &mut Value) {
    charge["amount_captured"] = json!(0);
    charge["captured"] = json!(false);
}
