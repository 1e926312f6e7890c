//! Connections: locks, readers that cannot write, lost connections, URLs that lead nowhere.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tollgate_models::db::{self, Options};
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database, DatabaseUrl, Error, Lane, settings};

use crate::arrivals::{execute, number};

fn short() -> Options {
    Options { wait: Duration::from_millis(200), ..Options::default() }
}

fn set(db: &Database, value: &str) -> Result<(), Error> {
    db.write(Lane::Ordinary, |conn| settings::set(conn, "k", value))
}

fn get(db: &Database) -> Option<String> {
    db.read(|conn| settings::find(conn, "k")).unwrap()
}

#[test]
fn a_locked_file_is_unavailable_within_the_wait_and_works_afterwards() {
    let test = TestDb::new();
    if !test.url().is_sqlite() {
        return;
    }
    let db = Database::open(test.url(), &short()).unwrap();
    set(&db, "before").unwrap();
    let mut other = test.connect();
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let started = Instant::now();
    for lane in [Lane::Intake, Lane::Ordinary] {
        let error = db.write(lane, |conn| settings::set(conn, "k", "locked")).unwrap_err();
        assert!(error.is_unavailable(), "{error}");
    }
    assert!(started.elapsed() < Duration::from_secs(10), "it waited {:?}", started.elapsed());
    assert_eq!(get(&db).as_deref(), Some("before"), "readers go on");
    other.batch_execute("ROLLBACK").unwrap();
    set(&db, "after").unwrap();
    assert_eq!(get(&db).as_deref(), Some("after"));
}

#[test]
fn a_reader_refuses_to_write_on_sqlite() {
    let test = TestDb::new();
    let db = test.open();
    if !test.url().is_sqlite() {
        return;
    }
    assert!(db.read(|conn| settings::set(conn, "k", "v")).is_err());
    assert_eq!(get(&db), None);
}

#[test]
fn an_error_rolls_back_what_came_before_it() {
    let test = TestDb::new();
    let db = test.open();
    let failed = db.write(Lane::Ordinary, |conn| {
        settings::set(conn, "k", "v")?;
        settings::find(conn, "k")?;
        Err::<(), _>(db::rollback())
    });
    assert!(failed.is_err());
    assert_eq!(get(&db), None);
    set(&db, "next").unwrap();
    assert_eq!(get(&db).as_deref(), Some("next"));
}

#[test]
fn a_panic_rolls_back_and_the_next_write_works() {
    let test = TestDb::new();
    let db = Database::open(test.url(), &Options { writers: 1, ..Options::default() }).unwrap();
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                db.write(Lane::Ordinary, |conn| -> Result<(), Error> {
                    settings::set(conn, "k", "v")?;
                    panic!("as a handler might")
                })
            })
            .join()
    });
    assert!(panicked.is_err());
    assert_eq!(get(&db), None);
    set(&db, "next").unwrap();
    assert_eq!(get(&db).as_deref(), Some("next"));
}

#[test]
fn a_savepoint_undoes_only_its_own_work() {
    let test = TestDb::new();
    let db = test.open();
    db.write(Lane::Ordinary, |conn| -> Result<(), Error> {
        settings::set(conn, "k", "kept")?;
        let undone = db::savepoint(conn, |conn| {
            settings::set(conn, "k", "undone")?;
            // A statement that the database refuses must not spoil the transaction either.
            diesel::RunQueryDsl::execute(diesel::sql_query("SELECT no_such_column FROM settings"), conn).map(drop)
        });
        assert!(undone.is_err());
        Ok(())
    })
    .unwrap();
    assert_eq!(get(&db).as_deref(), Some("kept"));
}

