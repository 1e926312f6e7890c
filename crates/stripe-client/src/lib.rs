//! Stripe seen from outside: the API client, event envelopes and webhook signatures.
#![doc = include_str!("../README.md")]

pub mod account;
pub mod catalogue;
pub mod client;
pub mod error;
pub mod event;
pub mod event_destinations;
pub mod events;
pub mod form;
pub mod key;
pub mod objects;
pub mod page;
mod raw;
pub mod request;
pub mod retry;
mod scrub;
pub mod webhook;
pub mod webhook_endpoints;

pub use account::Account;
pub use client::{Client, ClientBuilder};
pub use error::{ApiError, Error};
pub use event::{Envelope, EnvelopeError, Event};
pub use event_destinations::{CreateEventDestination, EventDestination, UpdateEventDestination};
pub use events::EventFilter;
pub use form::Form;
pub use key::{ApiKey, KeyError, KeyKind};
pub use page::Pages;
pub use request::Request;
pub use scrub::scrub;
pub use webhook::{SecretError, SignatureError, Tolerance, Verified, WebhookSecret};
pub use webhook_endpoints::{CreateWebhookEndpoint, UpdateWebhookEndpoint, WebhookEndpoint};
