//! `stripe-sim`: the simulator by itself, for any program that talks to Stripe.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use tollgate_stripe_sim::Simulator;
use tracing_subscriber::EnvFilter;

/// A local Stripe. Any sk_test_… key is accepted; it listens on loopback and delivers to loopback only.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where the API listens; port 0 means any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What ids, secrets and the business are drawn from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Lets a business run, with so long between things that happen, such as 2s or 500ms.
    #[arg(long, value_parser = duration)]
    business_interval: Option<Duration>,
    /// Checks every request and answer against this copy of Stripe's OpenAPI description.
    #[arg(long, value_name = "FILE")]
    openapi: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    let builder = Simulator::builder().seed(arguments.seed).listen(arguments.listen);
    let builder = arguments.openapi.into_iter().fold(builder, |builder, path| builder.description(path));
    let simulator = builder.start().await?;
    println!("url {}", simulator.url().as_str().trim_end_matches('/'));
    println!("key {}", simulator.api_key(&simulator.account(), false));
    match arguments.business_interval {
        Some(interval) => {
            let business = simulator.business().run(interval, interrupted());
            tokio::join!(business, simulator.keep_time(interrupted()));
        }
        None => simulator.keep_time(interrupted()).await,
    }
    simulator.stop().await;
    Ok(())
}

/// Is done on Ctrl-C, and at once when it cannot be told.
async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "cannot wait for ctrl-c");
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| format!("{text} is not a duration; write 2s or 500ms"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(format!("{text} has no known unit; write 2s, 500ms or 1m")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for text in ["2", "s", "", "-1s", "2h", "1.5s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
