//! How long pages of the event log take to open when there are few events and when there are many.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::error::Error;
use crate::figures::median;
use crate::rig::Rig;
use crate::rig::browser::Visitor;
use crate::rig::database::Kind;
use crate::rig::fill::{self, Rows};
use crate::rig::server::Serving;

/// Events in the small log.
pub const FEW: u64 = 10_000;
/// How often each page is opened, after some times that do not count.
const TIMES: usize = 60;
const WARM_UP: usize = 5;
/// Who opens them.
const EMAIL: &str = "bench@example.com";

/// The pages; the first is the one that the goal is about.
const PAGES: [(&str, &str); 6] = [
    ("newest", "/admin/events"),
    ("older, from the middle", "/admin/events?before={middle}"),
    ("failed", "/admin/events?status=failed"),
    ("a family of types", "/admin/events?type=customer"),
    ("the last day", "/admin/events?period=24h"),
    ("of one object", "/admin/events?q={object}"),
];

/// How long one page took.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What it shows.
    pub shows: &'static str,
    /// With few events, in milliseconds; half of the times it took no longer.
    pub few_ms: f64,
    /// With many.
    pub many_ms: f64,
    /// How many times as long it takes with many.
    pub ratio: f64,
}

/// All pages on one database.
#[derive(Clone, Debug, Serialize)]
pub struct Pages {
    /// Events in the small log.
    pub few: u64,
    /// Events in the large one.
    pub many: u64,
    /// The pages.
    pub pages: Vec<Page>,
}

/// Opens the pages of a small log and of a large one.
///
/// # Errors
/// When anything fails.
pub fn measure(rig: &Rig, kind: Kind, many: u64) -> Result<Pages, Error> {
    let (small, large) = (times(rig, kind, FEW)?, times(rig, kind, many)?);
    let pages = PAGES.iter().zip(small.into_iter().zip(large));
    let pages = pages.map(|((shows, _), (few_ms, many_ms))| Page { shows, few_ms, many_ms, ratio: many_ms / few_ms });
    Ok(Pages { few: FEW, many, pages: pages.collect() })
}

fn times(rig: &Rig, kind: Kind, count: u64) -> Result<Vec<f64>, Error> {
    let site = rig.site(kind)?;
    fill::fill(&site.sql()?, kind, Rows::Log, count)?;
    let password = Uuid::new_v4().to_string();
    site.settings
        .command(&["users", "add", EMAIL, "--role", "viewer", "--password-stdin"], &format!("{password}\n"))?;
    let server = site.start(Serving::Intake)?;
    let mut visitor = Visitor::sign_in(server.address, EMAIL, &password)?;
    let found: Result<Vec<f64>, Error> =
        PAGES.iter().map(|(_, path)| time(&mut visitor, &path_for(path, count))).collect();
    server.stop()?;
    found
}

fn path_for(path: &str, count: u64) -> String {
    let middle = (count / 2).to_string();
    path.replace("{middle}", &middle).replace("{object}", &fill::object_id(count / 3))
}

fn time(visitor: &mut Visitor, path: &str) -> Result<f64, Error> {
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..WARM_UP + TIMES {
        let (duration, html) = visitor.open(path)?;
        if !html.contains("/admin/events/evt_") {
            return Err(Error::Wrong(format!("{path} shows no events")));
        }
        took.push(duration);
    }
    let millis: Vec<f64> = took[WARM_UP..].iter().map(|duration| duration.as_secs_f64() * 1000.0).collect();
    Ok(median(&millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_ask_for_what_the_log_has() {
        assert_eq!(path_for(PAGES[1].1, 10_000), "/admin/events?before=5000");
        assert_eq!(path_for(PAGES[5].1, 12), "/admin/events?q=pi_010000000001");
    }
}
