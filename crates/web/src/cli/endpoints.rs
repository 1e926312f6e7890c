//! `tollgate endpoints …`

mod rotation;
mod upgrade;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tollgate_models::endpoints::{self as rows, Endpoint, Validation};
use tollgate_models::{QueryResult, api_keys, upgrades};
use tollgate_stripe_client::catalogue;
use url::Url;

use super::{Failed, Outcome, output};
use crate::Tollgate;
use crate::audit::Actor;
use crate::endpoints::{self, Changes, Draft, EndpointError, Import, Kind};

#[derive(Debug, Subcommand)]
pub(super) enum Endpoints {
    /// Create an endpoint on Stripe and here
    Create(Create),
    /// List all endpoints
    List,
    /// Change an endpoint on Stripe and here
    Update(Update),
    /// Stop deliveries to an endpoint, on Stripe and here
    Disable(Named),
    /// Resume deliveries to an endpoint, on Stripe and here
    Enable(Named),
    /// Delete an endpoint, on Stripe and here
    Delete(Named),
    /// Ask Stripe again about an endpoint whose creation got no answer
    Retry(Named),
    /// Take over an endpoint that is at Stripe already; its signing secret is read from standard input
    Import(ImportArgs),
    /// Give an endpoint a new secret: by a new endpoint beside it, or with one that was rolled in Stripe's dashboard
    RotateSecret(rotation::Rotate),
    /// Delete an endpoint whose place another has taken, or end one of its secrets, before their time has come
    Retire(rotation::Retire),
    /// List an endpoint's secrets: when each was last used and when it ends; never the secrets themselves
    Secrets(Named),
    /// Have Stripe send a test event to an event destination
    Ping(Named),
    /// Try a newer API version by a second endpoint beside this one, see what it changes, then swap the two or give it up
    Upgrade(upgrade::UpgradeArgs),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The UUID or Stripe's id (we_… or ed_…)
    endpoint: String,
}

#[derive(Debug, Args)]
pub(super) struct Choice {
    /// The account whose key manages it (acct_…); the default key otherwise
    #[arg(long)]
    account: Option<String>,
    /// test or live
    #[arg(long, default_value = "test")]
    mode: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The base of the URL, as Stripe sees it [setting: TOLLGATE_PUBLIC_URL]
    #[arg(long)]
    base_url: Option<String>,
    #[command(flatten)]
    choice: Choice,
    /// Event types or families with commas between them, or * for all; those of thin events begin with v1. or v2.
    #[arg(long, default_value = "*")]
    events: String,
    /// Event types or families whose deliveries are answered only after the handlers have committed, or * for all
    #[arg(long, default_value = "")]
    inline: String,
    /// Make an event destination (version 2 of Stripe's API) instead of a webhook endpoint
    #[arg(long)]
    destination: bool,
    /// Make an event destination for thin events, which name their object only; Tollgate fetches it
    #[arg(long)]
    thin: bool,
    /// The API version its events are rendered in, which thin events have none of; otherwise the newest
    #[arg(long, conflicts_with = "thin")]
    api_version: Option<String>,
    /// A note
    #[arg(long, default_value = "")]
    description: String,
    /// Receive connected accounts' events instead of the account's own
    #[arg(long)]
    connect: bool,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    #[command(flatten)]
    named: Named,
    /// The base of the URL, as Stripe sees it
    #[arg(long)]
    base_url: Option<String>,
    /// Event types or families with commas between them, or * for all
    #[arg(long)]
    events: Option<String>,
    /// Event types or families whose deliveries are answered only after the handlers have committed; "" for none
    #[arg(long)]
    inline: Option<String>,
    /// A note
    #[arg(long)]
    description: Option<String>,
    /// How old a signature may be, in seconds
    #[arg(long)]
    tolerance: Option<u32>,
    /// verify_signature, retrieve_event or none
    #[arg(long)]
    validation: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Stripe's id (we_… or ed_…)
    stripe_id: String,
    #[command(flatten)]
    choice: Choice,
    /// Point it here; needed unless its URL is one of Tollgate's
    #[arg(long)]
    base_url: Option<String>,
}

