//! `tollgate demo`: everything on this machine with no account.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt;
use clap::Args;
use rand::RngExt;
use secrecy::SecretString;
use tollgate_models::DatabaseUrl;
use tollgate_models::users::Role;
use tollgate_stripe_sim::{FaultPlan, Simulator};

use super::{Failed, Outcome, output, serve};
use crate::audit::Actor;
use crate::endpoints::{self, Draft};
use crate::keyring::Keyring;
use crate::{Config, Context, Error, Event, HandlerResult, Handlers, Task, Tollgate, keys, users};

const EMAIL: &str = "demo@example.com";
/// How long the sign-in link is good, in milliseconds.
const LINK_VALID: i64 = 12 * 3600 * 1000;
/// A demo shows retries within seconds, where a server takes three days.
const RETRY_DELAYS: [u64; 5] = [2, 4, 8, 15, 30];

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where to serve; without it 127.0.0.1:8000, or any free port if that is taken
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The same seed gives the same business
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How much time between two things that happen, in milliseconds
    #[arg(long, default_value_t = 1500, value_parser = clap::value_parser!(u64).range(10..))]
    pace: u64,
}

pub(super) async fn run(demo: Demo, database_url: Option<String>) -> Outcome {
    let sim = Simulator::builder().seed(demo.seed).start().await.map_err(Error::internal)?;
    let (config, data) = configuration(&demo, database_url, &sim)?;
    let delays = RETRY_DELAYS.map(Duration::from_secs).to_vec();
    let config = Config { retry_delays: delays, ..config };
    let tollgate = Tollgate::builder(config).handlers(handlers()).build().await?;
    let (server, address) = bind(&demo, &tollgate)?;
    let handle = server.handle();
    let serving = rt::spawn(server);
    let link = set_up(&tollgate, &sim, address).await?;
    introduce(&link, address, &sim, &data);

    sim.set_faults(FaultPlan { duplicate_every: 13, wrong_secret_every: 23, ..FaultPlan::default() });
    let business = rt::spawn(keep_business_running(sim, Duration::from_millis(demo.pace)));
    // The server itself takes Ctrl-C and SIGTERM, and ends.
    serving.await.map_err(Error::internal)?.map_err(Error::internal)?;
    business.abort();
    handle.stop(false).await;
    tollgate.shut_down(Duration::from_secs(5)).await;
    output::line(format!("\nStopped. The data was in {data}"));
    Ok(())
}

fn configuration(demo: &Demo, database_url: Option<String>, sim: &Simulator) -> Result<(Config, String), Failed> {
    let url = match database_url {
        Some(url) => DatabaseUrl::parse(&url).map_err(|error| Failed::usage(format!("--database-url: {error}")))?,
        None => DatabaseUrl::Sqlite(temporary_folder()?.join("demo.db")),
    };
    let data = url.to_string();
    // A demo has nothing to do with the settings of a real installation, but for the key of a database it is given.
    let key = std::env::var("TOLLGATE_SECRET_KEY").ok().map(SecretString::from);
    let key = if url.is_sqlite() { key } else { key.or_else(|| Some(Keyring::generate().1)) };
    let config = Config::for_database("sqlite://demo.db").map_err(|error| Failed::new(error.to_string()))?;
    let config = Config {
        database_url: url,
        listen: demo.listen.unwrap_or(config.listen),
        secret_key: key,
        stripe_api_base: sim.url().clone(),
        ..config
    };
    Ok((config, data))
}

fn temporary_folder() -> Result<PathBuf, Failed> {
    let folder = std::env::temp_dir().join(format!("tollgate-demo-{:08x}", rand::rng().random::<u32>()));
    std::fs::create_dir(&folder)
        .map_err(|error| Failed::new(format!("could not make {}: {error}", folder.display())))?;
    Ok(folder)
}

