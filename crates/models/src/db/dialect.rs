//! Where the databases differ: connecting, write transactions, the intake's multi-row statements, and SQL of their own.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::Error as ConnectError;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::Purpose;
use super::prepared::Prepared;
use super::{AnyConnection, DatabaseUrl, Error};
use crate::intake::{DeliveryRow, EventRow};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

// Any two numbers that no other program on the same PostgreSQL database would take as advisory locks.
const MIGRATION_LOCK: i64 = 0x746f_6c6c_0001;
const CLAIM_LOCK: i64 = 0x746f_6c6c_0002;

/// Opens one connection; SQLite is told to wait for locks, keep a write-ahead log and sync it at each commit.
pub(super) fn establish(url: &DatabaseUrl, purpose: Purpose, wait: Duration) -> Result<AnyConnection, ConnectError> {
    match url {
        DatabaseUrl::Postgres(url) => {
            let mut conn = diesel::PgConnection::establish(url).map_err(ConnectError::ConnectionError)?;
            // An acknowledged event must survive a crash of the database server, whatever its default is. The work on it is
            // done again if that is lost, and nothing that is committed later stays without what was committed before.
            let synchronous = if purpose == Purpose::Work { "off" } else { "on" };
            conn.batch_execute(&format!("SET synchronous_commit = {synchronous}; SET timezone = 'UTC'"))
                .map_err(ConnectError::QueryError)?;
            // Bodies are compressed several times as fast; a server that was built without it goes on with its own way.
            if let Err(error) = conn.batch_execute("SET default_toast_compression = 'lz4'") {
                tracing::debug!(%error, "the server cannot compress with lz4");
            }
            Ok(AnyConnection::Postgres(conn))
        }
        DatabaseUrl::Sqlite(path) => {
            let path = path.to_string_lossy();
            let mut conn = diesel::SqliteConnection::establish(&path).map_err(ConnectError::ConnectionError)?;
            let pragmas = format!(
                "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA query_only = {};",
                wait.as_millis(),
                if purpose == Purpose::Read { "ON" } else { "OFF" },
            );
            conn.batch_execute(&pragmas).map_err(ConnectError::QueryError)?;
            Ok(AnyConnection::Sqlite(conn))
        }
    }
}

/// Begins a transaction that may write. SQLite takes its lock at once: a deferred one that reads first loses races.
///
/// # Errors
/// When the lock is not to be had in time or the connection is gone.
pub fn begin_write(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(_) => <AnyConnection as Connection>::TransactionManager::begin_transaction(conn),
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE"),
    }
}

/// Tells SQLite's one writer whether its next commits are synced to disk by themselves.
pub(super) fn sync_commits(conn: &mut AnyConnection, sync: bool) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(_) => Ok(()),
        AnyConnection::Sqlite(sqlite) => {
            sqlite.batch_execute(if sync { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })
        }
    }
}

/// Has the commit of the open transaction synced to disk, though its connection is one of those that do not wait for that.
pub(super) fn sync_this_commit(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => pg.batch_execute("SET LOCAL synchronous_commit = on"),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// Syncs what was committed to disk, where [`sync_this_commit`] could not.
pub(super) fn sync_commits_before(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(_) => Ok(()),
        AnyConnection::Sqlite(sqlite) => sqlite.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"),
    }
}

/// Takes the notifications that came on a listening connection; whether there were any.
pub(super) fn take_notifications(conn: &mut AnyConnection) -> QueryResult<bool> {
    match conn {
        AnyConnection::Postgres(pg) => {
            let mut any = false;
            for notification in pg.notifications_iter() {
                notification?;
                any = true;
            }
            Ok(any)
        }
        AnyConnection::Sqlite(_) => Ok(false),
    }
}

/// Ends the connections of workers that go by a name and stand still inside a transaction, which rolls that back; whether there was one.
pub(super) fn end_transaction_of(conn: &mut AnyConnection, name: &str) -> QueryResult<bool> {
    match conn {
        AnyConnection::Postgres(pg) => diesel::sql_query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()",
        )
        .bind::<Text, _>(name)
        .execute(pg)
        .map(|ended| ended > 0),
        AnyConnection::Sqlite(_) => Ok(false),
    }
}

/// Names the connection until its transaction ends, for [`end_transaction_of`] and for whoever looks at the server.
pub(super) fn name_transaction(conn: &mut AnyConnection, name: &str) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => diesel::sql_query("SELECT set_config('application_name', $1, TRUE)")
            .bind::<Text, _>(name)
            .execute(pg)
            .map(drop),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// Serialises the claiming of events among all processes until the transaction ends; SQLite has one writer anyway.
pub(crate) fn lock_claims(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(CLAIM_LOCK).execute(pg).map(drop)
        }
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

