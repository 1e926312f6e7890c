//! What must be asked of Stripe before an event is processed, outside any transaction: the object of a thin event, and
//! whether an event is Stripe's, for endpoints that are validated by asking.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tollgate_models::claims::Claimed;
use tollgate_models::endpoints::{self, Endpoint, Validation};
use tollgate_models::{Database, Error as DbError};
use tollgate_stripe_client::event::{Kind, RelatedObject};
use tollgate_stripe_client::{Client, Envelope, Error as StripeError, Event};

use super::attempt::{Failure, Fetched, Prepared};
use crate::metrics::Metrics;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Error};

/// Questions that are under way at the same time.
const AT_ONCE: usize = 8;
/// How long it is taken as known how an endpoint is validated.
const FRESHNESS: Duration = Duration::from_secs(2);

/// Asks Stripe where that is needed.
pub(super) struct Asking {
    stripe: StripeKeys,
    clock: Clock,
    metrics: Metrics,
    known: Mutex<HashMap<String, (Option<Endpoint>, Instant)>>,
}

impl Asking {
    pub(super) fn new(stripe: StripeKeys, clock: Clock, metrics: Metrics) -> Self {
        Self { stripe, clock, metrics, known: Mutex::default() }
    }

    /// Whether Stripe has to be asked about an event.
    pub(super) fn is_needed(&self, database: &Database, claimed: &Claimed) -> Result<bool, DbError> {
        if claimed.event.kind == Kind::Thin.to_string() {
            return Ok(true);
        }
        let endpoint = self.endpoint(database, claimed)?;
        Ok(endpoint.is_some_and(|endpoint| endpoint.validation == Validation::RetrieveEvent))
    }

    fn endpoint(&self, database: &Database, claimed: &Claimed) -> Result<Option<Endpoint>, DbError> {
        let Some(uuid) = &claimed.event.endpoint_uuid else { return Ok(None) };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((endpoint, at)) = known.get(uuid)
            && at.elapsed() < FRESHNESS
        {
            return Ok(endpoint.clone());
        }
        let endpoint = database.read(|conn| endpoints::find(conn, uuid))?;
        known.insert(uuid.clone(), (endpoint.clone(), Instant::now()));
        Ok(endpoint)
    }

    /// Asks about events, several at a time; in the order given.
    pub(super) fn ask(&self, database: &Database, claimed: Vec<Claimed>) -> Result<Vec<Prepared>, DbError> {
        let mut asked = Vec::with_capacity(claimed.len());
        for claimed in claimed {
            asked.push((self.endpoint(database, &claimed)?, claimed));
        }
        let questions = asked.into_iter().map(|(endpoint, claimed)| self.ask_one(database, endpoint, claimed));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| DbError::Unavailable(format!("could not start asking Stripe: {error}")))?;
        Ok(runtime.block_on(futures_util::stream::iter(questions).buffered(AT_ONCE).collect()))
    }

    async fn ask_one(&self, database: &Database, endpoint: Option<Endpoint>, claimed: Claimed) -> Prepared {
        let unclear = Prepared::new(claimed);
        // A worker died of it, or its payload is gone.
        let Some(body) = unclear.claimed.body.as_deref().filter(|_| !unclear.is_hopeless()) else { return unclear };
        let thin = unclear.claimed.event.kind == Kind::Thin.to_string();
        let answered = match self.client(database, endpoint.as_ref(), &unclear.claimed) {
            Err(error) => Err(could_not_ask(&error)),
            Ok(client) if thin => self.hydrate(&client, endpoint.as_ref(), &unclear.claimed, body).await,
            Ok(client) => self.retrieve(&client, &unclear.claimed).await.map(|event| (event, None)),
        };
        match answered {
            Ok((event, fetched)) => Prepared { event: Ok(event), fetched, ..unclear },
            Err(failure) => Prepared { event: Err(failure), ..unclear },
        }
    }

    fn client(&self, database: &Database, endpoint: Option<&Endpoint>, claimed: &Claimed) -> Result<Client, Error> {
        match endpoint {
            Some(endpoint) => self.stripe.client_of(database, endpoint),
            None => self.stripe.default_client(database, claimed.event.livemode),
        }
        .map(|client| match (&claimed.event.account, endpoint) {
            (Some(account), Some(endpoint)) if endpoint.connect => client.with_account(account),
            _ => client,
        })
    }

    // A thin event names its object only.
    async fn hydrate(
        &self,
        client: &Client,
        endpoint: Option<&Endpoint>,
        claimed: &Claimed,
        body: &str,
    ) -> Result<(Event, Option<Fetched>), Failure> {
        let unreadable = |error| Failure::last(format!("the payload cannot be read: {error}"));
        let envelope = Envelope::parse(body.as_bytes()).map_err(unreadable)?;
        let context = envelope.context.as_deref();
        if endpoint.is_some_and(|endpoint| endpoint.validation == Validation::RetrieveEvent) {
            let told = client.retrieve_thin_event(&claimed.event.id, context).await;
            self.metrics.work().called_stripe(&told);
            confirm(&told.map_err(|error| missing_or_again(&error, &claimed.event.id))?, &envelope)?;
        }
        let fetched = Fetched { at: self.clock.now_seconds(), api_version: client.api_version().to_owned() };
        let object = match &envelope.related_object {
            Some(related) => {
                let told = client.retrieve_related(&related.url, context).await;
                self.metrics.work().called_stripe(&told);
                match told {
                    Ok(object) => Some(object),
                    Err(error) if error.is_missing() => stub(&envelope.type_, related),
                    Err(error @ StripeError::InvalidRequest(_)) => return Err(Failure::last(error.to_string())),
                    Err(error) => return Err(could_not_ask(&error.into())),
                }
            }
            None => None,
        };
        Ok((Event::hydrated(body.as_bytes(), object).map_err(unreadable)?, Some(fetched)))
    }

    async fn retrieve(&self, client: &Client, claimed: &Claimed) -> Result<Event, Failure> {
        let id = &claimed.event.id;
        let retrieved = client.retrieve_event(id).await;
        self.metrics.work().called_stripe(&retrieved);
        compare(claimed, retrieved.map_err(|error| missing_or_again(&error, id))?)
    }
}

