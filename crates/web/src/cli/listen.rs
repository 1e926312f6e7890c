//! `tollgate listen`: Stripe's CLI delivers events to a developer's machine, at an endpoint that ends with the command.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tollgate_models::endpoints::Endpoint;
use tollgate_stripe_client::{ApiKey, WebhookSecret};

use super::endpoints::{Choice, key_of, types};
use super::serve::stop_signal;
use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::endpoints::{self, Draft, Kind};
use crate::intake::FRESHNESS;
use crate::{Config, Tollgate};

/// What Stripe's signing secrets begin with.
const PREFIX: &str = "whsec_";
/// How long the CLI may take to say its signing secret.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the CLI may take to end when it is asked to.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often the endpoint is told to go on: well within the time that it lasts.
const HEARTBEAT: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct Listen {
    /// The base of the server's URL; the address that it listens on otherwise [setting: TOLLGATE_LISTEN]
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
    #[command(flatten)]
    choice: Choice,
    /// Event types with commas between them, or * for all
    #[arg(long, default_value = "*")]
    events: String,
    /// Thin events, which name their object only; Tollgate fetches it
    #[arg(long)]
    thin: bool,
    /// Receive connected accounts' events instead of the account's own
    #[arg(long)]
    connect: bool,
    /// Stripe's CLI: its name or path
    #[arg(long, value_name = "PROGRAM", default_value = "stripe")]
    program: OsString,
}

/// Stripe's CLI with what it needs to speak for us.
struct StripeCli {
    program: OsString,
    key: ApiKey,
    api_base: Option<String>,
}

pub(super) async fn run(command: Listen, tollgate: &Tollgate) -> Outcome {
    let base = command.forward_to.clone().unwrap_or_else(|| own_address(tollgate.config()));
    let kind = if command.thin { Kind::ThinDestination } else { Kind::WebhookEndpoint };
    let (api_key_id, livemode) = key_of(tollgate, command.choice).await?;
    let draft = Draft {
        kind,
        api_key_id,
        livemode,
        enabled_events: types(&command.events),
        connect: command.connect,
        description: "tollgate listen".to_owned(),
        ..Draft::new(base)
    };
    let stripe = StripeCli::new(command.program, tollgate, &draft).await?;
    let secret = stripe.secret(livemode).await?;
    let arguments = arguments(&draft);
    let endpoint = endpoints::listen(tollgate, draft, &secret, &Actor::cli()).await?;
    output::line(format!("deliveries go to {} until Ctrl-C; the server must be running there", endpoint.url));
    let ended = deliver(tollgate, &stripe, &endpoint, arguments).await;
    // Before anything else is said: nothing is to be left behind.
    endpoints::stop_listening(tollgate, &endpoint.uuid, &Actor::cli()).await?;
    match ended? {
        Some(status) if !status.success() => Err(Failed::new(format!("Stripe's CLI ended with {status}"))),
        _ => Ok(()),
    }
}

fn own_address(config: &Config) -> String {
    // A server that listens on every address is reached at the machine's own.
    let host = match config.listen.ip() {
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        std::net::IpAddr::V4(ip) => ip.to_string(),
    };
    format!("http://{host}:{}", config.listen.port())
}

/// What the CLI is to listen to.
fn arguments(draft: &Draft) -> Vec<String> {
    let all = draft.enabled_events == ["*"];
    let mut arguments = match (all, draft.kind.is_thin()) {
        (true, true) => vec!["--all-thin".to_owned()],
        (true, false) => vec!["--all-snapshot".to_owned()],
        (false, _) => vec!["--events".to_owned(), draft.enabled_events.join(",")],
    };
    let from = if draft.connect { "@accounts" } else { "@self" };
    arguments.extend(["--events-from".to_owned(), from.to_owned()]);
    if draft.livemode {
        arguments.push("--live".to_owned());
    }
    arguments
}

