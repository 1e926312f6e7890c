//! Setup intents.

use serde_json::{Value, json};

use super::Made;

/// An intent to keep a payment method for later.
pub(crate) fn setup_intent(
    made: Made,
    customer: Option<&str>,
    payment_method: Option<&str>,
    client_secret: &str,
) -> Value {
    json!({
        "id": made.id,
        "object": "setup_intent",
        "application": null,
        "automatic_payment_methods": null,
        "cancellation_reason": null,
        "client_secret": format!("{}_secret_{client_secret}", made.id),
        "created": made.created,
        "customer": customer,
        "customer_account": null,
        "description": null,
        "excluded_payment_method_types": null,
        "flow_directions": null,
        "last_setup_error": null,
        "latest_attempt": null,
        "livemode": made.livemode,
        "mandate": null,
        "metadata": {},
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": payment_method,
        "payment_method_configuration_details": null,
        "payment_method_options": {
            "card": { "mandate_options": null, "network": null, "request_three_d_secure": "automatic" },
        },
        "payment_method_types": ["card"],
        "single_use_mandate": null,
        "status": if payment_method.is_some() { "requires_confirmation" } else { "requires_payment_method" },
        "usage": "off_session",
    })
}
