//! What can be judged about an endpoint without asking Stripe.

use std::net::IpAddr;

use tollgate_models::endpoints::Validation;
use tollgate_stripe_client::catalogue;
use url::{Host, Url};

use super::Kind;
use crate::Config;

/// The longest description, in characters; Stripe's own limit is not published.
const LONGEST_DESCRIPTION: usize = 500;
/// The longest event type, in bytes.
const LONGEST_TYPE: usize = 255;
/// The largest tolerance, in seconds.
const LARGEST_TOLERANCE: u32 = 24 * 3600;
/// What stands for all event types.
const ALL: &str = "*";

/// The base of a URL that Stripe can reach, or what is wrong with it.
/// Where a program on this machine, such as Stripe's CLI, finds us.
pub(super) fn check_form(text: &str) -> Result<Url, String> {
    let base =
        Url::parse(text.trim()).map_err(|_| "this is no URL: write for example https://pay.example.com".to_owned())?;
    if !matches!(base.scheme(), "https" | "http") {
        return Err("the URL must start with https://".to_owned());
    }
    if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() || base.password().is_some() {
        return Err("leave out the login, the query (?…) and the fragment (#…): only scheme, host and perhaps a path"
            .to_owned());
    }
    Ok(base)
}

pub(super) fn check_base(text: &str, livemode: bool, config: &Config) -> Result<Url, String> {
    let base = check_form(text)?;
    if livemode && base.scheme() != "https" {
        return Err("live mode demands https".to_owned());
    }
    if is_private(&base) && (livemode || !config.stripe_is_local()) {
        return Err(
            "Stripe cannot reach this address from the internet; for work on your own machine let Stripe's CLI forward \
             events: tollgate listen"
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

/// Whether an endpoint of this kind can ask for all of these event types or families.
pub(super) fn check_events(kind: Kind, types: &[String]) -> Result<(), String> {
    if types.is_empty() {
        return Err("choose at least one event type, or all".to_owned());
    }
    check_types(kind, types)
}

/// Whether each of these is an event type or family of this kind; there may be none.
pub(super) fn check_types(kind: Kind, types: &[String]) -> Result<(), String> {
    match types.iter().find(|name| *name != ALL && !is_known(kind, name)) {
        None => Ok(()),
        Some(unknown) => Err(format!("there is no event type {unknown:.80}{}", hint(kind, unknown))),
    }
}

fn is_known(kind: Kind, name: &str) -> bool {
    let readable = name.len() <= LONGEST_TYPE && name.bytes().all(|byte| byte.is_ascii_graphic());
    readable && if kind.is_thin() { catalogue::is_known_thin_pattern(name) } else { catalogue::is_known_pattern(name) }
}

fn hint(kind: Kind, unknown: &str) -> String {
    let twin = format!("v1.{unknown}");
    match (kind.is_thin(), unknown.strip_prefix("v1.")) {
        (true, None) if catalogue::is_known_thin_pattern(&twin) => {
            format!(": types of thin events begin with v1. or v2., as {twin}")
        }
        (true, None) if catalogue::is_known_pattern(unknown) => {
            format!(" for thin destinations, which get only what begins with v1. or v2.; {unknown} has no such twin")
        }
        (false, Some(snapshot)) if catalogue::is_known_pattern(snapshot) => {
            format!(" for snapshots: {snapshot} is meant, or a thin destination")
        }
        _ => catalogue::nearest(unknown).map(|name| format!("; did you mean {name}?")).unwrap_or_default(),
    }
}

/// The event types as Stripe takes them: whole types, each once. `*` holds every type, so nothing stands beside it.
pub(super) fn whole_types(kind: Kind, names: Vec<String>) -> Vec<String> {
    if names.iter().any(|name| name == ALL) {
        return vec![ALL.to_owned()];
    }
    let mut types: Vec<String> = names.into_iter().flat_map(|name| of_family(kind, name)).collect();
    let mut seen = std::collections::HashSet::new();
    types.retain(|name| seen.insert(name.clone()));
    types
}

fn of_family(kind: Kind, name: String) -> Vec<String> {
    let covered = |known: &&str| catalogue::matches(&name, known);
    let types: Vec<&str> = match kind.is_thin() {
        true => catalogue::thin_types().filter(covered).collect(),
        false => catalogue::types().filter(covered).collect(),
    };
    // What the catalogue does not know is Stripe's to judge.
    if types.is_empty() || types.contains(&name.as_str()) {
        return vec![name];
    }
    types.into_iter().map(str::to_owned).collect()
}

/// What is wrong with an API version.
pub(super) fn check_version(version: &str) -> Option<String> {
    let known = catalogue::API_VERSIONS.contains(&version);
    (!known)
        .then(|| format!("{version:.40} is no API version that Tollgate knows; the newest is {}", catalogue::NEWEST))
}

/// What is wrong with a description.
pub(super) fn check_description(text: &str) -> Option<String> {
    let too_long = text.chars().count() > LONGEST_DESCRIPTION;
    if too_long {
        return Some(format!("the description may have {LONGEST_DESCRIPTION} characters"));
    }
    text.contains('\0').then(|| "the description has a character that cannot be stored".to_owned())
}

/// What is wrong with a tolerance.
pub(super) fn check_tolerance(seconds: u32) -> Option<String> {
    let fits = (1..=LARGEST_TOLERANCE).contains(&seconds);
    (!fits).then(|| {
        format!("the tolerance must be from 1 to {LARGEST_TOLERANCE} seconds; Stripe's own libraries take 300")
    })
}

/// What is wrong with a validation method.
pub(super) fn check_validation(validation: Validation, livemode: bool) -> Option<String> {
    let unsafe_in_live = livemode && validation == Validation::None;
    unsafe_in_live.then(|| "in live mode deliveries must be validated".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(kind: Kind, names: &[&str]) -> Vec<String> {
        whole_types(kind, names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn event_types_are_those_of_their_kind() {
        let cases = [
            (Kind::WebhookEndpoint, "customer.created", ""),
            (Kind::SnapshotDestination, "customer.created", ""),
            (Kind::ThinDestination, "v1.customer.created", ""),
            (Kind::ThinDestination, "v1.customer.subscription.past_due", ""),
            (Kind::ThinDestination, "v2.core.account[configuration.merchant].capability_status_updated", ""),
            (Kind::ThinDestination, "v1.customer", ""),
            (Kind::WebhookEndpoint, "invoice.payed", "did you mean invoice.paid?"),
            (Kind::ThinDestination, "v1.invoice.payed", "did you mean v1.invoice.paid?"),
            (Kind::ThinDestination, "customer.created", "as v1.customer.created"),
            (Kind::ThinDestination, "treasury.received_debit.created", "has no such twin"),
            (Kind::WebhookEndpoint, "v1.customer.created", "customer.created is meant"),
            (Kind::SnapshotDestination, "v1.customer", "customer is meant"),
            (Kind::ThinDestination, "v2.core.\n", "there is no event type"),
            (Kind::ThinDestination, "v2.core account", "there is no event type"),
            (Kind::ThinDestination, "", "there is no event type"),
        ];
        for (kind, name, text) in cases {
            let judged = check_events(kind, &[name.to_owned()]);
            assert_eq!(judged.is_ok(), text.is_empty(), "{kind:?} {name}: {judged:?}");
            assert!(judged.err().unwrap_or_default().contains(text), "{kind:?} {name}");
        }
        assert!(check_events(Kind::ThinDestination, &[format!("v2.{}", "x".repeat(300))]).is_err());
        assert!(check_events(Kind::ThinDestination, &[]).is_err());
        assert!(Kind::ALL.iter().all(|kind| check_events(*kind, &["*".to_owned()]).is_ok()));
    }

    #[test]
    fn families_become_their_types_and_all_stands_alone() {
        assert_eq!(whole(Kind::WebhookEndpoint, &["invoice.paid", "*"]), ["*"]);
        assert_eq!(whole(Kind::WebhookEndpoint, &["invoice.paid", "invoice.paid"]), ["invoice.paid"]);
        assert_eq!(
            whole(Kind::ThinDestination, &["v1.refund"]),
            ["v1.refund.created", "v1.refund.failed", "v1.refund.updated"]
        );
        assert_eq!(whole(Kind::WebhookEndpoint, &["refund", "refund.failed"]).len(), 3);
        assert_eq!(whole(Kind::ThinDestination, &["v2.core.account"]), ["v2.core.account"]);
    }
}
