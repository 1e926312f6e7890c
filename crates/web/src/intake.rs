//! The intake of deliveries: verify, store durably in a batch with others, acknowledge.

mod batch;
mod body;
mod headers;
mod inline;
mod judge;
mod refusals;
mod table;

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tollgate_models::Database;
use tollgate_models::deliveries::Outcome;
use tollgate_models::intake::{Arrival, DeliveryRow, Stored};
use uuid::Uuid;

use crate::keyring::Keyring;
use crate::metrics::{Metrics, Unavailable};
use crate::worker::{Wait, Waits, Workers};
use crate::{Clock, Config, Db, Error, Tollgate};

use batch::{NotStored, Writer};
use body::BodyError;
use inline::Fate;
pub(crate) use judge::fetched_row;
use judge::{Judged, Reason};
pub(crate) use table::FRESHNESS;
use table::{KnownEndpoint, Table};

/// A request is never held longer; Stripe would give up on it anyway.
const LONGEST: Duration = Duration::from_secs(10);
/// A delivery whose body took that long to come gets this much to be stored all the same.
const LEAST_TO_STORE: Duration = Duration::from_secs(1);
/// Bodies that are read at the same time; beyond that Stripe is asked to come back.
const MOST_BODIES: usize = 512;
/// How much of a refused body is kept, in bytes.
const KEPT_OF_REFUSED: usize = 16 * 1024;

/// Takes deliveries in: the table of endpoints, the writer of batches, and the bounds.
#[derive(Clone)]
pub(crate) struct Intake {
    table: Arc<Table>,
    writer: Writer,
    bodies: Arc<Semaphore>,
    waits: Waits,
    db: Db,
    inline_deadline: Duration,
    max_body: usize,
    body_deadline: Duration,
    clock: Clock,
    metrics: Metrics,
}

impl Intake {
    /// Reads the endpoints and starts the threads that keep them fresh and write batches.
    pub(crate) fn start(
        database: &Database,
        config: &Config,
        clock: &Clock,
        keyring: &Keyring,
        workers: &Workers,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let table = Arc::new(Table::load(database, config, keyring, clock)?);
        table.keep_fresh();
        Ok(Self {
            table,
            writer: Writer::start(database, clock, workers.announcement(), metrics)?,
            waits: workers.waits(),
            db: Db::new(database.clone()),
            inline_deadline: config.inline_deadline,
            bodies: Arc::new(Semaphore::new(MOST_BODIES)),
            max_body: config.max_body_bytes,
            body_deadline: config.body_deadline,
            clock: clock.clone(),
            metrics: metrics.clone(),
        })
    }

    /// Reads the endpoints again, after one of them changed in this process.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        self.table.refresh()
    }

    /// Takes nothing in any more.
    pub(crate) fn close(&self) {
        self.writer.close();
    }

    async fn take(&self, request: HttpRequest, payload: web::Payload, endpoint: Arc<KnownEndpoint>) -> HttpResponse {
        let metrics = self.metrics.intake();
        metrics.received();
        let Ok(permit) = self.bodies.try_acquire() else { return self.busy(Unavailable::TooManyBodies) };
        let begun = Instant::now();
        let read = body::read(&request, payload, self.max_body, self.body_deadline).await;
        let now = self.clock.now_millis();
        let (body, judged) = match read {
            Ok(body) => {
                let judged = judge::judge(&endpoint, &request, &body, now);
                (body, judged)
            }
            Err(BodyError::TooLarge(start)) => (start, Err(Reason::BodyTooLarge)),
            Err(BodyError::Broken) => (Bytes::new(), Err(Reason::IncompleteBody)),
            Err(BodyError::Slow) => (Bytes::new(), Err(Reason::SlowBody)),
        };
        metrics.read(body.len());
        let refusal = judged.as_ref().err().map(|reason| {
            metrics.refused(reason.code());
            refused(reason)
        });
        let arrival = arrival(&request, &endpoint, &body, judged, now);
        // What waits for its handlers holds up nobody who brings a body.
        drop(permit);
        let event = arrival.event.as_ref().map(|event| (event.id.clone(), endpoint.is_inline(&event.type_)));
        // Before it is stored: a worker may be done with it before this goes on.
        let wait = event.as_ref().filter(|(_, inline)| *inline).map(|(id, _)| self.waits.begin(id));
        let store_by = (begun + LONGEST).max(Instant::now() + LEAST_TO_STORE);
        match (self.writer.store(arrival, store_by).await, refusal, event) {
            // The refusal stands whether or not the log could take it.
            (_, Some(refusal), _) => refusal,
            (Ok(stored), None, Some((id, _))) => match wait {
                Some(wait) => self.answer_inline(wait, &stored, &id, begun + self.inline_deadline).await,
                None => accepted(&stored, &id, None),
            },
            (Err(NotStored(cause)), None, _) => self.busy(cause),
            // What is not refused has an event.
            (Ok(_), None, None) => self.busy(Unavailable::Database),
        }
    }

    fn busy(&self, cause: Unavailable) -> HttpResponse {
        self.metrics.intake().unavailable(cause);
        HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "5")).json(json!({ "error": "unavailable" }))
    }

    async fn answer_inline(&self, wait: Wait, stored: &Stored, id: &str, deadline: Instant) -> HttpResponse {
        let fate = inline::fate(wait, &self.db, id, deadline).await;
        self.metrics.intake().answered_inline(fate.as_str());
        match fate {
            Fate::Done => accepted(stored, id, Some(true)),
            Fate::Queued => accepted(stored, id, Some(false)),
            Fate::Failed => {
                let answer = HttpResponse::InternalServerError().json(json!({ "error": "handler_failed", "id": id }));
                inline::note_answer(&self.db, stored.delivery_id, answer.status().as_u16()).await;
                answer
            }
        }
    }
}

