//! `GET /admin/replays`: every replay of many events, newest first.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::page::Page;
use tollgate_models::replays::{self, Replay};
use tollgate_models::users::Role;

use super::{PATH, ReplayRow};
use crate::admin::fields::{Fields, Query};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{EndpointNames, cursor, neighbour};
use crate::admin::roles::Viewer;

const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "admin/replays.html")]
pub(in crate::admin) struct ReplaysPage {
    layout: Layout,
    may_replay: bool,
    rows: Vec<ReplayRow>,
    newer: Option<String>,
    older: Option<String>,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let at = cursor(&query);
    let (found, names) = viewer
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> { Ok((replays::list(conn, at, ROWS)?, EndpointNames::load(conn)?)) })
        .await?;
    let layout = viewer.layout(Section::Replays, "Replays");
    page(&ReplaysPage { may_replay: viewer.may(Role::Operator), ..view(layout, &query, &found, &names, viewer.now) })
}

fn view(layout: Layout, query: &Fields, found: &Page<Replay>, names: &EndpointNames, now: i64) -> ReplaysPage {
    ReplaysPage {
        layout,
        may_replay: false,
        rows: found.rows.iter().map(|replay| ReplayRow::new(replay, names, now)).collect(),
        newer: neighbour(PATH, query, found.newer),
        older: neighbour(PATH, query, found.older),
    }
}
