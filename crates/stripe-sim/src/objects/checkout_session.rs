//! Checkout sessions.

use serde_json::{Value, json};

use super::{Made, no_address, number};

/// How long a session stays open, in seconds.
const OPEN: i64 = 24 * 3600;

/// What is for sale in a session.
pub(crate) struct Order<'a> {
    /// `payment`, `subscription` or `setup`.
    pub(crate) mode: &'a str,
    /// Null when the customer is not known yet.
    pub(crate) customer: &'a Value,
    /// In minor units; none in the mode `setup`.
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<&'a str>,
    /// Where the customer pays.
    pub(crate) url: &'a str,
}

/// A session that waits for the customer.
pub(crate) fn checkout_session(made: Made, order: &Order) -> Value {
    let paying = order.mode == "payment";
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
        "cancel_url": null,
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
        "customer_creation": (paying && order.customer.is_null()).then_some("if_required"),
        "customer_details": null,
        "customer_email": null,
        "discounts": [],
        "expires_at": made.created + OPEN,
        "invoice": null,
        "invoice_creation": paying.then(|| json!({ "enabled": false, "invoice_data": no_invoice_data() })),
        "livemode": made.livemode,
        "locale": null,
        "metadata": {},
        "mode": order.mode,
        "origin_context": null,
        "payment_intent": null,
        "payment_link": null,
        "payment_method_collection": if paying { "if_required" } else { "always" },
        "payment_method_configuration_details": null,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card"],
        "payment_status": if order.mode == "setup" { "no_payment_required" } else { "unpaid" },
        "permissions": null,
        "phone_number_collection": { "enabled": false },
        "recovered_from": null,
        "saved_payment_method_options": null,
        "setup_intent": null,
        "shipping_address_collection": null,
        "shipping_cost": null,
        "shipping_options": [],
        "status": "open",
        "submit_type": null,
        "subscription": null,
        "success_url": null,
        "total_details": order.amount.map(|_| json!({
            "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0,
        })),
        "ui_mode": "hosted_page",
        "url": order.url,
        "wallet_options": null,
    })
}

fn no_invoice_data() -> Value {
    json!({
        "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null, "issuer": null,
        "metadata": {}, "rendering_options": null,
    })
}

/// Notes that the customer has gone through.
pub(crate) fn complete(session: &mut Value, customer: &Value, payment_status: &str) {
    session["customer"] = customer["id"].clone();
    session["customer_details"] = details(customer);
    session["payment_status"] = json!(payment_status);
    session["status"] = json!("complete");
    session["url"] = Value::Null;
}

/// Who the customer is.
pub(crate) fn details(customer: &Value) -> Value {
    json!({
        "address": no_address(),
        "business_name": null,
        "email": customer["email"],
        "individual_name": null,
        "name": customer["name"],
        "phone": customer["phone"],
        "tax_exempt": "none",
        "tax_ids": [],
    })
}

/// Notes that it is too late.
pub(crate) fn expire(session: &mut Value, now: i64) {
    session["expires_at"] = json!(now);
    session["status"] = json!("expired");
    session["url"] = Value::Null;
}

/// One thing in a session.
pub(crate) fn line_item(id: &str, price: &Value, product: &str, quantity: i64) -> Value {
    let amount = number(price, "/unit_amount").saturating_mul(quantity);
    json!({
        "id": id,
        "object": "item",
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    })
}
