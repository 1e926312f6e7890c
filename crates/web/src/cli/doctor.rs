//! `tollgate doctor`: what is wrong, and what to do about it.

use std::time::Instant;

use serde_json::json;
use tollgate_models::endpoints::{self as rows, Endpoint, Status, Validation};
use tollgate_models::upgrades::{self, Status as Stage};
use tollgate_models::{api_keys, deliveries, event_counts, users};

use super::{Failed, Outcome, output};
use crate::endpoints::{self, Kind, upgrade};
use crate::{Config, Error, Tollgate};

/// How far this machine's clock may be from Stripe's, in seconds: far less than a signature's tolerance of 300.
const CLOCK_TOLERANCE: i64 = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    Advice,
    Bad,
}

struct Finding {
    grade: Grade,
    about: &'static str,
    text: String,
}

fn finding(grade: Grade, about: &'static str, text: impl Into<String>) -> Finding {
    Finding { grade, about, text: text.into() }
}

pub(super) async fn run(config: Config, json: bool) -> Outcome {
    let mut findings = check_config(&config);
    match Tollgate::builder(config).without_workers().build().await {
        Err(error) => findings.push(finding(Grade::Bad, "database and secret key", error.to_string())),
        Ok(tollgate) => {
            let address = tollgate.config().database_url.to_string();
            findings.push(finding(Grade::Good, "database", format!("{address} answers; migrations are done")));
            let key_id = tollgate.keyring().key_id().to_owned();
            findings.push(finding(Grade::Good, "secret key", format!("{key_id} opens this database's secrets")));
            findings.extend(check_users(&tollgate).await?);
            findings.extend(check_keys(&tollgate).await?);
            findings.extend(check_endpoints(&tollgate).await?);
            findings.extend(check_upgrades(&tollgate).await?);
            findings.extend(check_events(&tollgate).await?);
        }
    }
    report(&findings, json);
    let bad = findings.iter().filter(|finding| finding.grade == Grade::Bad).count();
    if bad == 0 { Ok(()) } else { Err(Failed::new(format!("{bad} things need mending"))) }
}

fn report(findings: &[Finding], json: bool) {
    for finding in findings {
        let grade = match finding.grade {
            Grade::Good => "ok",
            Grade::Advice => "advice",
            Grade::Bad => "problem",
        };
        if json {
            output::json(&json!({ "grade": grade, "about": finding.about, "text": finding.text }));
        } else {
            output::line(format!("{grade:<8} {}: {}", finding.about, finding.text));
        }
    }
}

fn check_config(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &config.public_url {
        None => findings.push(finding(
            Grade::Advice,
            "public URL",
            "set TOLLGATE_PUBLIC_URL to the address Stripe reaches this server by",
        )),
        Some(url) if url.scheme() == "http" => {
            findings.push(finding(Grade::Advice, "public URL", "http serves tests only: live mode demands https"));
        }
        Some(url) => findings.push(finding(Grade::Good, "public URL", url.to_string())),
    }
    if config.legacy_webhook_secret.is_some() {
        findings.push(finding(
            Grade::Advice,
            "legacy URL",
            "it is on and can be guessed: move to endpoints of their own",
        ));
    }
    if config.stripe_api_base.as_str() != "https://api.stripe.com/" {
        let text = format!("STRIPE_API_BASE is {}: this is not the real Stripe", config.stripe_api_base);
        findings.push(finding(Grade::Advice, "Stripe", text));
    }
    findings
}

async fn check_users(tollgate: &Tollgate) -> Result<Vec<Finding>, Failed> {
    let users = tollgate.db().read(users::list).await?;
    Ok(vec![match users.len() {
        0 => finding(Grade::Bad, "users", "nobody can sign in: tollgate users add EMAIL --role admin --password-stdin"),
        count => finding(Grade::Good, "users", format!("{count} can sign in")),
    }])
}

