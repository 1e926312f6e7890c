//! Rotating secrets by the forms, against a simulated Stripe, and what pages show of secrets.

use actix_web::http::StatusCode;
use tollgate_models::deliveries;
use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_models::page::Cursor;
use tollgate_models::users::Role;

use super::browser::{NOW, Server};
use super::sample::{LIVE, SECRETS, THIN, fill};
use super::shop::{UUID, actions, create, endpoints, page, start};

#[actix_web::test]
async fn a_secret_is_rotated_and_the_old_endpoint_retired_by_forms() {
    let (sim, server) = start("test").await;
    let browser = server.signed_in(Role::Operator).await;
    create(&browser, &[]).await;
    let rotate = page(UUID, "/rotate");
    let asked = browser.get(&rotate).await;
    assert!(
        asked.body.contains("Make the new endpoint") && asked.body.contains("value=\"24h\" selected"),
        "{}",
        asked.body
    );
    assert!(!asked.body.contains("This is live"));
    for overlap in ["", "soon", "-1h", "99d", "<b>"] {
        let refused = browser.post(&rotate, &rotate, &[("overlap", overlap)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{overlap}");
        assert!(
            refused.body.contains("The overlap") && refused.body.contains("value=\"24h\" selected"),
            "{}",
            refused.body
        );
    }
    assert_eq!(sim.endpoints().len(), 1);
    let begun = browser.post(&rotate, &rotate, &[("overlap", "24h")]).await;
    let new = endpoints(&server).await.into_iter().find(|endpoint| endpoint.uuid != UUID).unwrap();
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, page(&new.uuid, "").as_str()));
    let shown = browser.get(begun.location()).await;
    assert!(shown.body.contains("which is retired after 2026-11-24 05:50:46 UTC"), "{}", shown.body);
    assert!(
        shown.body.contains("takes the place of another") && shown.body.contains(&page(UUID, "")),
        "{}",
        shown.body
    );
    let old = browser.get(&page(UUID, "")).await;
    for part in ["Another endpoint takes the place of this one", "Retire now", &page(&new.uuid, "")] {
        assert!(old.body.contains(part), "{part} in {}", old.body);
    }
    assert!(browser.get(&rotate).await.body.contains("under way"));
    let again = browser.post(&rotate, &rotate, &[("overlap", "1h")]).await;
    assert_eq!((again.location(), sim.endpoints().len()), (page(&new.uuid, "").as_str(), 2));

    let retire = page(UUID, "/retire");
    let asked = browser.get(&retire).await;
    assert!(asked.body.contains("has taken no delivery yet"), "{}", asked.body);
    let done = browser.post(&retire, &retire, &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, page(&new.uuid, "").as_str()));
    assert_eq!(sim.endpoints()[0].id, new.stripe_id.unwrap());
    assert_eq!(browser.get(&retire).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&page(&new.uuid, "/retire")).await.status, StatusCode::CONFLICT);
    let did = actions(&server, UUID).await;
    let by = |action: &str| format!("operator@example.com endpoint.{action}");
    assert_eq!(did, [by("retired"), by("rotated"), by("created")]);
    assert!(browser.get(&page(UUID, "")).await.body.contains("This endpoint is deleted"));
}

