//! Sessions of Stripe's CLI: events go to it over a websocket, and it delivers them.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tollgate_stripe_client::catalogue;
use tollgate_stripe_client::event::Kind;

use super::endpoints::{Destination, Endpoint};
use super::{Scope, State};
use crate::delivery::DeliveryRecord;
use crate::delivery::DeliveryResult;
use crate::delivery::http::Post;

/// One session: what it listens as, and the socket while the CLI is connected.
pub(crate) struct Listener {
    /// What the CLI names when it connects.
    pub(crate) id: String,
    device: String,
    /// In the account's version, in the newest one, and perhaps for thin events; the CLI picks what it was asked for.
    endpoints: Vec<Endpoint>,
    socket: Option<mpsc::UnboundedSender<String>>,
}

/// What the CLI is told about its session.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Listener {
    /// Opens a session; the same device gets the same secret, as at Stripe.
    pub(crate) fn open(state: &mut State, scope: &Scope, device: &str, thin: bool) -> Session {
        let id = format!("cliws_{}", state.ids.text(24));
        let before = state.listeners.iter().find(|known| known.device == device && known.endpoints[0].scope == *scope);
        let secret = before.map(|known| known.endpoints[0].secret.clone());
        let secret = secret.unwrap_or_else(|| state.new_secret());
        let kinds = [(None, Kind::Snapshot), (Some(catalogue::NEWEST), Kind::Snapshot), (None, Kind::Thin)];
        let wanted = if thin { &kinds[..] } else { &kinds[..2] };
        let endpoint = |(number, (version, payload)): (usize, &(Option<&str>, Kind))| {
            let mut endpoint = Endpoint::new(scope, String::new(), vec!["*".to_owned()], 0);
            endpoint.id = format!("{id}_{number}");
            endpoint.secret.clone_from(&secret);
            endpoint.api_version = version.map(str::to_owned);
            endpoint.connect = true;
            endpoint.destination = Some(Destination::listening(*payload));
            endpoint
        };
        let endpoints = wanted.iter().enumerate().map(endpoint).collect();
        let device = device.to_owned();
        state.listeners.push(Self { id: id.clone(), device, endpoints, socket: None });
        Session { id, secret }
    }
}

/// An event as it goes over the socket.
pub(crate) struct Frame {
    socket: mpsc::UnboundedSender<String>,
    text: String,
}

impl Frame {
    /// Sends it; the CLI may be gone by now.
    pub(crate) fn send(self) -> bool {
        self.socket.send(self.text).is_ok()
    }
}

impl State {
    /// What the connected sessions listen as.
    pub(crate) fn listening(&self) -> impl Iterator<Item = &Endpoint> {
        self.listeners.iter().filter(|listener| listener.socket.is_some()).flat_map(|listener| &listener.endpoints)
    }

    /// Connects a session, if there is one of this id.
    pub(crate) fn connect(&mut self, id: &str) -> Option<mpsc::UnboundedReceiver<String>> {
        let listener = self.listeners.iter_mut().find(|listener| listener.id == id)?;
        let (socket, frames) = mpsc::unbounded_channel();
        listener.socket = Some(socket);
        Some(frames)
    }

    /// Notes that the CLI is gone, unless it has connected anew.
    pub(crate) fn disconnect(&mut self, id: &str) {
        if let Some(listener) = self.listeners.iter_mut().find(|listener| listener.id == id) {
            listener.socket = listener.socket.take().filter(|socket| !socket.is_closed());
        }
    }

    /// An event for a session as it goes over its socket; nothing if that is not where it goes.
    pub(crate) fn frame(&self, event: &str, endpoint: &str, post: &Post) -> Option<Frame> {
        let listener = self.listeners.iter().find(|known| known.endpoints.iter().any(|one| one.id == endpoint))?;
        let endpoint = listener.endpoints.iter().find(|one| one.id == endpoint)?;
        let payload = String::from_utf8_lossy(&post.body).into_owned();
        let text = match endpoint.payload() {
            Kind::Thin => json!({
                "type": "v2_event",
                "destination_id": endpoint.id,
                "http_headers": post.headers(),
                "payload": payload,
            }),
            Kind::Snapshot => json!({
                "type": "webhook_event",
                "endpoint": { "api_version": endpoint.api_version },
                "event_payload": payload,
                "http_headers": post.headers(),
                "webhook_conversation_id": format!("{event}/{}", endpoint.id),
                "webhook_id": event,
            }),
        };
        Some(Frame { socket: listener.socket.clone()?, text: text.to_string() })
    }

    /// Takes note of what the CLI answers: that it has an event, or what it got for it where it delivered it.
    pub(crate) fn heard(&mut self, message: &Value) {
        let conversation = message["webhook_conversation_id"].as_str().unwrap_or_default();
        let Some((event, endpoint)) = conversation.split_once('/') else { return };
        if message["type"] == "event_ack" {
            self.events.taken(event, endpoint);
        }
        if message["type"] == "webhook_response" {
            let status = message["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            let body = message["body"].as_str().unwrap_or_default().to_owned();
            let result = DeliveryResult { status, body, millis: 0, error: None };
            let at = self.now();
            self.deliveries.push(DeliveryRecord::new(event, endpoint, 0, at, result));
        }
    }
}
