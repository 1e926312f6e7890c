//! Answers: each field that the simulator gives has to be described, and none that is required may be missing.

use http::Method;
use serde_json::Value;

use super::{DEEPEST, Description, Fault, choices};

/// What Stripe gives and its description of 2026-05-27 lacks, by object: what is newer, and what is no longer described.
const MORE: [(&str, &str); 8] = [
    ("charge", "source"),
    ("payment_intent", "source"),
    ("product", "type"),
    ("refund", "customer"),
    ("refund", "customer_account"),
    ("refund", "payment_method"),
    ("subscription_item", "plan"),
    ("v2.core.event", "snapshot_event"),
];
/// The same inside of objects, by where it stands; who sends no key leaves none in the event.
const MORE_INSIDE: [&str; 2] = ["/recurring/trial_period_days", "/request/idempotency_key"];

impl Description {
    /// What of an answer is not as described; `ok` tells success from refusal.
    pub(crate) fn fault_of_answer(&self, method: &Method, path: &str, ok: bool, body: &Value) -> Option<Fault> {
        let operation = self.operation(method.as_str(), path)?;
        let response = &operation["responses"][if ok { "200" } else { "default" }];
        let schema = response.pointer("/content/application~1json/schema")?;
        let check = Check { known: self, is_version_2: path.starts_with("/v2/") };
        check.fault(schema, body, "", 0)
    }
}

/// One look at an answer.
struct Check<'a> {
    known: &'a Description,
    /// It writes null for whatever is not there.
    is_version_2: bool,
}

