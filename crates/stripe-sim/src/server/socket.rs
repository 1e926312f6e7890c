//! The websocket to which Stripe's CLI connects to get events.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State as AppState};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;
use tokio::sync::mpsc;

use super::App;
use super::reply::Reply;
use crate::failure::Failure;

/// The protocol that the CLI offers.
const PROTOCOL: &str = "stripecli-devproxy-v1";
/// The longest message taken from it, in bytes: it cuts what it sends to far less.
const LONGEST_MESSAGE: usize = 256 * 1024;

/// Connects a session that was opened before.
pub(super) async fn subscribe(
    AppState(app): AppState<Arc<App>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let id = request.headers().get("websocket-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]).max_message_size(LONGEST_MESSAGE),
        Err(refusal) => return refusal.into_response(),
    };
    let connected = app.shared.lock().connect(&id);
    match connected {
        Some(frames) => upgrade.on_upgrade(move |socket| converse(app, id, socket, frames)),
        // The CLI knows this text and opens a new session.
        None => {
            let unknown = Failure::invalid(StatusCode::NOT_FOUND.as_u16(), "Unknown WebSocket ID.");
            Reply::refusal("req_websocket", "/v1/", unknown).into_response()
        }
    }
}

/// Passes events on and hears answers until either side ends.
async fn converse(app: Arc<App>, id: String, mut socket: WebSocket, mut frames: mpsc::UnboundedReceiver<String>) {
    let stopped = app.tasks.stopped();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            frame = frames.recv() => match frame {
                Some(text) => if socket.send(Message::Text(text.into())).await.is_err() { break },
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => hear(&app, text.as_str()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    drop(frames);
    app.shared.lock().disconnect(&id);
}

fn hear(app: &App, text: &str) {
    match serde_json::from_str::<Value>(text) {
        Ok(message) => app.shared.lock().heard(&message),
        Err(error) => tracing::debug!(%error, "the CLI said something that is not JSON"),
    }
}
