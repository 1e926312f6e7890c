//! `…/search`: objects found by Stripe's query language.

mod query;

use serde_json::{Value, json};

use super::expand::expand;
use super::{Call, Route, get, page};
use crate::failure::{Answer, Failure};
use crate::fields::{integer, text};
use crate::shapes;
use crate::state::State;
use query::Query;

pub(super) const ROUTE: Route = get("/search", &[text("query").required(), integer("limit"), text("page")], search);

/// What each kind can be searched by (<https://docs.stripe.com/search#query-fields-for-charges>), besides `metadata`.
const FIELDS: [(&str, &[&str]); 7] = [
    ("customer", &["created", "email", "name", "phone"]),
    (
        "charge",
        &[
            "amount",
            "created",
            "currency",
            "customer",
            "disputed",
            "payment_method_details.card.last4",
            "payment_method_details.card.brand",
            "refunded",
            "status",
        ],
    ),
    ("invoice", &["created", "currency", "customer", "number", "receipt_number", "status", "subscription", "total"]),
    ("payment_intent", &["amount", "created", "currency", "customer", "status"]),
    ("price", &["active", "currency", "lookup_key", "product", "type"]),
    ("product", &["active", "description", "name", "shippable", "url"]),
    ("subscription", &["canceled_at", "created", "status"]),
];

/// Where a field stands that is not where its name says.
const MOVED: [(&str, &str); 1] = [("subscription", "/parent/subscription_details/subscription")];

fn search(state: &mut State, call: &Call) -> Answer {
    let invalid = |message: String| Failure::param("query", message);
    let query = Query::parse(call.given.text("/query").unwrap_or_default()).map_err(invalid)?;
    let known = FIELDS.iter().find(|(kind, _)| *kind == call.kind.object).map_or(&[][..], |(_, fields)| *fields);
    if let Some(field) = query.fields().find(|field| !field.starts_with("metadata") && !known.contains(field)) {
        let message = format!("Field `{field}` is an unsupported search field for resource `{}s`.", call.kind.object);
        return Err(Failure::param("query", message));
    }
    let found: Vec<&Value> =
        state.store.newest(&call.scope, call.kind.object).filter(|row| query.fits(|field| at(row, field))).collect();
    let limit = page::limit(&call.given)?;
    let start = match call.given.text("/page") {
        None => 0,
        Some(token) => found
            .iter()
            .position(|row| row["id"] == token)
            .ok_or_else(|| Failure::param("page", "The provided page is invalid."))?,
    };
    let end = found.len().min(start + limit);
    let shown: Vec<Value> = found[start..end].iter().map(|row| shapes::render(row, &call.version)).collect();
    let mut answer = json!({
        "object": "search_result",
        "data": shown,
        "has_more": end < found.len(),
        "next_page": found.get(end).map(|row| row["id"].clone()),
        "url": call.path,
    });
    if call.given.texts("/expand").is_some_and(|paths| paths.contains(&"total_count")) {
        answer["total_count"] = json!(found.len());
    }
    expand(state, call, answer)
}

/// The value of a field such as `email` or `metadata.order`.
fn at(row: &Value, field: &str) -> Value {
    let moved = MOVED.iter().find(|(name, _)| *name == field).map(|(_, pointer)| (*pointer).to_owned());
    let pointer = moved.unwrap_or_else(|| match field.strip_prefix("metadata.") {
        Some(key) => format!("/metadata/{}", key.replace('~', "~0").replace('/', "~1")),
        None => format!("/{}", field.replace('.', "/")),
    });
    row.pointer(&pointer).cloned().unwrap_or_default()
}
