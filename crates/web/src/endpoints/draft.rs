//! What an operator enters for an endpoint.

use tollgate_models::endpoints::{Endpoint, Status, Validation};
use tollgate_stripe_client::catalogue;
use url::Url;
use uuid::Uuid;

use super::checks::{
    check_base, check_description, check_events, check_form, check_tolerance, check_types, check_validation,
    check_version, whole_types,
};
use super::{Field, Kind, Refusal, url_of};
use crate::Config;
use crate::audit::Actor;

/// A new endpoint as it was entered.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The UUID of its URL; the same one posted twice makes one endpoint.
    pub uuid: Uuid,
    /// What it is to be at Stripe.
    pub kind: Kind,
    /// The key that manages it; none takes the default one of the mode.
    pub api_key_id: Option<i64>,
    /// Live or test mode.
    pub livemode: bool,
    /// The base of the URL.
    pub base_url: String,
    /// A note.
    pub description: String,
    /// Event types and families, or `*`; those of thin events begin with `v1.` or `v2.`.
    pub enabled_events: Vec<String>,
    /// Event types and families whose deliveries are answered only after the handlers have committed, or `*`.
    pub inline_events: Vec<String>,
    /// The API version; none follows the account's default. Thin events have none.
    pub api_version: Option<String>,
    /// Whether it gets connected accounts' events.
    pub connect: bool,
    /// How old or early a signature may be, in seconds.
    pub tolerance_seconds: u32,
    /// How authenticity is settled.
    pub validation: Validation,
}

/// What can be changed of an endpoint; its kind, the mode, the API version and Connect cannot, by Stripe's rules.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The base of the URL.
    pub base_url: Option<String>,
    /// A note.
    pub description: Option<String>,
    /// Event types and families, or `*`.
    pub enabled_events: Option<Vec<String>>,
    /// Event types and families whose deliveries are answered only after the handlers have committed, or `*`.
    pub inline_events: Option<Vec<String>>,
    /// How old or early a signature may be, in seconds.
    pub tolerance_seconds: Option<u32>,
    /// How authenticity is settled.
    pub validation: Option<Validation>,
}

/// A fresh idempotency key.
pub(super) fn idempotency_key() -> String {
    format!("tollgate-endpoint-{}", Uuid::new_v4())
}

impl Draft {
    /// A draft with a fresh UUID and the defaults of the form.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            uuid: Uuid::new_v4(),
            kind: Kind::default(),
            api_key_id: None,
            livemode: false,
            base_url: base_url.into(),
            description: String::new(),
            enabled_events: vec!["*".to_owned()],
            inline_events: Vec::new(),
            api_version: Some(catalogue::NEWEST.to_owned()),
            connect: false,
            tolerance_seconds: 300,
            validation: Validation::VerifySignature,
        }
    }

    pub(super) fn check(&self, config: &Config) -> Result<(), Vec<Refusal>> {
        let problems = [
            check_base(&self.base_url, self.livemode, config).err().map(|message| (Field::BaseUrl, message)),
            check_events(self.kind, &self.enabled_events).err().map(|message| (Field::EnabledEvents, message)),
            check_types(self.kind, &self.inline_events).err().map(|message| (Field::InlineEvents, message)),
            self.api_version.as_deref().and_then(check_version).map(|message| (Field::ApiVersion, message)),
            check_description(&self.description).map(|message| (Field::Description, message)),
            check_tolerance(self.tolerance_seconds).map(|message| (Field::Tolerance, message)),
            check_validation(self.validation, self.livemode).map(|message| (Field::Validation, message)),
        ];
        all_well(problems)
    }

    /// As [`check`](Self::check), for an endpoint that is reached from this machine.
    pub(super) fn check_listening(&self) -> Result<(), Vec<Refusal>> {
        all_well([
            check_form(&self.base_url).err().map(|message| (Field::BaseUrl, message)),
            check_events(self.kind, &self.enabled_events).err().map(|message| (Field::EnabledEvents, message)),
        ])
    }

    pub(super) fn into_row(self, account: Option<String>, actor: &Actor, now: i64) -> Endpoint {
        // Checked before; a base that does not parse never gets here.
        let url = Url::parse(self.base_url.trim()).map(|base| url_of(&base, self.uuid)).unwrap_or_default();
        Endpoint {
            uuid: self.uuid.to_string(),
            stripe_id: None,
            api_key_id: self.api_key_id,
            account,
            livemode: self.livemode,
            connect: self.connect,
            url,
            description: self.description.trim().to_owned(),
            enabled_events: as_json(self.kind, self.enabled_events),
            api_version: self.api_version.filter(|_| !self.kind.is_thin()),
            tolerance_seconds: i32::try_from(self.tolerance_seconds).unwrap_or(i32::MAX),
            validation: self.validation,
            status: Status::Pending,
            idempotency_key: idempotency_key(),
            last_error: None,
            created_by: actor.name.clone(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
            object: self.kind.object(),
            payload: self.kind.payload(),
            inline_events: serde_json::Value::from(each_once(self.inline_events)).to_string(),
            replaces: None,
            retire_at: None,
        }
    }
}

