//! Two contents of one object and one second: which of them the mirror keeps, in whatever order they come.

use serde_json::{Value, json};
use tollgate_models::events::Tie;
use tollgate_models::mirror::{self, Change, Outcome};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::arrivals::{event, store_events};
use crate::mirror::{change, find};

/// One event of a story that happens within a second.
struct Scene {
    id: String,
    event_type: &'static str,
    object: Value,
    previous: Option<Value>,
}

impl Scene {
    fn change(&self) -> Change<'_> {
        let previous = self.previous.as_ref().and_then(Value::as_object);
        Change { previous, ..change(&self.object, self.event_type, &self.id, 100) }
    }

    // As the intake keeps it, since the events that came before are asked for what they changed.
    fn store(&self, db: &Database) {
        let mut row = event(&self.id, 100, None);
        row.body = json!({
            "id": self.id, "object": "event", "type": self.event_type,
            "data": {"object": self.object, "previous_attributes": self.previous},
        })
        .to_string();
        store_events(db, [row]).unwrap();
    }
}

fn apply_all(db: &Database, changes: &[Change<'_>]) -> Vec<Outcome> {
    db.write(Lane::Ordinary, |conn| mirror::apply_all(conn, changes)).unwrap()
}

// A checkout: created, then three updates, each of which says what was before.
fn story(number: usize) -> Vec<Scene> {
    let object = |status: &str, invoice: Option<&str>, seats: u32| {
        json!({"id": format!("sub_{number}"), "object": "subscription", "created": 50, "status": status,
            "latest_invoice": invoice, "metadata": {"seats": seats.to_string(), "by": "ann"}, "items": {"data": []}})
    };
    let scene = |step: usize, event_type, object, previous| Scene {
        id: format!("evt_{number}_{step}"),
        event_type,
        object,
        previous,
    };
    let updated = "customer.subscription.updated";
    vec![
        scene(0, "customer.subscription.created", object("incomplete", None, 1), None),
        scene(1, updated, object("incomplete", Some("in_1"), 1), Some(json!({"latest_invoice": null}))),
        scene(2, updated, object("active", Some("in_1"), 1), Some(json!({"status": "incomplete"}))),
        scene(3, updated, object("active", Some("in_1"), 2), Some(json!({"metadata": {"seats": "1"}}))),
    ]
}

#[test]
fn events_of_one_second_leave_the_last_content_in_each_of_24_orders() {
    let test = TestDb::new();
    let db = test.open();
    for order in 0..24 {
        let scenes = story(order);
        scenes.iter().for_each(|scene| scene.store(&db));
        let (mut left, mut rest) = ((0..4).collect::<Vec<_>>(), order);
        for choices in (1..=4).rev() {
            let scene = &scenes[left.remove(rest % choices)];
            rest /= choices;
            apply_all(&db, &[scene.change()]);
        }
        let row = find(&db, "subscription", &format!("sub_{order}")).unwrap();
        assert_eq!(row.json(), scenes[3].object, "order {order}");
        assert_eq!(row.event_id.as_deref(), Some(scenes[3].id.as_str()));
    }
}

#[test]
fn what_settled_a_tie_is_told() {
    let test = TestDb::new();
    let db = test.open();
    let scenes = story(1);
    scenes.iter().for_each(|scene| scene.store(&db));
    let ties: Vec<Option<Tie>> =
        [3, 2, 0, 3].map(|number: usize| apply_all(&db, &[scenes[number].change()])[0].tie).to_vec();
    assert_eq!(ties, [None, Some(Tie::PreviousAttributes), Some(Tie::Creation), None]);
}

#[test]
fn many_objects_are_applied_by_one_call_each_with_its_own_outcome() {
    let test = TestDb::new();
    let db = test.open();
    let object = |kind: &str, id: &str, name: &str| json!({"id": id, "object": kind, "name": name});
    let old = object("customer", "cus_stale", "new");
    apply_all(&db, &[change(&old, "customer.updated", "evt_0", 200)]);
    let objects = [
        object("customer", "cus_stale", "old"),
        object("customer", "cus_1", "a"),
        object("product", "prod_1", "b"),
        json!({"object": "balance", "available": []}),
        json!({"id": "zzz", "object": "quantum.entanglement"}),
        json!(null),
    ];
    let changes: Vec<Change<'_>> =
        objects.iter().map(|object| change(object, "customer.updated", "evt_1", 100)).collect();
    let outcomes = apply_all(&db, &changes);
    let applied: Vec<String> = outcomes.iter().map(|outcome| format!("{:?}", outcome.applied)).collect();
    assert_eq!(applied, ["Superseded", "Stored", "Stored", "Stored", "Stored", "Nothing"]);
    assert_eq!(find(&db, "customer", "cus_stale").unwrap().json()["name"], "new");
    for (kind, id) in [("customer", "cus_1"), ("product", "prod_1"), ("balance", "balance")] {
        assert!(find(&db, kind, id).is_some(), "{kind}");
    }
}

#[test]
fn content_that_was_fetched_stays_unless_an_event_of_its_second_changed_it() {
    let test = TestDb::new();
    let db = test.open();
    let (fetched, older) = (json!({"id": "cus_1", "object": "customer", "name": "b"}), "a");
    let fetch = Change { event_id: None, fetched: true, ..change(&fetched, "", "", 100) };
    apply_all(&db, &[fetch]);
    let object = |name: &str| json!({"id": "cus_1", "object": "customer", "name": name});
    let (part_of_it, after_it) = (object("b"), object("c"));
    let before = json!({"name": older});
    let known = Change { previous: before.as_object(), ..change(&part_of_it, "customer.updated", "evt_1", 100) };
    apply_all(&db, &[known]);
    assert_eq!(find(&db, "customer", "cus_1").unwrap().event_id, None, "the same content is no news");
    let before = json!({"name": "b"});
    let news = Change { previous: before.as_object(), ..change(&after_it, "customer.updated", "evt_2", 100) };
    apply_all(&db, &[news]);
    assert_eq!(find(&db, "customer", "cus_1").unwrap().json()["name"], "c");
}
