//! `tollgate migrate`

use serde_json::json;
use tollgate_models::Database;
use tollgate_models::db::Options;

use super::{Outcome, output};
use crate::Config;

pub(super) fn run(config: &Config, json: bool) -> Outcome {
    let database = Database::connect(&config.database_url, &Options::default())?;
    let run = database.migrate()?;
    match (json, run.len()) {
        (true, _) => output::json(&json!({ "migrations": run })),
        (false, 0) => output::line("the database is up to date"),
        (false, _) => run.iter().for_each(|name| output::line(format!("ran {name}"))),
    }
    Ok(())
}
