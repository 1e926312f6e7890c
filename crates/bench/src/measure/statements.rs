//! How many SQL statements an event costs on PostgreSQL, counted by the server itself.
//!
//! The extension `pg_stat_statements` counts every execution of every statement, `BEGIN`, `SAVEPOINT` and `COMMIT` too. It is
//! exact where a log would have to be read back and the statistics of the database count transactions only. Counting is
//! off in the cluster and turned on by the URL of the server that is measured, so that our own questions are not counted.

use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::load::Amount;
use crate::rig::database::Kind;
use crate::rig::server::Serving;
use crate::rig::{PATIENCE, Rig, Site, post, postgres};

/// Connections of the loads.
const CONNECTIONS: u32 = 64;
/// The steady load: events a second, connections, seconds.
const STEADY: (u32, u32, u32) = (1000, 16, 5);
/// Statements that are listed.
const LISTED: usize = 12;

/// What was counted; everything is for each event.
#[derive(Clone, Debug, Serialize)]
pub struct Statements {
    /// Events of each of the first two counts.
    pub events: u32,
    /// To accept it durably, as fast as they come.
    pub accept: f64,
    /// To mirror it, run one handler that writes one row, and mark it as processed, from a full queue.
    pub process: f64,
    /// All of that at 1,000 events a second, where batches are smaller.
    pub steady: f64,
    /// What the statements of `process` were, most frequent first.
    pub listed: Vec<Listed>,
}

/// One statement.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Executions for each event.
    pub per_event: f64,
    /// Its text, without its constants.
    pub text: String,
}

/// Makes sure that the server can count.
///
/// # Errors
/// When it cannot; the text says what to do.
pub fn check(rig: &Rig) -> Result<(), Error> {
    if postgres::sql(rig.postgres()?, "SHOW shared_preload_libraries")?.contains("pg_stat_statements") {
        return Ok(());
    }
    let text = "this PostgreSQL server cannot count statements: it must be started with \
                shared_preload_libraries=pg_stat_statements, as scripts/postgres does where that is installed; \
                or leave `statements` out of --only";
    Err(Error::Usage(text.to_owned()))
}

/// Counts on a fresh database.
///
/// # Errors
/// When anything fails, or an event was not acknowledged or not processed.
pub fn measure(rig: &Rig, events: u32) -> Result<Statements, Error> {
    check(rig)?;
    let mut site = rig.site(Kind::Postgres)?;
    let database = url(&site.database.url)?;
    postgres::sql(&database, "CREATE EXTENSION pg_stat_statements")?;
    site.settings.database = counted(database.clone()).into();
    let (accept, _) = counting(&database, events, || accept(&site, events))?;
    let (process, listed) = counting(&database, events, || process(&site, events))?;
    let steady_events = STEADY.0 * STEADY.2;
    let (steady, _) = counting(&database, steady_events, || steady(&site, events + steady_events))?;
    Ok(Statements { events, accept, process, steady, listed })
}

fn accept(site: &Site, events: u32) -> Result<(), Error> {
    let server = site.start(Serving::Intake)?;
    post(&site.load(&server, CONNECTIONS, None, Amount::Events(events))?)?;
    server.stop()
}

fn process(site: &Site, events: u32) -> Result<(), Error> {
    let server = site.start(Serving::OneHandler)?;
    site.sql()?.await_processed(events.into(), PATIENCE)?;
    server.stop()
}

fn steady(site: &Site, processed: u32) -> Result<(), Error> {
    let server = site.start(Serving::OneHandler)?;
    let (rate, connections, seconds) = STEADY;
    post(&site.load(&server, connections, Some(rate), Amount::Seconds(seconds))?)?;
    site.sql()?.await_processed(processed.into(), PATIENCE)?;
    server.stop()
}

// The statements in which a server starts are counted with the others: some dozens among tens of thousands.
fn counting(
    database: &Url,
    events: u32,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(f64, Vec<Listed>), Error> {
    postgres::sql(database, "SELECT pg_stat_statements_reset()")?;
    work()?;
    let query = "SELECT calls || ' ' || regexp_replace(query, '\\s+', ' ', 'g') FROM pg_stat_statements \
                 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY calls DESC";
    let found: Vec<(u64, String)> = postgres::sql(database, query)?.lines().filter_map(counted_line).collect();
    let all: u64 = found.iter().map(|(calls, _)| calls).sum();
    let per_event = |calls: u64| calls as f64 / f64::from(events);
    let listed = found.into_iter().take(LISTED).map(|(calls, text)| Listed { per_event: per_event(calls), text });
    Ok((per_event(all), listed.collect()))
}

fn counted_line(line: &str) -> Option<(u64, String)> {
    let (calls, text) = line.split_once(' ')?;
    Some((calls.parse().ok()?, text.to_owned()))
}

fn url(text: &str) -> Result<Url, Error> {
    text.parse().map_err(|error| Error::Wrong(format!("the database's URL: {error}")))
}

/// The same database, with counting turned on for whoever connects by this URL.
fn counted(mut url: Url) -> Url {
    // libpq takes %20 for a space, and not the + that forms have.
    let options = "options=-c%20pg_stat_statements.track%3Dtop%20-c%20compute_query_id%3Don";
    let query = url.query().map_or_else(|| options.to_owned(), |query| format!("{query}&{options}"));
    url.set_query(Some(&query));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_is_turned_on_by_the_url_and_other_options_stay() {
        let plain = counted("postgres://me@h:1/db".parse().unwrap());
        assert!(plain.as_str().starts_with("postgres://me@h:1/db?options=-c%20pg_stat_statements.track%3Dtop%20-c"));
        let other = counted("postgres://h/db?sslmode=disable".parse().unwrap());
        assert!(other.as_str().contains("?sslmode=disable&options=-c%20"), "{other}");
    }

    #[test]
    fn a_line_is_a_count_and_a_statement() {
        assert_eq!(counted_line("12 SELECT $1"), Some((12, "SELECT $1".to_owned())));
        assert_eq!(counted_line("SELECT"), None);
    }
}