#[actix_web::test]
async fn a_pasted_secret_is_stored_and_never_shown_again() {
    let (sim, server) = start("test").await;
    let browser = server.signed_in(Role::Operator).await;
    create(&browser, &[]).await;
    let (rotate, secrets) = (page(UUID, "/rotate"), page(UUID, "/secrets"));
    let post = async |secret: &str, overlap: &str| {
        browser.post(&rotate, &secrets, &[("secret", secret), ("overlap", overlap)]).await
    };
    let of_endpoint = async || {
        let found = server.tollgate.db().read(|conn| rows::secrets(conn, UUID)).await.unwrap();
        found.into_iter().map(|secret| (secret.id, secret.expires_at)).collect::<Vec<_>>()
    };
    let old = sim.endpoint_secret(&sim.endpoints()[0].id).unwrap();
    let long = "x".repeat(300);
    for (secret, overlap, says) in [
        ("", "24h", "is empty"),
        (" \t ", "24h", "is empty"),
        ("sk_live_51Habcdefghijk", "24h", "Stripe API key"),
        ("whsec_two words", "24h", "no signing secret"),
        (long.as_str(), "24h", "no signing secret"),
        (old.as_str(), "24h", "which is here already"),
        ("whsec_plantedOne", "later", "The overlap must be"),
    ] {
        let refused = post(secret, overlap).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{secret}");
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
        assert!(secret.trim().is_empty() || !refused.body.contains(secret), "{secret} is shown");
    }
    assert_eq!(of_endpoint().await.len(), 1);
    let stored = post(" whsec_plantedOne\n", "1h").await;
    assert_eq!((stored.status, stored.location()), (StatusCode::SEE_OTHER, page(UUID, "").as_str()), "{}", stored.body);
    let shown = browser.get(&page(UUID, "")).await;
    assert!(
        shown.body.contains("is stored and taken from now on") && shown.body.contains("1 hour more"),
        "{}",
        shown.body
    );
    for path in [page(UUID, ""), rotate.clone(), "/admin/audit".to_owned(), "/admin".to_owned()] {
        let body = browser.get(&path).await.body;
        assert!(!body.contains("planted") && !body.contains("whsec_p"), "{path}");
    }
    let [(newest, None), (first, Some(ends))] = of_endpoint().await[..] else { panic!("{:?}", of_endpoint().await) };
    assert_eq!(ends, NOW + 3_600_000);

    let retire = page(UUID, &format!("/secrets/{first}/retire"));
    let asked = browser.get(&retire).await;
    assert!(asked.body.contains(&format!("secret {newest}, has matched no delivery yet")), "{}", asked.body);
    assert_eq!(browser.post(&retire, &retire, &[]).await.location(), page(UUID, ""));
    assert_eq!(of_endpoint().await[1], (first, Some(NOW)));
    assert!(browser.get(&page(UUID, "")).await.body.contains("<span class=\"tag\">ended</span>"));
    for (number, status) in [(newest.to_string(), StatusCode::CONFLICT), ("999".to_owned(), StatusCode::NOT_FOUND)] {
        let path = page(UUID, &format!("/secrets/{number}/retire"));
        assert_eq!(browser.get(&path).await.status, status, "{path}");
    }
    assert_eq!(browser.get(&page(UUID, "/secrets/x/retire")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        actions(&server, UUID).await[..2],
        ["operator@example.com endpoint.secret_retired", "operator@example.com endpoint.secret_added"]
    );
}

#[actix_web::test]
async fn in_live_mode_what_ends_a_secret_has_to_be_typed() {
    let (sim, server) = start("live").await;
    let browser = server.signed_in(Role::Operator).await;
    create(&browser, &[("mode", "live")]).await;
    let (rotate, secrets) = (page(UUID, "/rotate"), page(UUID, "/secrets"));
    assert_eq!(browser.get(&rotate).await.body.matches("Type <code>Shop</code>").count(), 2);
    let refused = async |path: &str, from: &str, fields: &[(&str, &str)]| {
        for typed in ["", "shop", "Production"] {
            let answer = browser.post(from, path, &[fields, &[("typed", typed)]].concat()).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert!(answer.body.to_lowercase().contains("nothing was done"), "{}", answer.body);
        }
    };
    refused(&rotate, &rotate, &[("overlap", "0")]).await;
    refused(&secrets, &rotate, &[("overlap", "0"), ("secret", "whsec_plantedTwo")]).await;
    assert_eq!((sim.endpoints().len(), endpoints(&server).await.len()), (1, 1));
    let typed = [("overlap", "24h"), ("secret", "whsec_plantedTwo"), ("typed", " Shop ")];
    assert_eq!(browser.post(&rotate, &secrets, &typed).await.status, StatusCode::SEE_OTHER);
    let number = server.tollgate.db().read(|conn| rows::secrets(conn, UUID)).await.unwrap()[1].id;
    let retire_secret = page(UUID, &format!("/secrets/{number}/retire"));
    refused(&retire_secret, &retire_secret, &[]).await;
    assert_eq!(browser.post(&retire_secret, &retire_secret, &typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.post(&rotate, &rotate, &typed).await.status, StatusCode::SEE_OTHER);
    let retire = page(UUID, "/retire");
    refused(&retire, &retire, &[]).await;
    assert_eq!(sim.endpoints().len(), 2);
    assert_eq!(browser.post(&retire, &retire, &typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sim.endpoints().len(), 1);
}

#[actix_web::test]
async fn the_page_of_an_endpoint_shows_which_secret_is_used_and_warns() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let shown = browser.get(&page(LIVE, "")).await.body;
    let [old, new] = SECRETS;
    for part in [
        format!("Secret {old}"),
        format!("Secret {new}</strong> <span class=\"tag\">newest</span>"),
        format!("Secret {new} has matched no delivery yet, while secret {old} has"),
        page(LIVE, &format!("/secrets/{old}/retire")),
        "5 min ago".to_owned(),
        "in 21 h".to_owned(),
    ] {
        assert!(shown.contains(&part), "{part} in {shown}");
    }
    assert!(!shown.contains(&page(LIVE, &format!("/secrets/{new}/retire"))), "the newest stays");
    let asked = browser.get(&page(LIVE, &format!("/secrets/{old}/retire"))).await.body;
    assert!(asked.contains("It matched a delivery 5 min ago"), "{asked}");
    let viewer = server.signed_in(Role::Viewer).await;
    let seen = viewer.get(&page(LIVE, "")).await.body;
    assert!(seen.contains(&format!("Secret {old}")) && !seen.contains("Retire now"), "{seen}");

    let first =
        server.tollgate.db().read(|conn| deliveries::list(conn, &Default::default(), Cursor::After(0), 1)).await;
    let number = first.unwrap().rows[0].id;
    let delivery = browser.get(&format!("/admin/deliveries/{number}")).await.body;
    assert!(delivery.contains(&format!("secret {old} (ends in 21 h)")), "{delivery}");
    server.tollgate.db().write(move |conn| rows::remove_secrets(conn, &[old])).await.unwrap();
    let delivery = browser.get(&format!("/admin/deliveries/{number}")).await.body;
    assert!(delivery.contains(&format!("secret {old} (no longer kept)")), "{delivery}");
}

#[actix_web::test]
async fn what_waits_to_be_retired_says_why() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let shown = browser.get(&page(THIN, "")).await.body;
    assert!(shown.contains("Waits to be retired; it is tried again"), "{shown}");
    assert!(shown.contains("Thin &#60;events&#62;") && !shown.contains("<events>"));
    assert!(shown.contains("The overlap is over, and both still take events"), "{shown}");
    let listed = browser.get("/admin/endpoints").await.body;
    assert!(listed.contains("retires") && listed.contains("1 min ago"), "{listed}");
    let pending = Endpoint { status: Status::Pending, ..endpoints(&server).await.remove(0) };
    server.tollgate.db().write(move |conn| rows::update(conn, &pending)).await.unwrap();
    let uuid = endpoints(&server).await.remove(0).uuid;
    assert_eq!(browser.get(&page(&uuid, "/rotate")).await.status, StatusCode::CONFLICT);
}

#[actix_web::test]
async fn the_forms_of_rotation_need_their_token() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    for rest in ["/rotate", "/secrets", "/retire", "/ping", "/secrets/1/retire"] {
        let fields = [("secret", "whsec_plantedThree"), ("overlap", "0"), ("typed", "Production shop")];
        let forged = browser.post_raw(&page(LIVE, rest), &fields).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{rest}");
    }
    assert_eq!(server.tollgate.db().read(|conn| rows::secrets(conn, LIVE)).await.unwrap().len(), 2);
}
