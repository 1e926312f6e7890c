//! The billing portal: how it is set up, and visits to it.

use serde_json::{Value, json};

use super::Made;

/// A set-up in which nothing may be done yet.
pub(crate) fn configuration(made: Made, is_default: bool) -> Value {
    json!({
        "id": made.id,
        "object": "billing_portal.configuration",
        "active": true,
        "application": null,
        "business_profile": { "headline": null, "privacy_policy_url": null, "terms_of_service_url": null },
        "created": made.created,
        "default_return_url": null,
        "features": {
            "customer_update": { "allowed_updates": [], "enabled": false },
            "invoice_history": { "enabled": false },
            "payment_method_update": { "enabled": false, "payment_method_configuration": null },
            "subscription_cancel": {
                "cancellation_reason": { "enabled": false, "options": [] },
                "enabled": false,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_update": {
                "billing_cycle_anchor": null,
                "default_allowed_updates": [],
                "enabled": false,
                "proration_behavior": "none",
                "schedule_at_period_end": { "conditions": [] },
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": is_default,
        "livemode": made.livemode,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": made.created,
    })
}

/// One visit of a customer.
pub(crate) fn session(made: Made, configuration: &Value, customer: &str, url: &str) -> Value {
    json!({
        "id": made.id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": made.created,
        "customer": customer,
        "customer_account": null,
        "flow": null,
        "livemode": made.livemode,
        "locale": null,
        "on_behalf_of": null,
        "return_url": configuration["default_return_url"],
        "url": url,
    })
}
