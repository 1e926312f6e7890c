//! Users, sessions, sign-in links and the audit log.

use tollgate_models::page::Cursor;
use tollgate_models::sessions::{self, NewSession};
use tollgate_models::testing::TestDb;
use tollgate_models::users::{self, Role};
use tollgate_models::{Database, Lane, audit};

use crate::arrivals::{NOW, execute};

fn user(db: &Database, email: &str) -> i64 {
    db.write(Lane::Ordinary, |conn| users::insert(conn, email, Role::Operator, "hash", NOW)).unwrap()
}

fn begin(db: &Database, token: &str, user_id: i64, expires_at: i64) {
    let new = NewSession {
        token_hash: token,
        user_id,
        ip: "192.0.2.1",
        user_agent: "Browser",
        created_at: NOW,
        last_seen_at: NOW,
        expires_at,
    };
    db.write(Lane::Ordinary, |conn| sessions::insert(conn, &new)).unwrap();
}

fn session(db: &Database, token: &str, now: i64, idle_since: i64) -> Option<(i64, String)> {
    let found = db.read(|conn| sessions::find(conn, token, now, idle_since)).unwrap();
    found.map(|(session, user)| (session.id, user.email))
}

#[test]
fn an_email_belongs_to_one_user() {
    let test = TestDb::new();
    let db = test.open();
    let id = user(&db, "b@x");
    let again = db.write(Lane::Ordinary, |conn| users::insert(conn, "b@x", Role::Admin, "h", NOW)).unwrap_err();
    assert!(again.is_unique_violation(), "{again:?}");
    user(&db, "a@x");
    let listed = db.read(users::list).unwrap();
    assert_eq!(listed.iter().map(|user| user.email.as_str()).collect::<Vec<_>>(), ["a@x", "b@x"]);
    let found = db.read(|conn| users::find_by_email(conn, "b@x")).unwrap().unwrap();
    assert_eq!((found.id, found.role, found.created_at, found.disabled_at), (id, Role::Operator, NOW, None));
    assert!(db.read(|conn| users::find_by_email(conn, "B@x' OR 1=1")).unwrap().is_none());
}

#[test]
fn wrong_passwords_are_counted_until_a_right_one() {
    let test = TestDb::new();
    let db = test.open();
    let id = user(&db, "a@x");
    let state = || {
        let user = db.read(|conn| users::find_by_email(conn, "a@x")).unwrap().unwrap();
        (user.failed_sign_ins, user.blocked_until_at, user.last_sign_in_at, user.password_hash)
    };
    for blocked in [None, Some(NOW + 60)] {
        db.write(Lane::Ordinary, |conn| users::record_failed_sign_in(conn, id, blocked)).unwrap();
    }
    assert_eq!(state(), (2, Some(NOW + 60), None, "hash".to_owned()));
    db.write(Lane::Ordinary, |conn| {
        users::record_sign_in(conn, id, NOW)?;
        users::set_password_hash(conn, id, "another")
    })
    .unwrap();
    assert_eq!(state(), (0, None, Some(NOW), "another".to_owned()));
}