async fn check_keys(tollgate: &Tollgate) -> Result<Vec<Finding>, Failed> {
    let stored = tollgate.db().read(api_keys::list).await?;
    let mut keys = Vec::new();
    for row in stored {
        let label = format!("{} ({})", row.name, row.masked);
        keys.push((label, tollgate.stripe_keys().open(&row)));
    }
    if let Some(key) = &tollgate.config().stripe_api_key {
        keys.push((format!("STRIPE_API_KEY ({})", key.masked()), Ok(key.clone())));
    }
    if keys.is_empty() {
        return Ok(vec![finding(Grade::Advice, "keys", "there is none: tollgate keys add --name NAME")]);
    }
    let (mut findings, mut stripes_time) = (Vec::new(), None);
    for (label, key) in keys {
        let answer = match key.and_then(|key| tollgate.stripe_keys().client(&key)) {
            Ok(client) => {
                let answer = client.retrieve_account().await.map_err(Error::from);
                stripes_time = client.stripe_time_at(Instant::now()).or(stripes_time);
                answer
            }
            Err(error) => Err(error),
        };
        findings.push(match answer {
            Ok(account) => finding(Grade::Good, "key", format!("{label} is taken by Stripe: {}", account.id)),
            Err(Error::Stripe(error)) if error.api().is_some_and(|error| error.missing_permission().is_some()) => {
                finding(Grade::Good, "key", format!("{label} is taken by Stripe, and may not read its account"))
            }
            Err(error) => finding(Grade::Bad, "key", format!("{label}: {error}")),
        });
    }
    findings.extend(stripes_time.map(|theirs| clock(tollgate.clock().now_seconds() - theirs)));
    Ok(findings)
}

/// What to say of a clock that is so many seconds ahead of Stripe's.
fn clock(ahead: i64) -> Finding {
    let text = match ahead {
        _ if ahead.saturating_abs() <= CLOCK_TOLERANCE => {
            return finding(Grade::Good, "clock", "it agrees with Stripe's");
        }
        ahead if ahead > 0 => format!("it is {ahead} s ahead of Stripe's"),
        behind => format!("it is {} s behind Stripe's", behind.saturating_neg()),
    };
    finding(Grade::Bad, "clock", format!("{text}: set this machine's clock"))
}

async fn check_endpoints(tollgate: &Tollgate) -> Result<Vec<Finding>, Failed> {
    let mut findings = Vec::new();
    for endpoint in tollgate.db().read(rows::list).await? {
        let label = label(&endpoint);
        let now = match endpoints::refresh(tollgate, &endpoint.uuid).await {
            Ok(now) => now,
            Err(error) => {
                findings.push(finding(Grade::Bad, "endpoint", format!("{label}: could not ask Stripe: {error}")));
                continue;
            }
        };
        findings.extend(check_rotation(tollgate, &now, &label).await?);
        let uuid = now.uuid.clone();
        let newest = tollgate.db().read(move |conn| deliveries::newest_of_endpoint(conn, &uuid)).await?;
        let seen = newest.map_or("no delivery yet".to_owned(), |newest| {
            format!(
                "last delivery {} {}",
                output::time(newest.received_at),
                newest.reason.unwrap_or(newest.outcome.to_string())
            )
        });
        let (uuid, at) = (now.uuid.clone(), tollgate.clock().now_millis());
        if let Some((since, _)) = tollgate.db().read(move |conn| deliveries::silent_since(conn, &uuid, at)).await?
            && now.status == Status::Enabled
        {
            let text =
                format!("{label} has taken no delivery since {}, and used to take them often", output::time(since));
            findings.push(finding(Grade::Advice, "endpoint", text));
        }
        findings.push(match (now.status, now.validation) {
            (Status::Enabled, Validation::None) => finding(
                Grade::Advice,
                "endpoint",
                format!("{label} takes everything unchecked: anyone can forge events"),
            ),
            (Status::Enabled, _) => finding(Grade::Good, "endpoint", format!("{label}: {seen}")),
            (Status::Disabled, _) => {
                finding(Grade::Advice, "endpoint", format!("{label} is disabled: Stripe does not keep events for it"))
            }
            (Status::Pending, _) => {
                finding(Grade::Bad, "endpoint", format!("{label} is pending: tollgate endpoints retry {}", now.uuid))
            }
            (Status::Deleted, _) => {
                finding(Grade::Bad, "endpoint", format!("{label} was deleted at Stripe: create it anew"))
            }
        });
    }
    if findings.is_empty() {
        findings.push(finding(Grade::Advice, "endpoints", "there is none: tollgate endpoints create --base-url URL"));
    }
    Ok(findings)
}