/// Lets the CLI deliver until it ends or the command is stopped; its status if it ended by itself.
async fn deliver(
    tollgate: &Tollgate,
    stripe: &StripeCli,
    endpoint: &Endpoint,
    arguments: Vec<String>,
) -> Result<Option<ExitStatus>, Failed> {
    let stopped = stop_signal();
    tokio::pin!(stopped);
    // The CLI delivers each event once: servers must know the endpoint by then.
    tokio::select! {
        () = &mut stopped => return Ok(None),
        () = tokio::time::sleep(2 * FRESHNESS) => {}
    }
    let mut listening = stripe.command();
    listening.args(arguments).args(["--forward-to", &endpoint.url]);
    let mut child = listening.stdin(Stdio::null()).spawn().map_err(|error| stripe.not_started(&error))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Some(status.map_err(crate::Error::internal)?)),
            () = &mut stopped => break,
            () = tokio::time::sleep(HEARTBEAT) => endpoints::go_on_listening(tollgate, &endpoint.uuid).await?,
        }
    }
    end(&mut child).await;
    Ok(None)
}

/// Ends the CLI and whatever it started: as it comes from npm it is a program that starts another.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    // Whoever has ended already cannot be told, which is as well.
    let tell = |signal| {
        let _ = group.map(|group| kill_process_group(group, signal));
    };
    tell(Signal::INT);
    if tokio::time::timeout(FAREWELL, child.wait()).await.is_err() {
        tell(Signal::KILL);
        drop(child.wait().await);
    }
}

impl StripeCli {
    async fn new(program: OsString, tollgate: &Tollgate, draft: &Draft) -> Result<Self, Failed> {
        let (keys, id, livemode) = (tollgate.stripe_keys().clone(), draft.api_key_id, draft.livemode);
        let chosen =
            tollgate.db().read(move |conn| Ok::<_, tollgate_models::Error>(keys.choose_key(conn, id, livemode)));
        let base = &tollgate.config().stripe_api_base;
        let is_stripes = base.as_str() == "https://api.stripe.com/";
        let api_base = (!is_stripes).then(|| base.as_str().trim_end_matches('/').to_owned());
        Ok(Self { program, key: chosen.await??.1, api_base })
    }

    /// `stripe listen`, with our key in its environment, where it is not shown among the processes.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("listen")
            .arg("--skip-update")
            .env("STRIPE_API_KEY", self.key.expose())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(base) = &self.api_base {
            command.args(["--api-base", base]);
        }
        command
    }

    /// The secret that it signs with.
    async fn secret(&self, livemode: bool) -> Result<WebhookSecret, Failed> {
        let mut asked = self.command();
        asked.arg("--print-secret").args(livemode.then_some("--live")).stdin(Stdio::null());
        let output = tokio::time::timeout(PATIENCE, asked.output()).await;
        let output = output.map_err(|_| Failed::new(format!("Stripe's CLI did not say its secret in {PATIENCE:?}")))?;
        let output = output.map_err(|error| self.not_started(&error))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if !output.status.success() {
            return Err(Failed::new(format!("Stripe's CLI refuses to listen: {}", text(&output.stderr))));
        }
        let printed = text(&output.stdout);
        let last = printed.lines().last().unwrap_or_default();
        let secret = endpoints::signing_secret(last).ok().filter(|secret| secret.expose().len() > PREFIX.len());
        let secret = secret.filter(|secret| secret.expose().starts_with(PREFIX));
        secret.ok_or_else(|| Failed::new("Stripe's CLI said something else than its signing secret"))
    }

    fn not_started(&self, error: &std::io::Error) -> Failed {
        let program = self.program.to_string_lossy();
        Failed::new(format!(
            "Stripe's CLI ({program}) cannot be started: {error}; install it as https://docs.stripe.com/stripe-cli says, \
             or name it with --program"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Draft, Kind, arguments};

    #[test]
    fn the_cli_is_told_what_the_endpoint_takes() {
        let base = || Draft::new("http://127.0.0.1:8000");
        let told = |draft: Draft| arguments(&draft).join(" ");
        assert_eq!(told(base()), "--all-snapshot --events-from @self");
        assert_eq!(told(Draft { connect: true, ..base() }), "--all-snapshot --events-from @accounts");
        assert_eq!(told(Draft { kind: Kind::ThinDestination, ..base() }), "--all-thin --events-from @self");
        let events = vec!["invoice.paid".to_owned(), "customer.created".to_owned()];
        let some = Draft { enabled_events: events, livemode: true, ..base() };
        assert_eq!(told(some), "--events invoice.paid,customer.created --events-from @self --live");
    }
}
