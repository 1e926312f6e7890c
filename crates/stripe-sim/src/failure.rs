//! The errors that the API answers with, in Stripe's words and form.

use serde_json::{Map, Value, json};

/// One refusal: the status and what stands under `error` in the body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
    version2: bool,
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
        }
    }

    /// A refusal because of one parameter.
    pub(crate) fn param(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::invalid(400, message) }
    }

    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(crate) fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn unknown_param(name: &str) -> Self {
        Self::param(name, format!("Received unknown parameter: {name}")).code("parameter_unknown")
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

    pub(crate) fn rate_limited() -> Self {
        let message = "Request rate limit exceeded. Learn more about rate limits here \
                       https://stripe.com/docs/rate-limits.";
        Self::invalid(429, message).code("rate_limit")
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
        if let Some(param) = param.filter(|param| !self.message.to_lowercase().contains(param.as_str())) {
            self.message = format!("{} ({param})", self.message);
        }
        Self { code: Some(code), version2: true, ..self }
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
        if self.version2 && self.code == Some("url_invalid") {
            error.insert("user_message".into(), json!(self.message));
        }
        json!({ "error": error })
    }
}
