//! The server under proof: a host application with Tollgate inside, started by a proof as a process of its own.

mod faults;
mod handlers;
mod spec;

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix_web::rt::System;
use actix_web::{App, HttpResponse, HttpServer, web};
use secrecy::SecretString;
use tollgate::{Clock, Config, Tollgate};

pub use faults::FAULT;
pub use spec::{Fault, Harm, Part, SPEC, Spec};

/// The root key of every database under proof.
pub const ROOT_KEY: &str = "dGhlIHJvb3Qga2V5IG9mIHRoZSB0ZXN0cyEhISEhISE=";

/// Where the clock is moved: the path ends with by how many milliseconds it is off.
pub const CLOCK: &str = "/proof/clock";

/// Serves until it is told to stop.
pub fn serve(spec: &str) -> ExitCode {
    end_with_whoever_started_it();
    let filter = tracing_subscriber::EnvFilter::new("info,actix_server=warn");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    let spec: Spec = serde_json::from_str(spec).unwrap();
    faults::arm(&spec);
    System::new().block_on(run(spec));
    ExitCode::SUCCESS
}

// A runner that is killed closes its end of the pipe, and leaves no server behind.
fn end_with_whoever_started_it() {
    std::thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(3);
    });
}

async fn run(spec: Spec) {
    let offset = Arc::new(AtomicI64::new(spec.clock.unwrap_or_default()));
    let clock = if spec.clock.is_some() { moving(&offset) } else { Clock::System };
    let builder = Tollgate::builder(config(&spec)).clock(clock.clone()).handlers(handlers::all(&spec));
    let builder = if spec.part == Part::Intake { builder.without_workers() } else { builder };
    let tollgate = builder.build().await.unwrap();
    let deadline = Duration::from_millis(spec.stop_deadline);
    if spec.part == Part::Workers {
        tracing::info!("processing events");
        stop_signal().await;
        tollgate.shut_down(deadline).await;
        return;
    }
    let routes = tollgate.routes();
    let server = HttpServer::new(move || {
        let (offset, clock) = (Arc::clone(&offset), clock.clone());
        let jump = move |to: web::Path<i64>| jump(to.into_inner(), Arc::clone(&offset), clock.clone());
        App::new().configure(routes.clone()).route(&format!("{CLOCK}/{{to}}"), web::post().to(jump))
    })
    // As `tollgate serve` does.
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(10)
    .workers(2)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    tracing::info!("listening on http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    let stopping = async move {
        stop_signal().await;
        tracing::info!("stopping");
        // Whoever still has a connection is told to come back.
        tollgate.shut_down(deadline).await;
        handle.stop(true).await;
    };
    let (served, ()) = futures_util::future::join(server, stopping).await;
    served.unwrap();
}

fn config(spec: &Spec) -> Config {
    let mut config = Config::for_database(&spec.database).unwrap();
    config.secret_key = Some(SecretString::from(ROOT_KEY));
    config.workers = spec.workers;
    config.handler_deadline = Duration::from_millis(spec.handler_deadline);
    if let Some(delays) = &spec.retry_delays {
        config.retry_delays = delays.iter().copied().map(Duration::from_millis).collect();
    }
    config
}

// The machine's clock and so much: set again and again, since `Clock::Fixed` stands by itself.
fn moving(offset: &Arc<AtomicI64>) -> Clock {
    let clock = Clock::fixed(Clock::System.now_millis() + offset.load(Ordering::SeqCst));
    let (offset, ticking) = (Arc::clone(offset), clock.clone());
    std::thread::spawn(move || {
        loop {
            set(&ticking, offset.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    clock
}

fn set(clock: &Clock, offset: i64) {
    if let Clock::Fixed(millis) = clock {
        millis.store(Clock::System.now_millis() + offset, Ordering::SeqCst);
    }
}

async fn jump(to: i64, offset: Arc<AtomicI64>, clock: Clock) -> HttpResponse {
    offset.store(to, Ordering::SeqCst);
    set(&clock, to);
    HttpResponse::NoContent().finish()
}

async fn stop_signal() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    terminate.recv().await;
}
