//! Endpoints with their secrets, and the API keys that manage them.

use tollgate_models::api_keys::{self, NewApiKey};
use tollgate_models::endpoints::{self, Endpoint, Object, Payload, Status, Validation};
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database, Lane, QueryResult};

use crate::arrivals::NOW;

fn endpoint(uuid: &str, created_at: i64) -> Endpoint {
    Endpoint {
        uuid: uuid.to_owned(),
        stripe_id: Some(format!("we_{uuid}")),
        api_key_id: None,
        account: None,
        livemode: true,
        connect: false,
        url: format!("https://example.com/stripe/webhooks/{uuid}"),
        description: "Shop".to_owned(),
        enabled_events: r#"["invoice.paid","customer.created"]"#.to_owned(),
        api_version: None,
        tolerance_seconds: 300,
        validation: Validation::VerifySignature,
        status: Status::Enabled,
        idempotency_key: format!("key-{uuid}"),
        last_error: None,
        created_by: "cli".to_owned(),
        created_at,
        updated_at: created_at,
        deleted_at: None,
        object: Object::WebhookEndpoint,
        payload: Payload::Snapshot,
        inline_events: "[]".to_owned(),
        replaces: None,
        retire_at: None,
    }
}

fn write<T>(db: &Database, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> T {
    db.write(Lane::Ordinary, work).unwrap()
}

fn key(db: &Database, name: &str, livemode: bool, account: Option<&str>, is_default: bool) -> i64 {
    let new = NewApiKey {
        name,
        kind: "secret",
        livemode,
        masked: "sk_…1234",
        sealed: "sealed",
        fingerprint: name,
        account,
        account_name: None,
        is_default,
        created_at: NOW,
    };
    write(db, |conn| api_keys::insert(conn, &new))
}

#[test]
fn an_endpoint_is_stored_found_changed_and_hidden_once_deleted() {
    let test = TestDb::new();
    let db = test.open();
    let (old, new) = (endpoint("a", NOW), endpoint("b", NOW + 1));
    write(&db, |conn| endpoints::insert(conn, &old));
    write(&db, |conn| endpoints::insert(conn, &new));
    assert_eq!(db.read(endpoints::list).unwrap(), [new.clone(), old.clone()]);
    assert_eq!(db.read(|conn| endpoints::find_by_stripe_id(conn, "we_a")).unwrap().as_ref(), Some(&old));
    assert_eq!(old.event_types(), ["invoice.paid", "customer.created"]);
    let twice = db.write(Lane::Ordinary, |conn| endpoints::insert(conn, &old)).unwrap_err();
    assert!(twice.is_unique_violation(), "{twice:?}");
    let changed = Endpoint {
        status: Status::Deleted,
        deleted_at: Some(NOW + 5),
        inline_events: r#"["checkout.session.completed"]"#.to_owned(),
        stripe_id: None,
        account: Some("acct_1".to_owned()),
        last_error: Some("no such endpoint".to_owned()),
        validation: Validation::RetrieveEvent,
        tolerance_seconds: 60,
        api_version: Some("2026-10-28.endive".to_owned()),
        updated_at: NOW + 5,
        ..old
    };
    write(&db, |conn| endpoints::update(conn, &changed));
    assert_eq!(db.read(|conn| endpoints::find(conn, "a")).unwrap(), Some(changed));
    assert_eq!(db.read(endpoints::list).unwrap(), [new]);
}

#[test]
fn what_a_rotation_sets_is_not_undone_by_who_read_the_endpoint_before() {
    let test = TestDb::new();
    let db = test.open();
    let old = endpoint("a", NOW);
    let new = Endpoint { replaces: Some("a".to_owned()), ..endpoint("b", NOW) };
    write(&db, |conn| endpoints::insert(conn, &old));
    write(&db, |conn| endpoints::insert(conn, &new));
    write(&db, |conn| endpoints::set_retirement(conn, "a", Some(NOW + 9), NOW + 1));
    write(&db, |conn| endpoints::update(conn, &Endpoint { description: "Other".to_owned(), ..old.clone() }));
    write(&db, |conn| endpoints::update(conn, &Endpoint { replaces: None, ..new.clone() }));
    let find = |uuid: &str| db.read(|conn| endpoints::find(conn, uuid)).unwrap().unwrap();
    assert_eq!((find("a").retire_at, find("a").description.as_str()), (Some(NOW + 9), "Other"));
    assert_eq!(find("b"), new);
    write(&db, |conn| endpoints::note(conn, "a", "waits"));
    assert_eq!((find("a").last_error.as_deref(), find("a").retire_at), (Some("waits"), Some(NOW + 9)));
    write(&db, |conn| endpoints::set_retirement(conn, "a", None, NOW + 2));
    assert_eq!((find("a").last_error, find("a").retire_at), (None, None));
}

#[test]
fn an_endpoint_retires_when_its_time_has_come_and_not_once_it_is_deleted() {
    let test = TestDb::new();
    let db = test.open();
    for uuid in ["a", "b", "c", "kept"] {
        write(&db, |conn| endpoints::insert(conn, &endpoint(uuid, NOW)));
    }
    let set = |uuid: &str, at| write(&db, |conn| endpoints::set_retirement(conn, uuid, at, NOW));
    set("a", Some(NOW + 9));
    set("b", Some(NOW + 5));
    set("c", Some(NOW + 1));
    set("c", None);
    let due = |now| -> Vec<String> {
        let due = db.read(|conn| endpoints::due_to_retire(conn, now)).unwrap();
        due.into_iter().map(|endpoint| endpoint.uuid).collect()
    };
    assert_eq!(
        (due(NOW + 4), due(NOW + 5), due(NOW + 9)),
        (vec![], vec!["b".to_owned()], vec!["b".into(), "a".into()])
    );
    let gone = Endpoint { status: Status::Deleted, deleted_at: Some(NOW + 6), ..endpoint("b", NOW) };
    write(&db, |conn| endpoints::update(conn, &gone));
    set("b", Some(NOW + 7));
    assert_eq!(due(NOW + 9), ["a"]);
    assert_eq!(db.read(|conn| endpoints::find(conn, "b")).unwrap().unwrap().retire_at, Some(NOW + 5));
}

#[test]
fn the_successor_of_an_endpoint_is_one_that_is_not_deleted() {
    let test = TestDb::new();
    let db = test.open();
    write(&db, |conn| endpoints::insert(conn, &endpoint("a", NOW)));
    let successor = || db.read(|conn| endpoints::successor(conn, "a")).unwrap().map(|endpoint| endpoint.uuid);
    assert_eq!(successor(), None);
    for uuid in ["b", "c"] {
        let new = Endpoint { replaces: Some("a".to_owned()), ..endpoint(uuid, NOW) };
        write(&db, |conn| endpoints::insert(conn, &new));
        assert_eq!(successor().as_deref(), Some(uuid));
        write(&db, |conn| endpoints::update(conn, &Endpoint { deleted_at: Some(NOW), ..new }));
        assert_eq!(successor(), None);
    }
}

#[test]
fn secrets_overlap_until_the_older_one_expires() {
    let test = TestDb::new();
    let db = test.open();
    write(&db, |conn| endpoints::insert(conn, &endpoint("a", NOW)));
    write(&db, |conn| endpoints::insert(conn, &endpoint("b", NOW)));
    let add = |uuid: &str, sealed: &str| write(&db, |conn| endpoints::insert_secret(conn, uuid, sealed, NOW));
    let (first, other, second) = (add("a", "one"), add("b", "other"), add("a", "two"));
    assert_eq!(write(&db, |conn| endpoints::expire_other_secrets(conn, "a", second, NOW + 10)), 1);
    write(&db, |conn| endpoints::record_secret_use(conn, second, NOW + 3));
    write(&db, |conn| endpoints::reseal_secret(conn, first, "one again"));
    let secrets = db.read(|conn| endpoints::secrets(conn, "a")).unwrap();
    let shown: Vec<_> = secrets
        .iter()
        .map(|secret| (secret.id, secret.sealed.as_str(), secret.expires_at, secret.last_used_at))
        .collect();
    assert_eq!(shown, [(second, "two", None, Some(NOW + 3)), (first, "one again", Some(NOW + 10), None)]);
    assert_eq!(write(&db, |conn| endpoints::expire_other_secrets(conn, "a", second, NOW + 99)), 0, "expires already");
    assert_eq!(write(&db, |conn| endpoints::expire_other_secrets(conn, "a", second, NOW + 8)), 1, "earlier");
    write(&db, |conn| endpoints::expire_secret(conn, first, NOW + 50));
    assert_eq!(db.read(|conn| endpoints::find_secret(conn, first)).unwrap().unwrap().expires_at, Some(NOW + 8));
    write(&db, |conn| endpoints::expire_secret(conn, first, NOW + 4));
    assert_eq!(db.read(|conn| endpoints::find_secret(conn, first)).unwrap().unwrap().expires_at, Some(NOW + 4));
    assert!(db.read(|conn| endpoints::find_secret(conn, 99)).unwrap().is_none());
    let all: Vec<i64> = db.read(endpoints::all_secrets).unwrap().iter().map(|secret| secret.id).collect();
    assert_eq!(all, [first, other, second]);
}

#[test]
fn secrets_that_are_of_no_use_any_more_are_found_and_removed() {
    let test = TestDb::new();
    let db = test.open();
    for uuid in ["a", "gone"] {
        write(&db, |conn| endpoints::insert(conn, &endpoint(uuid, NOW)));
    }
    let add = |uuid: &str| write(&db, |conn| endpoints::insert_secret(conn, uuid, "sealed", NOW));
    let (old, new, of_gone) = (add("a"), add("a"), add("gone"));
    write(&db, |conn| endpoints::expire_secret(conn, old, NOW + 5));
    let deleted = Endpoint { status: Status::Deleted, deleted_at: Some(NOW + 7), ..endpoint("gone", NOW) };
    write(&db, |conn| endpoints::update(conn, &deleted));
    let ended = |since| db.read(|conn| endpoints::ended_secrets(conn, since)).unwrap();
    assert_eq!((ended(NOW + 4), ended(NOW + 5), ended(NOW + 7)), (vec![], vec![old], vec![old, of_gone]));
    assert_eq!(write(&db, |conn| endpoints::remove_secrets(conn, &[old, of_gone, 99])), 2);
    let left: Vec<i64> = db.read(endpoints::all_secrets).unwrap().iter().map(|secret| secret.id).collect();
    assert_eq!(left, [new]);
    assert!(add("a") > of_gone, "a number is never given twice");
}

#[test]
fn an_endpoint_never_confirmed_can_be_removed_with_its_secrets() {
    let test = TestDb::new();
    let db = test.open();
    write(&db, |conn| endpoints::insert(conn, &endpoint("a", NOW)));
    write(&db, |conn| endpoints::insert_secret(conn, "a", "sealed", NOW));
    write(&db, |conn| endpoints::remove(conn, "a"));
    assert_eq!(db.read(|conn| endpoints::find(conn, "a")).unwrap(), None);
    assert!(db.read(endpoints::all_secrets).unwrap().is_empty());
}

#[test]
fn the_revision_changes_whenever_an_endpoint_or_a_secret_does() {
    let test = TestDb::new();
    let db = test.open();
    let mut seen = vec![db.read(endpoints::revision).unwrap()];
    let mut changed = |what: &str, work: &dyn Fn(&mut AnyConnection) -> QueryResult<()>| {
        write(&db, work);
        let revision = db.read(endpoints::revision).unwrap();
        assert!(!seen.contains(&revision), "{what}: {revision:?} in {seen:?}");
        seen.push(revision);
    };
    changed("the first endpoint", &|conn| endpoints::insert(conn, &endpoint("a", NOW + 100)));
    changed("one made by a clock that is behind", &|conn| endpoints::insert(conn, &endpoint("b", NOW)));
    let disabled = Endpoint { status: Status::Disabled, updated_at: NOW + 1, ..endpoint("b", NOW) };
    changed("an update by that clock", &move |conn| endpoints::update(conn, &disabled));
    changed("a secret", &|conn| endpoints::insert_secret(conn, "a", "s", NOW).map(drop));
    changed("a second secret", &|conn| endpoints::insert_secret(conn, "a", "t", NOW).map(drop));
    changed("an expiry", &|conn| endpoints::expire_other_secrets(conn, "a", 2, NOW + 5).map(drop));
    changed("a removal", &|conn| endpoints::remove(conn, "b"));
}

#[test]
fn a_key_in_use_cannot_be_deleted() {
    let test = TestDb::new();
    let db = test.open();
    let (used, free) = (key(&db, "used", true, None, true), key(&db, "free", true, None, false));
    let mut row = Endpoint { api_key_id: Some(used), ..endpoint("a", NOW) };
    write(&db, |conn| endpoints::insert(conn, &row));
    assert!(db.read(|conn| endpoints::uses_key(conn, used)).unwrap());
    assert!(!db.read(|conn| endpoints::uses_key(conn, free)).unwrap());
    assert!(db.write(Lane::Ordinary, |conn| api_keys::delete(conn, used)).is_err());
    assert!(write(&db, |conn| api_keys::delete(conn, free)));
    assert!(!write(&db, |conn| api_keys::delete(conn, free)), "gone already");
    row.deleted_at = Some(NOW);
    write(&db, |conn| endpoints::update(conn, &row));
    assert!(!db.read(|conn| endpoints::uses_key(conn, used)).unwrap());
    assert!(write(&db, |conn| api_keys::delete(conn, used)));
    assert_eq!(db.read(|conn| endpoints::find(conn, "a")).unwrap().unwrap().api_key_id, None);
}

#[test]
fn the_default_key_is_one_for_each_mode() {
    let test = TestDb::new();
    let db = test.open();
    let test_1 = key(&db, "test 1", false, Some("acct_1"), true);
    let test_2 = key(&db, "test 2", false, Some("acct_2"), false);
    let live = key(&db, "live", true, Some("acct_1"), true);
    let find_for =
        |account, livemode| db.read(|conn| api_keys::find_for(conn, account, livemode)).unwrap().map(|key| key.id);
    assert_eq!((find_for(None, false), find_for(None, true)), (Some(test_1), Some(live)));
    assert_eq!((find_for(Some("acct_2"), false), find_for(Some("acct_2"), true)), (Some(test_2), None));
    let chosen = db.read(|conn| api_keys::find(conn, test_2)).unwrap().unwrap();
    write(&db, |conn| api_keys::make_default(conn, &chosen));
    assert_eq!((find_for(None, false), find_for(None, true)), (Some(test_2), Some(live)));
    let defaults: Vec<bool> = db.read(api_keys::list).unwrap().iter().map(|key| key.is_default).collect();
    assert_eq!(defaults, [false, true, true]);
    assert_eq!(find_for(Some("acct_1"), false), Some(test_1));
}

#[test]
fn a_key_is_added_once_and_remembers_its_use() {
    let test = TestDb::new();
    let db = test.open();
    let id = key(&db, "one", false, None, true);
    let again = db.write(Lane::Ordinary, |conn| {
        let new = NewApiKey {
            name: "same key",
            kind: "secret",
            livemode: false,
            masked: "",
            sealed: "",
            fingerprint: "one",
            account: None,
            account_name: None,
            is_default: false,
            created_at: NOW,
        };
        api_keys::insert(conn, &new)
    });
    assert!(again.unwrap_err().is_unique_violation());
    write(&db, |conn| api_keys::record_use(conn, id, NOW + 1, Some("expired")));
    write(&db, |conn| api_keys::set_account(conn, id, "acct_1", Some("Shop")));
    write(&db, |conn| api_keys::reseal(conn, id, "new seal", "new print"));
    let found = db.read(|conn| api_keys::find_by_fingerprint(conn, "new print")).unwrap().unwrap();
    assert_eq!((found.id, found.last_used_at, found.last_error.as_deref()), (id, Some(NOW + 1), Some("expired")));
    assert_eq!((found.account.as_deref(), found.account_name.as_deref()), (Some("acct_1"), Some("Shop")));
    assert_eq!(found.sealed, "new seal");
    write(&db, |conn| api_keys::record_use(conn, id, NOW + 2, None));
    assert_eq!(db.read(|conn| api_keys::find(conn, id)).unwrap().unwrap().last_error, None);
}
