//! Migrations run, are reverted, and run again; two that start together migrate once.

use std::sync::Barrier;

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tollgate_models::db::Options;
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database};

use crate::arrivals::number;
use crate::tables::{Tables, folder, names};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

fn up(conn: &mut AnyConnection) -> usize {
    match conn {
        AnyConnection::Sqlite(conn) => conn.run_pending_migrations(SQLITE).unwrap().len(),
        AnyConnection::Postgres(conn) => conn.run_pending_migrations(POSTGRES).unwrap().len(),
    }
}

fn down(conn: &mut AnyConnection) -> usize {
    match conn {
        AnyConnection::Sqlite(conn) => conn.revert_all_migrations(SQLITE).unwrap().len(),
        AnyConnection::Postgres(conn) => conn.revert_all_migrations(POSTGRES).unwrap().len(),
    }
}

#[test]
fn migrations_run_up_down_and_up_again() {
    let test = TestDb::new();
    let mut conn = test.connect();
    let count = up(&mut conn);
    let first = Tables::present(&mut conn);
    assert_eq!(down(&mut conn), count);
    assert_eq!(Tables::present(&mut conn), Tables::default(), "something is left");
    assert_eq!(up(&mut conn), count);
    assert_eq!(Tables::present(&mut conn), first);
}

#[test]
fn pending_migrations_are_named_until_they_have_run() {
    let test = TestDb::new();
    let db = Database::connect(test.url(), &Options::default()).unwrap();
    let all = names(&folder("sqlite"));
    assert_eq!(db.pending_migrations().unwrap(), all);
    assert_eq!(db.migrate().unwrap().len(), all.len());
    assert_eq!(db.pending_migrations().unwrap(), [""; 0]);
    assert_eq!(db.migrate().unwrap(), [""; 0]);
}

#[test]
fn processes_that_open_a_fresh_database_together_migrate_it_once() {
    for _ in 0..5 {
        let test = TestDb::new();
        let start = Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    let db = Database::open(test.url(), &Options::default()).unwrap();
                    assert_eq!(db.pending_migrations().unwrap(), [""; 0]);
                });
            }
        });
        let count = number(&mut test.connect(), "SELECT count(*) AS value FROM __diesel_schema_migrations");
        assert_eq!(usize::try_from(count).unwrap(), names(&folder("sqlite")).len());
    }
}
