//! What is true in the end, as a file to compare with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::business::Shop;
use crate::error::Error;

/// Writes each object that one of the events told of, one a line; answers how many there are, and how many of them are deleted.
///
/// A line has the object's type and id, the object itself or null when it is deleted, and how many events told of it.
///
/// # Errors
/// When the file cannot be written.
pub fn write(shop: &Shop, events: &[usize], file: &Path) -> Result<(usize, usize), Error> {
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for &number in events {
        let event = shop.event(number);
        let object = &event["data"]["object"];
        if let (Some(kind), Some(id)) = (object["object"].as_str(), object["id"].as_str()) {
            *told.entry((kind.to_owned(), id.to_owned())).or_default() += 1;
        }
    }
    let (mut lines, mut deleted) = (String::new(), 0);
    for ((kind, id), events) in &told {
        let object = shop.object(id).unwrap_or(Value::Null);
        deleted += usize::from(object.is_null());
        lines += &json!({ "type": kind, "id": id, "events": events, "object": object }).to_string();
        lines.push('\n');
    }
    fs::write(file, lines).map_err(Error::io(format!("could not write {}", file.display())))?;
    Ok((told.len(), deleted))
}
