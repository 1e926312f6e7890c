//! Sample rows of every kind: events in each state, deliveries, endpoints, keys, objects, runs.

use serde_json::{Value, json};
use tollgate_models::api_keys::{self, NewApiKey};
use tollgate_models::claims::{self, Claim, Claimed, Ended};
use tollgate_models::deliveries::Outcome;
use tollgate_models::endpoints::{self, Endpoint, Object, Payload, Status, Validation};
use tollgate_models::events::{self, Cause};
use tollgate_models::intake::{Arrival, DeliveryRow, EventRow, store};
use tollgate_models::mirror::{self, Change};
use tollgate_models::runs::{self, NewRun};
use tollgate_models::{AnyConnection, QueryResult};

use super::browser::{NOW, Server};

pub(super) const LIVE: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
pub(super) const UNCHECKED: &str = "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b";
pub(super) const PENDING: &str = "6fa459ea-ee8a-4ca4-894e-db77e160355e";
/// Replaced by [`SUCCESSOR`].
pub(super) const THIN: &str = "886313e1-3b8a-4372-9b90-0c9aee199e5d";
pub(super) const SUCCESSOR: &str = "c9bf9e57-1685-4c89-bafb-ff5af830be8a";
/// The older and the newer secret of [`LIVE`].
pub(super) const SECRETS: [i64; 2] = [1, 2];
const MINUTE: i64 = 60_000;

/// Puts them in.
pub(super) async fn fill(server: &Server) {
    server.tollgate.db().write(all).await.unwrap();
}

fn all(conn: &mut AnyConnection) -> QueryResult<()> {
    keys(conn)?;
    for endpoint in [
        endpoint(LIVE, "Production shop", true, Status::Enabled, Validation::VerifySignature),
        endpoint(UNCHECKED, "Staging", false, Status::Disabled, Validation::None),
        endpoint(PENDING, "", false, Status::Pending, Validation::RetrieveEvent),
    ] {
        endpoints::insert(conn, &endpoint)?;
    }
    for endpoint in replaced() {
        endpoints::insert(conn, &endpoint)?;
    }
    let [old, _] = SECRETS;
    endpoints::insert_secret(conn, LIVE, "v1.sealed", NOW - 86_400_000)?;
    let new = endpoints::insert_secret(conn, LIVE, "v1.sealed", NOW - 3 * 3_600_000)?;
    endpoints::expire_other_secrets(conn, LIVE, new, NOW + 21 * 3_600_000)?;
    endpoints::record_secret_use(conn, old, NOW - 5 * MINUTE)?;
    endpoints::insert_secret(conn, THIN, "v1.sealed", NOW - 86_400_000)?;
    let arrivals: Vec<Arrival> = (0..64).rev().map(arrival).chain([forged(), binary()]).collect();
    store(conn, arrivals, NOW)?;
    states(conn)?;
    objects(conn)
}

fn keys(conn: &mut AnyConnection) -> QueryResult<()> {
    for (name, livemode, masked) in [("Shop", true, "sk_live_…4242"), ("Test key", false, "rk_test_…9x1Z")] {
        let new = NewApiKey {
            name,
            kind: if livemode { "secret" } else { "restricted" },
            livemode,
            masked,
            sealed: "v1.sealed",
            fingerprint: masked,
            account: livemode.then_some("acct_1Nv0FGQ9RKHgCVdK"),
            account_name: livemode.then_some("Alpine Coffee <Roasters>"),
            is_default: true,
            created_at: NOW - 86_400_000,
        };
        api_keys::insert(conn, &new)?;
    }
    Ok(())
}

