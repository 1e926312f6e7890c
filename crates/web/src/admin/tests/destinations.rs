//! Making, changing and testing event destinations by the forms, against a simulated Stripe.

use actix_web::http::StatusCode;
use tollgate_models::users::Role;

use super::shop::{UUID, actions, create, endpoints, page, start};

#[actix_web::test]
async fn a_thin_destination_is_made_changed_and_tested_by_its_forms() {
    let (sim, server) = start("test").await;
    let browser = server.signed_in(Role::Operator).await;
    let form = browser.get("/admin/endpoints/new").await;
    for part in
        ["value=\"thin_destination\"", "value=\"snapshot_destination\"", "value=\"v1.customer.subscription.past_due\""]
    {
        assert!(form.body.contains(part), "{part}");
    }
    let thin = [("kind", "thin_destination"), ("events_mode", "some")];
    // Types of the other list do not count, and written ones do.
    let chosen =
        [("enabled_events", "invoice.paid"), ("thin_events", "v1.invoice.paid"), ("other_thin_events", "v2.a.b, v2.c")];
    let made = create(&browser, &[&thin[..], &chosen].concat()).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, page(UUID, "").as_str()), "{}", made.body);
    assert_eq!(
        (sim.endpoints()[0].thin, sim.endpoints()[0].enabled_events.join(" ")),
        (true, "v1.invoice.paid v2.a.b v2.c".to_owned())
    );
    let shown = browser.get(&page(UUID, "")).await;
    assert!(
        shown.body.contains("Event destination: thin") && shown.body.contains("thin events have none"),
        "{}",
        shown.body
    );
    let listed = browser.get("/admin/endpoints").await;
    assert!(listed.body.contains("Event destination: thin"), "{}", listed.body);

    let edit = page(UUID, "/edit");
    let form = browser.get(&edit).await;
    assert!(form.body.contains("value=\"v1.invoice.paid\" checked") && form.body.contains("value=\"v2.a.b, v2.c\""));
    assert!(!form.body.contains("name=\"enabled_events\""), "only its own kind can be chosen");
    let fields = [
        ("base_url", "https://pay.example.com"),
        ("events_mode", "some"),
        ("thin_events", "v1.refund.created"),
        ("tolerance_seconds", "300"),
        ("validation", "verify_signature"),
        ("description", "Shop"),
    ];
    assert_eq!(browser.post(&edit, &edit, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sim.endpoints()[0].enabled_events, ["v1.refund.created"]);

    let pinged = browser.post(&page(UUID, ""), &page(UUID, "/ping"), &[]).await;
    assert_eq!(pinged.location(), page(UUID, ""));
    assert!(browser.get(&page(UUID, "")).await.body.contains(&sim.thin_event_ids()[0]));
    assert_eq!(actions(&server, UUID).await[0], "operator@example.com endpoint.pinged");
    assert_eq!(browser.get(&page(UUID, "/ping")).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn presets_and_mistakes_of_thin_destinations_come_back_in_their_form() {
    let (sim, server) = start("test").await;
    let browser = server.signed_in(Role::Operator).await;
    let preset = create(&browser, &[("kind", "thin_destination"), ("preset", "disputes")]).await;
    assert_eq!(preset.status, StatusCode::OK);
    for part in ["value=\"thin_destination\" checked", "value=\"v1.charge.dispute.created\" checked"] {
        assert!(preset.body.contains(part), "{part}");
    }
    for (more, says) in [
        (vec![("kind", "pigeon")], "Choose one of the kinds"),
        (vec![("kind", "thin_destination"), ("events_mode", "some")], "at least one event type"),
        (
            vec![("kind", "thin_destination"), ("events_mode", "some"), ("other_thin_events", "customer.created")],
            "v1.customer.created",
        ),
        (
            vec![("kind", "thin_destination"), ("events_mode", "some"), ("other_thin_events", "<script>")],
            "There is no event type &#60;script&#62;",
        ),
        (
            vec![("kind", "snapshot_destination"), ("events_mode", "some"), ("enabled_events", "v1.invoice.paid")],
            "invoice.paid is meant",
        ),
        (
            vec![("kind", "snapshot_destination"), ("base_url", "http://localhost:8000"), ("mode", "live")],
            "demands https",
        ),
    ] {
        let answer = create(&browser, &more).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{more:?}");
        assert!(answer.body.contains(says) && !answer.body.contains("<script>"), "{says}: {}", answer.body);
    }
    assert!(sim.endpoints().is_empty() && endpoints(&server).await.is_empty());
}