fn bind(demo: &Demo, tollgate: &Tollgate) -> Result<(actix_web::dev::Server, SocketAddr), Failed> {
    let wanted = tollgate.config().listen;
    match serve::listen(wanted, tollgate.routes()) {
        Err(_) if demo.listen.is_none() => serve::listen(SocketAddr::new(wanted.ip(), 0), tollgate.routes()),
        other => other,
    }
}

// The same functions as behind the admin and the command line: what works here works with the real Stripe.
async fn set_up(tollgate: &Tollgate, sim: &Simulator, address: SocketAddr) -> Result<String, Failed> {
    let actor = Actor::cli();
    let known = tollgate.db().read(|conn| tollgate_models::users::find_by_email(conn, EMAIL)).await?;
    let user = match known {
        Some(user) => user.id,
        None => users::add(tollgate, EMAIL, Role::Admin, &users::random_token(), &actor).await?,
    };
    let secret = sim.api_key(&sim.account(), false);
    let key = keys::add(tollgate, "Demo shop", &secret, &actor).await?;
    let draft = Draft {
        api_key_id: Some(key.id),
        description: "Everything that happens in the demo shop".to_owned(),
        ..Draft::new(format!("http://{address}"))
    };
    endpoints::create(tollgate, draft, &actor).await?;
    let token = users::sign_in_token(tollgate, user, LINK_VALID).await?;
    Ok(format!("http://{address}/admin/sign-in/link/{token}"))
}

fn introduce(link: &str, address: SocketAddr, sim: &Simulator, data: &str) {
    output::line("Tollgate is running, with a simulated Stripe and a small business.\n");
    output::line(format!("  Sign in:   {link}"));
    output::line("             (good once, for twelve hours)");
    output::line(format!("  Server:    http://{address}"));
    output::line(format!("  Stripe:    {} (simulated)", sim.url().as_str().trim_end_matches('/')));
    output::line(format!("  Data:      {data}"));
    output::line("\nCustomers subscribe, pay, fail to pay, get refunds and dispute. Now and then a delivery has a bad");
    output::line(
        "signature or comes twice, one handler fails twice before it succeeds, and some mails wait to be sent again.",
    );
    output::line("Ctrl-C ends everything.");
}

async fn keep_business_running(sim: Simulator, pace: Duration) {
    let business = sim.business();
    loop {
        business.step().await;
        tokio::time::sleep(pace).await;
    }
}

fn handlers() -> Handlers {
    Handlers::new()
        .on_as("write_audit_trail", "*", |_, _| Ok(()))
        .on_as("open_access", ["checkout.session.completed", "invoice.paid"], needs_customer)
        .on_as("close_access", "customer.subscription.deleted", needs_customer)
        .on_as("remind_to_pay", "invoice.payment_failed", needs_customer)
        .on_as("tell_accounting", "refund", fails_twice)
        .after_commit_as("send_receipt", "invoice.paid", receipts())
        .with_retries(Vec::new())
}

// One mail of three is refused until somebody has it sent again.
fn receipts() -> impl Fn(Task) -> Ready<HandlerResult> + Send + Sync + 'static {
    let (sent, refused) = (AtomicUsize::new(0), Mutex::new(HashSet::new()));
    move |task| {
        let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
        let again = refused.remove(task.idempotency_key());
        ready(if again || !sent.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
            Ok(())
        } else {
            refused.insert(task.idempotency_key().to_owned());
            Err("the mail server answered 550 5.7.1: retry the task to have it sent".into())
        })
    }
}

fn needs_customer(event: &Event, _: &mut Context<'_>) -> HandlerResult {
    match event.data_object().get("customer") {
        Some(customer) if customer.is_string() => Ok(()),
        _ => Err("the object names no customer".into()),
    }
}

fn fails_twice(_: &Event, context: &mut Context<'_>) -> HandlerResult {
    match context.attempt() {
        1 => Err("the accounting system did not answer within 2 s".into()),
        2 => Err("the accounting system answered 503 Service Unavailable".into()),
        _ => Ok(()),
    }
}