pub(super) fn run_migrations(conn: &mut AnyConnection) -> Result<Vec<String>, Error> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Migration(error.to_string());
    // Two processes that start together must not both migrate.
    match conn {
        AnyConnection::Postgres(pg) => {
            diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(MIGRATION_LOCK).execute(pg)?;
            let run = names(pg.run_pending_migrations(POSTGRES_MIGRATIONS)).map_err(failed);
            diesel::sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(MIGRATION_LOCK).execute(pg)?;
            run
        }
        AnyConnection::Sqlite(sqlite) => {
            type Transactions = AnsiTransactionManager;
            Transactions::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
            let run = names(sqlite.run_pending_migrations(SQLITE_MIGRATIONS)).map_err(failed);
            match &run {
                Ok(_) => Transactions::commit_transaction(sqlite)?,
                Err(_) => Transactions::rollback_transaction(sqlite)?,
            }
            run
        }
    }
}

pub(super) fn pending_migrations(conn: &mut AnyConnection) -> Result<Vec<String>, Error> {
    let pending = match conn {
        AnyConnection::Postgres(pg) => {
            pg.pending_migrations(POSTGRES_MIGRATIONS).map(|list| list.iter().map(|m| m.name().to_string()).collect())
        }
        AnyConnection::Sqlite(sqlite) => {
            sqlite.pending_migrations(SQLITE_MIGRATIONS).map(|list| list.iter().map(|m| m.name().to_string()).collect())
        }
    };
    pending.map_err(|error| Error::Migration(error.to_string()))
}

fn names<E>(run: Result<Vec<diesel::migration::MigrationVersion<'_>>, E>) -> Result<Vec<String>, E> {
    run.map(|versions| versions.iter().map(ToString::to_string).collect())
}

/// Inserts events that are not there yet, numbered in the order given, and answers the ids that were new.
pub(crate) fn insert_events(conn: &mut AnyConnection, rows: &[&EventRow]) -> QueryResult<Vec<String>> {
    match conn {
        AnyConnection::Postgres(pg) => insert_events_postgres(pg, rows),
        AnyConnection::Sqlite(sqlite) => insert_events_sqlite(sqlite, rows),
    }
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = Text)]
    id: String,
}

// One statement whatever the number of rows: its text stays the same, so the server parses little. Rows are numbered in
// the order given, yet inserted in the order of ids: two processes with the same events must not lock them crosswise.
fn insert_events_postgres(pg: &mut diesel::PgConnection, rows: &[&EventRow]) -> QueryResult<Vec<String>> {
    macro_rules! column {
        ($field:ident) => {
            rows.iter().map(|row| &row.$field).collect::<Vec<_>>()
        };
    }
    let inserted: Vec<Inserted> = diesel::sql_query(
        "WITH given (seq, id, type, kind, created, received_at, livemode, account, endpoint_uuid, api_version, \
         object_type, object_id, request_id, body) AS MATERIALIZED (\
         SELECT nextval(pg_get_serial_sequence('events', 'seq')), given.* FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], \
         $5::bigint[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) AS given), \
         fresh AS (INSERT INTO events (seq, id, type, kind, created, received_at, livemode, account, endpoint_uuid, \
         api_version, object_type, object_id, request_id, status, attempts, next_attempt_at, superseded) \
         SELECT seq, id, type, kind, created, received_at, livemode, account, endpoint_uuid, api_version, object_type, \
         object_id, request_id, 'pending', 0, received_at, FALSE FROM given ORDER BY id \
         ON CONFLICT (id) DO NOTHING RETURNING id) \
         INSERT INTO event_payloads (event_id, body) SELECT id, body FROM given JOIN fresh USING (id) \
         RETURNING event_id AS id",
    )
    .bind::<Array<Text>, _>(column!(id))
    .bind::<Array<Text>, _>(column!(type_))
    .bind::<Array<Text>, _>(column!(kind))
    .bind::<Array<BigInt>, _>(column!(created))
    .bind::<Array<BigInt>, _>(column!(received_at))
    .bind::<Array<Bool>, _>(column!(livemode))
    .bind::<Array<Nullable<Text>>, _>(column!(account))
    .bind::<Array<Nullable<Text>>, _>(column!(endpoint_uuid))
    .bind::<Array<Nullable<Text>>, _>(column!(api_version))
    .bind::<Array<Nullable<Text>>, _>(column!(object_type))
    .bind::<Array<Nullable<Text>>, _>(column!(object_id))
    .bind::<Array<Nullable<Text>>, _>(column!(request_id))
    .bind::<Array<Text>, _>(column!(body))
    .load(pg)?;
    Ok(inserted.into_iter().map(|row| row.id).collect())
}

