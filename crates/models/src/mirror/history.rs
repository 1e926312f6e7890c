//! What an object was like before: each of its contents with the event that brought it, the newest first.
//!
//! Events keep their payload, so the log itself is the history. Contents that no payload holds, because they were fetched or
//! because the payload was removed, are kept compressed in a table of their own.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::io::{Read, Write};

use diesel::prelude::*;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};

use super::ties::{self, Version as Sides};
use super::{Kind, kind};
use crate::db::{self, AnyConnection, MultiBackend};
use crate::schema::{event_payloads, events, object_versions};

/// One content of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// As of when it was true, in unix seconds.
    pub as_of: i64,
    /// The event that brought it; none if it was fetched.
    pub event_id: Option<String>,
    /// That event's type; empty if it was fetched.
    pub event_type: String,
    /// The API version it is rendered in.
    pub api_version: Option<String>,
    /// The object.
    pub object: Value,
    /// What the event changed, as it was before.
    pub previous: Option<Value>,
}

/// Which object.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its type.
    pub object: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Live or test mode.
    pub livemode: bool,
    /// The account; it counts only for types of which two accounts may have an object with the same id.
    pub account: Option<&'a str>,
}

impl<'a> Subject<'a> {
    // What came while the account was not known may be this one's.
    pub(super) fn accounts(&self) -> Option<[&'a str; 2]> {
        let account = self.account.filter(|_| kind(self.object).is_none_or(Kind::is_keyed_by_account));
        account.map(|account| [account, ""])
    }
}

impl Version {
    /// Whether it says that the object is deleted.
    pub fn is_deletion(&self) -> bool {
        let flagged = self.object["deleted"] == true;
        flagged
            || (self.event_type.ends_with(".deleted") && !self.event_type.ends_with("customer.subscription.deleted"))
    }

    fn sides(&self) -> Sides<'_> {
        Sides {
            object: &self.object,
            event_type: &self.event_type,
            previous: self.previous.as_ref().and_then(Value::as_object),
            deleted: self.is_deletion(),
            fetched: self.event_id.is_none() || is_thin(&self.event_type),
        }
    }
}

// A thin event carries no content: what it brought was fetched.
fn is_thin(event_type: &str) -> bool {
    event_type.starts_with("v1.") || event_type.starts_with("v2.")
}

/// The newest `limit` contents of an object, newest first, in the order in which they were true.
///
/// # Errors
/// When a query fails.
pub fn history(conn: &mut AnyConnection, subject: Subject<'_>, limit: i64) -> QueryResult<Vec<Version>> {
    let mut versions = from_events(conn, subject, limit)?;
    let sent: HashSet<String> = versions.iter().filter_map(|version| version.event_id.clone()).collect();
    let kept = kept(conn, subject, limit)?.into_iter();
    // An event that was deleted and came again has its content twice.
    versions.extend(kept.filter(|version| version.event_id.as_ref().is_none_or(|id| !sent.contains(id))));
    sort(&mut versions, kind(subject.object));
    versions.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(versions)
}

fn from_events(conn: &mut AnyConnection, subject: Subject<'_>, limit: i64) -> QueryResult<Vec<Version>> {
    let mut query = events::table
        .inner_join(event_payloads::table.on(event_payloads::event_id.eq(events::id)))
        .into_boxed::<MultiBackend>();
    if let Some([account, _]) = subject.accounts() {
        query = query.filter(events::account.eq(account).or(events::account.is_null()));
    }
    let rows: Vec<(String, String, i64, Option<String>, String)> = query
        .filter(events::object_id.eq(subject.id))
        .filter(events::object_type.eq(subject.object))
        .filter(events::livemode.eq(subject.livemode))
        .filter(events::kind.eq("snapshot"))
        .order(events::seq.desc())
        .limit(limit)
        .select((events::id, events::type_, events::created, events::api_version, event_payloads::body))
        .load(conn)?;
    let version = |(id, event_type, as_of, api_version, body): (String, String, i64, Option<String>, String)| {
        let (object, previous) = content_of(&body)?;
        Some(Version { as_of, event_id: Some(id), event_type, api_version, object, previous })
    };
    Ok(rows.into_iter().filter_map(version).collect())
}

/// The object in an event's payload, and what the event changed in it; none if there is no object.
pub(super) fn content_of(body: &str) -> Option<(Value, Option<Value>)> {
    let mut event: Value = serde_json::from_str(body).ok()?;
    let data = event.get_mut("data")?;
    let previous = data.get_mut("previous_attributes").map(Value::take).filter(|value| !value.is_null());
    let object = data.get_mut("object").map(Value::take).filter(Value::is_object)?;
    Some((object, previous))
}

