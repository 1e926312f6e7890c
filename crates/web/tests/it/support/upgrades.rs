//! An endpoint in an old API version with its shadow, and what is done to the two.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tollgate::Handlers;
use tollgate::audit::Actor;
use tollgate::endpoints::upgrade;
use tollgate::endpoints::{Draft, EndpointError};
use tollgate::models::endpoints::Endpoint;
use tollgate::models::upgrades::{Status as Stage, Upgrade};

use super::{Setup, Shop};

pub const HOUR: i64 = 3600 * 1000;
pub const OLD: &str = "2024-12-18.acacia";
pub const NEW: &str = "2026-10-28.endive";

pub async fn live_endpoint(shop: &Shop) -> Endpoint {
    shop.try_create(Draft { api_version: Some(OLD.to_owned()), ..shop.draft() }).await.unwrap()
}

pub async fn start(shop: &Shop, live: &Endpoint) -> Upgrade {
    upgrade::start(&shop.app.tollgate, &live.uuid, NEW, &Actor::cli()).await.unwrap()
}

pub async fn try_start(shop: &Shop, uuid: &str, version: &str) -> Result<Upgrade, EndpointError> {
    upgrade::start(&shop.app.tollgate, uuid, version, &Actor::cli()).await
}

pub async fn swap(shop: &Shop, uuid: &str) -> Result<Upgrade, EndpointError> {
    upgrade::swap(&shop.app.tollgate, uuid, &Actor::cli()).await
}

pub async fn abandon(shop: &Shop, uuid: &str) -> Result<(), EndpointError> {
    upgrade::abandon(&shop.app.tollgate, uuid, &Actor::cli()).await
}

pub async fn stage(shop: &Shop, uuid: &str) -> (Stage, Option<String>) {
    let upgrade = upgrade::latest(&shop.app.tollgate, uuid).await.unwrap().unwrap().upgrade;
    (upgrade.status, upgrade.last_error)
}

pub fn subscription(id: &str) -> Value {
    json!({
        "id": id, "object": "subscription", "created": 1, "customer": "cus_1", "status": "active",
        "items": {"object": "list", "has_more": false, "data": [{
            "id": format!("si_{id}"), "object": "subscription_item", "subscription": id, "quantity": 1,
            "current_period_start": 100, "current_period_end": 200, "plan": {"id": "price_1"},
        }]},
    })
}

pub async fn changes(shop: &Shop, id: &str) -> String {
    let event = shop.sim.emit("customer.subscription.updated", subscription(id));
    shop.sim.settled().await;
    event
}

pub fn mirrored(shop: &Shop, id: &str) -> Value {
    serde_json::from_str(&shop.app.object(id).unwrap().data).unwrap()
}

/// Handlers that note what they were given, one of which reads what only the old shape has.
pub fn handlers(seen: &Arc<Mutex<Vec<(String, String)>>>) -> Handlers {
    let seen = Arc::clone(seen);
    Handlers::new()
        .on_as("period", "customer.subscription", |event, _| {
            let end = event.data_object()["current_period_end"].as_i64();
            end.map(drop).ok_or_else(|| "the subscription has no current_period_end".into())
        })
        .on_as("steady", "customer.subscription.updated", |event, _| match event.data_object()["id"].as_str() {
            Some(_) => Ok(()),
            None => Err("no id".into()),
        })
        .on_as("seen", "*", move |event, _| {
            let version = event.api_version().unwrap_or_default().to_owned();
            seen.lock().unwrap().push((event.id().to_owned(), version));
            Ok(())
        })
}

pub async fn shop_with_handlers() -> (Shop, Arc<Mutex<Vec<(String, String)>>>) {
    let seen = Arc::default();
    let shop = Shop::start_with(Setup::bare().handlers(handlers(&seen))).await;
    (shop, seen)
}