// In process there is no round trip to save: Diesel's cached prepared statements are the fastest way.
fn insert_events_sqlite(sqlite: &mut diesel::SqliteConnection, rows: &[&EventRow]) -> QueryResult<Vec<String>> {
    use crate::schema::{event_payloads, events};
    let mut fresh = Vec::with_capacity(rows.len());
    for row in rows {
        let inserted = diesel::insert_into(events::table)
            .values((
                (
                    events::id.eq(&row.id),
                    events::type_.eq(&row.type_),
                    events::kind.eq(row.kind),
                    events::created.eq(row.created),
                    events::received_at.eq(row.received_at),
                    events::livemode.eq(row.livemode),
                    events::account.eq(&row.account),
                    events::endpoint_uuid.eq(&row.endpoint_uuid),
                ),
                (
                    events::api_version.eq(&row.api_version),
                    events::object_type.eq(&row.object_type),
                    events::object_id.eq(&row.object_id),
                    events::request_id.eq(&row.request_id),
                    events::status.eq("pending"),
                    events::attempts.eq(0),
                    events::next_attempt_at.eq(row.received_at),
                    events::superseded.eq(false),
                ),
            ))
            .on_conflict_do_nothing()
            .execute(sqlite)?;
        if inserted == 1 {
            diesel::insert_into(event_payloads::table)
                .values((event_payloads::event_id.eq(&row.id), event_payloads::body.eq(&row.body)))
                .execute(sqlite)?;
            fresh.push(row.id.clone());
        }
    }
    Ok(fresh)
}

/// Inserts deliveries and answers their row ids in the order given.
pub(crate) fn insert_deliveries(conn: &mut AnyConnection, rows: &[DeliveryRow]) -> QueryResult<Vec<i64>> {
    match conn {
        AnyConnection::Postgres(pg) => insert_deliveries_postgres(pg, rows),
        AnyConnection::Sqlite(sqlite) => rows
            .iter()
            .map(|row| {
                use crate::schema::deliveries;
                diesel::insert_into(deliveries::table).values(row).returning(deliveries::id).get_result(sqlite)
            })
            .collect(),
    }
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn insert_deliveries_postgres(pg: &mut diesel::PgConnection, rows: &[DeliveryRow]) -> QueryResult<Vec<i64>> {
    macro_rules! column {
        ($field:ident) => {
            rows.iter().map(|row| &row.$field).collect::<Vec<_>>()
        };
    }
    let outcomes: Vec<&str> = rows.iter().map(|row| row.outcome.as_str()).collect();
    let inserted: Vec<Numbered> = diesel::sql_query(
        "INSERT INTO deliveries (endpoint_uuid, event_id, received_at, outcome, reason, http_status, remote_ip, headers, \
         body, body_size, secret_id, signature_time, repeats) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], \
         $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::bytea[], $10::bigint[], $11::bigint[], \
         $12::bigint[], $13::bigint[]) RETURNING id",
    )
    .bind::<Array<Nullable<Text>>, _>(column!(endpoint_uuid))
    .bind::<Array<Nullable<Text>>, _>(column!(event_id))
    .bind::<Array<BigInt>, _>(column!(received_at))
    .bind::<Array<Text>, _>(outcomes)
    .bind::<Array<Nullable<Text>>, _>(column!(reason))
    .bind::<Array<Integer>, _>(column!(http_status))
    .bind::<Array<Nullable<Text>>, _>(column!(remote_ip))
    .bind::<Array<Text>, _>(column!(headers))
    .bind::<Array<Nullable<Binary>>, _>(column!(body))
    .bind::<Array<BigInt>, _>(column!(body_size))
    .bind::<Array<Nullable<BigInt>>, _>(column!(secret_id))
    .bind::<Array<Nullable<BigInt>>, _>(column!(signature_time))
    .bind::<Array<BigInt>, _>(column!(repeats))
    .load(pg)?;
    Ok(inserted.into_iter().map(|row| row.id).collect())
}

/// Runs a statement of the mirror on rows, given as one JSON array; the ids that it answers.
pub(crate) fn run_on_json(
    conn: &mut AnyConnection,
    statement: &crate::mirror::Statement,
    rows: &str,
) -> QueryResult<Vec<String>> {
    match conn {
        AnyConnection::Postgres(pg) => Prepared::new(&statement.postgres, rows).load(pg),
        AnyConnection::Sqlite(sqlite) => Prepared::new(&statement.sqlite, rows).load(sqlite),
    }
}

/// Has the rest of the transaction use indexes where there are some. Of a table that was filled a moment ago PostgreSQL has no
/// statistics, takes many rows to share an id, and would read it whole for each question.
pub(crate) fn prefer_indexes(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => pg.batch_execute("SET LOCAL enable_seqscan = off"),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}
