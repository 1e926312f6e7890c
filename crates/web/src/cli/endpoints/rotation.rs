//! `tollgate endpoints rotate-secret`, `retire` and `secrets`

use std::time::Duration;

use clap::Args;
use serde_json::json;
use tollgate_models::endpoints::{self as rows, Secret};

use super::{Named, as_json, uuid_of};
use crate::Tollgate;
use crate::audit::Actor;
use crate::cli::{Failed, Outcome, output};
use crate::endpoints;

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    named: Named,
    /// For how long the old and the new are both taken: 0, or a number with s, m, h or d; 30 days at the most
    #[arg(long, default_value = "24h", value_parser = endpoints::overlap)]
    overlap: Duration,
    /// Read the new secret from standard input, after it was rolled in Stripe's dashboard
    #[arg(long)]
    secret_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Retire {
    #[command(flatten)]
    named: Named,
    /// End this secret instead; `tollgate endpoints secrets` lists their numbers
    #[arg(long, value_name = "NUMBER")]
    secret: Option<i64>,
}

pub(super) async fn rotate(rotate: Rotate, tollgate: &Tollgate, json: bool) -> Outcome {
    let uuid = uuid_of(tollgate, &rotate.named).await?;
    if rotate.secret_stdin {
        return add_secret(&uuid, rotate.overlap, tollgate, json).await;
    }
    let rotation = endpoints::rotate(tollgate, &uuid, rotate.overlap, &Actor::cli()).await?;
    let (old, new) = (&rotation.old, &rotation.new);
    if json {
        let mut value = as_json(new);
        value["old_retire_at"] = old.retire_at.map(output::rfc3339).into();
        output::json(&value);
    } else {
        output::line(format!("{} {} {}", new.status, new.stripe_id.as_deref().unwrap_or("-"), new.url));
        let until = old.retire_at.map(output::time).unwrap_or_default();
        output::line(format!("takes the place of {}, which is deleted after {until}", old.uuid));
    }
    Ok(())
}

async fn add_secret(uuid: &str, overlap: Duration, tollgate: &Tollgate, json: bool) -> Outcome {
    let secret = output::secret_from_stdin("signing secret (whsec_…)")?;
    let secret = endpoints::signing_secret(&secret).map_err(|refusal| Failed::usage(refusal.message))?;
    let added = endpoints::add_secret(tollgate, uuid, secret, overlap, &Actor::cli()).await?;
    if json {
        let others_end_at = output::rfc3339(added.others_end_at);
        output::json(&json!({ "uuid": uuid, "secret": added.number, "others_end_at": others_end_at }));
    } else {
        let until = output::time(added.others_end_at);
        output::line(format!("secret {} is taken from now on; the others are until {until}", added.number));
    }
    Ok(())
}

pub(super) async fn retire(retire: Retire, tollgate: &Tollgate, json: bool) -> Outcome {
    let (uuid, actor) = (uuid_of(tollgate, &retire.named).await?, Actor::cli());
    let text = match retire.secret {
        Some(number) => {
            endpoints::retire_secret(tollgate, &uuid, number, &actor).await?;
            format!("secret {number} of {uuid} has ended")
        }
        None => {
            endpoints::retire(tollgate, &uuid, &actor).await?;
            format!("retired {uuid}")
        }
    };
    if json {
        output::json(&json!({ "uuid": uuid, "secret": retire.secret, "status": "retired" }));
    } else {
        output::line(text);
    }
    Ok(())
}

pub(super) async fn secrets(named: &Named, tollgate: &Tollgate, json: bool) -> Outcome {
    let uuid = endpoints::find(tollgate, &uuid_of(tollgate, named).await?).await?.uuid;
    let secrets = tollgate.db().read(move |conn| rows::secrets(conn, &uuid)).await?;
    if json {
        secrets.iter().for_each(print_json);
        return Ok(());
    }
    let or = |at: Option<i64>, none: &str| at.map_or_else(|| none.to_owned(), output::time);
    let table: Vec<Vec<String>> = secrets
        .iter()
        .map(|secret| {
            let created = output::time(secret.created_at);
            vec![secret.id.to_string(), created, or(secret.last_used_at, "not yet"), or(secret.expires_at, "-")]
        })
        .collect();
    output::table(&["NUMBER", "CREATED", "LAST USED", "ENDS"], &table);
    Ok(())
}

fn print_json(secret: &Secret) {
    output::json(&json!({
        "number": secret.id, "created_at": output::rfc3339(secret.created_at),
        "last_used_at": secret.last_used_at.map(output::rfc3339),
        "ends_at": secret.expires_at.map(output::rfc3339),
    }));
}