impl Changes {
    pub(super) fn applied_to(&self, before: &Endpoint, config: &Config) -> Result<Endpoint, Vec<Refusal>> {
        let mut after = before.clone();
        let mut problems = Vec::new();
        if let Some(base) = &self.base_url {
            match (check_base(base, before.livemode, config), Uuid::try_parse(&before.uuid)) {
                (Ok(base), Ok(uuid)) => after.url = url_of(&base, uuid),
                (Err(message), _) => problems.push(Some((Field::BaseUrl, message))),
                (_, Err(_)) => problems.push(Some((Field::BaseUrl, "the stored UUID is damaged".to_owned()))),
            }
        }
        if let Some(types) = &self.enabled_events {
            let kind = Kind::of(before);
            problems.push(check_events(kind, types).err().map(|message| (Field::EnabledEvents, message)));
            after.enabled_events = as_json(kind, types.clone());
        }
        if let Some(types) = &self.inline_events {
            let checked = check_types(Kind::of(before), types);
            problems.push(checked.err().map(|message| (Field::InlineEvents, message)));
            after.inline_events = serde_json::Value::from(each_once(types.clone())).to_string();
        }
        if let Some(description) = &self.description {
            problems.push(check_description(description).map(|message| (Field::Description, message)));
            after.description = description.trim().to_owned();
        }
        if let Some(seconds) = self.tolerance_seconds {
            problems.push(check_tolerance(seconds).map(|message| (Field::Tolerance, message)));
            after.tolerance_seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        }
        if let Some(validation) = self.validation {
            problems.push(check_validation(validation, before.livemode).map(|message| (Field::Validation, message)));
            after.validation = validation;
        }
        all_well(problems).map(|()| after)
    }
}

fn all_well(problems: impl IntoIterator<Item = Option<(Field, String)>>) -> Result<(), Vec<Refusal>> {
    let refusals: Vec<Refusal> =
        problems.into_iter().flatten().map(|(field, message)| Refusal { field: Some(field), message }).collect();
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

// Patterns stay as they were written: what a family gains later belongs to it.
fn each_once(mut patterns: Vec<String>) -> Vec<String> {
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

fn as_json(kind: Kind, types: Vec<String>) -> String {
    serde_json::Value::from(whole_types(kind, types)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(stripe: &str) -> Config {
        Config::from_sources(|name| (name == "STRIPE_API_BASE").then(|| stripe.to_owned()), None).unwrap()
    }

    fn refused(change: impl FnOnce(&mut Draft)) -> Vec<Field> {
        let mut draft = Draft::new("https://pay.example.com");
        change(&mut draft);
        let refusals = draft.check(&config("https://api.stripe.com")).err().unwrap_or_default();
        refusals.into_iter().filter_map(|refusal| refusal.field).collect()
    }

    #[test]
    fn addresses_that_stripe_cannot_reach_are_refused_before_the_call() {
        for base in [
            "http://localhost:8000",
            "https://127.0.0.1",
            "https://10.0.0.1",
            "https://192.168.1.1",
            "https://172.16.0.1",
            "https://169.254.169.254",
            "https://100.64.0.1",
            "https://[::1]",
            "https://[fd00::1]",
            "https://[::ffff:127.0.0.1]",
            "https://0.0.0.0",
            "https://shop",
            "https://shop.local",
            "https://localhost.",
            "https://2130706433",
            "ftp://a.example",
            "https://user:pass@a.example",
            "https://a.example?x=1",
            "https://a.example#x",
            "",
            "a.example",
            "https://",
        ] {
            assert_eq!(refused(|draft| draft.base_url = base.to_owned()), [Field::BaseUrl], "{base}");
        }
        for base in
            ["https://pay.example.com", "https://pay.example.com/shop/", "http://8.8.8.8:8080", " https://a.example "]
        {
            assert_eq!(refused(|draft| draft.base_url = base.to_owned()), [], "{base}");
        }
    }

    #[test]
    fn a_local_stripe_may_reach_this_machine_but_never_in_live_mode() {
        let local = config("http://127.0.0.1:12111");
        let mut draft = Draft::new("http://127.0.0.1:8000");
        assert!(draft.check(&local).is_ok());
        draft.livemode = true;
        assert!(draft.check(&local).is_err());
    }

    #[test]
    fn each_wrong_field_is_named() {
        assert_eq!(refused(|draft| draft.enabled_events.clear()), [Field::EnabledEvents]);
        assert_eq!(refused(|draft| draft.enabled_events = vec!["invoice.payed".to_owned()]), [Field::EnabledEvents]);
        assert_eq!(refused(|draft| draft.inline_events = vec!["invoice.payed".to_owned()]), [Field::InlineEvents]);
        assert_eq!(refused(|draft| draft.inline_events = vec!["invoice".to_owned(), "*".to_owned()]), []);
        assert_eq!(refused(|draft| draft.api_version = Some("2020".to_owned())), [Field::ApiVersion]);
        assert_eq!(refused(|draft| draft.description = "x".repeat(501)), [Field::Description]);
        assert_eq!(refused(|draft| draft.tolerance_seconds = 0), [Field::Tolerance]);
        assert_eq!(
            refused(|draft| {
                draft.livemode = true;
                draft.base_url = "http://pay.example.com".to_owned();
                draft.validation = Validation::None;
            }),
            [Field::BaseUrl, Field::Validation]
        );
    }

    #[test]
    fn the_url_keeps_the_path_of_its_base() {
        let uuid = Uuid::nil();
        let url = url_of(&Url::parse("https://a.example/shop/").unwrap(), uuid);
        assert_eq!(url, format!("https://a.example/shop/stripe/webhooks/{uuid}"));
    }
}
