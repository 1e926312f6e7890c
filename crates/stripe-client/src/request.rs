//! A request to Stripe as a value: it can be built, compared and checked without a connection.

mod address;

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::form::Form;

/// What to ask of Stripe; [`Client::send`](crate::Client::send) sends it.
///
/// Most requests come from [`resources`](crate::resources); any other is a method and a path.
///
/// ```
/// use serde_json::json;
/// use tollgate_stripe_client::{Form, Request, resources::refunds};
///
/// let refund = refunds::create()
///     .params(json!({"charge": "ch_123", "amount": 500}))
///     .metadata("order", "7")
///     .expand("charge.customer")
///     .idempotency_key("refund-of-order-7");
/// assert_eq!((refund.method().as_str(), refund.path()), ("POST", "/v1/refunds"));
/// assert_eq!(refund.form_body().get("metadata[order]"), Some("7"));
///
/// let by_hand = Request::post("/v1/refunds").form(Form::new().with("charge", "ch_123"));
/// assert_ne!(refund, by_hand);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a request does nothing until a client sends it"]
pub struct Request {
    method: Method,
    path: String,
    query: Form,
    form: Form,
    json: Option<Map<String, Value>>,
    idempotency_key: Option<String>,
    context: Option<String>,
    /// What is wrong with it; told when it is to be sent.
    fault: Option<&'static str>,
}

