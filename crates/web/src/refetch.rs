//! Fetching an object from Stripe into the mirror: whole, with the lists inside it to their ends.

use serde_json::Value;
use tollgate_models::mirror::{self, Applied, Change, Subject, Whose};
use tollgate_models::refetches::Status;
use tollgate_models::{AnyConnection, Database, Lane, QueryResult};
use tollgate_stripe_client::{Client, Error as StripeError, Form, Priority};
use url::Url;

use crate::asked::Asked;
use crate::audit::{self, Actor};
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Error, Tollgate};

/// Entries of a list inside an object that are fetched; a longer list stays cut.
const MOST_ENTRIES: usize = 10_000;

/// What fetching an object led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Done, or gone.
    pub status: Status,
    /// The fields that were otherwise in the mirror, if it had the object in the same API version.
    pub differing: Vec<String>,
    /// Whether the mirror has what was fetched; if not, an event brought something newer meanwhile.
    pub stored: bool,
}

/// Fetches an object because somebody asked for it.
///
/// # Errors
/// [`Error::BadRequest`] without a key, or for a type that Stripe does not tell one by one; [`Error::Stripe`] when Stripe
/// refuses. Then nothing is changed here.
pub async fn now(tollgate: &Tollgate, subject: Subject<'_>, actor: &Actor) -> Result<Outcome, Error> {
    let fetcher = Fetcher {
        database: tollgate.db().blocking().clone(),
        stripe: tollgate.stripe_keys().clone(),
        clock: tollgate.clock().clone(),
        priority: Priority::Person,
    };
    let (object, id) = (subject.object.to_owned(), subject.id.to_owned());
    let (livemode, account) = (subject.livemode, subject.account.map(str::to_owned));
    let fetched = actix_web::web::block(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let subject = Subject { object: &object, id: &id, livemode, account: account.as_deref() };
        runtime.block_on(fetcher.fetch(subject)).map(|outcome| (outcome, id.clone()))
    });
    let (outcome, id) = fetched.await.map_err(Error::internal)??;
    let (actor, at, detail) = (actor.clone(), tollgate.clock().now_millis(), in_words(&outcome));
    tollgate.db().write(move |conn| audit::record(conn, &actor, "object.fetched", &id, &detail, at)).await?;
    Ok(outcome)
}

/// What fetching an object led to, for people.
pub fn in_words(outcome: &Outcome) -> String {
    match (outcome.status, outcome.differing.as_slice()) {
        (Status::Gone, _) => "Stripe no longer has it: it is marked as deleted".to_owned(),
        (_, []) => "it is here as at Stripe".to_owned(),
        (_, some) => format!("it was not as at Stripe in {}", some.join(", ")),
    }
}

/// Fetches objects, on a thread that may block.
pub(crate) struct Fetcher {
    pub(crate) database: Database,
    pub(crate) stripe: StripeKeys,
    pub(crate) clock: Clock,
    /// For whom.
    pub(crate) priority: Priority,
}

impl Fetcher {
    /// Fetches an object and stores it, unless the mirror has newer content.
    pub(crate) async fn fetch(&self, subject: Subject<'_>) -> Result<Outcome, Error> {
        let client = self.stripe.client_for(&self.database, subject.account, subject.livemode)?;
        let client = client.with_priority(self.priority);
        let asked = Asked::now(&self.clock);
        let found = match client.retrieve_object(subject.object, subject.id).await {
            Ok(object) if object["deleted"] == true => None,
            Ok(object) => Some(complete(&client, subject.object, object).await?),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        };
        let as_of = asked.at_stripe(&client);
        let stored = self.database.write(Lane::Ordinary, |conn| match &found {
            Some(object) => store(conn, subject, object, as_of, client.api_version()),
            None => {
                let stored = mirror::mark_gone(conn, subject, as_of)?;
                Ok(Outcome { status: Status::Gone, differing: Vec::new(), stored })
            }
        });
        Ok(stored?)
    }
}

fn store(
    conn: &mut AnyConnection,
    subject: Subject<'_>,
    object: &Value,
    as_of: i64,
    api_version: &str,
) -> QueryResult<Outcome> {
    let differing = differing(conn, subject, object, api_version)?;
    let change = Change {
        object,
        previous: None,
        event_id: None,
        event_type: "",
        fetched: true,
        as_of,
        account: subject.account,
        livemode: subject.livemode,
        api_version: Some(api_version),
    };
    let applied = mirror::apply(conn, &change)?.applied;
    Ok(Outcome { status: Status::Done, differing, stored: applied == Applied::Stored })
}

fn differing(
    conn: &mut AnyConnection,
    subject: Subject<'_>,
    object: &Value,
    api_version: &str,
) -> QueryResult<Vec<String>> {
    let whose = Whose { account: subject.account.map(str::to_owned), livemode: Some(subject.livemode) };
    let here = mirror::find_of(conn, subject.object, subject.id, &whose)?;
    // Contents of two API versions differ though both are true.
    let here = here.filter(|here| here.api_version.as_deref() == Some(api_version));
    Ok(here.map_or_else(Vec::new, |here| mirror::differences(&here.json(), object)))
}

/// The object with the lists inside it to their ends, as far as those have tables.
async fn complete(client: &Client, object_type: &str, mut object: Value) -> Result<Value, StripeError> {
    let Some(kind) = mirror::kind(object_type) else { return Ok(object) };
    for nested in kind.nested {
        let Some(list) = object.pointer_mut(nested.list).filter(|list| list["has_more"] == true) else { continue };
        let Some((path, params)) = list["url"].as_str().and_then(|url| request_of(url, client.base_url())) else {
            continue;
        };
        let entries = match client.list(path, params).collect_all(MOST_ENTRIES).await {
            Err(StripeError::TooMany { .. }) => continue,
            listed => listed?,
        };
        list["data"] = Value::Array(entries);
        list["has_more"] = Value::Bool(false);
    }
    Ok(object)
}

// Stripe tells the path of a list; what leads elsewhere is not followed with the key.
fn request_of(url: &str, base: &Url) -> Option<(String, Form)> {
    if !url.starts_with("/v1/") {
        return None;
    }
    let url = base.join(url).ok().filter(|url| url.origin() == base.origin())?;
    let mut params = Form::new();
    for (name, value) in url.query_pairs() {
        params.push(name.into_owned(), value.into_owned());
    }
    Some((url.path().to_owned(), params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_followed_on_stripes_own_paths_only() {
        let base = Url::parse("https://api.stripe.com").unwrap();
        let (path, params) = request_of("/v1/subscription_items?subscription=sub_1", &base).unwrap();
        assert_eq!((path.as_str(), params.get("subscription")), ("/v1/subscription_items", Some("sub_1")));
        for url in ["https://evil.example/v1/x", "//evil.example/v1/x", "/v2/x", "", "/v1/../../admin\n"] {
            let followed = request_of(url, &base);
            assert!(followed.is_none_or(|(path, _)| path.starts_with('/') && !path.contains("evil")), "{url}");
        }
    }
}
