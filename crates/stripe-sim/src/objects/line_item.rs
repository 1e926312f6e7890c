//! Invoice items, and the lines of invoices.

use serde_json::{Value, json};

use super::{Made, number, text};
use crate::objects::subscription::Period;

/// What stands on one line.
pub(crate) struct Line<'a> {
    pub(crate) invoice: &'a str,
    /// In minor units, negative for a credit.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) description: &'a str,
    pub(crate) period: Period,
    pub(crate) quantity: i64,
    pub(crate) discountable: bool,
    /// Null when an amount alone is billed.
    pub(crate) price: &'a Value,
    pub(crate) parent: Parent<'a>,
}

/// Where a line comes from.
#[derive(Clone, Copy)]
pub(crate) enum Parent<'a> {
    /// A period of a subscription's item.
    Subscription {
        /// The item.
        item: &'a Value,
    },
    /// An invoice item.
    Item {
        /// The invoice item.
        item: &'a Value,
    },
}

/// A line of an invoice.
pub(crate) fn line(made: Made, line: &Line) -> Value {
    json!({
        "id": made.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": line.currency,
        "description": line.description,
        "discount_amounts": [],
        "discountable": line.discountable,
        "discounts": [],
        "invoice": line.invoice,
        "livemode": made.livemode,
        "metadata": {},
        "parent": parent(line),
        "period": { "end": line.period.end, "start": line.period.start },
        "pretax_credit_amounts": [],
        "pricing": pricing(line.price, line.amount, line.quantity),
        "quantity": line.quantity,
        "quantity_decimal": line.quantity.to_string(),
        "subscription": subscription_of(line),
        "subtotal": line.amount,
        "taxes": [],
        "~price": line.price,
    })
}

fn subscription_of<'a>(line: &'a Line) -> &'a Value {
    match line.parent {
        Parent::Subscription { item } => &item["subscription"],
        Parent::Item { item } => &item["parent"]["subscription_details"]["subscription"],
    }
}

fn parent(line: &Line) -> Value {
    match line.parent {
        Parent::Subscription { item } => json!({
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null,
                "proration": false,
                "proration_details": { "credited_items": null },
                "subscription": item["subscription"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        }),
        Parent::Item { item } => json!({
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": { "credited_items": null },
                "subscription": subscription_of(line),
            },
            "subscription_item_details": null,
            "type": "invoice_item_details",
        }),
    }
}

/// What one unit costs; without a price the amount is that of one unit.
pub(crate) fn pricing(price: &Value, amount: i64, quantity: i64) -> Value {
    let details = json!({ "price": price["id"], "product": price["product"] });
    let unit = match price["unit_amount_decimal"].as_str() {
        Some(unit) => unit.to_owned(),
        None => (amount / quantity.max(1)).to_string(),
    };
    match price.is_null() {
        true => json!({ "type": "price_details", "unit_amount_decimal": unit }),
        false => json!({ "price_details": details, "type": "price_details", "unit_amount_decimal": unit }),
    }
}

/// Something to be billed with a customer's next invoice.
pub(crate) struct Extra<'a> {
    pub(crate) customer: &'a str,
    /// In minor units, negative for a credit.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) period: Period,
    pub(crate) quantity: i64,
    pub(crate) price: &'a Value,
    pub(crate) subscription: Option<&'a str>,
    /// The item of a subscription that was changed in the middle of its period.
    pub(crate) prorated: Option<&'a str>,
}

/// An invoice item that waits for its invoice.
pub(crate) fn invoice_item(made: Made, extra: &Extra) -> Value {
    let parent = extra.subscription.map(|subscription| {
        let mut details = json!({ "subscription": subscription });
        if let Some(item) = extra.prorated {
            details["subscription_item"] = json!(item);
        }
        json!({ "subscription_details": details, "type": "subscription_details" })
    });
    json!({
        "id": made.id,
        "object": "invoiceitem",
        "amount": extra.amount,
        "currency": extra.currency,
        "customer": extra.customer,
        "customer_account": null,
        "date": made.created,
        "description": extra.description,
        "discountable": extra.prorated.is_none(),
        "discounts": [],
        "invoice": null,
        "livemode": made.livemode,
        "metadata": {},
        "net_amount": extra.amount,
        "parent": parent,
        "period": { "end": extra.period.end, "start": extra.period.start },
        "pricing": pricing(extra.price, extra.amount, extra.quantity),
        "proration": extra.prorated.is_some(),
        "quantity": extra.quantity,
        "quantity_decimal": extra.quantity.to_string(),
        "tax_rates": [],
        "test_clock": null,
        "~price": extra.price,
    })
}

/// What a line says of a price: `2 × House box (at $34.00 / month)`.
pub(crate) fn describe(price: &Value, product: &str, quantity: i64) -> String {
    let amount = amount(number(price, "/unit_amount"), text(price, "/currency"));
    match price["recurring"]["interval"].as_str() {
        Some(interval) => format!("{quantity} × {product} (at {amount} / {interval})"),
        None => product.to_owned(),
    }
}

/// An amount as a line of an invoice says it; dollars have their sign.
fn amount(minor: i64, currency: &str) -> String {
    let value = format!("{}.{:02}", minor / 100, minor % 100);
    if currency == "usd" { format!("${value}") } else { format!("{} {value}", currency.to_uppercase()) }
}