fn missing_or_again(error: &StripeError, id: &str) -> Failure {
    match error {
        StripeError::Api(api) if api.is_missing() => {
            Failure::last(format!("Stripe has no event {id}: the delivery was not Stripe's"))
        }
        other => Failure::again(format!("could not ask Stripe for the event: {other}")),
    }
}

fn could_not_ask(error: &Error) -> Failure {
    Failure::again(format!("could not ask Stripe for the event's object: {error}"))
}

// What a deletion leaves to be known; an object that is gone for another reason is not told of by this event any more.
fn stub(event_type: &str, related: &RelatedObject<'_>) -> Option<Value> {
    let id = related.id.as_deref().filter(|_| event_type.ends_with(".deleted"))?;
    let object = related.object.as_deref()?;
    Some(json!({ "id": id, "object": object.strip_prefix("v1.").unwrap_or(object), "deleted": true }))
}

fn confirm(told: &Value, envelope: &Envelope<'_>) -> Result<(), Failure> {
    let related = envelope.related_object.as_ref().map(|related| related.url.as_ref());
    let same = told["type"].as_str() == Some(envelope.type_.as_ref())
        && told.pointer("/related_object/url").and_then(Value::as_str) == related;
    let otherwise = || Failure::last(format!("Stripe tells event {} otherwise than the delivery did", envelope.id));
    if same { Ok(()) } else { Err(otherwise()) }
}

// The answer may be rendered in another API version than the delivery; what it is about must be the same. Stripe's answer
// is then taken in place of what was delivered.
fn compare(claimed: &Claimed, retrieved: Event) -> Result<Event, Failure> {
    let delivered = claimed.body.as_ref().and_then(|body| Event::parse(body.as_bytes()).ok());
    let delivered = delivered.ok_or_else(|| Failure::last("the delivered payload cannot be read"))?;
    let id_of = |event: &Event| event.data_object().get("id").cloned();
    let same = retrieved.type_() == delivered.type_()
        && retrieved.created() == delivered.created()
        && retrieved.livemode() == delivered.livemode()
        && id_of(&retrieved) == id_of(&delivered);
    let same_version = retrieved.api_version() == delivered.api_version();
    if same && (!same_version || retrieved.data_object() == delivered.data_object()) {
        Ok(retrieved)
    } else {
        Err(Failure::last(format!("Stripe tells event {} otherwise than the delivery did", retrieved.id())))
    }
}
