//! Stripe's own description of its API (OpenAPI), by which every request and every answer is checked where it is at hand.
//!
//! The file is `openapi/spec3.json` of <https://github.com/stripe/openapi>, also compressed as `.gz`.

mod answers;
mod requests;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

/// The environment variable with the path of the description.
pub(crate) const VARIABLE: &str = "STRIPE_OPENAPI";

/// Nothing is nested deeper than this; what is has gone in a circle.
const DEEPEST: usize = 64;

/// The description that was read last: reading takes a while, and tests start many simulators.
static LAST: Mutex<Option<(PathBuf, Arc<Description>)>> = Mutex::new(None);

/// The description, with its operations by method and path.
#[derive(Debug)]
pub(crate) struct Description {
    schemas: Map<String, Value>,
    /// By method, then by the parts of the path; a part such as `{id}` stands for any.
    operations: HashMap<String, Vec<(Vec<String>, Value)>>,
}

/// What is not as described: where it stands, and what is wrong with it.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) at: String,
    pub(crate) what: String,
}

impl Fault {
    fn new(at: &str, what: impl Into<String>) -> Self {
        Self { at: at.to_owned(), what: what.into() }
    }
}

impl Description {
    /// Reads a file, or gives what was read of it before.
    ///
    /// # Errors
    /// Says why the file is no description.
    pub(crate) fn read(path: &Path) -> Result<Arc<Self>, String> {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = last.as_ref().filter(|(known, _)| known == path) {
            return Ok(Arc::clone(known));
        }
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let description = Arc::new(Self::parse(&unpacked(bytes)?)?);
        *last = Some((path.to_owned(), Arc::clone(&description)));
        Ok(description)
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut whole: Value = serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
        let mut take = |pointer: &str| match whole.pointer_mut(pointer).map(Value::take) {
            Some(Value::Object(map)) => Ok(map),
            _ => Err(format!("it has no {pointer}, so it is not an OpenAPI description")),
        };
        let (paths, schemas) = (take("/paths")?, take("/components/schemas")?);
        let mut operations: HashMap<String, Vec<_>> = HashMap::new();
        for (path, methods) in paths {
            let Value::Object(methods) = methods else { continue };
            for (method, operation) in methods {
                operations.entry(method.to_uppercase()).or_default().push((parts(&path), operation));
            }
        }
        Ok(Self { schemas, operations })
    }

    /// The operation of a path; one with fixed names comes before one with an id in their place.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let asked = parts(path);
        let same = |known: &[String]| {
            known.len() == asked.len() && known.iter().zip(&asked).all(|(known, part)| is_any(known) || known == part)
        };
        let fits = self.operations.get(method)?.iter().filter(|(known, _)| same(known));
        fits.min_by_key(|(known, _)| known.iter().filter(|part| is_any(part)).count()).map(|(_, operation)| operation)
    }

    /// What a reference such as `#/components/schemas/customer` leads to; any other schema is itself.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let named = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        named.and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }
}

fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked);
    read.map(|_| unpacked).map_err(|error| format!("it cannot be unpacked: {error}"))
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn is_any(part: &str) -> bool {
    part.starts_with('{')
}

/// The schemas of which a value has to fit one.
fn choices(schema: &Value) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"].iter().find_map(|name| schema[*name].as_array())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::Description;

    /// A small API in the form of Stripe's.
    pub(super) fn small() -> Description {
        let customer = json!({
            "type": "object",
            "required": ["id", "object"],
            "properties": {
                "id": {"type": "string"},
                "object": {"type": "string", "enum": ["customer"]},
                "balance": {"type": "integer"},
                "email": {"type": "string", "nullable": true},
                "kind": {"type": "string", "enum": ["person", "company"]},
                "card": {"nullable": true, "anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/card"}]},
                "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        });
        let card = json!({
            "type": "object",
            "required": ["id", "object"],
            "properties": {
                "id": {"type": "string"},
                "object": {"type": "string", "enum": ["card"]},
                "owner": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/customer"}]},
            },
        });
        let body = json!({
            "type": "object",
            "properties": {
                "balance": {"type": "integer"},
                "email": {"type": "string"},
                "kind": {"type": "string", "enum": ["person", "company"]},
                "active": {"type": "boolean"},
                "address": {"anyOf": [
                    {"type": "object", "properties": {"city": {"type": "string"}}}, {"type": "string", "enum": [""]},
                ]},
                "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
                "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "string"}}}},
            },
        });
        let form = json!({"content": {"application/x-www-form-urlencoded": {"schema": body}}});
        let answer = json!({"200": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/customer"},
        }}}});
        let whole = json!({
            "components": {"schemas": {"customer": customer, "card": card}},
            "paths": {
                "/v1/customers/{customer}": {"get": {
                    "parameters": [{"in": "query", "name": "expand", "schema": {
                        "type": "array", "items": {"type": "string"},
                    }}],
                    "responses": answer,
                }},
                "/v1/customers/search": {"get": {"responses": {}}},
                "/v1/customers": {"post": {"requestBody": form, "responses": answer}},
            },
        });
        Description::parse(whole.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_path_with_names_comes_before_one_with_ids() {
        let description = small();
        let params = |path: &str| description.operation("GET", path).map(|found| found["parameters"].is_array());
        assert_eq!(params("/v1/customers/cus_1"), Some(true));
        assert_eq!(params("/v1/customers/search"), Some(false));
        for path in ["/v1/customers", "/v1/customers/cus_1/x", "/v1/coupons/c"] {
            assert_eq!(params(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_description_is_refused_with_the_reason() {
        let refusal = |bytes: &[u8]| Description::parse(bytes).unwrap_err();
        assert!(refusal(b"{").starts_with("it is not JSON"));
        assert!(refusal(b"{}").contains("no /paths"), "{}", refusal(b"{}"));
        let without_schemas = Value::to_string(&json!({"paths": {}}));
        assert!(refusal(without_schemas.as_bytes()).contains("no /components/schemas"));
        assert!(super::unpacked(vec![0x1f, 0x8b, 1]).unwrap_err().starts_with("it cannot be unpacked"));
        assert!(Description::read(Path::new("/nowhere/spec3.json")).is_err());
    }
}
