//! `tollgate keys …`

use clap::Subcommand;
use serde_json::{Value, json};
use tollgate_models::api_keys::{self, ApiKey};

use super::{Outcome, output};
use crate::audit::Actor;
use crate::{Tollgate, keys};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Add a Stripe API key, read from standard input; Stripe is asked whose it is
    Add {
        /// What to call it
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List all keys, masked
    List,
}

pub(super) async fn run(command: Keys, tollgate: &Tollgate, json: bool) -> Outcome {
    match command {
        Keys::Add { name } => {
            let secret = output::secret_from_stdin("Stripe API key")?;
            let key = keys::add(tollgate, &name, &secret, &Actor::cli()).await?;
            if json {
                output::json(&as_json(&key));
            } else {
                let owner = key.account.as_deref().unwrap_or("an account that the key may not read");
                output::line(format!("added {} ({}) of {owner}", key.name, key.masked));
            }
        }
        Keys::List => {
            let all = tollgate.db().read(api_keys::list).await?;
            if json {
                all.iter().for_each(|key| output::json(&as_json(key)));
            } else {
                let table: Vec<Vec<String>> = all.iter().map(as_row).collect();
                output::table(&["ID", "NAME", "KEY", "MODE", "ACCOUNT", "DEFAULT"], &table);
            }
        }
    }
    Ok(())
}

fn mode(key: &ApiKey) -> &'static str {
    if key.livemode { "live" } else { "test" }
}

fn as_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id, "name": key.name, "kind": key.kind, "mode": mode(key), "masked": key.masked,
        "account": key.account, "account_name": key.account_name, "default": key.is_default,
    })
}

fn as_row(key: &ApiKey) -> Vec<String> {
    vec![
        key.id.to_string(),
        key.name.clone(),
        key.masked.clone(),
        mode(key).to_owned(),
        key.account.clone().unwrap_or_default(),
        if key.is_default { "yes" } else { "" }.to_owned(),
    ]
}
