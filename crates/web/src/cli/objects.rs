//! `tollgate objects …`

mod then;

use clap::Subcommand;
use serde_json::{Value, json};
use tollgate_models::mirror::{self, Filter, Object, Subject};

use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::{Tollgate, refetch};

#[derive(Debug, Subcommand)]
pub(super) enum Objects {
    /// List the mirrored objects of a type, newest first
    List {
        /// Stripe's name for the type, for example customer
        #[arg(value_name = "TYPE")]
        object: String,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Fetch one object from Stripe into the mirror, and tell what was otherwise here
    Fetch {
        /// Stripe's name for the type, for example customer
        #[arg(value_name = "TYPE")]
        object: String,
        /// Stripe's id (cus_…, sub_…)
        id: String,
        /// The account it belongs to (acct_…); the default key's own otherwise
        #[arg(long)]
        account: Option<String>,
        /// test or live
        #[arg(long, default_value = "test")]
        mode: String,
    },
    /// Show one mirrored object
    Show {
        /// Stripe's id (cus_…, sub_…)
        id: String,
        /// What it was like then: 24h or 7d ago, or at 2026-11-23T08:00:00Z
        #[arg(long, value_name = "WHEN")]
        as_of: Option<String>,
    },
}

pub(super) async fn run(command: Objects, tollgate: &Tollgate, json: bool) -> Outcome {
    match command {
        Objects::List { object, limit } => list(tollgate, object, limit, json).await,
        Objects::Fetch { object, id, account, mode } => {
            let livemode = super::endpoints::livemode(&mode)?;
            let subject = Subject { object: &object, id: &id, livemode, account: account.as_deref() };
            fetch(tollgate, subject, json).await
        }
        Objects::Show { id, as_of: None } => show(tollgate, id, json).await,
        Objects::Show { id, as_of: Some(when) } => {
            let at = super::events::since(&when, tollgate.clock().now_millis())
                .ok_or_else(|| Failed::usage("--as-of must be like 90m, 24h, 7d or 2026-11-23T08:00:00Z"))?;
            then::show(tollgate, id, at, json).await
        }
    }
}

async fn list(tollgate: &Tollgate, object: String, limit: usize, json: bool) -> Outcome {
    let wanted = object.clone();
    let page = tollgate.db().read(move |conn| mirror::list(conn, &wanted, &Filter::default(), limit)).await?;
    if page.rows.is_empty() && mirror::kind(&object).is_none() {
        let known: Vec<&str> = mirror::KINDS.iter().map(|kind| kind.object).collect();
        return Err(Failed::new(format!(
            "there are no {object:?} objects; types with tables are {}",
            known.join(", ")
        )));
    }
    if json {
        page.rows.iter().for_each(|object| output::json(&as_json(object)));
        return Ok(());
    }
    let table: Vec<Vec<String>> =
        page.rows.iter().map(|object| vec![object.id.clone(), output::time(object.created * 1000)]).collect();
    output::table(&["ID", "CREATED"], &table);
    Ok(())
}

async fn fetch(tollgate: &Tollgate, subject: Subject<'_>, json: bool) -> Outcome {
    let outcome = refetch::now(tollgate, subject, &Actor::cli()).await?;
    if json {
        let (status, differing, stored) = (outcome.status, &outcome.differing, outcome.stored);
        output::json(&json!({ "id": subject.id, "status": status, "differing": differing, "stored": stored }));
    } else {
        output::line(format!("{}: {}", subject.id, refetch::in_words(&outcome)));
    }
    Ok(())
}

async fn show(tollgate: &Tollgate, id: String, json: bool) -> Outcome {
    let wanted = id.clone();
    let found = tollgate.db().read(move |conn| mirror::find_anywhere(conn, &wanted)).await?;
    let object = found.ok_or_else(|| Failed::new(format!("there is no object {id} in the mirror")))?;
    if json {
        output::json(&as_json(&object));
    } else {
        output::line(serde_json::to_string_pretty(&as_json(&object)).map_err(crate::Error::internal)?);
    }
    Ok(())
}

fn as_json(object: &Object) -> Value {
    json!({
        "id": object.id, "object": object.object, "deleted": object.deleted_at.is_some(), "as_of": object.as_of,
        "account": object.account, "livemode": object.livemode, "event": object.event_id, "data": object.json(),
    })
}