impl From<EndpointError> for Failed {
    fn from(error: EndpointError) -> Self {
        Self::new(error.to_string())
    }
}

pub(super) async fn run(command: Endpoints, tollgate: &Tollgate, json: bool) -> Outcome {
    let actor = Actor::cli();
    let endpoint = match command {
        Endpoints::List => return list(tollgate, json).await,
        Endpoints::RotateSecret(rotate) => return rotation::rotate(rotate, tollgate, json).await,
        Endpoints::Retire(retire) => return rotation::retire(retire, tollgate, json).await,
        Endpoints::Secrets(named) => return rotation::secrets(&named, tollgate, json).await,
        Endpoints::Upgrade(arguments) => return upgrade::run(arguments, tollgate, json).await,
        Endpoints::Ping(named) => return ping(&named, tollgate, json).await,
        Endpoints::Create(create) => {
            let draft = draft(create, tollgate).await?;
            endpoints::create(tollgate, draft, &actor).await?
        }
        Endpoints::Update(update) => {
            let uuid = uuid_of(tollgate, &update.named).await?;
            endpoints::update(tollgate, &uuid, changes(update)?, &actor).await?
        }
        Endpoints::Disable(named) => {
            endpoints::set_enabled(tollgate, &uuid_of(tollgate, &named).await?, false, &actor).await?
        }
        Endpoints::Enable(named) => {
            endpoints::set_enabled(tollgate, &uuid_of(tollgate, &named).await?, true, &actor).await?
        }
        Endpoints::Retry(named) => endpoints::retry(tollgate, &uuid_of(tollgate, &named).await?, &actor).await?,
        Endpoints::Import(import) => endpoints::import(tollgate, import_of(import, tollgate).await?, &actor).await?,
        Endpoints::Delete(named) => {
            let uuid = uuid_of(tollgate, &named).await?;
            endpoints::delete(tollgate, &uuid, &actor).await?;
            if json {
                output::json(&json!({ "uuid": uuid, "status": "deleted" }));
            } else {
                output::line(format!("deleted {uuid}"));
            }
            return Ok(());
        }
    };
    if json {
        output::json(&as_json(&endpoint));
    } else {
        output::line(format!("{} {} {}", endpoint.status, endpoint.stripe_id.as_deref().unwrap_or("-"), endpoint.url));
    }
    Ok(())
}

async fn list(tollgate: &Tollgate, json: bool) -> Outcome {
    let found = tollgate.db().read(|conn| -> QueryResult<_> { Ok((rows::list(conn)?, upgrades::shadows(conn)?)) });
    let (all, shadows) = found.await?;
    let is_shadow = |endpoint: &Endpoint| shadows.contains(&endpoint.uuid);
    if json {
        for endpoint in &all {
            let mut value = as_json(endpoint);
            value["shadow"] = is_shadow(endpoint).into();
            output::json(&value);
        }
        return Ok(());
    }
    let table: Vec<Vec<String>> = all
        .iter()
        .map(|endpoint| {
            vec![
                format!("{}{}", endpoint.status, if is_shadow(endpoint) { ", shadow" } else { "" }),
                Kind::of(endpoint).label().to_owned(),
                if endpoint.livemode { "live" } else { "test" }.to_owned(),
                endpoint.stripe_id.clone().unwrap_or_else(|| "-".to_owned()),
                endpoint.url.clone(),
                endpoint.description.clone(),
            ]
        })
        .collect();
    output::table(&["STATUS", "KIND", "MODE", "STRIPE ID", "URL", "DESCRIPTION"], &table);
    Ok(())
}

fn as_json(endpoint: &Endpoint) -> Value {
    json!({
        "uuid": endpoint.uuid, "stripe_id": endpoint.stripe_id, "url": endpoint.url, "status": endpoint.status,
        "mode": if endpoint.livemode { "live" } else { "test" }, "account": endpoint.account,
        "connect": endpoint.connect, "description": endpoint.description, "enabled_events": endpoint.event_types(),
        "inline_events": endpoint.inline_types(), "api_version": endpoint.api_version, "tolerance_seconds": endpoint.tolerance_seconds,
        "validation": endpoint.validation, "last_error": endpoint.last_error,
        "object": endpoint.object, "payload": endpoint.payload, "replaces": endpoint.replaces,
        "retire_at": endpoint.retire_at.map(output::rfc3339),
    })
}

