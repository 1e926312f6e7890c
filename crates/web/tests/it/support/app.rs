//! A served Tollgate, and what tests do with it.

use std::sync::atomic::Ordering;

use diesel::RunQueryDsl;
use tollgate::models::deliveries::{self, Delivery, Filter};
use tollgate::models::events::{self, Event, Status};
use tollgate::models::mirror::{self, Object};
use tollgate::models::page::Cursor;
use tollgate::models::runs::{self, Run};
use tollgate::models::testing::TestDb;
use tollgate::models::{AnyConnection, QueryResult};
use tollgate::{Clock, Tollgate};

use super::server::Server;
use super::{Answer, ENDPOINT, Http, NOW, Payload, SECRET, sign_at};

/// A running Tollgate on a database of its own; everything ends when it is dropped.
pub struct TestApp {
    // In the order of their end: the server, then what it uses, then the database.
    server: Server,
    pub http: Http,
    pub tollgate: Tollgate,
    clock: Clock,
    pub db: TestDb,
}

impl TestApp {
    pub(super) fn new(server: Server, tollgate: Tollgate, clock: Clock, db: TestDb) -> Self {
        let http = Http::new(&server.base);
        Self { server, http, tollgate, clock, db }
    }

    /// The server's base, for example `http://127.0.0.1:40123`.
    pub fn base(&self) -> &str {
        &self.server.base
    }

    /// The path of the endpoint that every test has.
    pub fn path(&self) -> String {
        format!("/stripe/webhooks/{ENDPOINT}")
    }

    /// Lets a clock that stands go on.
    pub fn advance(&self, millis: i64) {
        match &self.clock {
            Clock::Fixed(now) => drop(now.fetch_add(millis, Ordering::Relaxed)),
            Clock::System => panic!("the machine's clock cannot be moved"),
        }
    }

    /// Posts an event with a good signature.
    pub async fn post_webhook(&self, payload: &Payload) -> Answer {
        self.post_body(payload.to_string()).await
    }

    /// Posts an event that must be taken.
    pub async fn deliver(&self, payload: &Payload) {
        let answer = self.post_webhook(payload).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Posts any body with a good signature.
    pub async fn post_body(&self, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let signature = sign_at(SECRET, self.tollgate.clock().now_seconds(), &body);
        self.http.post(&self.path(), &[("stripe-signature", &signature)], body).await
    }

    /// Posts any body with any headers.
    pub async fn post_with(&self, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        self.http.post(&self.path(), headers, body).await
    }

    /// Processes what is due; how many attempts that took.
    pub async fn run_workers(&self) -> usize {
        let tollgate = self.tollgate.clone();
        tokio::task::spawn_blocking(move || tollgate.workers().run_until_idle()).await.unwrap().unwrap()
    }

    /// Reads with a query.
    pub fn read<T>(&self, query: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> T {
        self.tollgate.db().blocking().read(query).unwrap()
    }

    /// Runs a statement on a connection of its own.
    pub fn execute(&self, sql: &str) {
        diesel::sql_query(sql).execute(&mut self.db.connect()).unwrap();
    }

    /// Counts rows, by what follows `SELECT count(*) FROM`.
    pub fn count(&self, from: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let sql = format!("SELECT count(*) AS count FROM {from}");
        self.read(|conn| diesel::sql_query(sql).get_result::<Count>(conn)).count
    }

    pub fn find_event(&self, id: &str) -> Option<Event> {
        self.read(|conn| events::find(conn, id))
    }

    pub fn event(&self, id: &str) -> Event {
        self.find_event(id).unwrap_or_else(|| panic!("there is no event {id}"))
    }

    pub fn status(&self, id: &str) -> Status {
        self.event(id).status
    }

    /// The newest deliveries, newest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.read(|conn| deliveries::list(conn, &Filter::default(), Cursor::Newest, 1000)).rows
    }

    /// The one delivery that there is.
    pub fn only_delivery(&self) -> Delivery {
        let mut all = self.deliveries();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The runs for an event, oldest first.
    pub fn runs(&self, id: &str) -> Vec<Run> {
        let mut runs = self.read(|conn| runs::of_event(conn, id, 1000));
        runs.reverse();
        runs
    }

    pub fn object(&self, id: &str) -> Option<Object> {
        self.read(|conn| mirror::find_anywhere(conn, id))
    }

    /// How far the clock has gone, in milliseconds.
    pub fn elapsed(&self) -> i64 {
        self.tollgate.clock().now_millis() - NOW
    }
}
