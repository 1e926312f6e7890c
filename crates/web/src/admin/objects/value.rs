//! How a column's value looks: money with its currency, times, states, links to what an id refers to.

use askama::Template;
use serde_json::Value;
use tollgate_models::mirror::{Column, Kind, SqlType, Whose};

use crate::admin::money::{is_amount, is_time, money};
use crate::admin::show::{Badge, Stamp, Tone, count};

/// A value, ready to be shown.
#[derive(Template)]
#[template(path = "admin/parts/value.html")]
pub(in crate::admin) enum Shown {
    Nothing,
    Hidden,
    Text(String),
    Link { text: String, href: String },
    State(Badge),
    Time(Stamp),
}

impl askama::filters::HtmlSafe for Shown {}

/// A value with its column.
pub(in crate::admin) struct Cell {
    pub(in crate::admin) label: String,
    pub(in crate::admin) value: Shown,
    pub(in crate::admin) is_number: bool,
}

/// Who looks, and when, in unix milliseconds.
#[derive(Clone, Copy)]
pub(in crate::admin) struct Eyes {
    pub(in crate::admin) operator: bool,
    pub(in crate::admin) now: i64,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(in crate::admin) struct Looked<'a> {
    pub(in crate::admin) kind: &'a Kind,
    pub(in crate::admin) json: &'a Value,
    pub(in crate::admin) whose: &'a Whose,
}

/// A column of an object.
pub(in crate::admin) fn cell(at: Looked<'_>, column: &Column, eyes: Eyes) -> Cell {
    Cell { label: label(column.name), value: shown(at, column, eyes), is_number: is_number(column) }
}

/// A column's name in words.
pub(in crate::admin) fn label(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// Whether a column holds an amount or a count, which stand to the right.
pub(in crate::admin) fn is_number(column: &Column) -> bool {
    column.sql == SqlType::BigInt && !is_time(column.name)
}

fn shown(at: Looked<'_>, column: &Column, eyes: Eyes) -> Shown {
    match column.read(at.json) {
        Value::Null => Shown::Nothing,
        _ if column.personal && !eyes.operator => Shown::Hidden,
        Value::Bool(flag) => Shown::Text(if flag { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => number.as_i64().map_or(Shown::Nothing, |number| numeric(at, column, number, eyes.now)),
        Value::String(text) => textual(column, text, at.whose),
        Value::Array(_) | Value::Object(_) => Shown::Nothing,
    }
}

fn numeric(at: Looked<'_>, column: &Column, number: i64, now: i64) -> Shown {
    if is_time(column.name) {
        return Shown::Time(Stamp::full(number.saturating_mul(1000), now).alone());
    }
    let currency = at.kind.column("currency").map(|currency| currency.read(at.json));
    match currency.as_ref().and_then(Value::as_str) {
        Some(currency) if is_amount(column.name) => Shown::Text(money(number, currency)),
        _ => Shown::Text(count(number)),
    }
}

fn textual(column: &Column, text: String, whose: &Whose) -> Shown {
    if let Some(object) = column.refers_to {
        return Shown::Link { href: super::address_of(object, &text, whose), text };
    }
    match column.name {
        "status" | "payment_status" | "verification_status" => {
            Shown::State(Badge::new(tone(&text), text.replace('_', " ")))
        }
        "currency" | "default_currency" => Shown::Text(text.to_uppercase()),
        _ => Shown::Text(text),
    }
}

/// How a state of one of Stripe's objects is to be read; one that is not known is shown without judgement.
fn tone(status: &str) -> Tone {
    match status {
        "active"
        | "paid"
        | "succeeded"
        | "complete"
        | "completed"
        | "available"
        | "no_payment_required"
        | "won"
        | "accepted"
        | "verified" => Tone::Good,
        "past_due"
        | "requires_payment_method"
        | "requires_action"
        | "incomplete"
        | "paused"
        | "needs_response"
        | "warning_needs_response"
        | "appeal_needs_response"
        | "unverified" => Tone::Warn,
        "failed"
        | "unpaid"
        | "uncollectible"
        | "incomplete_expired"
        | "lost"
        | "internal_failure"
        | "errored"
        | "verification_failed" => Tone::Bad,
        "processing"
        | "pending"
        | "open"
        | "trialing"
        | "requires_capture"
        | "requires_confirmation"
        | "in_transit"
        | "under_review"
        | "warning_under_review"
        | "appeal_under_review"
        | "chargeable"
        | "advancing" => Tone::Info,
        _ => Tone::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tollgate_models::mirror::kind;

    use super::*;

    fn text(object: &str, column: &str, json: &Value, operator: bool) -> String {
        let kind = kind(object).unwrap();
        let column = kind.columns.iter().find(|found| found.name == column).unwrap();
        let whose = Whose { account: Some("acct_1".to_owned()), livemode: Some(true) };
        let looked = Looked { kind, json, whose: &whose };
        cell(looked, column, Eyes { operator, now: 0 }).value.to_string().trim().to_owned()
    }

    #[test]
    fn values_look_like_what_they_are() {
        let invoice = json!({"currency": "jpy", "total": 1999, "customer": "cus_1", "status": "paid"});
        assert_eq!(text("invoice", "total", &invoice, true), "1,999 JPY");
        assert!(text("invoice", "customer", &invoice, true).contains("/admin/objects/customer/cus_1"));
        assert!(text("invoice", "status", &invoice, true).contains("badge good"));
        let customer = json!({"email": "a@example.com", "name": "<b>"});
        assert_eq!(text("customer", "email", &customer, true), "a@example.com");
        assert!(text("customer", "email", &customer, false).contains("hidden"));
        assert!(!text("customer", "name", &customer, true).contains("<b>"));
        assert!(text("customer", "phone", &customer, false).contains('–'));
        let discount = json!({"customer": "cus_1", "source": {"coupon": "SUMMER"}});
        assert!(text("discount", "customer", &discount, true).contains("/admin/objects/customer/cus_1\""));
        let coupon = text("discount", "coupon", &discount, true);
        assert!(coupon.contains("/admin/objects/coupon/SUMMER?account=acct_1&#38;mode=live"), "{coupon}");
        let grant = json!({"amount": {"monetary": {"value": 500, "currency": "jpy"}}, "name": "free"});
        assert_eq!(text("billing.credit_grant", "amount", &grant, true), "500 JPY");
        assert_eq!(text("billing.credit_grant", "name", &grant, false), "free");
    }
}
