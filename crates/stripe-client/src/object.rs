//! What Stripe's objects have in common, read from their JSON.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads the fields that most of Stripe's objects have. All others, also those that are new at Stripe, are in the
/// [`Value`] itself.
///
/// ```
/// use tollgate_stripe_client::Object;
/// let invoice = serde_json::json!({
///     "id": "in_1", "object": "invoice", "created": 1700000000, "livemode": false, "metadata": {"order": "7"},
///     "status": "a_status_of_tomorrow", "customer": {"id": "cus_1", "object": "customer"},
/// });
/// assert_eq!((invoice.id(), invoice.object(), invoice.created()), (Some("in_1"), Some("invoice"), Some(1700000000)));
/// assert_eq!(invoice.reference("customer"), Some("cus_1"));
/// assert_eq!((invoice.metadata("order"), invoice.status()), (Some("7"), Some("a_status_of_tomorrow")));
/// ```
pub trait Object {
    /// The id; a few objects have none, such as the balance.
    fn id(&self) -> Option<&str>;
    /// The kind, such as `customer`.
    fn object(&self) -> Option<&str>;
    /// When it was made, in unix seconds.
    fn created(&self) -> Option<i64>;
    /// Whether it is about live money.
    fn livemode(&self) -> Option<bool>;
    /// The status, which may be one that is not known yet.
    fn status(&self) -> Option<&str>;
    /// Whether it says that it was deleted.
    fn is_deleted(&self) -> bool;
    /// One value of its metadata.
    fn metadata(&self, key: &str) -> Option<&str>;
    /// The id in a field that refers to another object, whether that was expanded or not.
    fn reference(&self, field: &str) -> Option<&str>;
}

impl Object for Value {
    fn id(&self) -> Option<&str> {
        self["id"].as_str()
    }

    fn object(&self) -> Option<&str> {
        self["object"].as_str()
    }

    fn created(&self) -> Option<i64> {
        let created = &self["created"];
        // Version 2 of the API writes RFC 3339.
        let dated = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp);
        created.as_i64().or_else(|| created.as_str().and_then(dated))
    }

    fn livemode(&self) -> Option<bool> {
        self["livemode"].as_bool()
    }

    fn status(&self) -> Option<&str> {
        self["status"].as_str()
    }

    fn is_deleted(&self) -> bool {
        self["deleted"].as_bool().unwrap_or_default()
    }

    fn metadata(&self, key: &str) -> Option<&str> {
        self["metadata"][key].as_str()
    }

    fn reference(&self, field: &str) -> Option<&str> {
        self[field].as_str().or_else(|| self[field].id())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Object;

    #[test]
    fn an_object_of_any_shape_is_read_without_a_panic() {
        for value in [Value::Null, json!([1]), json!("text"), json!(5), json!({}), json!({"id": 7, "metadata": []})] {
            assert_eq!((value.id(), value.object(), value.created(), value.livemode()), (None, None, None, None));
            assert_eq!((value.status(), value.metadata("a"), value.reference("b")), (None, None, None));
            assert!(!value.is_deleted());
        }
    }

    #[test]
    fn references_times_and_deletions_have_two_shapes() {
        assert_eq!(json!({"customer": "cus_1"}).reference("customer"), Some("cus_1"));
        assert_eq!(json!({"customer": {"id": "cus_1"}}).reference("customer"), Some("cus_1"));
        assert_eq!(json!({"created": "2026-10-28T12:34:56.789Z"}).created(), Some(1_793_190_896));
        assert_eq!(json!({"created": "yesterday"}).created(), None);
        assert!(json!({"id": "cus_1", "deleted": true}).is_deleted());
    }
}
