//! The errors that the API answers with, in Stripe's words and form.

use serde_json::{Map, Value, json};

use crate::described::Fault;

/// One refusal: the status and what stands under `error` in the body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<Box<str>>,
    version2: bool,
    /// What else stands beside the message.
    more: Vec<(String, Value)>,
    /// Why it is too much, as the header of a 429 says.
    pub(crate) reason: Option<&'static str>,
}

/// What an API call gives.
pub(crate) type Answer = Result<Value, Failure>;

impl Failure {
    /// A refusal of type `invalid_request_error`.
    pub(crate) fn invalid(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: "invalid_request_error",
            code: None,
            message: message.into(),
            param: None,
            version2: false,
            more: Vec::new(),
            reason: None,
        }
    }

    /// A refusal because of one parameter.
    pub(crate) fn param(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(boxed(param)), ..Self::invalid(400, message) }
    }

    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(crate) fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// Names the parameter that it is about; what a parameter names and what is missing is a 400, not a 404.
    pub(crate) fn at(self, param: impl Into<String>) -> Self {
        Self { status: 400, param: Some(boxed(param)), ..self }
    }

    /// Adds what else Stripe says of it, such as `decline_code`.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.push((name.to_owned(), value));
        self
    }

    /// Whether the call had been carried out when this came of it, so that the same call gets the same answer.
    pub(crate) fn is_outcome(&self) -> bool {
        self.status == 402
    }

    /// The error as an intent remembers it.
    pub(crate) fn last_error(&self, method: &Value) -> Value {
        let mut error = self.body("")["error"].take();
        if let Some(fields) = error.as_object_mut() {
            fields.shift_remove("request_log_url");
            fields.insert("payment_method".to_owned(), method.clone());
        }
        error
    }

    pub(crate) fn unknown_param(name: &str) -> Self {
        Self::param(name, format!("Received unknown parameter: {name}")).code("parameter_unknown")
    }

    /// A request that this simulator takes and Stripe does not describe.
    pub(crate) fn undescribed(fault: &Fault) -> Self {
        Self::param(&fault.at, format!("Stripe's description of its API does not allow this: {}", fault.what))
    }

    /// An answer of this simulator that is not as Stripe describes it: the simulator is wrong, and no retry helps.
    pub(crate) fn undescribed_answer(method: &str, path: &str, fault: &Fault) -> Self {
        let message = format!(
            "The simulator's answer to {method} {path} is not as Stripe's description says: {}: {}",
            fault.at, fault.what
        );
        Self::invalid(501, message).kind("api_error")
    }

    pub(crate) fn empty_param(name: &str) -> Self {
        let message = format!(
            "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; \
             however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty \
             value."
        );
        Self::param(name, message).code("parameter_invalid_empty")
    }

    pub(crate) fn invalid_integer(name: &str, text: &str) -> Self {
        Self::param(name, format!("Invalid integer: {text}")).code("parameter_invalid_integer")
    }

    pub(crate) fn missing_param(name: &str) -> Self {
        Self::param(name, format!("Missing required param: {name}.")).code("parameter_missing")
    }

    /// `noun` is the kind in words, such as `webhook endpoint`.
    pub(crate) fn no_such(noun: &str, id: &str) -> Self {
        Self { status: 404, ..Self::param("id", format!("No such {noun}: '{id}'")) }.code("resource_missing")
    }

    /// The object exists, but in the other mode than the key's.
    pub(crate) fn other_mode(noun: &str, id: &str, key_is_live: bool) -> Self {
        let (there, here) = if key_is_live { ("test", "live") } else { ("live", "test") };
        let message = format!(
            "No such {noun}: '{id}'; a similar object exists in {there} mode, but a {here} mode key was used to make \
             this request."
        );
        Self { message, ..Self::no_such(noun, id) }
    }

    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/."
        );
        Self::invalid(404, message)
    }

    /// `reason` is what the header says of it, such as `global-rate`.
    pub(crate) fn rate_limited(reason: &'static str) -> Self {
        let message = "Request rate limit exceeded. Learn more about rate limits here \
                       https://stripe.com/docs/rate-limits.";
        Self { reason: Some(reason), ..Self::invalid(429, message).code("rate_limit") }
    }

    /// Another request holds the object.
    pub(crate) fn locked() -> Self {
        let message = "This object cannot be accessed right now because another API request or Stripe process is \
                       currently accessing it. If you see this error intermittently, retry the request. If you see \
                       this error frequently and are making multiple concurrent requests to a single object, make your \
                       requests serially or at a lower rate. For more details, see \
                       https://stripe.com/docs/rate-limits#object-lock-timeouts.";
        Self::invalid(429, message).code("lock_timeout")
    }

    /// Another request with the same idempotency key is under way.
    pub(crate) fn key_in_use() -> Self {
        let message = "There is currently another in-progress request using this Idempotent Key (that probably means \
                       you submitted twice, and the other request is still going through): please try again later.";
        Self::invalid(409, message).kind("idempotency_error").code("idempotency_key_in_use")
    }

    pub(crate) fn internal() -> Self {
        let message = "Sorry! There was an error while talking to one of our backends. Support has been notified.";
        Self::invalid(500, message).kind("api_error")
    }

    /// The same refusal in the form of version 2 of the API: each has a code, and none has a parameter of its own.
    pub(crate) fn in_version_2(mut self) -> Self {
        let code = match self.code {
            Some("resource_missing") => "not_found",
            Some(code) if !code.starts_with("parameter_") => code,
            None if self.kind != "invalid_request_error" || self.status != 400 => self.kind,
            _ => "invalid_fields",
        };
        let param = self.param.take().filter(|_| self.status == 400);
        if let Some(param) = param.filter(|param| !self.message.to_lowercase().contains(&**param)) {
            self.message = format!("{} ({param})", self.message);
        }
        Self { code: Some(code), version2: true, ..self }
    }

    /// What it says to people.
    pub(crate) fn message(&self) -> String {
        self.message.clone()
    }

    /// The body that Stripe would send.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        let mut error = Map::new();
        if let Some(code) = self.code {
            error.insert("code".into(), json!(code));
            error.insert(
                "doc_url".into(),
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"))),
            );
        }
        error.insert("message".into(), json!(self.message));
        if let Some(param) = &self.param {
            error.insert("param".into(), json!(param));
        }
        error.insert(
            "request_log_url".into(),
            json!(format!("https://dashboard.stripe.com/test/workbench/logs?object={request_id}")),
        );
        error.insert("type".into(), json!(self.kind));
        error.extend(self.more.clone());
        if self.version2 && self.code == Some("url_invalid") {
            error.insert("user_message".into(), json!(self.message));
        }
        json!({ "error": error })
    }
}

fn boxed(param: impl Into<String>) -> Box<str> {
    param.into().into_boxed_str()
}
