//! The mirror's browser: types, lists, the page of one object, and finding anything by its id.

pub(super) mod find;
pub(super) mod history;
pub(super) mod list;
pub(super) mod page;
pub(super) mod types;
pub(super) mod value;

use tollgate_models::mirror::{Kind, Object, Whose, kind};

use super::fields::{Fields, link, segment};

/// The page of an object.
pub(super) fn address(object: &str, id: &str) -> String {
    format!("{}/{}", list_address(object), segment(id))
}

/// The page of an object of an account and mode, which it names where others may have one with the same id.
pub(super) fn address_of(object: &str, id: &str, whose: &Whose) -> String {
    link(&address(object, id), &fields_of(object, whose))
}

fn fields_of(object: &str, whose: &Whose) -> Vec<(String, String)> {
    if !kind(object).is_none_or(Kind::is_keyed_by_account) {
        return Vec::new();
    }
    let account = whose.account.clone().map(|account| ("account".to_owned(), account));
    let mode = whose.livemode.map(|live| ("mode".to_owned(), if live { "live" } else { "test" }.to_owned()));
    account.into_iter().chain(mode).collect()
}

/// Whose object a page is asked for.
fn asked_whose(query: &Fields) -> Whose {
    let livemode = match query.get("mode") {
        "live" => Some(true),
        "test" => Some(false),
        _ => None,
    };
    Whose { account: query.owned("account"), livemode }
}

/// Whose object it is.
fn whose(object: &Object) -> Whose {
    Whose { account: object.account.clone(), livemode: Some(object.livemode) }
}

/// The list of a type.
pub(super) fn list_address(object: &str) -> String {
    format!("/admin/objects/{}", segment(object))
}

/// A type's plural as a heading: `checkout sessions` as `Checkout sessions`.
pub(super) fn heading(object: &str) -> String {
    let plural = kind(object).map_or(object, |kind| kind.plural);
    let mut chars = plural.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str().replace(['_', '.'], " "))
}
