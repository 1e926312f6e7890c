//! Reading: raw parameters to typed ones, or the refusal that Stripe would give.

use serde_json::{Map, Number, Value, json};

use super::{Field, Given, Takes};
use crate::failure::Failure;
use crate::params::Params;

/// Reads the parameters that `fields` name; any other is refused, and so is a required one that is missing.
pub(crate) fn read(params: &Params, fields: &[Field]) -> Result<Given, Failure> {
    hash("", params.tree(), fields).map(Given::new)
}

fn hash(path: &str, given: &Map<String, Value>, fields: &[Field]) -> Result<Value, Failure> {
    let find = |name: &str| fields.iter().find(|field| field.name == name);
    if let Some(unknown) = given.keys().find(|name| find(name).is_none()) {
        return Err(Failure::unknown_param(&below(path, unknown)));
    }
    let mut read = Map::new();
    for (name, value) in given {
        if let Some(field) = find(name) {
            read.insert(name.clone(), one(&below(path, name), value, field)?);
        }
    }
    match fields.iter().find(|field| field.required && !read.contains_key(field.name)) {
        Some(missing) => Err(Failure::missing_param(&below(path, missing.name))),
        None => Ok(Value::Object(read)),
    }
}

/// `name`, or `path[name]` inside a hash.
fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}[{name}]") }
}

fn one(path: &str, value: &Value, field: &Field) -> Result<Value, Failure> {
    if value == "" && !matches!(field.takes, Takes::Tree) {
        return if field.required { Err(Failure::empty_param(path)) } else { Ok(unset(field)) };
    }
    let invalid = |what: &str| Failure::param(path, format!("Invalid {what}"));
    match (field.takes, value) {
        (Takes::Text, Value::String(_)) | (Takes::Tree, _) => Ok(value.clone()),
        (Takes::OneOf(known), Value::String(text)) => one_of(path, text, known),
        (Takes::Integer, Value::String(text)) => integer(path, text),
        (Takes::Decimal, Value::String(text)) => decimal(path, text),
        (Takes::Flag, Value::String(text)) => flag(path, text),
        (Takes::Integer | Takes::Decimal, Value::Number(_)) | (Takes::Flag, Value::Bool(_)) => Ok(value.clone()),
        (Takes::Hash(fields), Value::Object(inner)) => hash(path, inner, fields),
        (Takes::Texts | Takes::Rows(_), Value::Object(items)) => array(path, items, field),
        (Takes::Hash(_), _) => Err(invalid("object")),
        (Takes::Texts | Takes::Rows(_), _) => Err(invalid("array")),
        _ => Err(invalid("string")),
    }
}

/// What an empty text makes of a parameter.
fn unset(field: &Field) -> Value {
    if matches!(field.takes, Takes::Texts | Takes::Rows(_)) { json!([]) } else { Value::Null }
}

/// The items of an array, which arrive as a map whose keys are numbers.
fn array(path: &str, items: &Map<String, Value>, field: &Field) -> Result<Value, Failure> {
    let invalid = || Failure::param(path, "Invalid array");
    let mut read = Vec::new();
    for (index, item) in items {
        let at = format!("{path}[{index}]");
        match (field.takes, item) {
            _ if index.parse::<u32>().is_err() => return Err(invalid()),
            (Takes::Rows(fields), Value::Object(row)) => read.push(hash(&at, row, fields)?),
            (Takes::Texts, Value::String(_)) => read.push(item.clone()),
            _ => return Err(Failure::param(at, "Invalid value in array")),
        }
    }
    Ok(Value::Array(read))
}

fn one_of(path: &str, text: &str, known: &[&str]) -> Result<Value, Failure> {
    if known.contains(&text) {
        return Ok(json!(text));
    }
    Err(Failure::param(path, format!("Invalid {path}: must be {}", alternatives(known))))
}

/// `a`, `a or b`, `one of a, b, or c`: as Stripe lists what may stand there.
pub(crate) fn alternatives(known: &[&str]) -> String {
    match known {
        [] => "empty".to_owned(),
        [only] => (*only).to_owned(),
        [one, other] => format!("one of {one} or {other}"),
        [rest @ .., last] => format!("one of {}, or {last}", rest.join(", ")),
    }
}

fn integer(path: &str, text: &str) -> Result<Value, Failure> {
    text.parse::<i64>().map(Value::from).map_err(|_| Failure::invalid_integer(path, text))
}

