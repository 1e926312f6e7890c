//! What an operator enters for an endpoint, and the checks that need no call to Stripe.

use std::net::IpAddr;

use tollgate_models::endpoints::{Endpoint, Object, Payload, Status, Validation};
use tollgate_stripe_client::catalogue;
use url::{Host, Url};
use uuid::Uuid;

use super::{Field, Refusal, url_of};
use crate::Config;
use crate::audit::Actor;

/// The longest description, in characters; Stripe's own limit is not published.
const LONGEST_DESCRIPTION: usize = 500;
/// The largest tolerance, in seconds.
const LARGEST_TOLERANCE: u32 = 24 * 3600;

/// A new endpoint as it was entered.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The UUID of its URL; the same one posted twice makes one endpoint.
    pub uuid: Uuid,
    /// The key that manages it; none takes the default one of the mode.
    pub api_key_id: Option<i64>,
    /// Live or test mode.
    pub livemode: bool,
    /// The base of the URL.
    pub base_url: String,
    /// A note.
    pub description: String,
    /// Event types, or `*`.
    pub enabled_events: Vec<String>,
    /// The API version; none follows the account's default.
    pub api_version: Option<String>,
    /// Whether it gets connected accounts' events.
    pub connect: bool,
    /// How old or early a signature may be, in seconds.
    pub tolerance_seconds: u32,
    /// How authenticity is settled.
    pub validation: Validation,
}

/// What can be changed of an endpoint; the mode, the API version and Connect cannot, by Stripe's rules.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The base of the URL.
    pub base_url: Option<String>,
    /// A note.
    pub description: Option<String>,
    /// Event types, or `*`.
    pub enabled_events: Option<Vec<String>>,
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
            api_key_id: None,
            livemode: false,
            base_url: base_url.into(),
            description: String::new(),
            enabled_events: vec!["*".to_owned()],
            api_version: Some(catalogue::NEWEST.to_owned()),
            connect: false,
            tolerance_seconds: 300,
            validation: Validation::VerifySignature,
        }
    }

    pub(super) fn check(&self, config: &Config) -> Result<(), Vec<Refusal>> {
        let problems = [
            check_base(&self.base_url, self.livemode, config).err().map(|message| (Field::BaseUrl, message)),
            check_events(&self.enabled_events).err().map(|message| (Field::EnabledEvents, message)),
            self.api_version.as_deref().and_then(check_version).map(|message| (Field::ApiVersion, message)),
            check_description(&self.description).map(|message| (Field::Description, message)),
            check_tolerance(self.tolerance_seconds).map(|message| (Field::Tolerance, message)),
            check_validation(self.validation, self.livemode).map(|message| (Field::Validation, message)),
        ];
        all_well(problems)
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
            enabled_events: as_json(self.enabled_events),
            api_version: self.api_version,
            tolerance_seconds: i32::try_from(self.tolerance_seconds).unwrap_or(i32::MAX),
            validation: self.validation,
            status: Status::Pending,
            idempotency_key: idempotency_key(),
            last_error: None,
            created_by: actor.name.clone(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
            object: Object::WebhookEndpoint,
            payload: Payload::Snapshot,
            inline_events: "[]".to_owned(),
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
            problems.push(check_events(types).err().map(|message| (Field::EnabledEvents, message)));
            after.enabled_events = as_json(types.clone());
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

// "*" holds every type, so nothing stands beside it; the order of the rest is kept, each once.
fn as_json(mut types: Vec<String>) -> String {
    if types.iter().any(|name| name == "*") {
        types = vec!["*".to_owned()];
    }
    let mut seen = std::collections::HashSet::new();
    types.retain(|name| seen.insert(name.clone()));
    serde_json::Value::from(types).to_string()
}

fn check_base(text: &str, livemode: bool, config: &Config) -> Result<Url, String> {
    let base =
        Url::parse(text.trim()).map_err(|_| "this is no URL: write for example https://pay.example.com".to_owned())?;
    if !matches!(base.scheme(), "https" | "http") {
        return Err("the URL must start with https://".to_owned());
    }
    if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() || base.password().is_some() {
        return Err("leave out the login, the query (?…) and the fragment (#…): only scheme, host and perhaps a path"
            .to_owned());
    }
    if livemode && base.scheme() != "https" {
        return Err("live mode demands https".to_owned());
    }
    if is_private(&base) && (livemode || !config.stripe_is_local()) {
        return Err(
            "Stripe cannot reach this address from the internet; for work on your own machine forward events with the \
                    Stripe CLI: stripe listen --forward-to <this server>/stripe/webhooks/…"
                .to_owned(),
        );
    }
    Ok(base)
}

fn is_private(base: &Url) -> bool {
    match base.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_lowercase();
            name == "localhost"
                || [".localhost", ".local", ".internal", ".home.arpa"].iter().any(|end| name.ends_with(end))
                || !name.contains('.')
        }
        Some(Host::Ipv4(ip)) => is_private_ip(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_private_ip(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)),
        None => true,
    }
}

fn is_private_ip(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_documentation()
                || ip.is_multicast()
                || first == 0
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
        }
    }
}

fn check_events(types: &[String]) -> Result<(), String> {
    if types.is_empty() {
        return Err("choose at least one event type, or all".to_owned());
    }
    match types.iter().find(|name| *name != "*" && !catalogue::is_known(name)) {
        None => Ok(()),
        Some(unknown) => {
            let hint = catalogue::nearest(unknown).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            Err(format!("there is no event type {unknown:.80}{hint}"))
        }
    }
}

fn check_version(version: &str) -> Option<String> {
    let known = catalogue::API_VERSIONS.contains(&version);
    (!known)
        .then(|| format!("{version:.40} is no API version that Tollgate knows; the newest is {}", catalogue::NEWEST))
}

fn check_description(text: &str) -> Option<String> {
    let too_long = text.chars().count() > LONGEST_DESCRIPTION;
    if too_long {
        return Some(format!("the description may have {LONGEST_DESCRIPTION} characters"));
    }
    text.contains('\0').then(|| "the description has a character that cannot be stored".to_owned())
}

fn check_tolerance(seconds: u32) -> Option<String> {
    let fits = (1..=LARGEST_TOLERANCE).contains(&seconds);
    (!fits).then(|| {
        format!("the tolerance must be from 1 to {LARGEST_TOLERANCE} seconds; Stripe's own libraries take 300")
    })
}

fn check_validation(validation: Validation, livemode: bool) -> Option<String> {
    let unsafe_in_live = livemode && validation == Validation::None;
    unsafe_in_live.then(|| "in live mode deliveries must be validated".to_owned())
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
        assert_eq!(as_json(vec!["a".to_owned(), "*".to_owned()]), r#"["*"]"#);
    }
}