fn endpoint(uuid: &str, description: &str, livemode: bool, status: Status, validation: Validation) -> Endpoint {
    Endpoint {
        uuid: uuid.to_owned(),
        stripe_id: (status != Status::Pending).then(|| format!("we_1Nv0{}", &uuid[..8])),
        api_key_id: Some(if livemode { 1 } else { 2 }),
        account: Some("acct_1Nv0FGQ9RKHgCVdK".to_owned()),
        livemode,
        connect: validation == Validation::None,
        url: format!("https://pay.example.com/stripe/webhooks/{uuid}"),
        description: description.to_owned(),
        enabled_events: if livemode { r#"["*"]"#.to_owned() } else { r#"["invoice.paid","charge.failed"]"#.to_owned() },
        api_version: Some("2026-10-28.endive".to_owned()),
        tolerance_seconds: 300,
        validation,
        status,
        idempotency_key: format!("key-{uuid}"),
        last_error: (status == Status::Pending).then(|| "Stripe did not answer within 30 s".to_owned()),
        created_by: "ada@example.com".to_owned(),
        created_at: NOW - 86_400_000,
        updated_at: NOW - 3_600_000,
        deleted_at: None,
        object: Object::WebhookEndpoint,
        payload: Payload::Snapshot,
        inline_events: "[]".to_owned(),
        replaces: None,
        retire_at: None,
    }
}

fn replaced() -> [Endpoint; 2] {
    let thin = Endpoint {
        object: Object::EventDestination,
        payload: Payload::Thin,
        stripe_id: Some("ed_test_61RM8wLJgHoFTgHtb16RM8wL".to_owned()),
        api_version: None,
        enabled_events: r#"["v1.customer.created","v2.core.account.created"]"#.to_owned(),
        retire_at: Some(NOW - MINUTE),
        last_error: Some("waits to be retired; it is tried again: stripe did not answer in time".to_owned()),
        ..endpoint(THIN, "Thin <events>", false, Status::Enabled, Validation::VerifySignature)
    };
    let new = Endpoint {
        uuid: SUCCESSOR.to_owned(),
        url: format!("https://pay.example.com/stripe/webhooks/{SUCCESSOR}"),
        stripe_id: Some("ed_test_61RM9xLJgHoFTgHtb16RM9xL".to_owned()),
        idempotency_key: format!("key-{SUCCESSOR}"),
        replaces: Some(THIN.to_owned()),
        retire_at: None,
        last_error: None,
        ..thin.clone()
    };
    [thin, new]
}

fn body(number: i64, type_: &str) -> Value {
    json!({
        "id": event_id(number), "object": "event", "api_version": "2026-10-28.endive", "created": NOW / 1000 - number * 60,
        "type": type_, "livemode": true, "pending_webhooks": 1, "request": {"id": "req_8xY2a", "idempotency_key": null},
        "data": {
            "object": subscription(),
            "previous_attributes": {"status": "trialing", "items": {"data": []}, "metadata": {"plan": null}},
        },
    })
}

pub(super) fn event_id(number: i64) -> String {
    format!("evt_1PqX{number:04}LkdIwHu7ixraBm")
}

fn subscription() -> Value {
    json!({
        "id": "sub_1MowQVLkdIwHu7ix", "object": "subscription", "customer": "cus_Na6dX7aXxi11N4", "status": "active",
        "currency": "eur", "created": NOW / 1000 - 9000, "cancel_at_period_end": false, "latest_invoice": "in_1MtHbELkdIwHu7ix",
        "metadata": {"plan": "pro <b>\"&"},
        "items": {"object": "list", "has_more": false, "data": [{
            "id": "si_NcLYdDxLHxlFo7", "object": "subscription_item", "created": NOW / 1000, "quantity": 3,
            "current_period_start": NOW / 1000, "current_period_end": NOW / 1000 + 2_592_000,
            "price": {"id": "price_1MowQULkdIwHu7ix", "object": "price", "product": "prod_NcLYgG7Gc1Bxqw", "unit_amount": 1250, "currency": "eur"},
        }]},
    })
}

fn arrival(number: i64) -> Arrival {
    let type_ = ["customer.subscription.updated", "invoice.paid", "charge.succeeded"][number as usize % 3];
    let received_at = NOW - number * 17 * MINUTE;
    let event = EventRow {
        id: event_id(number),
        type_: type_.to_owned(),
        kind: "snapshot",
        created: received_at / 1000 - 2,
        received_at,
        livemode: true,
        account: Some("acct_1Nv0FGQ9RKHgCVdK".to_owned()),
        endpoint_uuid: Some(LIVE.to_owned()),
        api_version: Some("2026-10-28.endive".to_owned()),
        object_type: Some("subscription".to_owned()),
        object_id: Some("sub_1MowQVLkdIwHu7ix".to_owned()),
        request_id: Some("req_8xY2a".to_owned()),
        body: body(number, type_).to_string(),
    };
    Arrival { delivery: DeliveryRow { event_id: Some(event.id.clone()), ..delivery(received_at) }, event: Some(event) }
}

fn delivery(received_at: i64) -> DeliveryRow {
    DeliveryRow {
        endpoint_uuid: Some(LIVE.to_owned()),
        event_id: None,
        received_at,
        outcome: Outcome::Accepted,
        reason: None,
        http_status: 200,
        remote_ip: Some("54.187.174.169".to_owned()),
        headers: json!({"user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)", "stripe-signature": "redacted", "content-type": "application/json; charset=utf-8"}).to_string(),
        body: None,
        body_size: 3178,
        secret_id: Some(1),
        signature_time: Some(received_at / 1000),
        repeats: 1,
    }
}

fn refused(reason: &str, body: &[u8]) -> Arrival {
    let delivery = DeliveryRow {
        outcome: Outcome::Refused,
        reason: Some(reason.to_owned()),
        http_status: 400,
        body: Some(body.to_vec()),
        body_size: 40_000,
        secret_id: None,
        repeats: 17,
        ..delivery(NOW - 5 * MINUTE)
    };
    Arrival { delivery, event: None }
}

fn forged() -> Arrival {
    refused("no_matching_signature", br#"{"id":"evt_forged","note":"<script>alert(1)</script>"}"#)
}

fn binary() -> Arrival {
    refused("malformed_body", &[0xff, 0xfe, 0x00, 0x41])
}

const ERROR: &str =
    "billing::grant_access: no seat is left in plan \"pro\": caused by: UNIQUE constraint failed: seats.customer";

/// The newest event stays pending; the next three fail, die, and are ignored; the rest are processed.
fn states(conn: &mut AnyConnection) -> QueryResult<()> {
    let claim = Claim { worker: "sample", now: NOW, until: NOW + MINUTE };
    for Claimed { event, .. } in claims::claim(conn, claim, 100)? {
        let (status, attempts) = match event.id.as_str() {
            id if id == event_id(0) => continue,
            id if id == event_id(1) => (events::Status::Failed, 2),
            id if id == event_id(2) => (events::Status::Dead, 10),
            id if id == event_id(3) => (events::Status::Ignored, 1),
            _ => (events::Status::Processed, 1),
        };
        let failed = matches!(status, events::Status::Failed | events::Status::Dead);
        let ended = Ended {
            status,
            attempts,
            cause: Cause::Delivery,
            next_attempt_at: NOW + 5 * MINUTE,
            superseded: event.id == event_id(5) || event.id == event_id(7),
            tie: match event.id.as_str() {
                id if id == event_id(5) => Some(events::Tie::PreviousAttributes),
                id if id == event_id(6) => Some(events::Tie::Arrival),
                _ => None,
            },
            only_handler: None,
            error: failed.then(|| ERROR.to_owned()),
            at: NOW,
        };
        claims::finish(conn, event.seq, "sample", &ended)?;
    }
    claims::release(conn, "sample")?;
    // The one that is left had a worker that died.
    let claim = Claim { worker: "killed", now: NOW, until: NOW + 1 };
    claims::claim(conn, claim, 1)?;
    claims::take_back_expired(conn, NOW + 1)?;
    sample_runs(conn)
}

fn sample_runs(conn: &mut AnyConnection) -> QueryResult<()> {
    let run = |number, attempt, outcome, error: Option<&str>| NewRun {
        event_id: event_id(number),
        handler: "billing::grant_access".to_owned(),
        attempt,
        outcome,
        error: error.map(str::to_owned),
        cause: if attempt == 1 { Cause::Delivery } else { Cause::Retry },
        started_at: NOW - MINUTE,
        duration_us: 1840,
        task_id: None,
    };
    runs::insert(
        conn,
        &[
            run(1, 1, runs::Outcome::Failed, Some(ERROR)),
            run(1, 2, runs::Outcome::Panicked, Some("panicked at billing.rs:42: index out of bounds")),
            run(4, 1, runs::Outcome::Succeeded, None),
            run(4, 1, runs::Outcome::RolledBack, None),
        ],
    )
}

fn objects(conn: &mut AnyConnection) -> QueryResult<()> {
    let created = NOW / 1000 - 9000;
    let mut objects = vec![
        subscription(),
        json!({"id": "cus_Na6dX7aXxi11N4", "object": "customer", "created": created, "email": "jenny.rosen@example.com", "name": "Jenny <b>Rosen</b>", "delinquent": false}),
        json!({"id": "in_1MtHbELkdIwHu7ix", "object": "invoice", "created": created, "number": "ALP-0001", "customer": "cus_Na6dX7aXxi11N4", "status": "paid", "currency": "eur", "total": 3750, "amount_remaining": 0, "billing_reason": "subscription_cycle"}),
        json!({"id": "ch_3MmlLrLkdIwHu7ix", "object": "charge", "created": created, "customer": "cus_Na6dX7aXxi11N4", "status": "succeeded", "currency": "jpy", "amount": 1099, "amount_refunded": 0, "disputed": false}),
        json!({"id": "pm_1MqLiJLkdIwHu7ix", "object": "payment_method", "created": created, "type": "card"}),
    ];
    objects.extend((0..60).map(|n| json!({"id": format!("price_1Mow{n:04}"), "object": "price", "created": created + n, "product": "prod_NcLYgG7Gc1Bxqw", "active": true, "currency": "usd", "unit_amount": 1250, "type": "recurring", "recurring": {"interval": "month"}})));
    for object in &objects {
        let change = Change {
            object,
            previous: None,
            event_id: Some(&event_id(0)),
            event_type: "x.updated",
            fetched: false,
            as_of: NOW / 1000,
            account: Some("acct_1Nv0FGQ9RKHgCVdK"),
            livemode: true,
            api_version: Some("2026-10-28.endive"),
        };
        mirror::apply(conn, &change)?;
    }
    Ok(())
}
