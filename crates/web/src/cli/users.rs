//! `tollgate users …`

use clap::Subcommand;
use serde_json::json;
use tollgate_models::users::{self as rows, Role};

use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::{Tollgate, users};

#[derive(Debug, Subcommand)]
pub(super) enum Users {
    /// Add a user
    Add {
        /// What they sign in with
        email: String,
        /// viewer, operator or admin
        #[arg(long)]
        role: String,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List all users
    List,
}

pub(super) async fn run(command: Users, tollgate: &Tollgate, json: bool) -> Outcome {
    match command {
        Users::Add { email, role, .. } => add(tollgate, &email, &role, json).await,
        Users::List => list(tollgate, json).await,
    }
}

async fn add(tollgate: &Tollgate, email: &str, role: &str, json: bool) -> Outcome {
    let role = Role::parse(role).ok_or_else(|| Failed::usage("--role must be viewer, operator or admin"))?;
    let password = output::secret_from_stdin("password")?;
    let id = users::add(tollgate, email, role, &password, &Actor::cli()).await?;
    if json {
        output::json(&json!({ "id": id, "email": email, "role": role }));
    } else {
        output::line(format!("added {email} as {role}"));
    }
    Ok(())
}

async fn list(tollgate: &Tollgate, json: bool) -> Outcome {
    let users = tollgate.db().read(rows::list).await?;
    if json {
        for user in users {
            let last = user.last_sign_in_at.map(output::rfc3339);
            output::json(&json!({
                "id": user.id, "email": user.email, "role": user.role, "last_sign_in_at": last,
                "disabled": user.disabled_at.is_some(),
            }));
        }
        return Ok(());
    }
    let table: Vec<Vec<String>> = users
        .iter()
        .map(|user| {
            let last = user.last_sign_in_at.map_or_else(|| "never".to_owned(), output::time);
            vec![user.email.clone(), user.role.to_string(), last]
        })
        .collect();
    output::table(&["EMAIL", "ROLE", "LAST SIGN-IN"], &table);
    Ok(())
}
