//! Disputes.

use serde_json::{Value, json};

use super::{Made, text};

/// How long the merchant has to answer, in seconds.
const TO_ANSWER: i64 = 9 * 24 * 3600;

/// A dispute of a whole charge that needs an answer; an inquiry has taken no money yet.
pub(crate) fn dispute(made: Made, charge: &Value, reason: &str, balance: Option<&Value>) -> Value {
    let brand = text(charge, "/payment_method_details/card/brand");
    let case = if balance.is_some() { "chargeback" } else { "inquiry" };
    json!({
        "id": made.id,
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": balance.into_iter().collect::<Vec<_>>(),
        "charge": charge["id"],
        "created": made.created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": evidence(charge),
        "evidence_details": {
            "due_by": made.created + TO_ANSWER,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": balance.is_none(),
        "livemode": made.livemode,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": { "brand": brand, "case_type": case, "network_reason_code": "10.4" },
            "type": "card",
        },
        "reason": reason,
        "status": if balance.is_some() { "needs_response" } else { "warning_needs_response" },
    })
}

fn evidence(charge: &Value) -> Value {
    json!({
        "access_activity_log": null,
        "billing_address": null,
        "cancellation_policy": null,
        "cancellation_policy_disclosure": null,
        "cancellation_rebuttal": null,
        "customer_communication": null,
        "customer_email_address": charge["billing_details"]["email"],
        "customer_name": charge["billing_details"]["name"],
        "customer_purchase_ip": null,
        "customer_signature": null,
        "duplicate_charge_documentation": null,
        "duplicate_charge_explanation": null,
        "duplicate_charge_id": null,
        "enhanced_evidence": {},
        "product_description": null,
        "receipt": null,
        "refund_policy": null,
        "refund_policy_disclosure": null,
        "refund_refusal_explanation": null,
        "service_date": null,
        "service_documentation": null,
        "shipping_address": null,
        "shipping_carrier": null,
        "shipping_date": null,
        "shipping_documentation": null,
        "shipping_tracking_number": null,
        "uncategorized_file": null,
        "uncategorized_text": null,
    })
}
