//! Stripe's own error, and the questions that are asked of it.

use std::fmt;

use serde_json::Value;

use super::Limited;
use crate::scrub::scrub;

/// The error object of an answer, with the status and request id that came with it.
///
/// Texts are scrubbed of keys. Only the message of a `card_error` is meant for a customer's eyes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// `invalid_request_error`, `card_error`, `api_error`, `idempotency_error` or one yet unknown; empty if not given.
    pub type_: String,
    /// A short name of the reason, such as `resource_missing`.
    pub code: Option<String>,
    /// The card issuer's reason, such as `insufficient_funds`.
    pub decline_code: Option<String>,
    /// What the issuer advises, such as `try_again_later` or `do_not_try_again`.
    pub advice_code: Option<String>,
    /// The payment intent that the refusal is about (`pi_…`), if Stripe names one.
    pub payment_intent: Option<String>,
    /// Stripe's explanation.
    pub message: String,
    /// The parameter at fault, such as `enabled_events[2]`.
    pub param: Option<String>,
    /// Stripe's id of the request (`req_…`), to quote to its support.
    pub request_id: Option<String>,
    /// Stripe's page about this code.
    pub doc_url: Option<String>,
    /// The request's log in the Stripe dashboard.
    pub request_log_url: Option<String>,
    /// Why a 429 was given (`Stripe-Rate-Limited-Reason`), such as `endpoint-rate`.
    pub rate_limited_reason: Option<String>,
}

impl ApiError {
    /// Reads the body of an answer with an error status, or says that it has no error object.
    pub(crate) fn from_body(status: u16, body: &Value) -> Self {
        let error = &body["error"];
        let text = |name: &str| error[name].as_str().map(scrub);
        let message =
            text("message").or_else(|| error.as_str().map(scrub)).unwrap_or_else(|| "no reason was given".to_owned());
        Self {
            status,
            type_: text("type").unwrap_or_default(),
            code: text("code"),
            decline_code: text("decline_code"),
            advice_code: text("advice_code"),
            payment_intent: error["payment_intent"].as_str().or(error["payment_intent"]["id"].as_str()).map(scrub),
            message,
            param: text("param"),
            doc_url: text("doc_url"),
            request_log_url: text("request_log_url"),
            request_id: None,
            rate_limited_reason: None,
        }
    }

    /// Whether the object asked for does not exist: deleted, of another account, or of the other mode.
    pub fn is_missing(&self) -> bool {
        // Version 2 of the API says `not_found`.
        self.status == 404 && (self.has_code("resource_missing") || self.has_code("not_found"))
    }

    /// Whether the object exists, but in the mode that the key does not belong to.
    pub fn is_wrong_mode(&self) -> bool {
        self.is_missing() && self.message.contains("a similar object exists in")
    }

    /// Whether the key is wrong, revoked or expired.
    pub fn is_authentication(&self) -> bool {
        self.status == 401
    }

    /// What a 429 complains about; `None` for any other status.
    pub fn limited(&self) -> Option<Limited> {
        let reason = self.rate_limited_reason.as_deref();
        (self.status == 429).then(|| Limited::read(reason, self.code.as_deref()))
    }

    /// Whether too many requests were made; a 429 for a locked object (`lock_timeout`) is not meant.
    pub fn is_rate_limit(&self) -> bool {
        self.limited().is_some_and(|limited| limited != Limited::Lock)
    }

    /// Whether the object after which a listing was to go on does not exist any more.
    pub fn is_lost_cursor(&self) -> bool {
        self.has_code("resource_missing") && matches!(self.param.as_deref(), Some("starting_after" | "ending_before"))
    }

    /// The text that a paying customer may read: the message of a `card_error`, and of no other.
    pub fn customer_message(&self) -> Option<&str> {
        (self.type_ == "card_error").then_some(self.message.as_str())
    }

    /// Whether an idempotency key was used again with other parameters; only a new key helps.
    pub fn is_idempotency_mismatch(&self) -> bool {
        self.type_ == "idempotency_error" && self.status != 409
    }

    /// The permission (`rak_…`) that the restricted key lacks, if Stripe names one.
    pub fn missing_permission(&self) -> Option<&str> {
        if self.status != 403 {
            return None;
        }
        let start = self.message.find("rak_")?;
        let name = &self.message[start..];
        let end = name.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(name.len());
        (end > "rak_".len()).then(|| &name[..end])
    }

    /// The number of webhook endpoints the account may have, if this error says it is reached.
    pub fn endpoint_cap(&self) -> Option<u32> {
        const BEFORE: &str = "maximum of ";
        let start = self.message.find(BEFORE)? + BEFORE.len();
        let number: String = self.message[start..].chars().take_while(char::is_ascii_digit).collect();
        number.parse().ok()
    }

    fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stripe answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(param) = &self.param {
            write!(f, " for {param}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(permission) = self.missing_permission() {
            write!(f, " (give the key the permission {permission})")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ApiError;

    fn error(status: u16, code: Option<&str>, message: &str) -> ApiError {
        ApiError::from_body(status, &json!({"error": {"code": code, "message": message}}))
    }

    #[test]
    fn every_field_is_read_and_scrubbed() {
        let body = json!({"error": {
            "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "param": "source",
            "message": "key sk_test_4eC39HqLyjWDarjtT1zdp7dc was refused",
            "doc_url": "https://stripe.com/docs/error-codes/card-declined", "request_log_url": "https://dashboard.stripe.com/x",
            "advice_code": "try_again_later", "payment_intent": {"id": "pi_1", "client_secret": "pi_1_secret_x"},
        }});
        let error = ApiError::from_body(402, &body);
        assert_eq!(error.type_, "card_error");
        assert_eq!(error.code.as_deref(), Some("card_declined"));
        assert_eq!(error.decline_code.as_deref(), Some("insufficient_funds"));
        assert_eq!(error.param.as_deref(), Some("source"));
        assert_eq!(error.message, "key sk_test_…p7dc was refused");
        assert!(error.doc_url.is_some() && error.request_log_url.is_some());
        assert_eq!(error.advice_code.as_deref(), Some("try_again_later"));
        assert_eq!(error.payment_intent.as_deref(), Some("pi_1"));
        assert!(!format!("{error:?}").contains("pi_1_secret_x"));
        assert_eq!(error.customer_message(), Some("key sk_test_…p7dc was refused"));
        let by_id = ApiError::from_body(402, &json!({"error": {"payment_intent": "pi_2", "message": "no"}}));
        assert_eq!((by_id.payment_intent.as_deref(), by_id.customer_message()), (Some("pi_2"), None));
    }

    #[test]
    fn an_answer_without_an_error_object_still_has_a_text() {
        for body in [json!({}), json!([1]), json!({"error": {}}), json!(null)] {
            assert_eq!(ApiError::from_body(500, &body).to_string(), "stripe answered 500: no reason was given");
        }
        assert_eq!(ApiError::from_body(400, &json!({"error": "bad"})).message, "bad");
    }

    #[test]
    fn questions_are_answered_from_status_code_and_text() {
        let missing = error(404, Some("resource_missing"), "No such webhook endpoint: 'we_1'");
        assert!(missing.is_missing() && !missing.is_wrong_mode());
        let other = "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used.";
        assert!(error(404, Some("resource_missing"), other).is_wrong_mode());
        assert!(error(404, Some("not_found"), "No such event destination: 'ed_1'").is_missing());
        assert!(!error(404, None, "Unrecognized request URL").is_missing());
        assert!(error(401, None, "Invalid API Key provided").is_authentication());
        assert!(error(429, Some("rate_limit"), "").is_rate_limit());
        assert!(!error(429, Some("lock_timeout"), "").is_rate_limit());
        assert!(!error(400, Some("rate_limit"), "").is_rate_limit());
    }

    #[test]
    fn a_lost_cursor_is_told_from_other_missing_objects() {
        let missing = |status: u16, param: &str| {
            let error = json!({"code": "resource_missing", "param": param, "message": "No such customer: 'cus_1'"});
            ApiError::from_body(status, &json!({ "error": error })).is_lost_cursor()
        };
        assert!(missing(400, "starting_after") && missing(404, "ending_before"));
        assert!(!missing(404, "id") && !missing(400, "customer"));
        assert!(!error(400, None, "Invalid starting_after").is_lost_cursor());
    }

    #[test]
    fn the_missing_permission_is_named() {
        let text = "The provided key 'rk_test_*****abcd' does not have the required permissions for this endpoint on \
                    account 'acct_1'. Having the 'rak_webhook_write' permission would allow this request to continue.";
        assert_eq!(error(403, None, text).missing_permission(), Some("rak_webhook_write"));
        assert!(error(403, None, text).to_string().ends_with("(give the key the permission rak_webhook_write)"));
        assert_eq!(error(403, None, "No rak_ here").missing_permission(), None);
        assert_eq!(error(400, None, text).missing_permission(), None);
    }

    #[test]
    fn the_cap_is_read_not_assumed() {
        let cases = [
            ("You have reached the maximum of 16 test webhook endpoints.", Some(16)),
            ("You have reached the maximum of 100 test webhook endpoints.", Some(100)),
            ("You have reached the maximum of many endpoints.", None),
            ("Invalid URL", None),
        ];
        for (text, cap) in cases {
            assert_eq!(error(400, None, text).endpoint_cap(), cap, "{text}");
        }
    }

    #[test]
    fn display_is_one_line_for_an_operator() {
        let mut error = error(400, Some("url_invalid"), "Invalid URL: URL must be publicly accessible.");
        error.param = Some("url".to_owned());
        error.request_id = Some("req_1".to_owned());
        let text =
            "stripe answered 400 url_invalid for url: Invalid URL: URL must be publicly accessible. (request req_1)";
        assert_eq!(error.to_string(), text);
    }
}