/// `POST /stripe/webhooks/{uuid}`
pub(crate) async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    tollgate: web::Data<Tollgate>,
) -> HttpResponse {
    let intake = tollgate.intake();
    // As it was sent: the extractor for paths would decode `%35` to `5`.
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    match canonical(last).and_then(|uuid| intake.table.find(&uuid)) {
        Some(endpoint) => intake.take(request, payload, endpoint).await,
        None => not_found().await,
    }
}

/// `POST /stripe/webhooks`, when the legacy URL is turned on.
pub(crate) async fn receive_legacy(
    request: HttpRequest,
    payload: web::Payload,
    tollgate: web::Data<Tollgate>,
) -> HttpResponse {
    let intake = tollgate.intake();
    match intake.table.legacy() {
        Some(endpoint) => intake.take(request, payload, endpoint).await,
        None => not_found().await,
    }
}

/// The same answer for everything that is not here.
pub(crate) async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().json(json!({ "error": "not_found" }))
}

/// Webhook URLs take only POST, whether there is an endpoint or not.
pub(crate) async fn method_not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((actix_web::http::header::ALLOW, "POST"))
        .json(json!({ "error": "method_not_allowed" }))
}

// Only the form that we hand out; an endpoint has one URL, not several spellings of it.
fn canonical(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (uuid.hyphenated().encode_lower(&mut buffer) == text).then_some(uuid)
}

// With `processed` where the endpoint asked for an answer after the handlers.
fn accepted(stored: &Stored, id: &str, processed: Option<bool>) -> HttpResponse {
    let mut body = json!({ "received": true, "id": id, "duplicate": stored.outcome == Outcome::Duplicate });
    if stored.outcome == Outcome::Shadow {
        body["shadow"] = json!(true);
    }
    if let Some(processed) = processed {
        body["processed"] = json!(processed);
    }
    HttpResponse::Ok().json(body)
}

fn refused(reason: &Reason) -> HttpResponse {
    HttpResponse::build(reason.status()).json(json!({ "error": reason.code() }))
}

fn arrival(
    request: &HttpRequest,
    endpoint: &KnownEndpoint,
    body: &Bytes,
    judged: Result<Judged, Reason>,
    now: i64,
) -> Arrival {
    let mut delivery = DeliveryRow {
        endpoint_uuid: endpoint.uuid.clone(),
        event_id: None,
        received_at: now,
        outcome: if endpoint.shadow { Outcome::Shadow } else { Outcome::Accepted },
        reason: None,
        http_status: 200,
        remote_ip: request.peer_addr().map(|address| address.ip().to_string()),
        headers: headers::redacted(request.headers()),
        body: None,
        body_size: body::announced_size(request, body),
        secret_id: None,
        signature_time: None,
        repeats: 1,
    };
    match judged {
        Ok(Judged { event, secret_id, signature_time }) => {
            delivery.event_id = Some(event.id.clone());
            delivery.secret_id = secret_id;
            delivery.signature_time = signature_time;
            Arrival { delivery, event: Some(event) }
        }
        Err(reason) => {
            delivery.outcome = Outcome::Refused;
            delivery.reason = Some(reason.code().to_owned());
            delivery.http_status = i32::from(reason.status().as_u16());
            delivery.body = Some(body[..body.len().min(KEPT_OF_REFUSED)].to_vec());
            Arrival { delivery, event: None }
        }
    }
}