impl Request {
    /// A GET of a path such as `/v1/customers`. Ids go through [`segment`](Self::segment).
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into())
    }

    /// A POST to a path. Without an [`idempotency_key`](Self::idempotency_key) it gets a fresh one, kept across retries.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path.into())
    }

    /// A DELETE of a path.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into())
    }

    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Form::new(),
            form: Form::new(),
            json: None,
            idempotency_key: None,
            context: None,
            fault: None,
        }
    }

    /// Adds fixed words to the path.
    pub(crate) fn action(mut self, words: &'static str) -> Self {
        self.path.push('/');
        self.path.push_str(words);
        self
    }

    /// Adds one segment to the path, encoded so that no id can lead to another path.
    pub fn segment(mut self, id: &str) -> Self {
        self.path.push('/');
        for byte in id.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') {
                self.path.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(self.path, "%{byte:02X}");
            }
        }
        self
    }

    /// Adds one query parameter.
    pub fn query(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push(key, value);
        self
    }

    /// Sets the whole query.
    pub fn queries(mut self, query: Form) -> Self {
        self.query = query;
        self
    }

    /// Adds parameters, a JSON object, where the request takes them: in the query of a GET or DELETE, as a form on v1
    /// paths, as JSON on v2 paths.
    ///
    /// `null` unsets a field at Stripe, on v1 as well as on v2.
    pub fn params(mut self, params: Value) -> Self {
        match params {
            Value::Object(fields) if self.takes_json() => self.fields().extend(fields),
            Value::Object(fields) => self.pairs().push_fields(&fields),
            _ => self.fault = Some("the parameters are not a JSON object"),
        }
        self
    }

    /// Adds to the form body, as v1 paths take one.
    pub fn form(mut self, form: Form) -> Self {
        self.form.append(form);
        self
    }

    /// Sets a JSON body, an object as v2 paths take.
    pub fn json(mut self, body: Value) -> Self {
        match body {
            Value::Object(fields) => self.json = Some(fields),
            _ => self.fault = Some("the JSON body is not an object"),
        }
        self
    }

    /// Asks for a referred object in place of its id, such as `latest_invoice.payments`; in lists the path starts with
    /// `data.`. Version 2 of the API has no such thing, but parameters called `include`.
    pub fn expand(mut self, path: &str) -> Self {
        if self.is_v2() {
            self.fault = Some("version 2 of the API cannot expand; ask with include");
        } else {
            self.pairs().push("expand[]", path);
        }
        self
    }

    /// Sets one pair of metadata; an empty value removes it. Other pairs stay.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        if key.is_empty() || key.contains(['[', ']']) {
            self.fault = Some("a key of the metadata is empty or has brackets");
        } else if self.takes_json() {
            let value = if value.is_empty() { Value::Null } else { Value::from(value) };
            let pairs = self.fields().entry("metadata").or_insert_with(|| Value::Object(Map::new()));
            match pairs.as_object_mut() {
                Some(pairs) => drop(pairs.insert(key.to_owned(), value)),
                None => self.fault = Some("the metadata is not a JSON object"),
            }
        } else {
            self.pairs().push(format!("metadata[{key}]"), value);
        }
        self
    }

    /// Sets the key under which Stripe does the work once, at most 255 characters.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Acts in the `context` of a thin event (`Stripe-Context`); it takes the place of the client's account.
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query.
    pub fn query_params(&self) -> &Form {
        &self.query
    }

    /// The form body; empty if there is none.
    pub fn form_body(&self) -> &Form {
        &self.form
    }

    /// The JSON body, if there is one.
    pub fn json_body(&self) -> Option<&Map<String, Value>> {
        self.json.as_ref()
    }

    pub(crate) fn is_v2(&self) -> bool {
        self.path.starts_with("/v2/")
    }

    pub(crate) fn query_mut(&mut self) -> &mut Form {
        &mut self.query
    }

    pub(crate) fn context_value(&self) -> Option<&str> {
        self.context.as_deref()
    }

    fn takes_json(&self) -> bool {
        self.method == Method::POST && self.is_v2()
    }

    /// Where parameters go that are not sent as JSON.
    fn pairs(&mut self) -> &mut Form {
        if self.method == Method::POST { &mut self.form } else { &mut self.query }
    }

    fn fields(&mut self) -> &mut Map<String, Value> {
        self.json.get_or_insert_default()
    }

    /// The key to send: the one given, or a fresh UUIDv4 where Stripe takes one (POST, and DELETE on v2).
    pub(crate) fn key_to_send(&self) -> Result<Option<String>, Error> {
        let takes_one = self.method == Method::POST || (self.method == Method::DELETE && self.is_v2());
        match &self.idempotency_key {
            Some(key) if key.is_empty() || key.chars().count() > 255 => {
                Err(Error::InvalidRequest("an idempotency key has 1 to 255 characters".to_owned()))
            }
            Some(key) => Ok(Some(key.clone())),
            None => Ok(takes_one.then(|| uuid::Uuid::new_v4().to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::Request;
    use crate::error::Error;
    use crate::form::Form;

    fn url(request: &Request) -> Result<String, Error> {
        request.url(&Url::parse("https://api.stripe.com/").unwrap()).map(String::from)
    }

    #[test]
    fn parameters_go_where_the_path_takes_them() {
        let params = || json!({"a": {"b": [{"c": "d"}]}, "gone": null});
        let flat = Form::from_iter([("a[b][0][c]", "d"), ("gone", ""), ("metadata[k]", "v"), ("expand[]", "x.y")]);
        let v1 = |request: Request| request.params(params()).metadata("k", "v").expand("x.y");
        assert_eq!(v1(Request::post("/v1/customers")).form_body(), &flat);
        assert_eq!(v1(Request::get("/v1/customers")).query_params(), &flat);
        assert_eq!(v1(Request::delete("/v1/subscriptions/sub_1")).query_params(), &flat);

        let v2 = Request::post("/v2/core/accounts").params(params()).metadata("k", "v").metadata("old", "");
        let mut expected = params();
        expected["metadata"] = json!({"k": "v", "old": null});
        assert_eq!(v2.json_body(), expected.as_object());
        let query = Request::get("/v2/core/events").params(json!({"types": ["a"]}));
        assert_eq!(query.query_params(), &Form::new().with("types[0]", "a"));
        let twice = Request::post("/v1/customers").form(Form::new().with("a", "1")).form(Form::new().with("b", "2"));
        assert_eq!(twice.form_body(), &Form::from_iter([("a", "1"), ("b", "2")]));
    }

    #[test]
    fn what_cannot_be_said_to_stripe_is_told_before_it_is_sent() {
        let requests = [
            Request::post("/v1/customers").params(json!([1])),
            Request::post("/v2/core/accounts").json(json!("text")),
            Request::post("/v1/customers").metadata("a[b]", "c"),
            Request::post("/v1/customers").metadata("", "c"),
            Request::post("/v2/core/accounts").params(json!({"metadata": "text"})).metadata("a", "b"),
            Request::get("/v2/core/accounts").segment("acct_1").expand("x"),
        ];
        for request in requests {
            assert!(matches!(url(&request), Err(Error::InvalidRequest(_))), "{request:?}");
        }
    }

    #[test]
    fn writes_get_an_idempotency_key_and_reads_do_not() {
        let fresh = Request::post("/v1/customers").key_to_send().unwrap().unwrap();
        assert_eq!(uuid::Uuid::parse_str(&fresh).unwrap().get_version_num(), 4);
        assert_ne!(Request::post("/v1/customers").key_to_send().unwrap(), Some(fresh));
        let given = Request::post("/v1/customers").idempotency_key("mine");
        assert_eq!(given.key_to_send().unwrap().as_deref(), Some("mine"));
        assert_eq!(Request::get("/v1/customers").key_to_send().unwrap(), None);
        assert_eq!(Request::delete("/v1/customers/cus_1").key_to_send().unwrap(), None);
        assert!(Request::delete("/v2/core/event_destinations/ed_1").key_to_send().unwrap().is_some());
        for key in [String::new(), "k".repeat(256)] {
            let request = Request::post("/v1/customers").idempotency_key(key);
            assert!(matches!(request.key_to_send(), Err(Error::InvalidRequest(_))));
        }
    }
}
