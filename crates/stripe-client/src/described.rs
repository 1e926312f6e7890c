//! Checks the requests of all typed calls against Stripe's public description of its API, where a copy is at hand.
//!
//! `STRIPE_OPENAPI=/path/to/spec3.json cargo test -p tollgate-stripe-client described`; the file, also compressed as
//! `.gz`, is that of <https://github.com/stripe/openapi>.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::event_destinations::{CreateEventDestination, UpdateEventDestination};
use crate::events::EventFilter;
use crate::form::Form;
use crate::objects::object_kinds;
use crate::request::Request;
use crate::resources;
use crate::webhook_endpoints::{CreateWebhookEndpoint, UpdateWebhookEndpoint};

/// What is newer than the description that was last checked, 2026-05-27.dahlia.
const NEWER: [&str; 1] = ["subscriptions::pause"];

#[test]
fn every_typed_call_is_as_stripe_describes_it() {
    let Some(path) = std::env::var_os("STRIPE_OPENAPI") else {
        let _ = writeln!(std::io::stderr(), "not checked against Stripe's description: STRIPE_OPENAPI is not set");
        return;
    };
    let description = Description::read(Path::new(&path));
    let calls: Vec<_> = typed_calls().into_iter().filter(|(name, _)| !NEWER.contains(&name.as_str())).collect();
    assert!(calls.len() > 300, "{} calls", calls.len());
    let faults: Vec<String> = calls.iter().filter_map(|(name, request)| description.fault(name, request)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn typed_calls() -> Vec<(String, Request)> {
    let kinds = object_kinds().iter().flat_map(|kind| {
        let list = kind.listable.then(|| Request::get(kind.path));
        let calls = [list, Some(Request::get(kind.path).segment("{id}"))];
        calls.into_iter().flatten().map(|request| (kind.object.to_owned(), request))
    });
    let resources = resources::calls().into_iter().map(|(name, request)| (name.to_owned(), with_paging(name, request)));
    resources.chain(kinds).chain(of_endpoints()).chain(of_destinations()).chain(of_events()).collect()
}

/// The parameters that [`Pages`](crate::Pages) adds, and `expand`.
fn with_paging(name: &str, request: Request) -> Request {
    let pages = match name.rsplit_once("::") {
        Some((_, "search")) => ["limit", "page", "query"].as_slice(),
        Some((_, call)) if call.starts_with("list") && request.is_v2() => &["limit"],
        Some((_, "list_capabilities")) => &[],
        Some((_, call)) if call.starts_with("list") => &["limit", "starting_after", "ending_before"],
        _ => &[],
    };
    let request = match request.method().as_str() {
        "DELETE" if name != "subscriptions::cancel" => request,
        _ if request.is_v2() => request,
        _ => request.expand("a.b"),
    };
    pages.iter().fold(request, |request, name| request.query(*name, "1"))
}

fn of_endpoints() -> Vec<(String, Request)> {
    let pairs = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let create = CreateWebhookEndpoint {
        api_version: Some("v".to_owned()),
        connect: true,
        description: Some("d".to_owned()),
        metadata: pairs.clone(),
        ..CreateWebhookEndpoint::default()
    };
    let update = UpdateWebhookEndpoint {
        url: Some("u".to_owned()),
        enabled_events: Some(vec!["*".to_owned()]),
        disabled: Some(true),
        description: Some("d".to_owned()),
        metadata: Some(pairs),
    };
    let path = "/v1/webhook_endpoints";
    let one = |request: Request| request.segment("{id}");
    named([
        Request::get(path),
        one(Request::get(path)),
        Request::post(path).form(create.form()),
        one(Request::post(path)).form(update.form()),
        one(Request::delete(path)),
    ])
}

fn of_destinations() -> Vec<(String, Request)> {
    let pairs = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let create = CreateEventDestination {
        snapshot_api_version: Some("v".to_owned()),
        events_from: vec!["@self".to_owned()],
        enabled_events: vec!["*".to_owned()],
        description: Some("d".to_owned()),
        metadata: pairs.clone(),
        ..CreateEventDestination::default()
    };
    let update = UpdateEventDestination {
        name: Some("n".to_owned()),
        url: Some("u".to_owned()),
        enabled_events: Some(vec!["*".to_owned()]),
        description: Some("d".to_owned()),
        metadata: Some(pairs),
    };
    let path = "/v2/core/event_destinations";
    let one = |request: Request| request.segment("{id}");
    named([
        Request::get(path).query("include[0]", "webhook_endpoint.url").query("limit", "100"),
        one(Request::get(path)).query("include[0]", "webhook_endpoint.url"),
        Request::post(path).json(create.body()),
        one(Request::post(path)).json(update.body()),
        one(Request::post(path)).action("enable"),
        one(Request::post(path)).action("disable"),
        one(Request::post(path)).action("ping"),
        one(Request::delete(path)),
    ])
}

fn of_events() -> Vec<(String, Request)> {
    let filter = |types: &[&str]| EventFilter {
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        created_gte: Some(1),
        created_lte: Some(2),
        delivery_success: Some(true),
        starting_after: Some("evt_1".to_owned()),
    };
    named([
        Request::get("/v1/account"),
        Request::get("/v1/events").queries(filter(&["a"]).form().unwrap()),
        Request::get("/v1/events").queries(filter(&["a", "b"]).form().unwrap()),
        Request::get("/v2/core/events").query("limit", "100"),
        Request::get("/v2/core/events").segment("{id}"),
        Request::get("/v1/subscriptions").query("status", "all"),
        resources::subscriptions::cancel("{id}").params(json!({"invoice_now": true, "prorate": true})),
    ])
}

fn named<const N: usize>(requests: [Request; N]) -> Vec<(String, Request)> {
    requests.into_iter().map(|request| (format!("{} {}", request.method(), request.path()), request)).collect()
}

/// Stripe's description: operations by method and path, with `{}` for every id.
struct Description {
    whole: Value,
    operations: BTreeMap<(String, String), Value>,
}

impl Description {
    fn read(path: &Path) -> Self {
        let mut bytes = std::fs::read(path).unwrap();
        if path.extension().is_some_and(|extension| extension == "gz") {
            let packed = std::mem::take(&mut bytes);
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        }
        let whole: Value = serde_json::from_slice(&bytes).unwrap();
        let paths = whole["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            let path = without_names(path);
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| ((method.to_uppercase(), path.clone()), operation.clone()))
        });
        let operations = operations.collect();
        Self { whole, operations }
    }

    fn fault(&self, name: &str, request: &Request) -> Option<String> {
        let path = without_names(&request.path().replace("%7B", "{").replace("%7D", "}"));
        let Some(operation) = self.operations.get(&(request.method().to_string(), path.clone())) else {
            return Some(format!("{name}: there is no {} {path}", request.method()));
        };
        let json = request.json_body().map(|fields| Form::from_value(&Value::Object(fields.clone())).unwrap());
        let body = json.as_ref().unwrap_or(request.form_body());
        // Stripe describes the parameters of a DELETE as a body and takes them in the query, where its SDKs put them.
        let is_delete = request.method().as_str() == "DELETE";
        let in_query = |key: &[&str]| self.has_query(operation, key) || (is_delete && self.has_field(operation, key));
        let queries = request.query_params().pairs().map(|(key, _)| (key, in_query(&segments(key))));
        let fields = body.pairs().map(|(key, _)| (key, self.has_field(operation, &segments(key))));
        let unknown = queries.chain(fields).find(|(_, known)| !known)?;
        Some(format!("{name}: {} {path} does not take {}", request.method(), unknown.0))
    }

    fn has_query(&self, operation: &Value, key: &[&str]) -> bool {
        let params = operation["parameters"].as_array().into_iter().flatten();
        let mut named = params.filter(|param| param["in"] == "query" && param["name"] == key[0]);
        named.any(|param| self.accepts(&param["schema"], &key[1..]))
    }

    fn has_field(&self, operation: &Value, key: &[&str]) -> bool {
        let contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
        contents.into_iter().any(|(_, content)| self.accepts(&content["schema"], key))
    }

    /// Whether a schema has the field that a key such as `a[b][0]` leads to.
    fn accepts(&self, schema: &Value, key: &[&str]) -> bool {
        let Some((first, rest)) = key.split_first() else { return true };
        if let Some(pointer) = schema["$ref"].as_str() {
            return self.whole.pointer(pointer.trim_start_matches('#')).is_some_and(|schema| self.accepts(schema, key));
        }
        if let Some(any) = schema["anyOf"].as_array() {
            return any.iter().any(|schema| self.accepts(schema, key));
        }
        let index = first.is_empty() || first.bytes().all(|b| b.is_ascii_digit());
        match &schema["additionalProperties"] {
            _ if index => self.accepts(&schema["items"], rest),
            _ if schema["properties"].get(first).is_some() => self.accepts(&schema["properties"][first], rest),
            Value::Object(_) => self.accepts(&schema["additionalProperties"], rest),
            _ => false,
        }
    }
}

fn segments(key: &str) -> Vec<&str> {
    key.split('[').map(|part| part.trim_end_matches(']')).collect()
}

fn without_names(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
