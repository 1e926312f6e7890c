//! `GET /admin/objects/{type}/{id}`: one object with its fields, what refers to it, and the events about it.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::events::{self, Event};
use tollgate_models::mirror::{self, Object, Related};
use tollgate_models::page::Cursor;
use tollgate_models::users::Role;
use tollgate_stripe_client::objects::object_kind;

use super::value::{Cell, Eyes, Looked, Shown, cell, label};
use super::{address, address_of, fields_of, heading, list_address};
use crate::Error;
use crate::admin::events::EventRow;
use crate::admin::fields::{Query, link};
use crate::admin::json_view::JsonTree;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Fact, at_stripe};
use crate::admin::roles::Viewer;
use crate::admin::show::{Id, Mode, Stamp, size};

/// The newest related objects of a kind that are shown.
const RELATED: usize = 5;
const EVENTS: usize = 10;

pub(in crate::admin) struct RelatedRow {
    id: String,
    href: String,
    status: Option<Shown>,
    created: Stamp,
}

pub(in crate::admin) struct RelatedGroup {
    label: String,
    all: Option<String>,
    rows: Vec<RelatedRow>,
}

#[derive(Template)]
#[template(path = "admin/object.html")]
pub(in crate::admin) struct ObjectPage {
    layout: Layout,
    id: Id,
    object: String,
    plural: String,
    list_url: String,
    mode: Mode,
    deleted: Option<Stamp>,
    at_stripe: Option<String>,
    history_url: String,
    fetch_url: String,
    may_fetch: bool,
    livemode: bool,
    account: String,
    columns: Vec<Cell>,
    tree: Option<JsonTree>,
    raw: String,
    size: String,
    facts: Vec<Fact>,
    related: Vec<RelatedGroup>,
    events: Vec<EventRow>,
    events_url: String,
}

/// What the database has about an object.
pub(in crate::admin) struct Found {
    pub(in crate::admin) object: Object,
    pub(in crate::admin) related: Vec<Related>,
    pub(in crate::admin) events: Vec<Event>,
}

/// The handler.
pub(in crate::admin) async fn show(
    viewer: Viewer,
    path: web::Path<(String, String)>,
    Query(query): Query,
) -> Result<HttpResponse, PageError> {
    let (object, id) = path.into_inner();
    let whose = super::asked_whose(&query);
    let missing =
        Error::NotFound(format!("there is no {object:.60} {id:.100} in the mirror; an event about it has yet to come"));
    let found = viewer.tollgate.db().read(move |conn| -> QueryResult<_> {
        let Some(found) = mirror::find_of(conn, &object, &id, &whose)? else { return Ok(None) };
        let filter = events::Filter { object_id: Some(id.clone()), ..Default::default() };
        Ok(Some(Found {
            related: mirror::related(conn, &found, RELATED)?,
            events: events::list(conn, &filter, Cursor::Newest, EVENTS)?.rows,
            object: found,
        }))
    });
    let found = found.await?.ok_or(missing)?;
    let stripe =
        stripe_path(&found.object).and_then(|path| at_stripe(viewer.tollgate.config(), found.object.livemode, &path));
    let layout = viewer.layout(Section::Objects, format!("{} {}", found.object.object, found.object.id));
    let eyes = Eyes { operator: viewer.may(Role::Operator), now: viewer.now };
    page(&ObjectPage { at_stripe: stripe, ..view(layout, found, eyes) })
}

/// Where the dashboard shows an object: its page, or else what a search for its id finds. None for a type without ids.
fn stripe_path(object: &Object) -> Option<String> {
    let pages = match object.object.as_str() {
        "customer" => "customers",
        "subscription" => "subscriptions",
        "subscription_schedule" => "subscription_schedules",
        "invoice" => "invoices",
        "payment_intent" | "charge" => "payments",
        "product" => "products",
        "price" => "prices",
        "coupon" => "coupons",
        "payout" => "payouts",
        "dispute" => "disputes",
        "quote" => "quotes",
        "payment_link" => "payment-links",
        "account" => "connect/accounts",
        _ if object.id == object.object => return None,
        _ => return Some(link("search", &[("query".to_owned(), object.id.clone())])),
    };
    Some(format!("{pages}/{}", object.id))
}

/// The page out of what was found.
pub(in crate::admin) fn view(layout: Layout, found: Found, eyes: Eyes) -> ObjectPage {
    let Found { object, related, events } = found;
    let (json, whose) = (object.json(), super::whose(&object));
    let columns = mirror::kind(&object.object).map(|kind| {
        let looked = Looked { kind, json: &json, whose: &whose };
        kind.columns.iter().map(|column| cell(looked, column, eyes)).collect()
    });
    ObjectPage {
        layout,
        id: Id::plain(&object.id),
        plural: heading(&object.object),
        list_url: list_address(&object.object),
        mode: Mode { live: object.livemode },
        deleted: object.deleted_at.map(|at| Stamp::full(at, eyes.now)),
        at_stripe: None,
        history_url: link(
            &format!("{}/history", address(&object.object, &object.id)),
            &fields_of(&object.object, &whose),
        ),
        fetch_url: format!("{}/fetch", address(&object.object, &object.id)),
        may_fetch: eyes.operator && object_kind(&object.object).is_some(),
        livemode: object.livemode,
        account: object.account.clone().unwrap_or_default(),
        columns: columns.unwrap_or_default(),
        tree: eyes.operator.then(|| JsonTree::new(&json)),
        size: size(object.data.len() as i64),
        raw: if eyes.operator { pretty(&json) } else { String::new() },
        facts: facts(&object, eyes.now),
        related: related.into_iter().map(|group| related_group(group, &object.id, eyes)).collect(),
        events: events.into_iter().map(|event| EventRow::new(event, String::new(), eyes.now)).collect(),
        events_url: link("/admin/events", &[("q".to_owned(), object.id.clone())]),
        object: object.object,
    }
}

// The mirror keeps content, not bytes: indented it is easier to read.
fn pretty(json: &serde_json::Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

fn facts(object: &Object, now: i64) -> Vec<Fact> {
    let mut facts = vec![
        Fact::at("Created", Stamp::full(object.created.saturating_mul(1000), now)),
        Fact::at("True as of", Stamp::full(object.as_of.saturating_mul(1000), now)),
    ];
    facts.push(match &object.event_id {
        Some(event) => Fact::id("From the event", Id::link(event, crate::admin::events::address(event))),
        None => Fact::text("From", "fetched from Stripe"),
    });
    if let Some(account) = &object.account {
        facts.push(Fact::id("Account", Id::plain(account)));
    }
    facts.push(Fact::text("API version", object.api_version.as_deref().unwrap_or("not told")));
    facts
}

fn related_group(group: Related, id: &str, eyes: Eyes) -> RelatedGroup {
    let path = list_address(group.kind.object);
    let all = [("column".to_owned(), group.column.to_owned()), ("value".to_owned(), id.to_owned())];
    let status = group.kind.column("status");
    let row = |object: Object| {
        let (json, whose) = (object.json(), super::whose(&object));
        let looked = Looked { kind: group.kind, json: &json, whose: &whose };
        RelatedRow {
            href: address_of(&object.object, &object.id, &whose),
            status: status.map(|column| cell(looked, column, eyes).value),
            created: Stamp::short(object.created.saturating_mul(1000), eyes.now).alone(),
            id: object.id,
        }
    };
    RelatedGroup {
        label: format!("{} ({})", heading(group.kind.object), label(group.column).to_lowercase()),
        all: group.more.then(|| link(&path, &all)),
        rows: group.rows.into_iter().map(row).collect(),
    }
}
