//! `/v1/events` and `/v2/core/events`: what happened in the last 30 days, as snapshot and as thin events.

use serde_json::Value;
use tollgate_stripe_client::event::Kind;

use super::{Call, KIND, Kind as ObjectKind, get, list_at, page};
use crate::failure::{Answer, Failure};
use crate::fields::{Given, flag, text, texts, tree};
use crate::state::State;
use crate::state::events::Stored;

/// How long events can be read, in seconds (<https://docs.stripe.com/api/events>).
const KEPT: i64 = 30 * 24 * 3600;
const MOST_TYPES: usize = 20;

pub(super) static EVENT: ObjectKind = ObjectKind {
    object: "event",
    path: "/v1/events",
    noun: "event",
    permission: "event",
    routes: &[
        list_at("", &[], &[text("type"), texts("types"), flag("delivery_success")], list),
        get("/{}", &[], retrieve),
    ],
    ..KIND
};

pub(super) static THIN_EVENT: ObjectKind = ObjectKind {
    object: "v2.core.event",
    path: "/v2/core/events",
    noun: "event",
    permission: "event",
    routes: &[
        get(
            "",
            &[texts("types"), text("object_id"), tree("created"), page::FIELDS_V2[0], page::FIELDS_V2[1]],
            list_thin,
        ),
        get("/{}", &[], retrieve),
    ],
    ..KIND
};

fn list(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.given)?;
    let wanted = Wanted::parse(&call.given)?;
    let delivered = call.given.flag("/delivery_success");
    let fits = |event: &&Stored| {
        created.contains(&event.created)
            && wanted.fits(&event.event_type)
            && delivered.is_none_or(|delivered| delivered == event.waiting.is_empty())
    };
    let rows: Vec<&Stored> = kept(state, call).filter(fits).collect();
    page::page(call, &rows, |event| &event.id, |event| show(state, call, event))
}

fn list_thin(state: &mut State, call: &Call) -> Answer {
    let created = page::created_at(&call.given)?;
    let wanted = Wanted::parse(&call.given)?;
    let object = call.given.text("/object_id");
    let fits = |event: &&Stored| {
        created.contains(&event.created)
            && wanted.fits(&event.event_type)
            && object.is_none_or(|id| event.related_id() == Some(id))
    };
    let rows: Vec<&Stored> = kept(state, call).filter(fits).collect();
    page::page_by_url(call, &rows, |event| &event.id, |event| show(state, call, event))
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    match state.events.find(call.id()).filter(|event| is_kept(state, call, event)) {
        Some(event) if event.scope == call.scope => Ok(show(state, call, event)),
        Some(event) if event.scope.account == call.scope.account => {
            Err(Failure::other_mode("event", call.id(), call.scope.livemode))
        }
        _ => Err(Failure::no_such("event", call.id())),
    }
}

/// The events that a call may see, newest first.
fn kept<'a>(state: &'a State, call: &'a Call) -> impl Iterator<Item = &'a Stored> {
    state.events.newest(&call.scope).filter(|event| is_kept(state, call, event))
}

/// Whether an event is young enough and of the kind that the call is about.
fn is_kept(state: &State, call: &Call, event: &Stored) -> bool {
    let thin = call.kind.object == "v2.core.event";
    event.created >= state.now() - KEPT && (event.kind() == Kind::Thin) == thin
}

/// In the account's version, whatever the caller asks for: an event is rendered when it happens.
fn show(state: &State, call: &Call, event: &Stored) -> Value {
    event.render(&state.settings.api_version, &call.owner, event.waiting.len())
}

/// The types that a list is narrowed to; empty means all.
struct Wanted(Vec<String>);

impl Wanted {
    fn parse(given: &Given) -> Result<Self, Failure> {
        match (given.text("/type"), given.texts("/types")) {
            (Some(_), Some(_)) => {
                Err(Failure::invalid(400, "You may only specify one of these parameters: type, types."))
            }
            (_, Some(types)) if types.len() > MOST_TYPES => {
                Err(Failure::param("types", format!("You may pass up to {MOST_TYPES} types.")))
            }
            (_, Some(types)) => Ok(Self(types.into_iter().map(str::to_owned).collect())),
            (one, None) => Ok(Self(one.map(str::to_owned).into_iter().collect())),
        }
    }

    fn fits(&self, event_type: &str) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(prefix) => event_type.starts_with(prefix),
            None => wanted == event_type,
        };
        self.0.is_empty() || self.0.iter().any(fits)
    }
}