fn label(endpoint: &Endpoint) -> String {
    match Kind::of(endpoint) {
        Kind::WebhookEndpoint => endpoint.url.clone(),
        kind => format!("{} {}", kind.label().to_lowercase(), endpoint.url),
    }
}

async fn check_upgrades(tollgate: &Tollgate) -> Result<Vec<Finding>, Failed> {
    let mut findings = Vec::new();
    for open in tollgate.db().read(upgrades::open).await? {
        let Some(sides) = upgrade::latest(tollgate, &open.shadow_uuid).await? else { continue };
        let label = format!("{} to {}", label(&sides.live), open.to_version);
        findings.push(match (open.status, open.last_error.or(sides.obstacle)) {
            (Stage::Swapping, problem) => {
                let problem = problem.unwrap_or_else(|| "the old endpoint is still enabled".to_owned());
                finding(
                    Grade::Bad,
                    "upgrade",
                    format!("{label}: {problem}: tollgate endpoints upgrade {} --swap", open.live_uuid),
                )
            }
            (Stage::Abandoning, problem) => {
                let problem = problem.unwrap_or_else(|| "the shadow is still there".to_owned());
                finding(
                    Grade::Bad,
                    "upgrade",
                    format!("{label}: {problem}: tollgate endpoints upgrade {} --abandon", open.live_uuid),
                )
            }
            (_, Some(problem)) => finding(Grade::Advice, "upgrade", format!("{label}: {problem}")),
            (_, None) => finding(Grade::Good, "upgrade", format!("{label} is compared: swap it, or abandon it")),
        });
    }
    Ok(findings)
}

async fn check_rotation(tollgate: &Tollgate, endpoint: &Endpoint, label: &str) -> Result<Vec<Finding>, Failed> {
    let (uuid, now) = (endpoint.uuid.clone(), tollgate.clock().now_millis());
    let secrets = tollgate.db().read(move |conn| rows::secrets(conn, &uuid)).await?;
    let mut findings = Vec::new();
    match (endpoint.retire_at, &endpoint.last_error) {
        (Some(at), Some(problem)) if at <= now => {
            findings.push(finding(Grade::Bad, "endpoint", format!("{label} {problem}")));
        }
        (Some(_), _) if endpoint.is_listening() => {
            findings.push(finding(Grade::Good, "endpoint", format!("{label} belongs to a `tollgate listen`")));
        }
        (Some(at), _) => {
            let text = format!("{label} is retired after {}: another takes its place", output::time(at));
            findings.push(finding(Grade::Good, "endpoint", text));
        }
        (None, _) => {}
    }
    if let Some((newest, ending)) = endpoints::doubtful_secret(&secrets, now) {
        let text = format!(
            "{label}: secret {} has matched nothing yet, and secret {}, which has, ends soon: was the right one pasted?",
            newest.id, ending.id
        );
        findings.push(finding(Grade::Bad, "endpoint", text));
    }
    Ok(findings)
}

async fn check_events(tollgate: &Tollgate) -> Result<Vec<Finding>, Failed> {
    let day_ago = tollgate.clock().now_millis() - 86_400_000;
    let ((failed, dead), refusals) = tollgate
        .db()
        .read(move |conn| {
            Ok::<_, tollgate_models::Error>((event_counts::in_trouble(conn)?, event_counts::refusals(conn, day_ago)?))
        })
        .await?;
    let mut findings = Vec::new();
    if failed + dead > 0 {
        let text = format!("{failed} failed and will be tried again, {dead} are dead: tollgate events replay --failed");
        findings.push(finding(if dead > 0 { Grade::Bad } else { Grade::Advice }, "events", text));
    }
    for (reason, count) in refusals {
        let text = match reason.as_str() {
            "timestamp_in_future" => {
                format!("{count} deliveries of the last day were dated ahead: set this machine's clock")
            }
            "timestamp_too_old" => {
                format!("{count} deliveries of the last day were too old: check this machine's clock")
            }
            "no_matching_signature" => {
                format!("{count} deliveries of the last day had a wrong signature: was the secret rolled?")
            }
            _ => format!("{count} deliveries of the last day were refused: {reason}"),
        };
        let clock = reason == "timestamp_in_future";
        findings.push(finding(if clock { Grade::Bad } else { Grade::Advice }, "deliveries", text));
    }
    Ok(findings)
}