fn decimal(path: &str, text: &str) -> Result<Value, Failure> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = text.parse::<f64>().ok().filter(|_| plain);
    let whole = || text.parse::<i64>().ok().map(Number::from);
    let number = number.and_then(|number| whole().or_else(|| Number::from_f64(number)));
    number.map(Value::Number).ok_or_else(|| Failure::param(path, format!("Invalid decimal: {text}")))
}

fn flag(path: &str, text: &str) -> Result<Value, Failure> {
    match text {
        "true" => Ok(json!(true)),
        "false" => Ok(json!(false)),
        _ => Err(Failure::param(path, format!("Invalid boolean: {text}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Field, decimal, flag, hash, integer, one_of, rows, text, texts, tree};
    use super::{Params, alternatives, read};

    const FIELDS: &[Field] = &[
        text("name"),
        integer("amount").required(),
        decimal("share"),
        flag("active"),
        one_of("reason", &["duplicate", "fraudulent", "other"]),
        hash("address", &[text("city").required()]),
        texts("tags"),
        rows("items", &[text("price"), integer("quantity")]),
        tree("metadata"),
    ];

    fn tried(encoded: &str) -> Result<Value, (String, Option<String>)> {
        let read = read(&Params::parse(encoded.as_bytes()), FIELDS);
        read.map(|given| given.value().clone()).map_err(|failure| {
            let error = failure.body("req_1")["error"].clone();
            let text = |name: &str| error[name].as_str().map(str::to_owned);
            (text("message").unwrap_or_default(), text("param"))
        })
    }

    #[test]
    fn parameters_are_read_by_their_types() {
        let form = "name=Ada&amount=-5&share=25.5&active=true&reason=other&address[city]=X&tags[]=a&tags[]=b\
                    &items[0][price]=p&items[0][quantity]=2&metadata[k]=v";
        let expected = json!({
            "name": "Ada", "amount": -5, "share": 25.5, "active": true, "reason": "other", "address": {"city": "X"},
            "tags": ["a", "b"], "items": [{"price": "p", "quantity": 2}], "metadata": {"k": "v"},
        });
        assert_eq!(tried(form), Ok(expected));
        let unset = json!({"name": null, "amount": 1, "address": null, "tags": [], "reason": null});
        assert_eq!(tried("name=&amount=1&address=&tags=&reason="), Ok(unset));
    }

    #[test]
    fn wrong_parameters_are_named_with_their_path() {
        let empty = "You passed an empty string for 'amount'. We assume empty values are an attempt to unset a \
                     parameter; however 'amount' cannot be unset. You should remove 'amount' from your request or \
                     supply a non-empty value.";
        let cases = [
            ("", "Missing required param: amount.", "amount"),
            ("amount=", empty, "amount"),
            ("amount=1&colour=red", "Received unknown parameter: colour", "colour"),
            ("amount=ten", "Invalid integer: ten", "amount"),
            ("amount=1&share=1e9", "Invalid decimal: 1e9", "share"),
            ("amount=1&active=yes", "Invalid boolean: yes", "active"),
            ("amount=1&reason=mood", "Invalid reason: must be one of duplicate, fraudulent, or other", "reason"),
            ("amount=1&address=x", "Invalid object", "address"),
            ("amount=1&address[zip]=1", "Received unknown parameter: address[zip]", "address[zip]"),
            ("amount=1&address[]=1", "Received unknown parameter: address[0]", "address[0]"),
            ("amount=1&name[a]=b", "Invalid string", "name"),
            ("amount=1&tags=x", "Invalid array", "tags"),
            ("amount=1&tags[a]=x", "Invalid array", "tags"),
            ("amount=1&tags[0][a]=x", "Invalid value in array", "tags[0]"),
            ("amount=1&items[0][quantity]=x", "Invalid integer: x", "items[0][quantity]"),
        ];
        for (form, message, param) in cases {
            assert_eq!(tried(form), Err((message.to_owned(), Some(param.to_owned()))), "{form}");
        }
    }

    #[test]
    fn alternatives_read_like_a_sentence() {
        let cases: [(&[&str], &str); 4] =
            [(&[], "empty"), (&["a"], "a"), (&["a", "b"], "one of a or b"), (&["a", "b", "c"], "one of a, b, or c")];
        for (known, expected) in cases {
            assert_eq!(alternatives(known), expected);
        }
    }
}
