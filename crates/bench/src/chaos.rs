//! `chaos`: a simulated business whose events reach a webhook URL in disorder, twice, late, or not at all, and what is true in the end.

mod business;
mod plan;
mod post;
mod truth;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use tollgate_stripe_client::{WebhookSecret, catalogue, webhook};
use url::Url;

use crate::clock;
use crate::error::Error;
use crate::load;
use business::Shop;
use plan::{Arrival, Queue};
use post::Target;

/// Events that are under way at the same time.
const AT_ONCE: usize = 16;

/// The arguments of `chaos`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The webhook URL, http only; read from standard input when not set, once Stripe's API is there
    #[arg(long)]
    url: Option<Url>,
    /// The endpoint's signing secret; read from standard input when not set
    #[arg(long, env = "TOLLGATE_BENCH_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// What the business, its ids and the disorder are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Events that happen, at least
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    events: u32,
    /// The port of 127.0.0.1 where Stripe's API is meanwhile and afterwards
    #[arg(long, default_value_t = 12_111)]
    port: u16,
    /// The account's API version: the shape of events and objects
    #[arg(long, default_value = catalogue::NEWEST)]
    api_version: String,
    /// Only events of the types that this file names, one a line, as the endpoint of a receiver that knows no others
    #[arg(long)]
    types: Option<PathBuf>,
    /// Writes the events here in the order of their first arrival, one a line
    #[arg(long)]
    stream: Option<PathBuf>,
    /// Writes every object that an event told of here as it is in the end, one a line
    #[arg(long)]
    truth: PathBuf,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Events that happened, of the types that are sent.
    events: usize,
    /// Of those, events that were never sent.
    dropped: usize,
    /// Posts of them, with duplicates and retries.
    posts: usize,
    /// Answers other than 2xx, by status; 0 is none.
    errors: BTreeMap<u16, usize>,
    /// Events that were refused until Stripe gave up.
    given_up: usize,
    /// Objects that the events told of.
    objects: usize,
    /// Of those, objects that are deleted in the end.
    deleted: usize,
    seconds: f64,
}

/// Runs the command: it sends everything, prints one line of JSON, and serves the API until it is ended.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let secret = load::secret(arguments.secret.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::io("could not start the runtime"))?;
    runtime.block_on(run(arguments, &secret))
}

// The API's threads go on meanwhile.
fn target(given: Option<&Url>) -> Result<Target, Error> {
    let Some(url) = given else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(Error::io("could not read the URL"))?;
        let url = line.trim_end().parse().map_err(|error| Error::Usage(format!("the webhook URL: {error}")))?;
        return Target::new(&url);
    };
    Target::new(url)
}

async fn run(arguments: &Arguments, secret: &WebhookSecret) -> Result<(), Error> {
    let now = clock::now_seconds();
    let open = |port| Shop::open(arguments.seed, arguments.events as usize, &arguments.api_version, port, now);
    // Once in advance, to know what will arrive when; the same seed and clock make it all happen again.
    let mut rehearsal = open(0).await?;
    rehearsal.live_to_the_end().await?;
    let types = arguments.types.as_deref().map(read_types).transpose()?;
    let sent = |index: &usize| types.as_ref().is_none_or(|types| types.contains(rehearsal.event_type(*index).as_str()));
    let told: Vec<usize> = (0..rehearsal.events()).filter(sent).collect();
    let arrivals = plan::arrivals(&told, arguments.seed);
    if let Some(file) = &arguments.stream {
        let lines = arrivals.iter().map(|arrival| rehearsal.event(arrival.event).to_string() + "\n");
        fs::write(file, lines.collect::<String>()).map_err(Error::io(format!("could not write {}", file.display())))?;
    }
    let ids = rehearsal.ids();
    drop(rehearsal);

    let mut shop = open(arguments.port).await?;
    let target = target(arguments.url.as_ref())?;
    let mut report = send(&mut shop, arrivals, secret, &target).await?;
    shop.live_to_the_end().await?;
    if shop.ids() != ids {
        return Err(Error::Wrong("the business did not happen again as it was rehearsed".to_owned()));
    }
    report.events = told.len();
    (report.objects, report.deleted) = truth::write(&shop, &told, &arguments.truth)?;
    println!("{}", serde_json::to_string(&report)?);
    std::future::pending::<()>().await;
    Ok(())
}

fn read_types(file: &Path) -> Result<HashSet<String>, Error> {
    let text = fs::read_to_string(file).map_err(Error::io(format!("could not read {}", file.display())))?;
    Ok(text.lines().map(str::to_owned).collect())
}

// Whatever arrives does so when the business has come that far, so that Stripe's API tells what is true at that time.
async fn send(shop: &mut Shop, plan: plan::Plan, secret: &WebhookSecret, target: &Target) -> Result<Report, Error> {
    let mut report = Report { dropped: plan.dropped, ..Report::default() };
    let mut queue = Queue::new(plan.arrivals);
    let mut under_way: JoinSet<(Arrival, u16)> = JoinSet::new();
    let start = std::time::Instant::now();
    loop {
        while under_way.len() >= AT_ONCE || (queue.is_empty() && !under_way.is_empty()) {
            let Some(done) = under_way.join_next().await else { break };
            let (arrival, status) = done.map_err(|error| Error::Wrong(format!("a post ended early: {error}")))?;
            report.posts += 1;
            if !(200..300).contains(&status) {
                *report.errors.entry(status).or_default() += 1;
                report.given_up += usize::from(!queue.again(arrival));
            }
        }
        let Some(arrival) = queue.next() else { break };
        shop.live_until(arrival.slot).await?;
        let body = shop.event(arrival.event).to_string();
        let signature = webhook::sign(secret, clock::now_seconds(), body.as_bytes());
        let (target, time) = (target.clone(), shop.now());
        under_way.spawn_blocking(move || (arrival, target.post(&body, &signature, time)));
    }
    report.seconds = start.elapsed().as_secs_f64();
    Ok(report)
}
