//! The kinds of objects that the API gives by id: name, path, id prefix.

use std::sync::LazyLock;

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::page::Pages;
use crate::request::Request;

/// The kinds that most integrations live by, in the order to fetch them: what is referred to comes first.
pub const CORE: [&str; 10] = [
    "account",
    "customer",
    "product",
    "price",
    "payment_method",
    "subscription",
    "invoice",
    "payment_intent",
    "charge",
    "refund",
];

/// One kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectKind {
    /// Stripe's name, as in the `object` field.
    pub object: &'static str,
    /// The path of the list; an id is appended for one object.
    pub path: &'static str,
    /// How ids usually start: a hint for search, never a proof, since Stripe may change prefixes.
    pub id_prefix: Option<&'static str>,
    /// Whether the path lists all of them without naming a parent.
    pub listable: bool,
    /// Whether that list can be narrowed by when they were made (`created`).
    pub by_time: bool,
}

static KINDS: LazyLock<Vec<ObjectKind>> =
    LazyLock::new(|| include_str!("../data/objects.txt").lines().filter_map(read_kind).collect());

/// Every kind that is known, in alphabetical order.
pub fn object_kinds() -> &'static [ObjectKind] {
    &KINDS
}

/// The kind with this `object` name.
pub fn object_kind(object: &str) -> Option<&'static ObjectKind> {
    KINDS.binary_search_by(|kind| kind.object.cmp(object)).ok().map(|index| &KINDS[index])
}

/// The kind whose ids look like this one, by the longest prefix.
pub fn kind_of_id(id: &str) -> Option<&'static ObjectKind> {
    let prefix_len = |kind: &&ObjectKind| kind.id_prefix.filter(|prefix| id.starts_with(prefix)).map_or(0, str::len);
    KINDS
        .iter()
        .filter(|kind| !kind.object.starts_with("v2."))
        .max_by_key(prefix_len)
        .filter(|kind| prefix_len(kind) > 0)
}

impl Client {
    /// Reads one object by its kind and id.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a kind that has no path of its own; those of [`Client::send`].
    pub async fn retrieve_object(&self, object: &str, id: &str) -> Result<Value, Error> {
        let kind = object_kind(object).ok_or_else(|| no_path(object))?;
        self.send(Request::get(kind.path).segment(id)).await
    }

    /// Lists all objects of a kind, newest first; canceled subscriptions are included.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a kind that cannot be listed as a whole.
    pub fn list_objects(&self, object: &str, params: Form) -> Result<Pages, Error> {
        let kind = object_kind(object).filter(|kind| kind.listable).ok_or_else(|| no_path(object))?;
        let mut params = params;
        if object == "subscription" && params.get("status").is_none() {
            params.push("status", "all");
        }
        Ok(self.list(kind.path, params))
    }
}

fn no_path(object: &str) -> Error {
    Error::InvalidRequest(format!("objects of kind {object:?} cannot be fetched from stripe like this"))
}

fn read_kind(line: &'static str) -> Option<ObjectKind> {
    if line.starts_with('#') {
        return None;
    }
    let mut words = line.split(' ');
    let (object, path, prefix, list) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(ObjectKind {
        object,
        path,
        id_prefix: (prefix != "-").then_some(prefix),
        listable: list != "one",
        by_time: list == "time",
    })
}

#[cfg(test)]
mod tests {
    use super::{CORE, kind_of_id, object_kind, object_kinds};

    #[test]
    fn every_line_of_the_table_is_read_and_sorted() {
        let lines = include_str!("../data/objects.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(object_kinds().len(), lines);
        assert!(object_kinds().is_sorted_by(|a, b| a.object < b.object));
        let rooted = |path: &str| path.starts_with("/v1/") || path.starts_with("/v2/");
        assert!(object_kinds().iter().all(|kind| rooted(kind.path) && !kind.path.ends_with('/')));
    }

    #[test]
    fn core_kinds_can_be_listed() {
        for object in CORE {
            assert!(object_kind(object).is_some_and(|kind| kind.listable && kind.id_prefix.is_some()), "{object}");
        }
        assert_eq!(object_kind("nothing"), None);
    }

    #[test]
    fn an_id_hints_at_its_kind() {
        let cases = [
            ("cus_123", Some("customer")),
            ("sub_123", Some("subscription")),
            ("sub_sched_123", Some("subscription_schedule")),
            ("in_123", Some("invoice")),
            ("evt_123", Some("event")),
            ("acct_123", Some("account")),
            ("cs_test_123", Some("checkout.session")),
            ("25OFF", None),
            ("", None),
        ];
        for (id, expected) in cases {
            assert_eq!(kind_of_id(id).map(|kind| kind.object), expected, "{id}");
        }
    }
}
