//! Stripe seen from outside: the API client, event envelopes and webhook signatures.
#![doc = include_str!("../README.md")]

pub mod account;
pub mod budget;
pub mod catalogue;
pub mod client;
#[cfg(test)]
mod described;
pub mod error;
pub mod event;
pub mod event_destinations;
pub mod events;
pub mod form;
pub mod key;
mod object;
pub mod objects;
pub mod page;
mod raw;
pub mod request;
pub mod resources;
pub mod retry;
mod scrub;
pub mod webhook;
pub mod webhook_endpoints;

pub use account::Account;
pub use budget::{Budget, Budgets, Limits, Permit, Priority};
pub use client::{Client, ClientBuilder, Reply};
pub use error::{ApiError, Error, Limited};
pub use event::{Envelope, EnvelopeError, Event};
pub use event_destinations::{CreateEventDestination, EventDestination, UpdateEventDestination};
pub use events::EventFilter;
pub use form::Form;
pub use key::{ApiKey, KeyError, KeyKind};
pub use object::Object;
pub use page::{Objects, Pages};
pub use request::Request;
pub use scrub::scrub;
pub use webhook::{SecretError, SignatureError, Tolerance, Verified, WebhookSecret};
pub use webhook_endpoints::{CreateWebhookEndpoint, UpdateWebhookEndpoint, WebhookEndpoint};
