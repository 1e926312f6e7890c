//! Request parameters: the form encoding `a[b][]=c` or JSON read into a tree, and typed reads with Stripe's complaints.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// The parameters of one request; arrays are maps with numbers as keys, as they are sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(Map<String, Value>);

impl From<Map<String, Value>> for Params {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl Params {
    /// Reads a query string or a form body.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        let mut root = Map::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            insert(&mut root, &segments(&name), value.into_owned());
        }
        Self(root)
    }

    /// Reads the JSON object that version 2 of the API takes, or no body at all; nothing for anything else.
    pub(crate) fn from_json(body: &[u8]) -> Option<Self> {
        if body.is_empty() {
            return Some(Self::default());
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return None };
        // Null is how version 2 says that a parameter is not there; inside of `metadata` it stays.
        let given = fields.into_iter().filter(|(_, value)| !value.is_null());
        Some(Self(given.map(|(name, value)| (name, numbered(value))).collect()))
    }

    /// Adds those of a query string to those of a body.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Complains about the first parameter that is not in `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Failure> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Failure::unknown_param(name)),
            None => Ok(()),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::param(name, "Invalid string")),
        }
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.text(name)?.ok_or_else(|| Failure::missing_param(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let invalid = || Failure::param(name, format!("Invalid integer: {text}")).code("parameter_invalid_integer");
        text.parse().map(Some).map_err(|_| invalid())
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name)? {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => Err(Failure::param(name, format!("Invalid boolean: {text}"))),
        }
    }

    /// The texts of an array, in the order of their indexes.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Failure> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Object(items)) => {
                let texts: Option<Vec<_>> = items.values().map(Value::as_str).collect();
                texts.map(Some).ok_or_else(|| Failure::param(name, "Invalid array"))
            }
            Some(_) => Err(Failure::param(name, "Invalid array")),
        }
    }

    /// A map of texts such as `metadata`; an empty text stands for an empty map.
    pub(crate) fn map(&self, name: &str) -> Result<Option<&Map<String, Value>>, Failure> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(Failure::param(name, "Invalid object")),
        }
    }

    /// The tree with arrays as arrays, for whoever looks at the recorded request.
    pub(crate) fn to_value(&self) -> Value {
        tidy(Value::Object(self.0.clone()))
    }
}

/// Arrays as forms write them.
fn numbered(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let pairs = items.into_iter().enumerate();
            Value::Object(pairs.map(|(index, item)| (index.to_string(), numbered(item))).collect())
        }
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, item)| (key, numbered(item))).collect()),
        other => other,
    }
}

fn tidy(value: Value) -> Value {
    match value {
        Value::Object(map) if !map.is_empty() && map.keys().all(|key| key.parse::<u32>().is_ok()) => {
            Value::Array(map.into_iter().map(|(_, value)| tidy(value)).collect())
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, tidy(value))).collect()),
        other => other,
    }
}

fn segments(name: &str) -> Vec<&str> {
    let Some((head, rest)) = name.split_once('[') else { return vec![name] };
    let mut parts = vec![head];
    parts.extend(rest.strip_suffix(']').unwrap_or(rest).split("]["));
    parts
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: String) {
    let [head, rest @ ..] = path else { return };
    let key = if head.is_empty() { map.len().to_string() } else { (*head).to_owned() };
    if rest.is_empty() {
        map.insert(key, Value::String(value));
        return;
    }
    let child = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !child.is_object() {
        *child = Value::Object(Map::new());
    }
    if let Value::Object(child) = child {
        insert(child, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Params;

    #[test]
    fn brackets_become_a_tree() {
        let cases = [
            ("a=1&b=x+y", json!({"a": "1", "b": "x y"})),
            ("a[]=1&a[]=2", json!({"a": ["1", "2"]})),
            ("a[0]=1&a[1]=2", json!({"a": ["1", "2"]})),
            ("created[gte]=5", json!({"created": {"gte": "5"}})),
            ("items[0][price]=p&items[0][quantity]=2", json!({"items": [{"price": "p", "quantity": "2"}]})),
            ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
            ("a[b=1", json!({"a": {"b": "1"}})),
        ];
        for (encoded, expected) in cases {
            assert_eq!(Params::parse(encoded.as_bytes()).to_value(), expected, "{encoded}");
        }
    }

    #[test]
    fn json_reads_like_a_form() {
        let params = Params::from_json(br#"{"a":["x","y"],"m":{"k":"v","gone":null},"n":null,"i":5}"#).unwrap();
        assert_eq!(params.texts("a").unwrap(), Some(vec!["x", "y"]));
        assert_eq!(params.map("m").unwrap().unwrap()["gone"], json!(null));
        assert!(!params.has("n") && params.text("i").is_err());
        assert_eq!(Params::from_json(b""), Some(Params::default()));
        for body in ["[]", "text", "a=1", "{", "null", "\"a\""] {
            assert_eq!(Params::from_json(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn wrong_types_are_refused_with_the_name() {
        let params = Params::parse(b"limit=ten&connect=yes&list=x");
        assert!(
            params.integer("limit").is_err() && params.boolean("connect").is_err() && params.texts("list").is_err()
        );
        assert_eq!(params.integer("other").ok(), Some(None));
        assert!(params.only(&["limit", "connect"]).is_err());
    }
}
