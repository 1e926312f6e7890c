//! Invoices.

use serde_json::{Value, json};

use super::{Made, list, number, text};

/// What an invoice is made with; its lines come later.
pub(crate) struct Bill<'a> {
    pub(crate) customer: &'a Value,
    /// Null when no subscription is billed.
    pub(crate) subscription: &'a Value,
    /// `subscription_create`, `subscription_cycle`, `subscription_update` or `manual`.
    pub(crate) reason: &'a str,
    pub(crate) currency: &'a str,
    /// `charge_automatically` or `send_invoice`.
    pub(crate) collection: &'a str,
    pub(crate) due_date: Option<i64>,
    pub(crate) auto_advance: bool,
    /// When Stripe finalizes it by itself.
    pub(crate) finalizes_at: Option<i64>,
    /// The account's name and country stand on each invoice.
    pub(crate) account: &'a Value,
}

/// A draft without lines.
pub(crate) fn invoice(made: Made, bill: &Bill) -> Value {
    let parent = bill.subscription["id"].as_str().map(|id| {
        json!({
            "quote_details": null,
            "subscription_details": { "metadata": bill.subscription["metadata"], "subscription": id },
            "type": "subscription_details",
        })
    });
    json!({
        "id": made.id,
        "object": "invoice",
        "account_country": bill.account["country"],
        "account_name": bill.account["business_profile"]["name"],
        "account_tax_ids": null,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": null,
        "attempt_count": 0,
        "attempted": false,
        "auto_advance": bill.auto_advance,
        "automatic_tax": {
            "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null,
        },
        "automatically_finalizes_at": bill.finalizes_at,
        "billing_reason": bill.reason,
        "collection_method": bill.collection,
        "created": made.created,
        "currency": bill.currency,
        "custom_fields": null,
        "customer": bill.customer["id"],
        "customer_account": null,
        "customer_address": bill.customer["address"],
        "customer_email": bill.customer["email"],
        "customer_name": bill.customer["name"],
        "customer_phone": bill.customer["phone"],
        "customer_shipping": bill.customer["shipping"],
        "customer_tax_exempt": bill.customer["tax_exempt"],
        "customer_tax_ids": [],
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "due_date": bill.due_date,
        "effective_at": null,
        "ending_balance": null,
        "footer": null,
        "from_invoice": null,
        "hosted_invoice_url": null,
        "invoice_pdf": null,
        "issuer": { "type": "self" },
        "last_finalization_error": null,
        "latest_revision": null,
        "lines": list(Vec::new(), format!("/v1/invoices/{}/lines", made.id)),
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
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": bill.customer["test_clock"],
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": null,
    })
}

/// Sets what is due by the lines, the discounts on them and the customer's balance.
pub(crate) fn total(invoice: &mut Value, balance: i64) {
    let lines = invoice["lines"]["data"].as_array().cloned().unwrap_or_default();
    let subtotal: i64 = lines.iter().map(|line| number(line, "/amount")).sum();
    let discounts = discount_totals(&lines);
    let total = subtotal - discounts.iter().map(|(_, amount)| amount).sum::<i64>();
    let due = (total + balance).max(0);
    for (name, amount) in [("subtotal", subtotal), ("subtotal_excluding_tax", subtotal), ("total", total)] {
        invoice[name] = json!(amount);
    }
    invoice["total_excluding_tax"] = json!(total);
    invoice["total_discount_amounts"] =
        discounts.into_iter().map(|(id, amount)| json!({ "amount": amount, "discount": id })).collect();
    // A credit of the whole invoice goes to the customer's balance; nothing is due then.
    invoice["amount_due"] = json!(if total < 0 { 0 } else { due });
    invoice["amount_remaining"] = invoice["amount_due"].clone();
    invoice["starting_balance"] = json!(balance);
}

/// What each discount takes off, over all lines.
fn discount_totals(lines: &[Value]) -> Vec<(String, i64)> {
    let mut totals: Vec<(String, i64)> = Vec::new();
    for taken in lines.iter().flat_map(|line| line["discount_amounts"].as_array().into_iter().flatten()) {
        let (id, amount) = (text(taken, "/discount"), number(taken, "/amount"));
        match totals.iter_mut().find(|(known, _)| known == id) {
            Some((_, total)) => *total += amount,
            None => totals.push((id.to_owned(), amount)),
        }
    }
    totals
}

/// Turns a draft into an open invoice with its number.
pub(crate) fn finalize(invoice: &mut Value, number: &str, secret: &str, now: i64) {
    let url = format!("https://invoice.stripe.com/i/{secret}");
    invoice["automatically_finalizes_at"] = Value::Null;
    invoice["effective_at"] = json!(now);
    invoice["ending_balance"] = json!(ending_balance(invoice));
    invoice["hosted_invoice_url"] = json!(format!("{url}?s=ap"));
    invoice["invoice_pdf"] = json!(format!("https://pay.stripe.com/invoice/{secret}/pdf?s=ap"));
    invoice["number"] = json!(number);
    invoice["status"] = json!("open");
    invoice["status_transitions"]["finalized_at"] = json!(now);
    invoice["webhooks_delivered_at"] = json!(now);
}

/// What of the customer's balance is left after the invoice took its part.
pub(crate) fn ending_balance(invoice: &Value) -> i64 {
    let after = number(invoice, "/starting_balance") + number(invoice, "/total");
    after - number(invoice, "/amount_due")
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

/// Ends an open invoice without payment: `void` or `uncollectible`.
pub(crate) fn end(invoice: &mut Value, status: &str, transition: &str, now: i64) {
    invoice["auto_advance"] = json!(false);
    invoice["next_payment_attempt"] = Value::Null;
    invoice["status"] = json!(status);
    invoice["status_transitions"][transition] = json!(now);
}

/// Notes one attempt to collect; the first invoice payment is the default one.
pub(crate) fn attempt(invoice: &mut Value, payment: &Value, next: Option<i64>) {
    let attempts = number(invoice, "/attempt_count") + 1;
    invoice["attempt_count"] = json!(attempts);
    invoice["attempted"] = json!(true);
    invoice["next_payment_attempt"] = json!(next);
    put_payment(invoice, payment);
}

/// Shows an invoice payment in the list of the invoice's payments.
pub(crate) fn put_payment(invoice: &mut Value, payment: &Value) {
    let payments = &mut invoice["payments"]["data"];
    let known =
        payments.as_array().and_then(|list| list.iter().position(|old| text(old, "/id") == text(payment, "/id")));
    match (payments.as_array_mut(), known) {
        (Some(list), Some(at)) => list[at] = payment.clone(),
        (Some(list), None) => list.push(payment.clone()),
        (None, _) => *payments = json!([payment]),
    }
}
