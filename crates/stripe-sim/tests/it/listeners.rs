//! Sessions of Stripe's CLI: how it learns its secret, gets events over its websocket and tells what became of them.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{Api, start};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const SESSIONS: &str = "/v1/stripecli/sessions";

async fn open(api: &Api, device: &str) -> Value {
    let form = format!("device_name={device}&websocket_features[]=webhooks");
    let answer = api.post(SESSIONS, &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn connect(session: &Value, id: &str) -> Result<Socket, Error> {
    let mut request = session["websocket_url"].as_str().unwrap().into_client_request().unwrap();
    request.headers_mut().insert("websocket-id", id.parse().unwrap());
    request.headers_mut().insert("sec-websocket-protocol", "stripecli-devproxy-v1".parse().unwrap());
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn hear(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            _ => continue,
        }
    }
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

#[tokio::test]
async fn events_go_to_the_cli_in_two_versions_signed_with_its_secret() {
    let (sim, api) = start().await;
    let session = open(&api, "laptop").await;
    let mut socket = connect(&session, session["websocket_id"].as_str().unwrap()).await.unwrap();
    api.post("/v1/customers", "name=Ada").await;
    let (own, newest) = (hear(&mut socket).await, hear(&mut socket).await);
    assert_eq!(own["type"], "webhook_event");
    assert_eq!((&own["endpoint"]["api_version"], newest["endpoint"]["api_version"].is_string()), (&Value::Null, true));
    let body = own["event_payload"].as_str().unwrap();
    let signature = own["http_headers"]["Stripe-Signature"].as_str().unwrap();
    let secret = tollgate_stripe_client::webhook::WebhookSecret::parse(session["secret"].as_str().unwrap()).unwrap();
    let tolerance = tollgate_stripe_client::webhook::Tolerance::default();
    let now = crate::support::NOW;
    tollgate_stripe_client::webhook::verify(body.as_bytes(), Some(signature), &[secret], tolerance, now).unwrap();

    let conversation = own["webhook_conversation_id"].clone();
    say(
        &mut socket,
        json!({"type": "event_ack", "event_id": sim.event_ids()[0], "webhook_conversation_id": conversation}),
    )
    .await;
    let answer = json!({
        "type": "webhook_response", "webhook_conversation_id": conversation, "status": 204, "body": "fine",
        "forward_url": "http://127.0.0.1/hook",
    });
    say(&mut socket, answer).await;
    let told = || sim.deliveries().into_iter().find(|delivery| delivery.result.status == Some(204));
    while told().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(told().unwrap().result.body, "fine");
}

#[tokio::test]
async fn a_device_keeps_its_secret_and_another_has_its_own() {
    let (_sim, api) = start().await;
    let (one, again, other) = (open(&api, "laptop").await, open(&api, "laptop").await, open(&api, "desktop").await);
    assert_eq!(one["secret"], again["secret"]);
    assert_ne!(one["secret"], other["secret"]);
    assert_ne!(one["websocket_id"], again["websocket_id"]);
}

#[tokio::test]
async fn odd_messages_end_nothing_and_unknown_sessions_are_refused() {
    let (sim, api) = start().await;
    let session = open(&api, "laptop").await;
    let Err(Error::Http(refusal)) = connect(&session, "cliws_none").await else { panic!("it connected") };
    assert_eq!(refusal.status(), 404);
    assert!(String::from_utf8_lossy(refusal.body().as_ref().unwrap()).contains("Unknown WebSocket ID"));

    let mut socket = connect(&session, session["websocket_id"].as_str().unwrap()).await.unwrap();
    for odd in
        ["", "{", "[]", "null", "{\"type\":\"webhook_response\"}", "{\"webhook_conversation_id\":\"a/b\",\"type\":5}"]
    {
        socket.send(Message::text(odd)).await.unwrap();
    }
    say(&mut socket, json!({"type": "webhook_response", "webhook_conversation_id": "evt_none/none", "status": "x"}))
        .await;
    api.post("/v1/customers", "name=Ada").await;
    assert_eq!(hear(&mut socket).await["type"], "webhook_event");
    drop(socket);
    api.post("/v1/customers", "name=Bo").await;
    sim.stop().await;
    for bad in ["device_name[]=x", "colour=red"] {
        let (_sim, api) = start().await;
        assert_eq!(api.post(SESSIONS, bad).await.status, 400, "{bad}");
    }
}
