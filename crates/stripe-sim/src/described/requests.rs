//! Requests: each path, parameter and type that a caller sends has to be described.

use http::Method;
use serde_json::{Map, Value};

use super::{DEEPEST, Description, Fault, choices};

/// Where any value goes: what is newer than the description of 2026-05-27 may stand there, or the call itself judges it.
const OPEN: [&str; 4] = ["api_version", "snapshot_api_version", "enabled_events", "include"];

impl Description {
    /// What of a request is not as described; its parameters are a tree as they were sent.
    pub(crate) fn fault_of_request(&self, method: &Method, path: &str, given: &Map<String, Value>) -> Option<Fault> {
        let Some(operation) = self.operation(method.as_str(), path) else {
            return Some(Fault::new("", format!("there is no {method} {path}")));
        };
        // The limits of metadata, and how it is unset, are the call's own to judge.
        let judged = given.iter().filter(|(name, _)| *name != "metadata");
        judged.into_iter().find_map(|(name, value)| self.fault_of_param(operation, name, value))
    }

    fn fault_of_param(&self, operation: &Value, name: &str, value: &Value) -> Option<Fault> {
        let params = operation["parameters"].as_array().into_iter().flatten();
        let in_query = params.filter(|param| param["in"] == "query" && param["name"] == name);
        let contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let in_body = contents.filter_map(|(_, content)| self.resolve(&content["schema"])["properties"].get(name));
        let mut faults = Vec::new();
        for schema in in_query.map(|param| &param["schema"]).chain(in_body) {
            match self.fault_of_value(schema, value, name, 0) {
                None => return None,
                Some(fault) => faults.push(fault),
            }
        }
        Some(faults.into_iter().next().unwrap_or_else(|| Fault::new(name, "it is not known")))
    }

    fn fault_of_value(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Option<Fault> {
        let schema = self.resolve(schema);
        if depth > DEEPEST {
            return Some(Fault::new(at, "it is nested too deeply"));
        }
        if let Some(choices) = choices(schema) {
            let faults: Option<Vec<_>> =
                choices.iter().map(|schema| self.fault_of_value(schema, value, at, depth + 1)).collect();
            // The fault that lies deepest belongs to the choice that was meant.
            return faults?.into_iter().max_by_key(|fault| fault.at.len());
        }
        match (schema["type"].as_str().unwrap_or_default(), value) {
            ("object", Value::Object(fields)) => fields.iter().find_map(|(name, value)| {
                let at = format!("{at}[{name}]");
                let of_name = schema["properties"].get(name);
                let other = Some(&schema["additionalProperties"]).filter(|other| other.is_object());
                match of_name.or(other) {
                    Some(schema) => self.fault_of_value(schema, value, &at, depth + 1),
                    None => Some(Fault::new(&at, "it is not known")),
                }
            }),
            ("array", Value::Object(items)) if items.keys().all(|index| index.parse::<u32>().is_ok()) => {
                let at = |index: &String| format!("{at}[{index}]");
                items
                    .iter()
                    .find_map(|(index, item)| self.fault_of_value(&schema["items"], item, &at(index), depth + 1))
            }
            (scalar, value) if fits(scalar, value) => fault_of_choice(schema, value, at),
            (wanted, _) => Some(Fault::new(at, format!("it is not of type {wanted}"))),
        }
    }
}

/// Whether a value is of a type as forms write it, or as JSON does.
fn fits(wanted: &str, value: &Value) -> bool {
    match (wanted, value) {
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => true,
        ("integer", Value::Number(number)) => number.is_i64(),
        ("number", Value::Number(_)) => true,
        ("integer", Value::String(text)) => text.parse::<i64>().is_ok(),
        ("number", Value::String(text)) => text.parse::<f64>().is_ok(),
        ("boolean", Value::String(text)) => text == "true" || text == "false",
        _ => false,
    }
}

fn fault_of_choice(schema: &Value, value: &Value, at: &str) -> Option<Fault> {
    let known = schema["enum"].as_array()?;
    let open = OPEN.iter().any(|name| at.starts_with(name));
    (!open && !known.contains(value)).then(|| Fault::new(at, format!("{value} is not one of its values")))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use crate::described::tests::small;
    use crate::params::Params;

    #[test]
    fn only_what_is_described_may_be_sent() {
        let description = small();
        let fault = |form: &str| {
            let params = Params::parse(form.as_bytes());
            let fault = description.fault_of_request(&Method::POST, "/v1/customers", params.tree());
            fault.map(|fault| (fault.at, fault.what))
        };
        for good in [
            "",
            "balance=-5&email=a%40a.example&active=true",
            "kind=person&address[city]=Port+Ellis",
            "address=&metadata[any]=thing",
            "items[0][price]=p&items[1][price]=q",
            "items[][price]=p",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        let cases = [
            ("colour=red", "colour", "it is not known"),
            ("balance=five", "balance", "it is not of type integer"),
            ("active=yes", "active", "it is not of type boolean"),
            ("kind=robot", "kind", "\"robot\" is not one of its values"),
            ("address[planet]=Mars", "address[planet]", "it is not known"),
            ("address=Mars", "address", "\"Mars\" is not one of its values"),
            ("items[x][price]=p", "items", "it is not of type array"),
            ("items[0][cost]=p", "items[0][cost]", "it is not known"),
            ("email[0]=a", "email", "it is not of type string"),
        ];
        for (form, at, what) in cases {
            let found = fault(form).unwrap();
            assert_eq!((found.0.as_str(), found.1.as_str()), (at, what), "{form}");
        }
        let unknown = description.fault_of_request(&Method::DELETE, "/v1/customers", Params::default().tree());
        assert_eq!(unknown.unwrap().what, "there is no DELETE /v1/customers");
    }

    #[test]
    fn parameters_of_a_query_are_known_by_it() {
        let fault = |query: &str| {
            let params = Params::parse(query.as_bytes());
            small().fault_of_request(&Method::GET, "/v1/customers/cus_1", params.tree())
        };
        assert_eq!(fault("expand[]=card&expand[]=subscriptions"), None);
        assert_eq!(fault("expand=card").unwrap().what, "it is not of type array");
        assert_eq!(fault("limit=3").unwrap().at, "limit");
    }
}
