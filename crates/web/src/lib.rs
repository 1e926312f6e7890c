//! Payments for actix-web applications: Stripe's webhooks taken in safely, a local mirror of Stripe's objects, handlers that
//! run exactly once in effect, and an HTML admin.
//!
//! ```no_run
//! use tollgate::{Config, Context, Event, HandlerResult, Handlers, Tollgate};
//!
//! fn open_access(event: &Event, context: &mut Context<'_>) -> HandlerResult {
//!     let customer = event.data_object()["customer"].as_str().ok_or("an invoice without a customer")?;
//!     println!("{customer} has paid");
//!     Ok(())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let handlers = Handlers::new().on("invoice.paid", open_access);
//! let tollgate = Tollgate::builder(Config::load()?).handlers(handlers).build().await?;
//! actix_web::HttpServer::new(move || actix_web::App::new().configure(tollgate.routes()))
//!     .bind("127.0.0.1:8000")?
//!     .run()
//!     .await?;
//! # Ok(())
//! # }
//! ```

pub mod admin;
mod asked;
pub mod audit;
pub mod cli;
mod clock;
pub mod config;
mod db;
pub mod endpoints;
mod error;
mod handlers;
mod health;
mod intake;
pub mod keyring;
pub mod keys;
mod lease;
mod metrics;
pub mod passwords;
pub mod reconcile;
pub mod refetch;
pub mod rekey;
pub mod replay;
pub mod retention;
mod routes;
mod secret_file;
mod stripe_keys;
pub mod sync;
pub mod tasks;
mod tollgate;
pub mod users;
mod worker;

pub use clock::Clock;
pub use config::Config;
pub use db::Db;
pub use error::Error;
pub use handlers::{Context, HandlerEntry, HandlerResult, Handlers, IntoPatterns, Place, RegistryError, Task};
pub use tollgate::{Builder, Tollgate};
pub use tollgate_models as models;
pub use tollgate_models::AnyConnection;
pub use tollgate_stripe_client as stripe;
pub use tollgate_stripe_client::Event;
pub use worker::Workers;
