//! A database under proof: migrated, with an endpoint and the host's own tables.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use tollgate::keyring::{Keyring, Place};
use tollgate::models::db::Options;
use tollgate::models::endpoints::{self, Endpoint, Object, Payload, Status, Validation};
use tollgate::models::testing::TestDb;
use tollgate::models::{AnyConnection, Database, DatabaseUrl, Error, Lane};

use super::payload::{ENDPOINT, SECRET};
use crate::host::ROOT_KEY;

const TABLES: &str =
    "CREATE TABLE effects (event_id TEXT NOT NULL); CREATE TABLE overlapping (event_id TEXT NOT NULL);";

/// A database that a proof has to itself.
pub struct Store {
    url: String,
    // It goes when this is dropped.
    _test: Option<TestDb>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Store {
    /// A fresh database: SQLite, or a schema of its own where `TEST_DATABASE_URL` says.
    pub fn fresh() -> Self {
        let test = TestDb::new();
        let store = Self { url: test.url_text(), _test: Some(test) };
        store.prepare();
        store
    }

    /// A database that is there and empty.
    pub fn at(url: &str) -> Self {
        let store = Self { url: url.to_owned(), _test: None };
        store.prepare();
        store
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    fn prepare(&self) {
        let options = Options { readers: 1, writers: 1, workers: 1, ..Options::default() };
        let database = Database::open(&DatabaseUrl::parse(&self.url).unwrap(), &options).unwrap();
        let keyring = Keyring::parse(ROOT_KEY).unwrap();
        let place = Place { table: "endpoint_secrets", column: "sealed", row: ENDPOINT };
        let sealed = keyring.seal(place, SECRET).unwrap();
        database
            .write(Lane::Ordinary, |conn| -> Result<(), Error> {
                endpoints::insert(conn, &endpoint())?;
                endpoints::insert_secret(conn, ENDPOINT, &sealed, 0)?;
                Ok(())
            })
            .unwrap();
        self.execute(TABLES);
    }

    /// A connection of the proof's own.
    pub fn connect(&self) -> AnyConnection {
        match DatabaseUrl::parse(&self.url).unwrap() {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 20000").unwrap();
                AnyConnection::Sqlite(conn)
            }
            DatabaseUrl::Postgres(url) => AnyConnection::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }

    /// Runs statements.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// Counts rows, by what follows `SELECT count(*) FROM`.
    pub fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) AS count FROM {from}");
        sql_query(sql).get_result::<Count>(&mut self.connect()).unwrap().count
    }

    /// Texts with a number each, by a query that names its columns `text` and `count`.
    pub fn pairs(&self, sql: &str) -> Vec<(String, i64)> {
        let pairs: Vec<Pair> = sql_query(sql).load(&mut self.connect()).unwrap();
        pairs.into_iter().map(|pair| (pair.text, pair.count)).collect()
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        uuid: ENDPOINT.to_owned(),
        stripe_id: Some("we_proof".to_owned()),
        api_key_id: None,
        account: None,
        livemode: false,
        connect: false,
        url: format!("https://pay.example.com/stripe/webhooks/{ENDPOINT}"),
        description: String::new(),
        enabled_events: r#"["*"]"#.to_owned(),
        api_version: None,
        tolerance_seconds: 300,
        validation: Validation::VerifySignature,
        status: Status::Enabled,
        idempotency_key: "proof".to_owned(),
        last_error: None,
        created_by: "proof".to_owned(),
        created_at: 0,
        updated_at: 0,
        deleted_at: None,
        object: Object::WebhookEndpoint,
        payload: Payload::Snapshot,
        inline_events: "[]".to_owned(),
        replaces: None,
        retire_at: None,
    }
}
