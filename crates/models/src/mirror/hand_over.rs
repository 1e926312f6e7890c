//! Contents of objects whose event's payload is about to be deleted go over into the history's own table.

use diesel::prelude::*;
use serde_json::Value;

use super::apply::is_id;
use super::history::{Content, Subject, content_of, keep};
use crate::db::AnyConnection;
use crate::schema::{event_payloads, events};

/// Payloads that are read together: one has up to a megabyte, and more by setting.
const TOGETHER: usize = 25;

#[derive(Queryable)]
struct Sent {
    event_id: String,
    event_type: String,
    created: i64,
    received_at: i64,
    livemode: bool,
    account: Option<String>,
    api_version: Option<String>,
    object: Option<String>,
    id: Option<String>,
    body: String,
}

impl Sent {
    fn content<'a>(&'a self, object: &'a Value, previous: Option<&'a Value>) -> Option<Content<'a>> {
        let account = self.account.as_deref();
        // What the mirror could not have taken has no history.
        let (type_, id) = (self.object.as_deref().filter(|it| is_id(it))?, self.id.as_deref().filter(|it| is_id(it))?);
        let subject = Subject { object: type_, id, livemode: self.livemode, account };
        Some(Content {
            subject,
            account,
            as_of: self.created,
            event_id: Some(&self.event_id),
            event_type: &self.event_type,
            api_version: self.api_version.as_deref(),
            object,
            previous,
            // The age of a content counts from its arrival, whoever keeps it.
            stored_at: self.received_at,
        })
    }
}

/// Keeps what the payloads of these events say of objects, in the transaction that deletes them.
///
/// # Errors
/// When a query fails.
pub(crate) fn hand_over(conn: &mut AnyConnection, event_ids: &[String]) -> QueryResult<()> {
    for some in event_ids.chunks(TOGETHER) {
        let sent: Vec<Sent> = events::table
            .inner_join(event_payloads::table.on(event_payloads::event_id.eq(events::id)))
            .filter(events::id.eq_any(some))
            .filter(events::kind.eq("snapshot"))
            .filter(events::object_id.is_not_null())
            // Of one second, the one that came first stays the first.
            .order(events::seq)
            .select((
                events::id,
                events::type_,
                events::created,
                events::received_at,
                events::livemode,
                events::account,
                events::api_version,
                events::object_type,
                events::object_id,
                event_payloads::body,
            ))
            .load(conn)?;
        let read: Vec<_> = sent.iter().filter_map(|sent| Some((sent, content_of(&sent.body)?))).collect();
        let contents = read.iter().filter_map(|(sent, (object, previous))| sent.content(object, previous.as_ref()));
        keep(conn, &contents.collect::<Vec<_>>())?;
    }
    Ok(())
}