async fn ping(named: &Named, tollgate: &Tollgate, json: bool) -> Outcome {
    let uuid = uuid_of(tollgate, named).await?;
    let event = endpoints::ping(tollgate, &uuid, &Actor::cli()).await?;
    if json {
        output::json(&json!({ "uuid": uuid, "event": event }));
    } else {
        output::line(format!("Stripe sends {event}"));
    }
    Ok(())
}

async fn uuid_of(tollgate: &Tollgate, named: &Named) -> Result<String, Failed> {
    let name = named.endpoint.clone();
    let found = tollgate.db().read(move |conn| rows::find_by_stripe_id(conn, &name)).await?;
    Ok(found.map_or_else(|| named.endpoint.clone(), |endpoint| endpoint.uuid))
}

async fn draft(create: Create, tollgate: &Tollgate) -> Result<Draft, Failed> {
    let public = tollgate.config().public_url.as_ref().map(ToString::to_string);
    let base = create.base_url.or(public).ok_or_else(|| {
        Failed::usage(
            "--base-url is missing: the base of the URL as Stripe sees it, for example https://pay.example.com",
        )
    })?;
    let (api_key_id, livemode) = key_of(tollgate, create.choice).await?;
    let kind = match (create.thin, create.destination) {
        (true, _) => Kind::ThinDestination,
        (false, true) => Kind::SnapshotDestination,
        (false, false) => Kind::WebhookEndpoint,
    };
    Ok(Draft {
        kind,
        api_key_id,
        livemode,
        description: create.description,
        enabled_events: types(&create.events),
        inline_events: types(&create.inline),
        api_version: create.api_version.or_else(|| Some(catalogue::NEWEST.to_owned())),
        connect: create.connect,
        ..Draft::new(base)
    })
}

/// The mode that was named.
pub(super) fn livemode(mode: &str) -> Result<bool, Failed> {
    match mode {
        "live" => Ok(true),
        "test" => Ok(false),
        _ => Err(Failed::usage("--mode must be test or live")),
    }
}

pub(super) async fn key_of(tollgate: &Tollgate, choice: Choice) -> Result<(Option<i64>, bool), Failed> {
    let livemode = livemode(&choice.mode)?;
    let Some(account) = choice.account else { return Ok((None, livemode)) };
    let wanted = account.clone();
    let key = tollgate.db().read(move |conn| api_keys::find_for(conn, Some(&wanted), livemode)).await?;
    match key {
        Some(key) => Ok((Some(key.id), livemode)),
        None => Err(Failed::new(format!(
            "there is no {} mode key of {account}: add one with `tollgate keys add`",
            choice.mode
        ))),
    }
}

fn changes(update: Update) -> Result<Changes, Failed> {
    let validation = update.validation.as_deref().map(|text| {
        Validation::parse(text)
            .ok_or_else(|| Failed::usage("--validation must be verify_signature, retrieve_event or none"))
    });
    Ok(Changes {
        base_url: update.base_url,
        description: update.description,
        enabled_events: update.events.as_deref().map(types),
        inline_events: update.inline.as_deref().map(types),
        tolerance_seconds: update.tolerance,
        validation: validation.transpose()?,
    })
}

async fn import_of(import: ImportArgs, tollgate: &Tollgate) -> Result<Import, Failed> {
    let base_url = import.base_url.as_deref().map(Url::parse).transpose();
    let base_url = base_url.map_err(|error| Failed::usage(format!("--base-url is no URL: {error}")))?;
    let (api_key_id, livemode) = key_of(tollgate, import.choice).await?;
    let secret = output::secret_from_stdin("signing secret (whsec_…)")?;
    let secret = endpoints::signing_secret(&secret).map_err(|refusal| Failed::usage(refusal.message))?;
    Ok(Import { stripe_id: import.stripe_id, secret, api_key_id, livemode, base_url })
}

/// The types that were named, with commas between them.
pub(super) fn types(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
