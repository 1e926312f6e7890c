//! Payment intents.

use serde_json::{Value, json};

use super::Made;

/// What is to be paid.
pub(crate) struct Due<'a> {
    pub(crate) customer: &'a str,
    pub(crate) payment_method: &'a str,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) description: &'a str,
    /// None when nothing is billed.
    pub(crate) invoice: Option<&'a str>,
    pub(crate) client_secret: &'a str,
}

/// An intent that waits for a working payment method.
pub(crate) fn payment_intent(made: Made, due: &Due) -> Value {
    json!({
        "id": made.id,
        "object": "payment_intent",
        "amount": due.amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": 0,
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": null,
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic",
        "client_secret": format!("{}_secret_{}", made.id, due.client_secret),
        "confirmation_method": "automatic",
        "created": made.created,
        "currency": due.currency,
        "customer": due.customer,
        "customer_account": null,
        "description": due.description,
        "excluded_payment_method_types": null,
        "last_payment_error": null,
        "latest_charge": null,
        "livemode": made.livemode,
        "metadata": {},
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": due.payment_method,
        "payment_method_configuration_details": null,
        "payment_method_options": {
            "card": {
                "installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic",
            },
        },
        "payment_method_types": ["card"],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": due.invoice.map(|_| "off_session"),
        "shipping": null,
        "source": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "requires_payment_method",
        "transfer_data": null,
        "transfer_group": null,
        "~invoice": due.invoice,
    })
}

/// Notes a payment that went through.
pub(crate) fn succeed(intent: &mut Value, charge: &str) {
    intent["amount_received"] = intent["amount"].clone();
    intent["last_payment_error"] = Value::Null;
    intent["latest_charge"] = json!(charge);
    intent["status"] = json!("succeeded");
}

/// Notes a payment that the bank declined.
pub(crate) fn fail(intent: &mut Value, charge: &Value, method: &Value) {
    intent["last_payment_error"] = json!({
        "advice_code": charge["outcome"]["advice_code"],
        "charge": charge["id"],
        "code": charge["failure_code"],
        "decline_code": charge["outcome"]["reason"],
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": charge["failure_message"],
        "payment_method": method,
        "type": "card_error",
    });
    intent["latest_charge"] = charge["id"].clone();
}