#[test]
fn many_threads_read_then_write_without_losing_an_update() {
    let test = TestDb::new();
    // Two, as two processes have them: each has a write lane of its own.
    let processes: [Database; 2] = std::array::from_fn(|_| Database::open(test.url(), &Options::default()).unwrap());
    let db = &processes[0];
    set(db, "0").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let db = &processes[thread / 2];
            scope.spawn(move || {
                let lane = if thread % 2 == 0 { Lane::Intake } else { Lane::Ordinary };
                for _ in 0..25 {
                    db.write(lane, |conn| -> Result<(), Error> {
                        number(conn, "SELECT count(*) AS value FROM settings");
                        execute(conn, "UPDATE settings SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)");
                        Ok(())
                    })
                    .unwrap();
                }
            });
        }
    });
    assert_eq!(get(db).as_deref(), Some("100"));
}

#[test]
fn a_setting_set_by_many_at_once_is_set_once() {
    let test = TestDb::new();
    let db = Database::open(test.url(), &Options { writers: 8, ..Options::default() }).unwrap();
    for round in 0..10 {
        let (key, start) = (format!("k{round}"), std::sync::Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    db.write(Lane::Ordinary, |conn| settings::set(conn, &key, "v")).unwrap();
                });
            }
        });
        assert_eq!(db.read(|conn| settings::find(conn, &key)).unwrap().as_deref(), Some("v"));
    }
}

#[test]
fn a_connection_that_the_server_closed_is_replaced() {
    let test = TestDb::new();
    if test.url().is_sqlite() {
        return;
    }
    let db = Database::open(test.url(), &Options { writers: 1, readers: 1, ..Options::default() }).unwrap();
    let pid = |conn: &mut AnyConnection| number(conn, "SELECT pg_backend_pid()::bigint AS value");
    let mut other = test.connect();
    for _ in 0..3 {
        let writer = db.write(Lane::Intake, |conn| Ok::<_, Error>(pid(conn))).unwrap();
        let reader = db.read(|conn| Ok::<_, Error>(pid(conn))).unwrap();
        for pid in [writer, reader] {
            assert_eq!(
                number(&mut other, &format!("SELECT pg_terminate_backend({pid}, 5000)::int::bigint AS value")),
                1
            );
        }
        assert_ne!(db.read(|conn| Ok::<_, Error>(pid(conn))).unwrap(), reader, "a reader is asked before it is used");
        let error = set(&db, "lost").unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        set(&db, "found").unwrap();
        assert_eq!(get(&db).as_deref(), Some("found"));
    }
}

#[test]
fn a_connection_lost_in_the_middle_is_unavailable_and_replaced() {
    let test = TestDb::new();
    if test.url().is_sqlite() {
        return;
    }
    let db = Database::open(test.url(), &Options { writers: 1, ..Options::default() }).unwrap();
    let mut other = test.connect();
    let lost = db.write(Lane::Intake, |conn| -> Result<(), Error> {
        settings::set(conn, "k", "lost")?;
        let pid = number(conn, "SELECT pg_backend_pid()::bigint AS value");
        number(&mut other, &format!("SELECT pg_terminate_backend({pid}, 5000)::int::bigint AS value"));
        Ok(settings::set(conn, "k", "lost again")?)
    });
    assert!(lost.unwrap_err().is_unavailable());
    assert_eq!(get(&db), None);
    set(&db, "found").unwrap();
    assert_eq!(get(&db).as_deref(), Some("found"));
}

#[test]
fn a_url_that_leads_nowhere_is_unavailable_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let missing = format!("sqlite://{}/missing/x.db", folder.path().display());
    // Bound and dropped, so that nothing listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [missing, format!("postgres://user:hunter2@127.0.0.1:{port}/none")] {
        let url = DatabaseUrl::parse(&url).unwrap();
        let Err(error) = Database::open(&url, &short()) else { panic!("{url} opened") };
        assert!(error.is_unavailable(), "{error:?}");
        assert!(!format!("{error} {error:?} {url} {url:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_database_that_answers_is_ready() {
    let test = TestDb::new();
    let db = test.open();
    db.ping().unwrap();
    assert!(!db.intake_waits());
    assert_eq!(db.url(), test.url());
}
