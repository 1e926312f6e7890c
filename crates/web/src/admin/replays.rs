//! Replays of many events: the list, the page of one with its progress, and how to stop it.

pub(super) mod list;
pub(super) mod page;

use tollgate_models::events::Filter;
use tollgate_models::replays::{Replay, Status};

use super::guard::sentence;
use super::parts::EndpointNames;
use super::show::{Badge, Stamp, count};
use crate::replay::in_words;

const PATH: &str = "/admin/replays";

/// The page of a replay.
pub(super) fn address(number: i64) -> String {
    format!("{PATH}/{number}")
}

/// A replay as a list or its own page shows it.
pub(super) struct ReplayRow {
    pub(super) number: i64,
    pub(super) href: String,
    pub(super) status: Badge,
    pub(super) runs: bool,
    pub(super) percent: i64,
    pub(super) events: String,
    pub(super) handler: Option<String>,
    pub(super) actor: String,
    pub(super) reason: String,
    pub(super) replayed: String,
    pub(super) skipped: String,
    pub(super) has_skipped: bool,
    pub(super) begun: Stamp,
}

impl ReplayRow {
    pub(super) fn new(replay: &Replay, names: &EndpointNames, now: i64) -> Self {
        Self {
            number: replay.id,
            href: address(replay.id),
            status: replay.status.into(),
            runs: replay.status == Status::Running,
            percent: percent(replay),
            events: match filter(replay) {
                Some(filter) => words(&filter, names),
                None => "Its filter cannot be read".to_owned(),
            },
            handler: replay.handler.clone(),
            actor: replay.actor.clone(),
            reason: replay.reason.clone(),
            replayed: count(replay.replayed),
            skipped: count(replay.skipped),
            has_skipped: replay.skipped > 0,
            begun: Stamp::short(replay.created_at, now),
        }
    }
}

fn filter(replay: &Replay) -> Option<Filter> {
    serde_json::from_str(&replay.filter).ok()
}

fn words(filter: &Filter, names: &EndpointNames) -> String {
    let words = in_words(filter, |uuid| format!("“{}”", names.name(Some(uuid))));
    sentence(&words).trim_end_matches('.').to_owned()
}

// Events are looked through in the order of their numbers; where the first one stands is not known.
fn percent(replay: &Replay) -> i64 {
    match replay.status {
        Status::Done => 100,
        _ => (replay.position.clamp(0, replay.last) * 100).checked_div(replay.last).unwrap_or_default(),
    }
}
