//! How long pages of the event log take to open when there are few events and when there are many.

use serde::Serialize;
use uuid::Uuid;

use crate::error::Error;
use crate::figures::median;
use crate::rig::browser::Visitor;
use crate::rig::database::Kind;
use crate::rig::fill::{self, Rows};
use crate::rig::server::{Server, Serving};
use crate::rig::{Rig, Site};

/// Events in the small log.
pub const FEW: u64 = 10_000;
/// How often each page is opened, after some times that do not count.
const TIMES: usize = 60;
const WARM_UP: usize = 5;
/// Who opens them.
const EMAIL: &str = "bench@example.com";

/// The pages.
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

/// Opens the pages of a small log and of a large one, in turns, so that a busy machine is busy for both.
///
/// # Errors
/// When anything fails.
pub fn measure(rig: &Rig, kind: Kind, many: u64) -> Result<Pages, Error> {
    let (small, large) = (filled(rig, kind, FEW)?, filled(rig, kind, many)?);
    let (mut small, mut large) = (Log::open(small, FEW)?, Log::open(large, many)?);
    let mut pages = Vec::new();
    for (shows, path) in PAGES {
        let (mut few, mut much) = (Vec::new(), Vec::new());
        for _ in 0..WARM_UP + TIMES {
            few.push(small.time(path)?);
            much.push(large.time(path)?);
        }
        let (few_ms, many_ms) = (median(&few[WARM_UP..]), median(&much[WARM_UP..]));
        pages.push(Page { shows, few_ms, many_ms, ratio: many_ms / few_ms });
    }
    small.server.stop()?;
    large.server.stop()?;
    Ok(Pages { few: FEW, many, pages })
}

fn filled(rig: &Rig, kind: Kind, count: u64) -> Result<Site, Error> {
    let site = rig.site(kind)?;
    fill::fill(&site.sql()?, kind, Rows::Log, count)?;
    Ok(site)
}

/// A log of some size, and somebody who looks at it.
struct Log {
    visitor: Visitor,
    server: Server,
    count: u64,
    // The last one: it holds the database.
    _site: Site,
}

impl Log {
    fn open(site: Site, count: u64) -> Result<Self, Error> {
        let password = Uuid::new_v4().to_string();
        let add = ["users", "add", EMAIL, "--role", "viewer", "--password-stdin"];
        site.settings.command(&add, &format!("{password}\n"))?;
        let server = site.start(Serving::Intake)?;
        Ok(Self { visitor: Visitor::sign_in(server.address, EMAIL, &password)?, server, count, _site: site })
    }

    // In milliseconds.
    fn time(&mut self, path: &str) -> Result<f64, Error> {
        let path = path_for(path, self.count);
        let (took, html) = self.visitor.open(&path)?;
        if !html.contains("/admin/events/evt_") {
            return Err(Error::Wrong(format!("{path} shows no events")));
        }
        Ok(took.as_secs_f64() * 1000.0)
    }
}

fn path_for(path: &str, count: u64) -> String {
    let middle = (count / 2).to_string();
    path.replace("{middle}", &middle).replace("{object}", &fill::object_id(count / 3))
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
