//! `GET /admin`: the last 24 hours, what is in trouble, what does not end, each endpoint's last delivery, and first steps when all is new.

pub(super) mod chart;

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::deliveries::{self, Delivery};
use tollgate_models::endpoints::{self, Endpoint, Status};
use tollgate_models::event_counts::{self, Hour};
use tollgate_models::page::Cursor;
use tollgate_models::{AnyConnection, QueryResult, api_keys, events, tasks};

use super::endpoints::list::{EndpointRow, row};
use super::endpoints::unchecked_warning;
use super::fields::link;
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::parts::{name_of, span};
use super::reasons::meaning;
use super::roles::Viewer;
use super::show::{ago, count};
use chart::Chart;

const DAY: i64 = 24 * 3_600_000;
/// How long an event may be due before the backlog is worth a warning, in milliseconds.
const LATE: i64 = 60_000;

pub(super) struct Warning {
    text: String,
    href: Option<&'static str>,
}

pub(super) struct Step {
    title: &'static str,
    text: &'static str,
    href: &'static str,
    action: &'static str,
    done: bool,
}

pub(super) struct Figure {
    label: &'static str,
    value: String,
    note: String,
    href: &'static str,
    bad: bool,
}

pub(super) struct RefusalRow {
    reason: String,
    meaning: &'static str,
    href: String,
    count: String,
}

#[derive(Template)]
#[template(path = "admin/dashboard.html")]
pub(super) struct DashboardPage {
    layout: Layout,
    warnings: Vec<Warning>,
    steps: Option<Vec<Step>>,
    figures: Vec<Figure>,
    chart: Chart,
    endpoints: Vec<EndpointRow>,
    refusals: Vec<RefusalRow>,
}

/// What the database has for the dashboard.
#[derive(Default)]
pub(super) struct Found {
    pub(super) hours: BTreeMap<i64, Hour>,
    pub(super) failed: i64,
    pub(super) dead: i64,
    /// How many events wait, and since when the oldest is due.
    pub(super) backlog: (i64, Option<i64>),
    pub(super) refusals: Vec<(String, i64)>,
    pub(super) endpoints: Vec<(Endpoint, Option<Delivery>)>,
    /// The names of endpoints that used to take deliveries often, since when they have taken none, and how often they used to.
    pub(super) silent: Vec<(String, i64, i64)>,
    pub(super) has_key: bool,
    pub(super) has_events: bool,
    /// How many tasks failed and are tried again, and how many are dead.
    pub(super) tasks: (i64, i64),
    /// The handlers of this process that should have ended, and for how long they have run.
    pub(super) overdue: Vec<(String, Duration)>,
}

/// The handler.
pub(super) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let now = viewer.now;
    let mut found = viewer.tollgate.db().read(move |conn| load(conn, now)).await?;
    found.has_key |= viewer.tollgate.config().stripe_api_key.is_some();
    let overdue = viewer.tollgate.workers().overdue().into_iter();
    found.overdue = overdue.map(|(handler, _, so_long)| (handler, so_long)).collect();
    let workers = viewer.tollgate.workers().are_alive();
    page(&view(viewer.layout(Section::Dashboard, "Dashboard"), found, workers, now))
}

fn load(conn: &mut AnyConnection, now: i64) -> QueryResult<Found> {
    let (failed, dead) = event_counts::in_trouble(conn)?;
    let (mut with_last, mut silent) = (Vec::new(), Vec::new());
    for endpoint in endpoints::list(conn)? {
        let last = deliveries::newest_of_endpoint(conn, &endpoint.uuid)?;
        if endpoint.status == Status::Enabled
            && let Some((since, usual)) = deliveries::silent_since(conn, &endpoint.uuid, now)?
        {
            silent.push((name_of(&endpoint), since, usual));
        }
        with_last.push((endpoint, last));
    }
    let any = events::list(conn, &events::Filter::default(), Cursor::Newest, 1)?;
    Ok(Found {
        hours: event_counts::by_hour(conn, chart::first_hour(now) * chart::HOUR)?,
        failed,
        dead,
        backlog: events::backlog(conn, now)?,
        refusals: event_counts::refusals(conn, now - DAY)?,
        endpoints: with_last,
        silent,
        has_key: !api_keys::list(conn)?.is_empty(),
        has_events: !any.rows.is_empty(),
        tasks: tasks::in_trouble(conn).map(|(_, failed, dead)| (failed, dead))?,
        overdue: Vec::new(),
    })
}

/// The page out of what was found.
pub(super) fn view(layout: Layout, found: Found, workers_alive: bool, now: i64) -> DashboardPage {
    DashboardPage {
        layout,
        warnings: warnings(&found, workers_alive, now),
        steps: steps(&found),
        figures: figures(&found, now),
        chart: Chart::new(&found.hours, now),
        refusals: found.refusals.into_iter().map(refusal_row).collect(),
        endpoints: found.endpoints.into_iter().map(|(endpoint, last)| row(endpoint, last, now)).collect(),
    }
}

