//! Stripe's form encoding of nested values: `a[b][0][c]=d`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::form_urlencoded;

/// Parameters in the order they were added; used for v1 bodies and for every query.
///
/// ```
/// use tollgate_stripe_client::Form;
/// let form = Form::new().with("url", "https://example.com").with("enabled_events[0]", "*");
/// assert_eq!(form.encode(), "url=https%3A%2F%2Fexample.com&enabled_events%5B0%5D=*");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A form without parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one parameter; an empty value unsets the field at Stripe.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(key, value);
        self
    }

    /// Adds one parameter in place.
    pub fn push(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.push((key.into(), value.into()));
    }

    /// Adds one parameter if there is a value.
    pub fn push_some(&mut self, key: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.push(key, value);
        }
    }

    /// Adds a list as `key[0]`, `key[1]`, …; an empty one as `key=`, which empties the field at Stripe.
    pub fn push_list<I: IntoIterator<Item: Into<String>>>(&mut self, key: &str, values: I) {
        let before = self.0.len();
        for (index, value) in values.into_iter().enumerate() {
            self.push(format!("{key}[{index}]"), value);
        }
        if self.0.len() == before {
            self.push(key, "");
        }
    }

    /// Flattens a JSON object; `None` for any other JSON value.
    ///
    /// `null`, `[]` and `""` become an empty value, which unsets the field at Stripe; an empty object adds nothing.
    pub fn from_value(value: &Value) -> Option<Self> {
        let mut form = Self::new();
        form.push_fields(value.as_object()?);
        Some(form)
    }

    /// Adds the fields of a JSON object, flattened as by [`from_value`](Self::from_value).
    pub fn push_fields(&mut self, fields: &Map<String, Value>) {
        for (key, value) in fields {
            self.flatten(key.clone(), value);
        }
    }

    /// Adds pairs of metadata; an empty value removes a key at Stripe.
    pub fn push_metadata(&mut self, pairs: &BTreeMap<String, String>) {
        for (key, value) in pairs {
            self.push(format!("metadata[{key}]"), value);
        }
    }

    /// Adds all parameters of another form.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn flatten(&mut self, key: String, value: &Value) {
        match value {
            Value::Null => self.push(key, ""),
            Value::String(text) => self.push(key, text),
            Value::Bool(_) | Value::Number(_) => self.push(key, value.to_string()),
            Value::Array(items) if items.is_empty() => self.push(key, ""),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.flatten(format!("{key}[{index}]"), item);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.flatten(format!("{key}[{name}]"), field);
                }
            }
        }
    }

    /// The first value of a parameter.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Sets a parameter to one value, dropping those it had.
    pub fn replace(&mut self, key: &str, value: impl Into<String>) {
        self.0.retain(|(name, _)| name != key);
        self.push(key, value);
    }

    /// The pairs, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text to send, percent-encoded.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Form {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Form;

    #[test]
    fn json_is_flattened_as_stripe_reads_it() {
        let cases = [
            (json!({}), ""),
            (json!({"a": "b"}), "a=b"),
            (json!({"n": -5, "f": 0.5, "big": 9007199254740993i64}), "n=-5&f=0.5&big=9007199254740993"),
            (json!({"yes": true, "no": false}), "yes=true&no=false"),
            (json!({"unset": null, "none": [], "blank": ""}), "unset=&none=&blank="),
            (json!({"empty": {}}), ""),
            (json!({"a": {"b": {"c": "d"}}}), "a[b][c]=d"),
            (json!({"a": ["x", "y"]}), "a[0]=x&a[1]=y"),
            (json!({"a": {"b": [{"c": "d"}, {"c": "e"}]}}), "a[b][0][c]=d&a[b][1][c]=e"),
            (json!({"items": [{"price": "price_1", "quantity": 2}]}), "items[0][price]=price_1&items[0][quantity]=2"),
            (json!({"z": 1, "a": 2}), "z=1&a=2"),
        ];
        for (value, expected) in cases {
            let form = Form::from_value(&value).unwrap();
            let pairs: Vec<String> = form.pairs().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!(pairs.join("&"), expected, "{value}");
        }
    }

    #[test]
    fn only_an_object_is_a_form() {
        for value in [json!(null), json!([1]), json!("a=b"), json!(1)] {
            assert_eq!(Form::from_value(&value), None);
        }
    }

    #[test]
    fn what_is_not_plain_is_percent_encoded() {
        let form = Form::new().with("metadata[key with space]", "a&b=c+d %\n").with("name", "Zoë €");
        let expected = "metadata%5Bkey+with+space%5D=a%26b%3Dc%2Bd+%25%0A&name=Zo%C3%AB+%E2%82%AC";
        assert_eq!(form.encode(), expected);
    }

    #[test]
    fn a_list_is_numbered_and_an_empty_one_unsets() {
        let mut form = Form::new();
        form.push_list("types", ["a", "b"]);
        form.push_list("none", Vec::<String>::new());
        assert_eq!(form, Form::from_iter([("types[0]", "a"), ("types[1]", "b"), ("none", "")]));
    }

    #[test]
    fn replace_leaves_one_value() {
        let mut form = Form::from_iter([("a", "1"), ("b", "2"), ("a", "3")]);
        form.replace("a", "4");
        assert_eq!(form, Form::from_iter([("b", "2"), ("a", "4")]));
        assert_eq!((form.get("a"), form.get("c")), (Some("4"), None));
    }
}
