//! `tollgate objects show ID --as-of WHEN`

use serde_json::json;
use tollgate_models::QueryResult;
use tollgate_models::mirror::{self, Object, Subject, Then, Version};

use super::super::{Failed, Outcome, output};
use crate::{Error, Tollgate};

/// What is known of an object, and what of its past.
struct Known {
    object: Object,
    then: Then,
    kept_since: Option<i64>,
}

/// Shows what an object was like at a time in unix milliseconds.
pub(super) async fn show(tollgate: &Tollgate, id: String, at: i64, json: bool) -> Outcome {
    let wanted = id.clone();
    let known = tollgate.db().read(move |conn| -> QueryResult<_> {
        let Some(object) = mirror::find_anywhere(conn, &wanted)? else { return Ok(None) };
        let account = object.account.as_deref();
        let subject = Subject { object: &object.object, id: &wanted, livemode: object.livemode, account };
        let then = mirror::as_of(conn, subject, at.div_euclid(1000))?;
        Ok(Some(Known { then, kept_since: mirror::kept_since(conn)?, object }))
    });
    let Known { object, then, kept_since } =
        known.await?.ok_or_else(|| Failed::new(format!("there is no object {id} in the mirror")))?;
    let Some(version) = &then.version else {
        return Err(Failed::new(match then.expired {
            true => format!("what {id} was like at {} is no longer kept{}", output::time(at), since(kept_since)),
            false => format!("nothing is known of {id} at {}", output::time(at)),
        }));
    };
    if then.expired {
        let from = output::time(version.as_of.saturating_mul(1000));
        eprintln!(
            "note: this is the newest content before {} that is kept, true from {from} on; what came after it is no \
             longer kept{}",
            output::time(at),
            since(kept_since)
        );
    }
    let shown = as_json(&object, version, then.expired);
    if json {
        output::json(&shown);
    } else {
        output::line(serde_json::to_string_pretty(&shown).map_err(Error::internal)?);
    }
    Ok(())
}

fn since(kept_since: Option<i64>) -> String {
    let since = |time: i64| format!(": history from before {} was deleted for its age", output::time(time * 1000));
    kept_since.map(since).unwrap_or_default()
}

fn as_json(object: &Object, version: &Version, expired: bool) -> serde_json::Value {
    json!({
        "id": object.id, "object": object.object, "deleted": version.is_deletion(), "as_of": version.as_of,
        "account": object.account, "livemode": object.livemode, "event": version.event_id, "expired": expired,
        "data": version.object,
    })
}
