//! For endpoints that are validated by asking: Stripe is asked for the event, and its answer is compared and used.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use tollgate_models::Database;
use tollgate_models::claims::Claimed;
use tollgate_models::endpoints::{self, Endpoint, Validation};
use tollgate_stripe_client::{Error as StripeError, Event};

use crate::Error;
use crate::stripe_keys::StripeKeys;

/// Whether an event is Stripe's.
pub(super) enum Verdict {
    /// Its delivery proved that.
    Genuine,
    /// Stripe has it; this is how Stripe tells it.
    Retrieved(Box<Event>),
    /// Stripe does not have it, or has another one.
    Forged(String),
    /// Stripe could not be asked.
    Unknown(String),
}

/// Asks Stripe where the endpoint wants that.
pub(super) struct Authenticity {
    stripe: StripeKeys,
    known: Mutex<HashMap<String, Validation>>,
}

impl Authenticity {
    pub(super) fn new(stripe: StripeKeys) -> Self {
        Self { stripe, known: Mutex::default() }
    }

    /// The verdict on an event; asks Stripe if need be, which takes long.
    pub(super) fn of(&self, database: &Database, claimed: &Claimed) -> Result<Verdict, tollgate_models::Error> {
        let Some(uuid) = &claimed.event.endpoint_uuid else { return Ok(Verdict::Genuine) };
        let Some(endpoint) = database.read(|conn| endpoints::find(conn, uuid))? else { return Ok(Verdict::Genuine) };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(uuid.clone(), endpoint.validation);
        if endpoint.validation != Validation::RetrieveEvent {
            return Ok(Verdict::Genuine);
        }
        Ok(self.ask(database, &endpoint, claimed))
    }

    /// Whether [`Self::of`] must be called for an event, outside a transaction. True for an endpoint not met before.
    pub(super) fn needs_stripe(&self, claimed: &Claimed) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        claimed
            .event
            .endpoint_uuid
            .as_ref()
            .is_some_and(|uuid| known.get(uuid).is_none_or(|validation| *validation == Validation::RetrieveEvent))
    }

    fn ask(&self, database: &Database, endpoint: &Endpoint, claimed: &Claimed) -> Verdict {
        let event = &claimed.event;
        let retrieved = self.stripe.client_of(database, endpoint).and_then(|client| {
            let client = match &event.account {
                Some(account) if endpoint.connect => client.with_account(account),
                _ => client,
            };
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
            Ok(runtime.block_on(client.retrieve_event(&event.id))?)
        });
        match retrieved {
            Ok(retrieved) => compare(claimed, retrieved),
            Err(Error::Stripe(StripeError::Api(error))) if error.is_missing() => {
                Verdict::Forged(format!("Stripe has no event {}: the delivery was not Stripe's", event.id))
            }
            Err(error) => Verdict::Unknown(format!("could not ask Stripe for the event: {error}")),
        }
    }
}

// The answer may be rendered in another API version than the delivery; what it is about must be the same. Stripe's answer
// is then taken in place of what was delivered.
fn compare(claimed: &Claimed, retrieved: Event) -> Verdict {
    let Ok(delivered) = Event::parse(claimed.body.as_bytes()) else {
        return Verdict::Forged("the delivered payload cannot be read".to_owned());
    };
    let id_of = |event: &Event| event.data_object().get("id").cloned();
    let same = retrieved.type_() == delivered.type_()
        && retrieved.created() == delivered.created()
        && retrieved.livemode() == delivered.livemode()
        && id_of(&retrieved) == id_of(&delivered);
    let same_version = retrieved.api_version() == delivered.api_version();
    if same && (!same_version || retrieved.data_object() == delivered.data_object()) {
        Verdict::Retrieved(Box::new(retrieved))
    } else {
        Verdict::Forged(format!("Stripe tells event {} otherwise than the delivery did", retrieved.id()))
    }
}
