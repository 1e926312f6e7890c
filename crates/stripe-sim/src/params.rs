//! Request parameters as they are sent: the form encoding `a[b][]=c` or JSON, read into a tree.

use serde_json::{Map, Value};

/// The parameters of one request; arrays are maps with numbers as keys, as they are sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(Map<String, Value>);

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

    /// The parameters as they were sent.
    pub(crate) fn tree(&self) -> &Map<String, Value> {
        &self.0
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

/// How deep brackets are followed; what is nested deeper stays one odd name, which no call knows.
const DEEPEST: usize = 16;

fn segments(name: &str) -> Vec<&str> {
    let Some((head, rest)) = name.split_once('[') else { return vec![name] };
    let mut parts = vec![head];
    parts.extend(rest.strip_suffix(']').unwrap_or(rest).split("]["));
    if parts.len() > DEEPEST { vec![name] } else { parts }
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: String) {
    let [head, rest @ ..] = path else { return };
    let key = if head.is_empty() { next_index(map, rest) } else { (*head).to_owned() };
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

/// `a[][b]=1&a[][c]=2` is one item: the last one takes a value for as long as it lacks the name.
fn next_index(map: &Map<String, Value>, rest: &[&str]) -> String {
    let lacks = |item: &Value, name: &str| item.as_object().is_some_and(|item| !item.contains_key(name));
    match (map.keys().next_back(), map.values().next_back(), rest.first()) {
        (Some(index), Some(item), Some(name)) if lacks(item, name) => index.clone(),
        _ => map.len().to_string(),
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
            ("i[][a]=1&i[][b]=2&i[][a]=3", json!({"i": [{"a": "1", "b": "2"}, {"a": "3"}]})),
            ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
            ("a[b=1", json!({"a": {"b": "1"}})),
        ];
        for (encoded, expected) in cases {
            assert_eq!(Params::parse(encoded.as_bytes()).to_value(), expected, "{encoded}");
        }
    }

    #[test]
    fn brackets_without_end_are_one_name() {
        let name = format!("a{}", "[b]".repeat(100_000));
        let params = Params::parse(format!("{name}=1").as_bytes());
        assert_eq!(params.tree().keys().collect::<Vec<_>>(), [&name]);
    }

    #[test]
    fn json_reads_like_a_form() {
        let params = Params::from_json(br#"{"a":["x","y"],"m":{"k":"v","gone":null},"n":null,"i":5}"#).unwrap();
        assert_eq!(params.to_value()["a"], json!(["x", "y"]));
        assert_eq!(params.to_value()["m"]["gone"], json!(null));
        assert!(params.tree().get("n").is_none() && params.tree().get("i") == Some(&json!(5)));
        assert_eq!(Params::from_json(b""), Some(Params::default()));
        for body in ["[]", "text", "a=1", "{", "null", "\"a\""] {
            assert_eq!(Params::from_json(body.as_bytes()), None, "{body}");
        }
    }
}