impl Check<'_> {
    fn fault(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Option<Fault> {
        let resolved = self.known.resolve(schema);
        if depth > DEEPEST {
            return Some(Fault::new(at, "it is nested too deeply"));
        }
        if value.is_null() {
            let allowed = resolved["nullable"] == true || schema["nullable"] == true;
            return (!allowed).then(|| Fault::new(at, "it is null"));
        }
        if let Some(choices) = choices(resolved) {
            return self.fault_of_choices(choices, value, at, depth);
        }
        match (resolved["type"].as_str().unwrap_or_default(), value) {
            ("object", Value::Object(_)) => self.fault_of_fields(resolved, value, at, depth),
            ("array", Value::Array(items)) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| self.fault(&resolved["items"], item, &format!("{at}/{index}"), depth + 1)),
            ("string", Value::String(_)) => fault_of_text(resolved, value, at),
            ("boolean", Value::Bool(_)) | ("number", Value::Number(_)) | ("", _) => None,
            ("integer", Value::Number(number)) if number.is_i64() => None,
            (wanted, _) => Some(Fault::new(at, format!("it is not of type {wanted}"))),
        }
    }

    fn fault_of_choices(&self, choices: &[Value], value: &Value, at: &str, depth: usize) -> Option<Fault> {
        let mut faults = Vec::new();
        for choice in choices {
            let meant = self.is_meant(choice, value);
            match self.fault(choice, value, at, depth + 1) {
                None => return None,
                Some(fault) => faults.push((meant, fault)),
            }
        }
        faults.sort_by_key(|(meant, fault)| (*meant, fault.at.len()));
        faults.pop().map(|(_, fault)| fault)
    }

    /// Whether a schema is that of the object's own kind.
    fn is_meant(&self, schema: &Value, value: &Value) -> bool {
        let properties = &self.known.resolve(schema)["properties"];
        let kinds = properties["object"]["enum"].as_array();
        let is_mark = properties.get("deleted").is_some() && properties.get("created").is_none();
        kinds.is_some_and(|kinds| kinds.contains(&value["object"])) && is_mark == (value["deleted"] == true)
    }

    fn fault_of_fields(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Option<Fault> {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(missing) = required.into_iter().find(|name| value.get(*name).is_none()) {
            return Some(Fault::new(&format!("{at}/{missing}"), "it is missing"));
        }
        let Some(properties) = schema["properties"].as_object() else {
            return self.fault_of_free_fields(schema, value, at, depth);
        };
        let kind = value["object"].as_str().unwrap_or_default();
        let is_required = |name: &str| {
            let required = schema["required"].as_array().into_iter().flatten();
            required.into_iter().any(|required| required == name)
        };
        value.as_object().into_iter().flatten().find_map(|(name, value)| {
            let at = format!("{at}/{name}");
            let more = MORE.contains(&(kind, name)) || MORE_INSIDE.iter().any(|known| at.ends_with(known));
            if more || (self.is_version_2 && value.is_null() && !is_required(name)) {
                return None;
            }
            match properties.get(name).or_else(|| schema.get("additionalProperties").filter(|more| more.is_object())) {
                Some(schema) => self.fault(schema, value, &at, depth + 1),
                None => Some(Fault::new(&at, "it is not known")),
            }
        })
    }

    /// A map, or an object of any kind as in an event, which has to be as its own kind is described.
    fn fault_of_free_fields(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Option<Fault> {
        let of_kind =
            value["object"].as_str().filter(|_| value["id"].is_string()).and_then(|kind| self.known.schemas.get(kind));
        if let Some(of_kind) = of_kind.filter(|_| value["deleted"] != true) {
            return self.fault(of_kind, value, at, depth + 1);
        }
        let schema = schema.get("additionalProperties").filter(|more| more.is_object())?;
        let fields = value.as_object().into_iter().flatten();
        fields.into_iter().find_map(|(name, value)| self.fault(schema, value, &format!("{at}/{name}"), depth + 1))
    }
}

fn fault_of_text(schema: &Value, value: &Value, at: &str) -> Option<Fault> {
    // Stripe marks with this the lists of values that it does not keep to itself.
    if schema["x-stripeBypassValidation"] == true {
        return None;
    }
    let known = schema["enum"].as_array()?;
    (!known.contains(value)).then(|| Fault::new(at, format!("{value} is not one of its values")))
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use crate::described::tests::small;

    fn fault(body: &Value) -> Option<(String, String)> {
        let fault = small().fault_of_answer(&Method::GET, "/v1/customers/cus_1", true, body);
        fault.map(|fault| (fault.at, fault.what))
    }

    #[test]
    fn answers_are_as_described() {
        let base = json!({"id": "cus_1", "object": "customer"});
        let with = |more: Value| {
            let mut body = base.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for good in [
            json!({}),
            json!({"balance": -5, "email": null, "kind": "person", "tags": ["a"], "metadata": {"any": "thing"}}),
            json!({"card": "card_1"}),
            json!({"card": {"id": "card_1", "object": "card", "owner": "cus_1"}}),
            json!({"card": {"id": "card_1", "object": "card", "owner": {"id": "cus_1", "object": "customer"}}}),
        ] {
            assert_eq!(fault(&with(good.clone())), None, "{good}");
        }
        let cases = [
            (json!({"colour": "red"}), "/colour", "it is not known"),
            (json!({"balance": "5"}), "/balance", "it is not of type integer"),
            (json!({"balance": 5.5}), "/balance", "it is not of type integer"),
            (json!({"balance": null}), "/balance", "it is null"),
            (json!({"kind": "robot"}), "/kind", "\"robot\" is not one of its values"),
            (json!({"tags": ["a", 5]}), "/tags/1", "it is not of type string"),
            (json!({"metadata": {"n": 5}}), "/metadata/n", "it is not of type string"),
            (json!({"card": {"id": "card_1", "object": "card", "x": 1}}), "/card/x", "it is not known"),
            (json!({"card": {"object": "card"}}), "/card/id", "it is missing"),
        ];
        for (more, at, what) in cases {
            let found = fault(&with(more.clone())).unwrap();
            assert_eq!((found.0.as_str(), found.1.as_str()), (at, what), "{more}");
        }
        assert_eq!(fault(&json!({"id": "cus_1"})).unwrap().0, "/object");
        assert_eq!(fault(&json!([])).unwrap().1, "it is not of type object");
    }
}