fn warnings(found: &Found, workers_alive: bool, now: i64) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut add = |text: String, href| warnings.push(Warning { text, href });
    if !workers_alive {
        add("The workers of this server have stopped: events are taken in and not processed. Restart it; the log says why.".to_owned(), None);
    }
    for (handler, so_long) in &found.overdue {
        let so_long = span(*so_long);
        add(
            format!("The handler {handler} has run for {so_long} on one event and does not end."),
            Some("/admin/handlers"),
        );
    }
    if let (_, Some(since)) = found.backlog
        && now - since > LATE
    {
        add(
            format!("Events wait for longer than they should: the oldest was due {}.", ago(since, now)),
            Some("/admin/events?status=pending"),
        );
    }
    if found.refusals.iter().any(|(reason, _)| reason == "timestamp_in_future") {
        let text = "Deliveries are dated ahead of this server's clock: check the clock, or genuine events are refused.";
        add(text.to_owned(), Some("/admin/deliveries?reason=timestamp_in_future"));
    }
    for (name, since, usual) in &found.silent {
        let usual = span(Duration::from_millis(usual.unsigned_abs()));
        add(
            format!(
                "The endpoint {name} has taken no delivery since {}, though one used to come every {usual}: see in Stripe's dashboard whether it reaches this server.",
                ago(*since, now)
            ),
            Some("/admin/endpoints"),
        );
    }
    for (endpoint, _) in &found.endpoints {
        if let Some(text) = unchecked_warning(endpoint) {
            add(text, Some("/admin/endpoints"));
        }
        if endpoint.status == Status::Pending {
            add(
                "An endpoint is not confirmed by Stripe: retry it or clean it up.".to_owned(),
                Some("/admin/endpoints"),
            );
        }
    }
    warnings
}

fn steps(found: &Found) -> Option<Vec<Step>> {
    let has_endpoint = !found.endpoints.is_empty();
    if has_endpoint && found.has_events {
        return None;
    }
    Some(vec![
        Step {
            title: "Add a Stripe key",
            text: "Tollgate asks Stripe whose it is, and keeps it encrypted.",
            href: "/admin/keys",
            action: "Add a key",
            done: found.has_key,
        },
        Step {
            title: "Add an endpoint",
            text: "It is made on Stripe and here in one step; nothing has to be copied.",
            href: "/admin/endpoints/new",
            action: "Add an endpoint",
            done: has_endpoint,
        },
        Step {
            title: "See the first event",
            text: "Do something in the account, for example create a customer in test mode.",
            href: "/admin/events",
            action: "To the event log",
            done: found.has_events,
        },
    ])
}

fn figures(found: &Found, now: i64) -> Vec<Figure> {
    let arrived: i64 = found.hours.values().map(|hour| hour.fine + hour.in_trouble).sum();
    let refused: i64 = found.refusals.iter().map(|(_, count)| count).sum();
    let (waiting, since) = found.backlog;
    let oldest =
        since.map(|since| format!("oldest due {}", ago(since, now))).unwrap_or_else(|| "nothing waits".to_owned());
    let (failed_tasks, dead_tasks) = found.tasks;
    let tasks_note = match failed_tasks {
        0 => "none is tried again".to_owned(),
        1 => "1 failed is tried again".to_owned(),
        failed => format!("{} failed are tried again", count(failed)),
    };
    let in_doubt = dead_tasks == 0 && failed_tasks > 0;
    let tasks_href = if in_doubt { "/admin/tasks?status=failed" } else { "/admin/tasks?status=dead" };
    let figure = |label, number: i64, note: String, href, bad| Figure { label, value: count(number), note, href, bad };
    vec![
        figure("Events", arrived, "arrived in 24 hours".to_owned(), "/admin/events?period=24h", false),
        figure("Waiting", waiting, oldest, "/admin/events?status=pending", false),
        figure("Failed", found.failed, "are tried again".to_owned(), "/admin/events?status=failed", false),
        figure("Dead", found.dead, "need somebody".to_owned(), "/admin/events?status=dead", found.dead > 0),
        figure("Dead tasks", dead_tasks, tasks_note, tasks_href, dead_tasks > 0),
        figure(
            "Refused",
            refused,
            "deliveries in 24 hours".to_owned(),
            "/admin/deliveries?outcome=refused&period=24h",
            false,
        ),
    ]
}

fn refusal_row((reason, number): (String, i64)) -> RefusalRow {
    let fields = [("outcome", "refused"), ("reason", &reason)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    RefusalRow { href: link("/admin/deliveries", &fields), meaning: meaning(&reason), count: count(number), reason }
}