fn kept(conn: &mut AnyConnection, subject: Subject<'_>, limit: i64) -> QueryResult<Vec<Version>> {
    type Row = (i64, Option<String>, String, Option<String>, Vec<u8>);
    let mut query = object_versions::table.into_boxed::<MultiBackend>();
    if let Some(accounts) = subject.accounts() {
        query = query.filter(object_versions::account.eq_any(accounts));
    }
    let rows: Vec<Row> = query
        .filter(object_versions::id.eq(subject.id))
        .filter(object_versions::object.eq(subject.object))
        .filter(object_versions::livemode.eq(subject.livemode))
        .order((object_versions::as_of.desc(), object_versions::seq.desc()))
        .limit(limit)
        .select((
            object_versions::as_of,
            object_versions::event_id,
            object_versions::event_type,
            object_versions::api_version,
            object_versions::content,
        ))
        .load(conn)?;
    let version = |(as_of, event_id, event_type, api_version, content): Row| {
        let mut content = decompressed(&content)?;
        let previous = Some(content["previous"].take()).filter(|value| !value.is_null());
        Some(Version { as_of, event_id, event_type, api_version, object: content["object"].take(), previous })
    };
    Ok(rows.into_iter().filter_map(version).collect())
}

// Newest first. Contents of one second have no total order: each is put behind the first that it does not follow.
fn sort(versions: &mut Vec<Version>, kind: Option<&Kind>) {
    let mut sorted: Vec<Version> = Vec::with_capacity(versions.len());
    // Oldest arrivals first, so that what nothing settles stays in the order of arrival.
    for version in versions.drain(..).rev() {
        let newer = |other: &Version| match version.as_of.cmp(&other.as_of) {
            Ordering::Equal => ties::settle(version.sides(), other.sides(), kind).0,
            order => order == Ordering::Greater,
        };
        let place = sorted.iter().position(newer).unwrap_or(sorted.len());
        sorted.insert(place, version);
    }
    *versions = sorted;
}

/// A content to keep.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Which object.
    pub subject: Subject<'a>,
    /// The account it belongs to.
    pub account: Option<&'a str>,
    /// As of when it is true, in unix seconds.
    pub as_of: i64,
    /// The event that brought it.
    pub event_id: Option<&'a str>,
    /// That event's type; empty if it was fetched.
    pub event_type: &'a str,
    /// The API version it is rendered in.
    pub api_version: Option<&'a str>,
    /// The object.
    pub object: &'a Value,
    /// What the event changed, as it was before.
    pub previous: Option<&'a Value>,
    /// When it came here, in unix milliseconds.
    pub stored_at: i64,
}

/// Keeps contents that no payload holds.
///
/// # Errors
/// When a query fails.
pub fn keep<'a>(conn: &mut AnyConnection, contents: &[Content<'a>]) -> QueryResult<()> {
    let row = |content: &Content<'a>| -> QueryResult<NewVersion<'a>> {
        Ok(NewVersion {
            object: content.subject.object,
            id: content.subject.id,
            account: content.account.unwrap_or_default(),
            livemode: content.subject.livemode,
            as_of: content.as_of,
            event_id: content.event_id,
            event_type: content.event_type,
            api_version: content.api_version,
            stored_at: content.stored_at,
            content: compressed(content.object, content.previous)?,
        })
    };
    let rows = contents.iter().map(row).collect::<QueryResult<Vec<NewVersion<'_>>>>()?;
    db::insert_versions(conn, &rows)
}

/// A content to keep, as its row.
#[derive(Insertable)]
#[diesel(table_name = object_versions, treat_none_as_default_value = false)]
pub(crate) struct NewVersion<'a> {
    object: &'a str,
    id: &'a str,
    account: &'a str,
    livemode: bool,
    as_of: i64,
    event_id: Option<&'a str>,
    event_type: &'a str,
    api_version: Option<&'a str>,
    stored_at: i64,
    content: Vec<u8>,
}

fn compressed(object: &Value, previous: Option<&Value>) -> QueryResult<Vec<u8>> {
    let text = json!({ "object": object, "previous": previous }).to_string();
    // A backfill compresses very many, one after the other.
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    written.map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

// None if the row was damaged by hand.
fn decompressed(content: &[u8]) -> Option<Value> {
    let mut text = String::new();
    DeflateDecoder::new(content).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
