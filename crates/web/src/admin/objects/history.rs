//! `GET /admin/objects/{type}/{id}/history`: each content of an object with what changed in it, and how it was at a time.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::mirror::{self, Subject, Version};
use tollgate_models::users::Role;

use super::{address_of, heading, list_address};
use crate::Error;
use crate::admin::events;
use crate::admin::events::changes::{Change, between};
use crate::admin::fields::Query;
use crate::admin::json_view::JsonTree;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::period;
use crate::admin::roles::Viewer;
use crate::admin::show::{Id, Mode, Stamp};

/// The newest contents that are shown.
const MOST: i64 = 200;

/// One content of the object.
pub(in crate::admin) struct Step {
    event: Option<Linked>,
    at: Stamp,
    api_version: String,
    /// Nothing came before it that is known.
    first: bool,
    deleted: bool,
    changes: Vec<Change>,
}

struct Linked {
    type_: String,
    href: String,
}

/// How the object was at the time that was asked for.
struct Then {
    at: Stamp,
    tree: JsonTree,
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
    then: Option<Then>,
    shows_content: bool,
    steps: Vec<Step>,
    more: bool,
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
        let account = found.account.as_deref();
        let subject = Subject { object: &kind, id: &wanted, livemode: found.livemode, account };
        let then = at.map(|at| mirror::as_of(conn, subject, at.div_euclid(1000))).transpose()?.flatten();
        let versions = mirror::history(conn, subject, MOST + 1)?;
        Ok(Some((found, versions, then)))
    });
    let (found, versions, then) = found.await?.ok_or(missing)?;
    let more = versions.len() as i64 > MOST;
    let shows_content = viewer.may(Role::Operator);
    let steps = steps(&versions, shows_content, viewer.now);
    let then = then.filter(|_| shows_content);
    page(&HistoryPage {
        layout: viewer.layout(Section::Objects, format!("History of {id:.100}")),
        id: Id::plain(&id),
        object_url: address_of(&object, &id, &super::whose(&found)),
        plural: heading(&object),
        list_url: list_address(&object),
        mode: Mode { live: found.livemode },
        at: query.get("at").to_owned(),
        asked: at.is_some(),
        then: then.map(|version| Then {
            at: Stamp::full(version.as_of.saturating_mul(1000), viewer.now),
            tree: JsonTree::new(&version.object),
        }),
        shows_content,
        steps: steps.into_iter().take(usize::try_from(MOST).unwrap_or_default()).collect(),
        more,
        object,
    })
}

/// The contents as the page shows them, newest first: each with what is different from the one before.
fn steps(versions: &[Version], shows_content: bool, now: i64) -> Vec<Step> {
    let step = |(index, version): (usize, &Version)| {
        let before = versions.get(index + 1);
        let changes = before.map(|before| between("", &before.object, &version.object)).unwrap_or_default();
        Step {
            event: version
                .event_id
                .as_deref()
                .map(|id| Linked { type_: version.event_type.clone(), href: events::address(id) }),
            at: Stamp::short(version.as_of.saturating_mul(1000), now),
            api_version: version.api_version.clone().unwrap_or_default(),
            first: before.is_none(),
            deleted: version.is_deletion(),
            changes: changes.into_iter().map(|change| shown(change, shows_content)).collect(),
        }
    };
    versions.iter().enumerate().map(step).collect()
}

// Values may be personal data; that a field changed is not.
fn shown(change: Change, shows_content: bool) -> Change {
    let field = change.field.trim_start_matches('.').to_owned();
    if shows_content {
        Change { field, ..change }
    } else {
        Change { field, before: String::new(), after: String::new() }
    }
}
