//! `tollgate serve`: the server by itself.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use clap::Args;
use tollgate_models::users;

use super::{Failed, Outcome};
use crate::{Config, Handlers, Tollgate};

/// How long a stopping server finishes what is under way.
const DEADLINE: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Take events in without processing them
    #[arg(long, conflicts_with = "workers_only")]
    no_workers: bool,
    /// Process events without serving webhooks and the admin; with TOLLGATE_ADMIN_LISTEN, health checks and metrics are there
    #[arg(long)]
    workers_only: bool,
}

pub(super) async fn run(command: Serve, config: Config) -> Outcome {
    warn_about(&config);
    let builder = Tollgate::builder(config).handlers(Handlers::new());
    let tollgate = if command.no_workers { builder.without_workers().build().await? } else { builder.build().await? };
    let servers = if command.workers_only {
        tracing::info!("processing events");
        watchable(&tollgate)?
    } else {
        hint_at_first_user(&tollgate).await?;
        servers(&tollgate)?
    };
    match servers.is_empty() {
        true => stop_signal().await,
        false => drop(futures_util::future::try_join_all(servers).await.map_err(crate::Error::internal)?),
    }
    tracing::info!("stopping: finishing what is under way");
    tollgate.shut_down(DEADLINE).await;
    Ok(())
}

fn warn_about(config: &Config) {
    if config.stripe_api_base.as_str() != "https://api.stripe.com/" {
        tracing::warn!(base = %config.stripe_api_base, "STRIPE_API_BASE is set: this is not the real Stripe");
    }
    if config.public_url.is_none() {
        tracing::warn!(
            "TOLLGATE_PUBLIC_URL is not set: the admin will guess the base of webhook URLs from its own address"
        );
    }
}

async fn hint_at_first_user(tollgate: &Tollgate) -> Outcome {
    if tollgate.db().read(users::list).await?.is_empty() {
        tracing::warn!(
            "nobody can sign in yet: add a user with `tollgate users add EMAIL --role admin --password-stdin`"
        );
    }
    Ok(())
}

fn servers(tollgate: &Tollgate) -> Result<Vec<Server>, Failed> {
    let config = tollgate.config();
    match config.admin_listen {
        None => Ok(vec![listen(config.listen, tollgate.routes())?.0]),
        Some(admin) => {
            Ok(vec![listen(config.listen, tollgate.public_routes())?.0, listen(admin, tollgate.admin_routes())?.0])
        }
    }
}

// What a process without a part in HTTP serves for those who watch it.
fn watchable(tollgate: &Tollgate) -> Result<Vec<Server>, Failed> {
    let listen = |address| Ok(listen(address, tollgate.metrics_routes())?.0);
    tollgate.config().admin_listen.into_iter().map(listen).collect()
}

/// Serves routes on an address; answers the server and the address it got.
pub(super) fn listen(
    address: SocketAddr,
    routes: impl FnOnce(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> Result<(Server, SocketAddr), Failed> {
    let server = HttpServer::new(move || App::new().configure(routes.clone()))
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(10)
        .workers(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
        .bind(address)
        .map_err(|error| Failed::new(format!("could not listen on {address}: {error}")))?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    tracing::info!("listening on http://{bound}");
    Ok((server.run(), bound))
}

/// Ends when the process is asked to stop.
pub(super) async fn stop_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending::<()>().await,
        }
    };
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    futures_util::future::select(Box::pin(terminate), Box::pin(interrupt)).await;
}
