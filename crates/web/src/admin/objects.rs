//! The mirror's browser: types, lists, the page of one object, and finding anything by its id.

pub(super) mod find;
pub(super) mod history;
pub(super) mod list;
pub(super) mod page;
pub(super) mod types;
pub(super) mod value;

use super::fields::segment;

/// The page of an object.
pub(super) fn address(object: &str, id: &str) -> String {
    format!("{}/{}", list_address(object), segment(id))
}

/// The list of a type.
pub(super) fn list_address(object: &str) -> String {
    format!("/admin/objects/{}", segment(object))
}

/// A type's plural as a heading: `checkout sessions` as `Checkout sessions`.
pub(super) fn heading(object: &str) -> String {
    let plural = tollgate_models::mirror::kind(object).map_or(object, |kind| kind.plural);
    let mut chars = plural.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str().replace(['_', '.'], " "))
}
