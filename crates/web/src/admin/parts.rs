//! Small pieces that several pages are made of: facts, choices, tabs, and the names of endpoints.

use std::collections::HashMap;
use std::time::Duration;

use tollgate_models::endpoints::{self, Endpoint};
use tollgate_models::page::Cursor;
use tollgate_models::{AnyConnection, QueryResult};
use url::Url;

use super::fields::{Fields, link};
use super::show::{Id, Stamp};

/// A line of a summary: a text, an id, or a time.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) id: Option<Id>,
    pub(super) at: Option<Stamp>,
}

impl Fact {
    pub(super) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), id: None, at: None }
    }

    pub(super) fn id(name: &'static str, id: Id) -> Self {
        Self { name, text: String::new(), id: Some(id), at: None }
    }

    pub(super) fn at(name: &'static str, at: Stamp) -> Self {
        Self { name, text: String::new(), id: None, at: Some(at) }
    }
}

/// An option of a list to choose from.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// Options out of values and labels.
pub(super) fn choices(options: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    let choice = |(value, label): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        chosen: *value == chosen,
    };
    options.iter().map(choice).collect()
}

/// A link that narrows a list to one state.
pub(super) struct Tab {
    pub(super) href: String,
    pub(super) label: String,
    pub(super) current: bool,
}

/// Tabs for the values of one field; the other fields stay, the place in the list does not.
pub(super) fn tabs<'a>(path: &str, query: &Fields, field: &str, values: impl Iterator<Item = &'a str>) -> Vec<Tab> {
    let kept = query.without(&[field, "before", "after"]);
    let tab = |value: &str| {
        let mut fields = kept.clone();
        if !value.is_empty() {
            fields.push((field.to_owned(), value.to_owned()));
        }
        let label = if value.is_empty() {
            "All".to_owned()
        } else {
            super::guard::sentence(value).trim_end_matches('.').to_owned()
        };
        Tab { href: link(path, &fields), label, current: query.get(field) == value }
    };
    std::iter::once("").chain(values).map(tab).collect()
}

/// The place in a list that a query names.
pub(super) fn cursor(query: &Fields) -> Cursor {
    let number = |name| query.get(name).parse::<i64>().ok();
    match (number("before"), number("after")) {
        (Some(before), _) => Cursor::Before(before),
        (None, Some(after)) => Cursor::After(after),
        (None, None) => Cursor::Newest,
    }
}

/// The link to a neighbouring page of the same list.
pub(super) fn neighbour(path: &str, query: &Fields, cursor: Option<Cursor>) -> Option<String> {
    let mut fields = query.without(&["before", "after"]);
    match cursor? {
        Cursor::Before(before) => fields.push(("before".to_owned(), before.to_string())),
        Cursor::After(after) => fields.push(("after".to_owned(), after.to_string())),
        Cursor::Newest => {}
    }
    Some(link(path, &fields))
}

/// What to call an endpoint: its description, else where it is.
pub(super) fn name_of(endpoint: &Endpoint) -> String {
    if !endpoint.description.is_empty() {
        return endpoint.description.clone();
    }
    let host = Url::parse(&endpoint.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    format!("{} …{}", host.unwrap_or_default(), endpoint.uuid.rsplit('-').next().unwrap_or_default())
}

/// The endpoints by their UUID, for lists that name them.
pub(super) struct EndpointNames(HashMap<String, String>, Vec<(String, String)>);

impl EndpointNames {
    pub(super) fn load(conn: &mut AnyConnection) -> QueryResult<Self> {
        Ok(Self::of(&endpoints::list(conn)?))
    }

    pub(super) fn of(endpoints: &[Endpoint]) -> Self {
        let pairs: Vec<(String, String)> =
            endpoints.iter().map(|endpoint| (endpoint.uuid.clone(), name_of(endpoint))).collect();
        Self(pairs.iter().cloned().collect(), pairs)
    }

    /// The name for a UUID; one that is deleted keeps the start of its UUID.
    pub(super) fn name(&self, uuid: Option<&str>) -> String {
        let Some(uuid) = uuid else { return "legacy URL".to_owned() };
        let short: String = uuid.chars().take(8).collect();
        self.0.get(uuid).cloned().unwrap_or_else(|| format!("{short}… (deleted)"))
    }

    /// To choose from in a filter.
    pub(super) fn choices(&self, chosen: &str) -> Vec<Choice> {
        let choice = |(uuid, name): &(String, String)| Choice {
            value: uuid.clone(),
            label: name.clone(),
            chosen: uuid == chosen,
        };
        self.1.iter().map(choice).collect()
    }
}

/// A span of time as an operator reads it.
pub(super) fn span(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = duration.as_secs();
    let Some(largest) = UNITS.iter().position(|(length, _)| seconds >= *length) else {
        return format!("{} ms", duration.as_millis());
    };
    let (length, unit) = UNITS[largest];
    let next = UNITS.get(largest + 1).map(|(length, unit)| (seconds % UNITS[largest].0 / length, unit));
    match next {
        Some((rest, smaller)) if rest > 0 => format!("{} {unit} {rest} {smaller}", seconds / length),
        _ => format!("{} {unit}", seconds / length),
    }
}

/// Where Stripe's dashboard shows a thing; nothing if this Stripe is a simulator.
pub(super) fn at_stripe(config: &crate::Config, livemode: bool, path: &str) -> Option<String> {
    let mode = if livemode { "" } else { "test/" };
    (!config.stripe_is_local()).then(|| format!("https://dashboard.stripe.com/{mode}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_read_well() {
        for (millis, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_999, "1 s"),
            (60_000, "1 min"),
            (61_000, "1 min 1 s"),
            (7_200_000, "2 h"),
            (86_399_000, "23 h 59 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}
