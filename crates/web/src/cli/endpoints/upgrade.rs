//! `tollgate endpoints upgrade`

use clap::Args;
use serde_json::{Value, json};
use tollgate_models::upgrades::{Status as Stage, Upgrade};

use super::{Named, uuid_of};
use crate::Tollgate;
use crate::audit::Actor;
use crate::cli::{Failed, Outcome, output};
use crate::endpoints::upgrade::{self, Comparison, Sides, TypeComparison};

#[derive(Debug, Args)]
pub(crate) struct UpgradeArgs {
    #[command(flatten)]
    named: Named,
    /// Begin: make a second endpoint at Stripe that gets every event in this version too
    #[arg(long, value_name = "VERSION", group = "what")]
    api_version: Option<String>,
    /// Show what was found so far, by event type; so does the command without any of these
    #[arg(long, group = "what")]
    status: bool,
    /// Let the second endpoint take the place of the first, which is disabled then
    #[arg(long, group = "what")]
    swap: bool,
    /// Delete the second endpoint, and leave the first as it is
    #[arg(long, group = "what")]
    abandon: bool,
}

pub(super) async fn run(arguments: UpgradeArgs, tollgate: &Tollgate, json: bool) -> Outcome {
    let (uuid, actor) = (uuid_of(tollgate, &arguments.named).await?, Actor::cli());
    if let Some(version) = &arguments.api_version {
        tell(&upgrade::start(tollgate, &uuid, version, &actor).await?, json);
    } else if arguments.swap {
        tell(&upgrade::swap(tollgate, &uuid, &actor).await?, json);
    } else if arguments.abandon {
        upgrade::abandon(tollgate, &uuid, &actor).await?;
        if json {
            output::json(&json!({ "uuid": uuid, "status": Stage::Abandoned }));
        } else {
            output::line(format!("abandoned the upgrade of {uuid}"));
        }
    } else {
        status(tollgate, &uuid, json).await?;
    }
    Ok(())
}

fn tell(upgrade: &Upgrade, json: bool) {
    if json {
        return output::json(&as_json(upgrade));
    }
    let (old, new, version) = (&upgrade.live_uuid, &upgrade.shadow_uuid, &upgrade.to_version);
    output::line(match upgrade.status {
        Stage::Swapping | Stage::Swapped => format!("{new} is live, in {version}; {old} is disabled"),
        _ => format!("{new} gets every event of {old} too, in {version}; it is only compared"),
    });
}

fn as_json(upgrade: &Upgrade) -> Value {
    json!({
        "uuid": upgrade.live_uuid, "shadow": upgrade.shadow_uuid, "from_version": upgrade.from_version,
        "to_version": upgrade.to_version, "status": upgrade.status, "last_error": upgrade.last_error,
        "begun_at": upgrade.begun_at.map(output::rfc3339), "swapped_at": upgrade.swapped_at.map(output::rfc3339),
        "finished_at": upgrade.finished_at.map(output::rfc3339),
    })
}

async fn status(tollgate: &Tollgate, uuid: &str, json: bool) -> Outcome {
    let Some(sides) = upgrade::latest(tollgate, uuid).await? else {
        return Err(Failed::new(format!("no upgrade of the endpoint {uuid:.36} was begun")));
    };
    let found = upgrade::comparison(tollgate, &sides.upgrade).await?;
    if json {
        let mut value = as_json(&sides.upgrade);
        value["obstacle"] = json!(sides.obstacle);
        value["types"] = json!(found.types);
        output::json(&value);
        return Ok(());
    }
    print(&sides, &found);
    Ok(())
}

fn print(sides: &Sides, found: &Comparison) {
    let upgrade = &sides.upgrade;
    let from = upgrade.from_version.as_deref().unwrap_or("the account's default");
    output::line(format!("{}: {} to {}, shadow {}", upgrade.status, from, upgrade.to_version, upgrade.shadow_uuid));
    for problem in upgrade.last_error.iter().chain(&sides.obstacle) {
        output::line(problem);
    }
    let table: Vec<Vec<String>> = found.types.iter().map(row).collect();
    output::table(&["TYPE", "BOTH", "ONLY SHADOW", "ONLY LIVE", "PATHS", "COLUMNS", "FAILING HANDLERS"], &table);
}

fn row(found: &TypeComparison) -> Vec<String> {
    let failing: Vec<&str> = found.failing().map(|finding| finding.handler.as_str()).collect();
    let handlers = match (failing.is_empty(), found.handlers.is_empty()) {
        (false, _) => failing.join(", "),
        (true, true) => "not tried".to_owned(),
        (true, false) => "none".to_owned(),
    };
    let tally = &found.tally;
    vec![
        tally.type_.clone(),
        tally.both.to_string(),
        (tally.only_shadow + tally.taken_in).to_string(),
        tally.only_live.to_string(),
        found.differences.len().to_string(),
        found.columns.as_ref().map_or_else(|| "-".to_owned(), |columns| columns.len().to_string()),
        handlers,
    ]
}
