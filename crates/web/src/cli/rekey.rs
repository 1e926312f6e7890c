//! `tollgate rekey`

use serde_json::json;

use super::{Failed, Outcome, output};
use crate::Tollgate;
use crate::audit::Actor;
use crate::keyring::Keyring;

pub(super) fn run(tollgate: &Tollgate, json: bool) -> Outcome {
    let text = output::secret_from_stdin("the new secret key, 32 random bytes in base64")?;
    let new =
        Keyring::parse(&text).map_err(|_| Failed::usage("the new secret key must be 32 random bytes in base64"))?;
    let count = crate::rekey::rekey(tollgate, &new, &Actor::cli())?;
    if json {
        output::json(&json!({ "secrets": count, "key_id": new.key_id() }));
    } else {
        output::line(format!("sealed {count} secrets with key {}", new.key_id()));
        output::line("now set TOLLGATE_SECRET_KEY (or the .secret-key file) to the new key and restart every server");
    }
    Ok(())
}
