//! Inserting many rows: PostgreSQL takes them in one statement, which saves round trips; SQLite has none, and takes each.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::AnyConnection;
use crate::events::Cause;
use crate::mirror::NewVersion;
use crate::refetches::NewRefetch;
use crate::runs::NewRun;
use crate::shadow_events::NewShadowEvent;
use crate::tasks::{self, NewTask};

/// Inserts runs: on PostgreSQL by one statement, which saves round trips.
pub(crate) fn insert_runs(conn: &mut AnyConnection, new: &[NewRun]) -> QueryResult<()> {
    use crate::schema::runs;
    match conn {
        // PostgreSQL takes 65,535 parameters in a statement.
        AnyConnection::Postgres(pg) => {
            new.chunks(1000).try_for_each(|some| diesel::insert_into(runs::table).values(some).execute(pg).map(drop))
        }
        AnyConnection::Sqlite(sqlite) => {
            new.iter().try_for_each(|run| diesel::insert_into(runs::table).values(run).execute(sqlite).map(drop))
        }
    }
}

/// Inserts tasks; one that is there already is run again if a replay asks for it, and left as it is otherwise.
pub(crate) fn insert_tasks(conn: &mut AnyConnection, new: &[NewTask]) -> QueryResult<()> {
    use crate::schema::tasks::dsl as t;
    use diesel::query_dsl::methods::FilterDsl;
    macro_rules! insert {
        ($conn:ident, $new:expr) => {
            diesel::insert_into(t::tasks)
                .values($new)
                .on_conflict(t::idempotency_key)
                .do_update()
                .set((
                    t::status.eq(tasks::Status::Pending),
                    t::attempts.eq(0),
                    t::cause.eq(excluded(t::cause)),
                    t::payload.eq(excluded(t::payload)),
                    t::next_attempt_at.eq(excluded(t::next_attempt_at)),
                    t::finished_at.eq(None::<i64>),
                ))
                .filter(excluded(t::cause).eq(Cause::Replay).and(t::status.ne(tasks::Status::Running)))
                .execute($conn)
                .map(drop)
        };
    }
    match conn {
        AnyConnection::Postgres(pg) => new.chunks(1000).try_for_each(|some| insert!(pg, some)),
        AnyConnection::Sqlite(sqlite) => new.iter().try_for_each(|task| insert!(sqlite, task)),
    }
}

/// Adds refetches; one that waits already for the same reason is enough. How many were added.
pub(crate) fn insert_refetches(conn: &mut AnyConnection, new: &[NewRefetch<'_>]) -> QueryResult<usize> {
    use crate::schema::refetches::table;
    match conn {
        AnyConnection::Postgres(pg) => {
            let mut added = 0;
            for some in new.chunks(1000) {
                added += diesel::insert_into(table).values(some).on_conflict_do_nothing().execute(pg)?;
            }
            Ok(added)
        }
        AnyConnection::Sqlite(sqlite) => {
            let mut added = 0;
            for one in new {
                added += diesel::insert_into(table).values(one).on_conflict_do_nothing().execute(sqlite)?;
            }
            Ok(added)
        }
    }
}

/// Adds contents of objects to their history.
pub(crate) fn insert_versions(conn: &mut AnyConnection, new: &[NewVersion<'_>]) -> QueryResult<()> {
    use crate::schema::object_versions::table;
    match conn {
        AnyConnection::Postgres(pg) => {
            new.chunks(1000).try_for_each(|some| diesel::insert_into(table).values(some).execute(pg).map(drop))
        }
        AnyConnection::Sqlite(sqlite) => {
            new.iter().try_for_each(|one| diesel::insert_into(table).values(one).execute(sqlite).map(drop))
        }
    }
}

/// Keeps what came by shadows; what came before is enough.
pub(crate) fn insert_shadow_events(conn: &mut AnyConnection, new: &[NewShadowEvent<'_>]) -> QueryResult<()> {
    use crate::schema::shadow_events::table;
    match conn {
        AnyConnection::Postgres(pg) => new.chunks(1000).try_for_each(|some| {
            diesel::insert_into(table).values(some).on_conflict_do_nothing().execute(pg).map(drop)
        }),
        AnyConnection::Sqlite(sqlite) => new.iter().try_for_each(|one| {
            diesel::insert_into(table).values(one).on_conflict_do_nothing().execute(sqlite).map(drop)
        }),
    }
}
