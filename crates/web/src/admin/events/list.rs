//! `GET /admin/events`: the log, narrowed by the URL, in keyset pages.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::events::{self, Event, Status};
use tollgate_models::page::{Cursor, Page};
use tollgate_models::users::Role;
use tollgate_stripe_client::catalogue::{self, Family};

use super::EventRow;
use super::filter;
use crate::admin::fields::{Fields, Query, link};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Choice, EndpointNames, Tab, choices, cursor, neighbour, tabs};
use crate::admin::period::PERIODS;
use crate::admin::roles::Viewer;

const PATH: &str = "/admin/events";
const ROWS: usize = 50;

/// What stands in the filter's fields.
#[derive(Default)]
pub(in crate::admin) struct Form {
    q: String,
    type_: String,
    status: String,
    account: String,
    from: String,
    until: String,
}

#[derive(Template)]
#[template(path = "admin/events.html")]
pub(in crate::admin) struct EventsPage {
    pub(in crate::admin) layout: Layout,
    pub(in crate::admin) tabs: Vec<Tab>,
    pub(in crate::admin) form: Form,
    pub(in crate::admin) endpoints: Vec<Choice>,
    pub(in crate::admin) modes: Vec<Choice>,
    pub(in crate::admin) periods: Vec<Choice>,
    pub(in crate::admin) families: &'static [Family],
    pub(in crate::admin) filtered: bool,
    pub(in crate::admin) filtered_at_all: bool,
    pub(in crate::admin) rows: Vec<EventRow>,
    pub(in crate::admin) newer: Option<String>,
    pub(in crate::admin) older: Option<String>,
    pub(in crate::admin) may_replay: bool,
    pub(in crate::admin) replay_url: String,
    pub(in crate::admin) watch_url: String,
    pub(in crate::admin) newest_url: String,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let (filter, at) = (filter::read(&query, viewer.now)?, cursor(&query));
    let (found, names) = viewer
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> {
            Ok((events::list(conn, &filter, at, ROWS)?, EndpointNames::load(conn)?))
        })
        .await?;
    let layout = viewer.layout(Section::Events, "Events");
    page(&EventsPage { may_replay: viewer.may(Role::Operator), ..view(layout, &query, found, &names, viewer.now) })
}

pub(in crate::admin) fn view(
    layout: Layout,
    query: &Fields,
    found: Page<Event>,
    names: &EndpointNames,
    now: i64,
) -> EventsPage {
    let fields = filter::only(query);
    let owned = |name: &str| query.get(name).to_owned();
    let top = found.rows.first().map_or(0, |event| event.seq);
    let mut watched = fields.clone();
    watched.push(("after".to_owned(), top.to_string()));
    EventsPage {
        layout,
        tabs: tabs(PATH, query, "status", Status::ALL.iter().map(|status| status.as_str())),
        form: Form {
            q: owned("q"),
            type_: owned("type"),
            status: owned("status"),
            account: owned("account"),
            from: owned("from"),
            until: owned("until"),
        },
        endpoints: names.choices(query.get("endpoint")),
        modes: choices(&[("", "Any"), ("live", "Live"), ("test", "Test")], query.get("mode")),
        periods: choices(&PERIODS, query.get("period")),
        families: catalogue::families(),
        filtered: fields.iter().any(|(name, _)| name != "status"),
        filtered_at_all: !fields.is_empty() || cursor(query) != Cursor::Newest,
        newer: neighbour(PATH, query, found.newer),
        older: neighbour(PATH, query, found.older),
        rows: found
            .rows
            .into_iter()
            .map(|event| {
                let endpoint = names.name(event.endpoint_uuid.as_deref());
                EventRow::new(event, endpoint, now)
            })
            .collect(),
        may_replay: false,
        replay_url: link("/admin/events/replay", &fields),
        watch_url: link(PATH, &watched),
        newest_url: link(PATH, &fields),
    }
}
