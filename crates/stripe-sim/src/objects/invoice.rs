//! Invoices of subscriptions.

use serde_json::{Value, json};

use super::subscription::Period;
use super::{Made, list, number, text};

/// What an invoice bills.
pub(crate) struct Bill<'a> {
    pub(crate) customer: &'a Value,
    pub(crate) subscription: &'a Value,
    /// `subscription_create`, `subscription_cycle` or `subscription_update`.
    pub(crate) reason: &'a str,
    pub(crate) period: Period,
    /// In minor units; nothing during a trial.
    pub(crate) amount: i64,
    pub(crate) description: String,
    /// The account's name and country stand on each invoice.
    pub(crate) account: &'a Value,
    pub(crate) line: &'a str,
}

/// A draft.
pub(crate) fn invoice(made: Made, bill: &Bill) -> Value {
    let parent = json!({
        "quote_details": null,
        "subscription_details": { "metadata": {}, "subscription": bill.subscription["id"] },
        "type": "subscription_details",
    });
    json!({
        "id": made.id,
        "object": "invoice",
        "account_country": bill.account["country"],
        "account_name": bill.account["business_profile"]["name"],
        "account_tax_ids": null,
        "amount_due": bill.amount,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": bill.amount,
        "amount_shipping": 0,
        "application": null,
        "attempt_count": 0,
        "attempted": false,
        "auto_advance": true,
        "automatic_tax": {
            "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null,
        },
        "automatically_finalizes_at": made.created + 3600,
        "billing_reason": bill.reason,
        "collection_method": "charge_automatically",
        "created": made.created,
        "currency": bill.subscription["currency"],
        "custom_fields": null,
        "customer": bill.customer["id"],
        "customer_account": null,
        "customer_address": bill.customer["address"],
        "customer_email": bill.customer["email"],
        "customer_name": bill.customer["name"],
        "customer_phone": null,
        "customer_shipping": null,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "due_date": null,
        "effective_at": null,
        "ending_balance": null,
        "footer": null,
        "from_invoice": null,
        "hosted_invoice_url": null,
        "invoice_pdf": null,
        "issuer": { "type": "self" },
        "last_finalization_error": null,
        "latest_revision": null,
        "lines": list(vec![line(made, bill)], format!("/v1/invoices/{}/lines", made.id)),
        "livemode": made.livemode,
        "metadata": {},
        "next_payment_attempt": null,
        "number": null,
        "on_behalf_of": null,
        "parent": parent,
        "payment_settings": { "default_mandate": null, "payment_method_options": null, "payment_method_types": null },
        "payments": list(Vec::new(), format!("/v1/invoice_payments?invoice={}", made.id)),
        "period_end": made.created,
        "period_start": made.created,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": null,
        "rendering": null,
        "shipping_cost": null,
        "shipping_details": null,
        "starting_balance": 0,
        "statement_descriptor": null,
        "status": "draft",
        "status_transitions": {
            "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null,
        },
        "subtotal": bill.amount,
        "subtotal_excluding_tax": bill.amount,
        "test_clock": null,
        "total": bill.amount,
        "total_discount_amounts": [],
        "total_excluding_tax": bill.amount,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": null,
    })
}

fn line(made: Made, bill: &Bill) -> Value {
    let item = &bill.subscription["items"]["data"][0];
    json!({
        "id": bill.line,
        "object": "line_item",
        "amount": bill.amount,
        "currency": bill.subscription["currency"],
        "description": bill.description,
        "discount_amounts": [],
        "discountable": true,
        "discounts": [],
        "invoice": made.id,
        "livemode": made.livemode,
        "metadata": {},
        "parent": {
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null,
                "proration": false,
                "proration_details": { "credited_items": null },
                "subscription": bill.subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": { "end": bill.period.end, "start": bill.period.start },
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": { "price": item["price"]["id"], "product": item["price"]["product"] },
            "type": "price_details",
            "unit_amount_decimal": bill.amount.to_string(),
        },
        "quantity": 1,
        "subtotal": bill.amount,
        "taxes": [],
        "~price": item["price"],
    })
}

/// Turns a draft into an open invoice with its number.
pub(crate) fn finalize(invoice: &mut Value, number: &str, secret: &str, now: i64) {
    let url = format!("https://invoice.stripe.com/i/{}", secret);
    invoice["automatically_finalizes_at"] = Value::Null;
    invoice["effective_at"] = json!(now);
    invoice["ending_balance"] = json!(0);
    invoice["hosted_invoice_url"] = json!(format!("{url}?s=ap"));
    invoice["invoice_pdf"] = json!(format!("https://pay.stripe.com/invoice/{secret}/pdf?s=ap"));
    invoice["number"] = json!(number);
    invoice["status"] = json!("open");
    invoice["status_transitions"]["finalized_at"] = json!(now);
    invoice["webhooks_delivered_at"] = json!(now);
}

/// Turns an open invoice into a paid one.
pub(crate) fn pay(invoice: &mut Value, now: i64) {
    invoice["amount_paid"] = invoice["amount_due"].clone();
    invoice["amount_remaining"] = json!(0);
    invoice["attempted"] = json!(true);
    invoice["auto_advance"] = json!(false);
    invoice["next_payment_attempt"] = Value::Null;
    invoice["status"] = json!("paid");
    invoice["status_transitions"]["paid_at"] = json!(now);
}

/// Notes one attempt to collect; the first invoice payment is the default one.
pub(crate) fn attempt(invoice: &mut Value, payment: &Value, next: Option<i64>) {
    let attempts = number(invoice, "/attempt_count") + 1;
    invoice["attempt_count"] = json!(attempts);
    invoice["attempted"] = json!(true);
    invoice["next_payment_attempt"] = json!(next);
    let payments = &mut invoice["payments"]["data"];
    let known =
        payments.as_array().and_then(|list| list.iter().position(|old| text(old, "/id") == text(payment, "/id")));
    match (payments.as_array_mut(), known) {
        (Some(list), Some(at)) => list[at] = payment.clone(),
        (Some(list), None) => list.push(payment.clone()),
        (None, _) => *payments = json!([payment]),
    }
}
