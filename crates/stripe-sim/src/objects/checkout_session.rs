//! Checkout sessions.

use serde_json::{Value, json};

use super::{Made, no_address};

/// How long a session stays open, in seconds.
const OPEN: i64 = 24 * 3600;

/// What was bought.
pub(crate) struct Order<'a> {
    pub(crate) customer: &'a Value,
    /// `subscription` or `payment`.
    pub(crate) mode: &'a str,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) subscription: Option<&'a str>,
    pub(crate) invoice: Option<&'a str>,
    pub(crate) payment_intent: Option<&'a str>,
}

/// A session that the customer has completed.
pub(crate) fn completed(made: Made, order: &Order) -> Value {
    let subscribing = order.mode == "subscription";
    json!({
        "id": made.id,
        "object": "checkout.session",
        "adaptive_pricing": { "enabled": false },
        "after_expiration": null,
        "allow_promotion_codes": null,
        "amount_subtotal": order.amount,
        "amount_total": order.amount,
        "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
        "billing_address_collection": null,
        "cancel_url": "https://shop.example/cart",
        "client_reference_id": null,
        "client_secret": null,
        "collected_information": { "business_name": null, "individual_name": null, "shipping_details": null },
        "consent": null,
        "consent_collection": null,
        "created": made.created,
        "currency": order.currency,
        "currency_conversion": null,
        "custom_fields": [],
        "custom_text": {
            "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null,
        },
        "customer": order.customer["id"],
        "customer_account": null,
        "customer_creation": if subscribing { "always" } else { "if_required" },
        "customer_details": {
            "address": no_address(),
            "business_name": null,
            "email": order.customer["email"],
            "individual_name": null,
            "name": order.customer["name"],
            "phone": null,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "customer_email": null,
        "discounts": [],
        "expires_at": made.created + OPEN,
        "invoice": order.invoice,
        "invoice_creation": if subscribing { Value::Null } else { json!({ "enabled": false, "invoice_data": null }) },
        "livemode": made.livemode,
        "locale": "auto",
        "metadata": {},
        "mode": order.mode,
        "origin_context": null,
        "payment_intent": order.payment_intent,
        "payment_link": null,
        "payment_method_collection": if subscribing { "always" } else { "if_required" },
        "payment_method_configuration_details": null,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card"],
        "payment_status": if order.amount == 0 { "no_payment_required" } else { "paid" },
        "permissions": null,
        "phone_number_collection": { "enabled": false },
        "recovered_from": null,
        "saved_payment_method_options": null,
        "setup_intent": null,
        "shipping_address_collection": null,
        "shipping_cost": null,
        "shipping_options": [],
        "status": "complete",
        "submit_type": null,
        "subscription": order.subscription,
        "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
        "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
        "ui_mode": "hosted_page",
        "url": null,
        "wallet_options": null,
    })
}
