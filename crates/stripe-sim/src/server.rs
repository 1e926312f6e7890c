//! The HTTP API: one way through for every call, from the key to the answer.

mod auth;
mod hosted;
mod reply;
mod socket;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State as AppState};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method};

use crate::failure::{Answer, Failure};
use crate::faults::ApiFault;
use crate::fields;
use crate::params::Params;
use crate::requests::RecordedRequest;
use crate::routes::{self, Call, Found};
use crate::shapes;
use crate::state::idempotency::Reply as KeptReply;
use crate::state::{Cause, Shared, State};
use crate::tasks::Tasks;
use auth::Caller;
pub(crate) use auth::no_access;
use reply::Reply;

/// Stripe's own bound is not published; nothing that an integration sends comes near this, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// What the server needs for each call.
pub(crate) struct App {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tasks: Tasks,
}

/// All routes; they are told apart by [`routes::find`].
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/stripecli/subscribe", get(socket::subscribe))
        .route("/c/pay/{id}", get(hosted::checkout_page).post(hosted::pay))
        .route("/authenticate/{id}", get(hosted::authentication_page).post(hosted::authenticate))
        .fallback(answer)
        .with_state(app)
}

/// A request as the state sees it.
struct Incoming {
    method: Method,
    path: String,
    params: Params,
    /// The body is not what this version of the API takes.
    malformed: bool,
    headers: HeaderMap,
    request_id: String,
}

impl Incoming {
    fn is_version_2(&self) -> bool {
        self.path.starts_with("/v2/")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn record(&self) -> RecordedRequest {
        let shown = self.headers.iter().filter(|(name, _)| *name != http::header::AUTHORIZATION);
        RecordedRequest {
            method: self.method.to_string(),
            path: self.path.clone(),
            params: self.params.to_value(),
            headers: shown
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            idempotency_key: self.header("idempotency-key").map(str::to_owned),
            request_id: self.request_id.clone(),
        }
    }
}

async fn answer(AppState(app): AppState<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let refusal = Failure::invalid(413, "The request body is too large.");
        return Reply::refusal("req_unread", &path, refusal).into_response();
    };
    let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let body = if path.starts_with("/v2/") { Params::from_json(&body) } else { Some(Params::parse(&body)) };
    let (reply, fault) = {
        let mut state = app.shared.lock();
        let incoming = Incoming {
            method: parts.method,
            path,
            malformed: body.is_none(),
            params: query.and(body.unwrap_or_default()),
            headers: parts.headers,
            request_id: state.request_ids.id("req"),
        };
        let (reply, fault) = serve(&mut state, &incoming);
        (reply.dated(state.now()), fault)
    };
    match fault {
        Some(ApiFault::Timeout(wait)) => {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = app.tasks.stopped() => {}
            }
            reply.into_response()
        }
        Some(ApiFault::Truncated) => reply.into_truncated_response(),
        _ => reply.into_response(),
    }
}

/// The answer, and the fault that is still to befall it on its way.
fn serve(state: &mut State, incoming: &Incoming) -> (Reply, Option<ApiFault>) {
    state.requests.push(incoming.record());
    let fault = state.faults.next_api(incoming.method.as_str(), &incoming.path);
    let (id, path) = (&incoming.request_id, &incoming.path);
    if let Some(reply) = fault.as_ref().and_then(|fault| Reply::instead(fault, id, path)) {
        return (reply, None);
    }
    let reply = carry_out(state, incoming).unwrap_or_else(|refusal| Reply::refusal(id, path, refusal));
    (reply, fault)
}

fn carry_out(state: &mut State, incoming: &Incoming) -> Result<Reply, Failure> {
    let caller = auth::caller(state, incoming)?;
    auth::within_rate(state, &caller.scope, &incoming.path)?;
    let unknown = || Failure::unknown_url(incoming.method.as_str(), &incoming.path);
    let found = routes::find(&incoming.method, &incoming.path).ok_or_else(unknown)?;
    auth::permitted(&caller, &found.permission())?;
    if incoming.malformed {
        return Err(Failure::invalid(400, "The request body is not a JSON object."));
    }
    let version = auth::version(state, incoming)?;
    let key = idempotency_key(incoming);
    let fingerprint = format!("{} {} {}", incoming.method, incoming.path, incoming.params.to_value());
    if let Some(key) = key
        && let Some(kept) = state.replies.find(&caller.scope, key, &fingerprint)?
    {
        return Ok(Reply::replayed(&incoming.request_id, key, &kept).with_header("stripe-version", &version));
    }
    let scope = caller.scope.clone();
    let (internal, method) = (found.kind.internal, &incoming.method);
    // Stripe keeps no answer of a call that was refused before it began, and version 2 does failed calls again.
    let (status, body) = match run(state, incoming, caller, found, &version) {
        Ok(body) => (200, body),
        Err(failure) if failure.is_outcome() => (failure.status, failure.body(&incoming.request_id)),
        Err(failure) => return Err(failure),
    };
    let checked = !internal && !state.has_foreign_objects && shapes::is_current(&version);
    let described = state.settings.description.clone().filter(|_| checked);
    let fault = described.and_then(|known| known.fault_of_answer(method, &incoming.path, status == 200, &body));
    if let Some(fault) = fault {
        return Err(Failure::undescribed_answer(method.as_str(), &incoming.path, &fault));
    }
    let kept = KeptReply { fingerprint, status, body, request_id: incoming.request_id.clone() };
    let mut reply = Reply::kept(&kept, &incoming.request_id).with_header("stripe-version", &version);
    if let Some(key) = key {
        state.replies.keep(&scope, key, kept);
        reply = reply.with_header("idempotency-key", key);
    }
    Ok(reply)
}

/// Version 2 takes keys for DELETE too, and version 1 does not look at them.
fn idempotency_key(incoming: &Incoming) -> Option<&str> {
    let keyed = incoming.method == Method::POST || (incoming.is_version_2() && incoming.method == Method::DELETE);
    incoming.header("idempotency-key").filter(|_| keyed)
}

fn run(state: &mut State, incoming: &Incoming, caller: Caller, found: Found, version: &str) -> Answer {
    let Found { kind, route, ids } = found;
    let given = fields::read(&incoming.params, &route.known(kind.path))?;
    let described = state.settings.description.as_ref().filter(|_| !kind.internal);
    let params = incoming.params.tree();
    let fault = described.and_then(|known| known.fault_of_request(&incoming.method, &incoming.path, params));
    if let Some(fault) = fault {
        return Err(Failure::undescribed(&fault));
    }
    let call = Call {
        scope: caller.scope,
        owner: caller.key.account,
        key_hint: caller.hint,
        version: version.to_owned(),
        path: incoming.path.clone(),
        ids,
        given,
        params: incoming.params.clone(),
        cause: Cause {
            id: Some(incoming.request_id.clone()),
            idempotency_key: incoming.header("idempotency-key").map(str::to_owned),
        },
        base: state.settings.base.clone(),
        kind,
        fields: route.fields,
        filters: route.filters.unwrap_or_default(),
    };
    (route.run)(state, &call)
}
