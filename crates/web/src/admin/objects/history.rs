//! `GET /admin/objects/{type}/{id}/history`: each content of an object with what changed in it, and how it was at a time.

mod steps;

use std::collections::HashSet;

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::mirror::{self, Expired, Object, Subject, Then, Version};
use tollgate_models::users::Role;
use tollgate_models::{AnyConnection, QueryResult, events};

use self::steps::{Kept, Step};
use super::{address_of, heading, list_address};
use crate::Error;
use crate::admin::fields::Query;
use crate::admin::json_view::JsonTree;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::period;
use crate::admin::roles::Viewer;
use crate::admin::show::{Id, Mode, Stamp};

/// The newest contents that are shown.
const MOST: i64 = 200;

/// How the object was at the time that was asked for.
struct Shown {
    at: Stamp,
    tree: JsonTree,
}

/// What the database has of an object and its past.
struct Past {
    object: Object,
    then: Option<Then>,
    versions: Vec<Version>,
    expired: Vec<Expired>,
    /// The events that are still here.
    present: HashSet<String>,
    kept_since: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin/object_history.html")]
pub(in crate::admin) struct HistoryPage {
    layout: Layout,
    id: Id,
    object: String,
    object_url: String,
    plural: String,
    list_url: String,
    mode: Mode,
    at: String,
    asked: bool,
    then: Option<Shown>,
    /// What it was like at the time that was asked for is no longer kept, or may not be.
    expired: bool,
    shows_content: bool,
    steps: Vec<Step>,
    more: bool,
    /// Before this time there may have been contents that were deleted for their age.
    forgotten: Option<Stamp>,
}

/// The handler.
pub(in crate::admin) async fn show(
    viewer: Viewer,
    path: web::Path<(String, String)>,
    Query(query): Query,
) -> Result<HttpResponse, PageError> {
    let (object, id) = path.into_inner();
    let whose = super::asked_whose(&query);
    let at = query.some("at").map(period::moment).transpose()?;
    let missing = Error::NotFound(format!("there is no {object:.60} {id:.100} in the mirror"));
    let (kind, wanted) = (object.clone(), id.clone());
    let found = viewer.tollgate.db().read(move |conn| -> QueryResult<_> {
        let Some(found) = mirror::find_of(conn, &kind, &wanted, &whose)? else { return Ok(None) };
        past(conn, found, at).map(Some)
    });
    let past = found.await?.ok_or(missing)?;
    let shows_content = viewer.may(Role::Operator);
    let steps = steps::all(&past, shows_content, viewer.now);
    let more = steps.len() as i64 > MOST;
    let forgotten = past.forgotten().map(|since| Stamp::full(since.saturating_mul(1000), viewer.now));
    let Past { object: found, then, .. } = past;
    let expired = then.as_ref().is_some_and(|then| then.expired);
    let then = then.and_then(|then| then.version).filter(|_| shows_content);
    page(&HistoryPage {
        layout: viewer.layout(Section::Objects, format!("History of {id:.100}")),
        id: Id::plain(&id),
        object_url: address_of(&object, &id, &super::whose(&found)),
        plural: heading(&object),
        list_url: list_address(&object),
        mode: Mode { live: found.livemode },
        at: query.get("at").to_owned(),
        asked: at.is_some(),
        then: then.map(|version| Shown {
            at: Stamp::full(version.as_of.saturating_mul(1000), viewer.now),
            tree: JsonTree::new(&version.object),
        }),
        expired,
        shows_content,
        steps: steps.into_iter().take(usize::try_from(MOST).unwrap_or_default()).collect(),
        more,
        forgotten,
        object,
    })
}

fn past(conn: &mut AnyConnection, object: Object, at: Option<i64>) -> QueryResult<Past> {
    let account = object.account.as_deref();
    let subject = Subject { object: &object.object, id: &object.id, livemode: object.livemode, account };
    let then = at.map(|at| mirror::as_of(conn, subject, at.div_euclid(1000))).transpose()?;
    let versions = mirror::history(conn, subject, MOST + 1)?;
    let ids: Vec<&str> = versions.iter().filter_map(|version| version.event_id.as_deref()).collect();
    Ok(Past {
        then,
        present: events::present(conn, &ids)?,
        expired: mirror::expired(conn, subject, MOST + 1)?,
        kept_since: mirror::kept_since(conn)?,
        versions,
        object,
    })
}

impl Past {
    // An object that is younger lost nothing, and one whose history begins with its creation neither.
    fn forgotten(&self) -> Option<i64> {
        let begins = self.versions.last().is_some_and(|version| version.event_type.ends_with(".created"));
        self.kept_since.filter(|since| self.object.created < *since && !begins)
    }
}
