//! Payment intents.

use serde_json::{Value, json};

use super::{Made, text};

/// What is to be paid.
#[derive(Clone, Copy, Default)]
pub(crate) struct Due<'a> {
    pub(crate) customer: Option<&'a str>,
    pub(crate) payment_method: Option<&'a str>,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) description: Option<&'a str>,
    /// None when nothing is billed.
    pub(crate) invoice: Option<&'a str>,
}

/// An intent that waits for a working payment method, or for its confirmation if it has one.
pub(crate) fn payment_intent(made: Made, due: &Due, client_secret: &str) -> Value {
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
        "client_secret": format!("{}_secret_{client_secret}", made.id),
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
        "status": if due.payment_method.is_some() { "requires_confirmation" } else { "requires_payment_method" },
        "transfer_data": null,
        "transfer_group": null,
        "~invoice": due.invoice,
    })
}

/// Notes a payment that went through.
pub(crate) fn succeed(intent: &mut Value, amount: i64, charge: &str) {
    leave_last_try(intent);
    intent["amount_capturable"] = json!(0);
    intent["amount_received"] = json!(amount);
    intent["latest_charge"] = json!(charge);
    intent["status"] = json!("succeeded");
}

/// Notes a payment that the bank has set aside, to be captured later.
pub(crate) fn hold(intent: &mut Value, charge: &str) {
    leave_last_try(intent);
    intent["amount_capturable"] = intent["amount"].clone();
    intent["latest_charge"] = json!(charge);
    intent["status"] = json!("requires_capture");
}

/// Notes a payment that the bank will tell of later.
pub(crate) fn process(intent: &mut Value, charge: &str) {
    leave_last_try(intent);
    intent["latest_charge"] = json!(charge);
    // Of payment methods other than cards Stripe says nothing here.
    intent["processing"] = Value::Null;
    intent["status"] = json!("processing");
}

fn leave_last_try(intent: &mut Value) {
    intent["last_payment_error"] = Value::Null;
    intent["next_action"] = Value::Null;
    intent["processing"] = Value::Null;
}

/// Notes that the customer has to authenticate; where depends on how the intent was confirmed.
pub(crate) fn require_action(intent: &mut Value, base: &str) {
    leave_last_try(intent);
    let id = text(intent, "/id").to_owned();
    intent["next_action"] = match intent["~return_url"].as_str() {
        Some(return_url) => json!({
            "redirect_to_url": { "return_url": return_url, "url": format!("{base}/authenticate/{id}") },
            "type": "redirect_to_url",
        }),
        None => json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } }),
    };
    intent["status"] = json!("requires_action");
}

/// Notes a payment that did not go through.
pub(crate) fn fail(intent: &mut Value, error: Value, charge: &Value) {
    leave_last_try(intent);
    intent["last_payment_error"] = error;
    if !charge.is_null() {
        intent["latest_charge"] = charge.clone();
    }
    intent["payment_method"] = Value::Null;
    intent["status"] = json!("requires_payment_method");
}