#[test]
fn a_session_lives_until_it_expires_is_idle_or_its_user_is_locked_out() {
    let test = TestDb::new();
    let db = test.open();
    let id = user(&db, "a@x");
    begin(&db, "token", id, NOW + 100);
    let found = session(&db, "token", NOW + 99, NOW - 1).unwrap();
    assert_eq!(found.1, "a@x");
    assert_eq!(session(&db, "token", NOW + 100, NOW - 1), None, "expired");
    assert_eq!(session(&db, "token", NOW, NOW), None, "idle");
    assert_eq!(session(&db, "other", NOW, NOW - 1), None, "unknown");
    db.write(Lane::Ordinary, |conn| sessions::touch(conn, found.0, NOW + 50)).unwrap();
    assert_eq!(session(&db, "token", NOW + 60, NOW + 49), Some(found), "in use");
    db.write(Lane::Ordinary, |conn| {
        execute(conn, "UPDATE users SET disabled_at = 1");
        diesel::QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(session(&db, "token", NOW, NOW - 1), None, "locked out");
}

#[test]
fn sessions_are_listed_and_ended_by_their_own_user_only() {
    let test = TestDb::new();
    let db = test.open();
    let (a, b) = (user(&db, "a@x"), user(&db, "b@x"));
    begin(&db, "stale", a, NOW - 1);
    begin(&db, "a1", a, NOW + 10);
    begin(&db, "a2", a, NOW + 10);
    begin(&db, "a3", a, NOW + 10);
    begin(&db, "b1", b, NOW + 10);
    let tokens = |user| -> Vec<String> {
        let listed = db.read(|conn| sessions::of_user(conn, user, NOW)).unwrap();
        listed.into_iter().map(|session| session.token_hash).collect()
    };
    assert_eq!(tokens(a), ["a3", "a2", "a1"]);
    let a1 = session(&db, "a1", NOW, 0).unwrap().0;
    assert!(!db.write(Lane::Ordinary, |conn| sessions::end(conn, a1, b)).unwrap(), "not b's");
    assert_eq!(db.write(Lane::Ordinary, |conn| sessions::end_others(conn, a, a1)).unwrap(), 2);
    assert_eq!((tokens(a), tokens(b)), (vec!["a1".to_owned()], vec!["b1".to_owned()]));
    assert!(db.write(Lane::Ordinary, |conn| sessions::end(conn, a1, a)).unwrap());
    assert!(!db.write(Lane::Ordinary, |conn| sessions::end(conn, a1, a)).unwrap(), "gone already");
    assert_eq!(session(&db, "a1", NOW, 0), None);
}

#[test]
fn a_sign_in_link_works_once() {
    let test = TestDb::new();
    let db = test.open();
    let id = user(&db, "a@x");
    let add = |token: &str| db.write(Lane::Ordinary, |conn| users::insert_link(conn, token, id, NOW + 10)).unwrap();
    let use_link = |token: &str, now| {
        let user = db.write(Lane::Ordinary, |conn| users::use_link(conn, token, now)).unwrap();
        user.map(|user| user.id)
    };
    add("once");
    add("late");
    assert_eq!(use_link("unknown", NOW), None);
    assert_eq!(use_link("late", NOW + 10), None);
    assert_eq!((use_link("once", NOW), use_link("once", NOW)), (Some(id), None));
    add("raced");
    let used = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| use_link("raced", NOW))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).count()
    });
    assert_eq!(used, 1);
    add("locked out");
    db.write(Lane::Ordinary, |conn| {
        execute(conn, "UPDATE users SET disabled_at = 1");
        diesel::QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(use_link("locked out", NOW), None);
}

#[test]
fn a_user_who_is_removed_takes_sessions_and_links_along() {
    let test = TestDb::new();
    let db = test.open();
    let id = user(&db, "a@x");
    begin(&db, "token", id, NOW + 10);
    db.write(Lane::Ordinary, |conn| users::insert_link(conn, "link", id, NOW + 10)).unwrap();
    db.write(Lane::Ordinary, |conn| {
        execute(conn, "DELETE FROM users");
        diesel::QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(session(&db, "token", NOW, 0), None);
    assert!(db.write(Lane::Ordinary, |conn| users::use_link(conn, "link", NOW)).unwrap().is_none());
}

#[test]
fn the_audit_log_is_read_newest_first_by_subject_and_page() {
    let test = TestDb::new();
    let db = test.open();
    for n in 0..7 {
        let subject = if n % 2 == 0 { "even" } else { "odd" };
        let detail = n.to_string();
        let entry = audit::NewEntry { at: NOW + n, actor: "cli", action: "x.done", subject, detail: &detail, ip: None };
        db.write(Lane::Ordinary, |conn| audit::insert(conn, &entry)).unwrap();
    }
    let page = |subject, cursor| db.read(|conn| audit::list(conn, subject, cursor, 3)).unwrap();
    let details = |page: &tollgate_models::Page<audit::Entry>| -> String {
        page.rows.iter().map(|entry| entry.detail.as_str()).collect()
    };
    let first = page(None, Cursor::Newest);
    let second = page(None, first.older.unwrap());
    assert_eq!((details(&first), details(&second)), ("654".to_owned(), "321".to_owned()));
    assert_eq!(details(&page(None, second.newer.unwrap())), "654");
    let even = page(Some("even"), Cursor::Newest);
    assert_eq!(details(&even), "642");
    assert_eq!(details(&page(Some("even"), even.older.unwrap())), "0");
    assert_eq!(details(&page(Some("none"), Cursor::Newest)), "");
}
