//! The contents of an object as its page lists them, newest first: each with what changed, or that it is no longer kept.

use tollgate_models::mirror::{Expired, Version};

use super::Past;
use crate::admin::events::address;
use crate::admin::events::changes::{Change, between, told};
use crate::admin::show::Stamp;

/// One content of the object.
pub(in crate::admin) struct Step {
    pub(super) event: Option<Linked>,
    pub(super) at: Stamp,
    pub(super) api_version: String,
    pub(super) kept: Kept,
    pub(super) deleted: bool,
    pub(super) changes: Vec<Change>,
}

/// What is kept of a content and the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Both.
    Whole,
    /// Nothing came before it that is known.
    First,
    /// The one before it has expired.
    Alone,
    /// It has expired itself.
    Nothing,
}

pub(super) struct Linked {
    pub(super) type_: String,
    /// None if the event is no longer here.
    pub(super) href: Option<String>,
}

#[derive(Clone, Copy)]
enum Entry<'a> {
    Kept(&'a Version),
    Gone(&'a Expired),
}

/// Everything that is known, newest first.
pub(super) fn all(past: &Past, shows_content: bool, now: i64) -> Vec<Step> {
    let entries = merged(past);
    let step = |(index, entry): (usize, &Entry<'_>)| match entry {
        Entry::Kept(version) => kept(past, version, entries.get(index + 1), shows_content, now),
        Entry::Gone(expired) => gone(expired, now),
    };
    entries.iter().enumerate().map(step).collect()
}

// Of one second, what is kept comes first.
fn merged(past: &Past) -> Vec<Entry<'_>> {
    let (mut versions, mut expired) = (past.versions.iter().peekable(), past.expired.iter().peekable());
    let mut entries = Vec::with_capacity(past.versions.len() + past.expired.len());
    loop {
        let newer = match (versions.peek(), expired.peek()) {
            (Some(version), Some(expired)) => version.as_of >= expired.as_of,
            (version, _) => version.is_some(),
        };
        let next = if newer { versions.next().map(Entry::Kept) } else { expired.next().map(Entry::Gone) };
        match next {
            Some(entry) => entries.push(entry),
            None => return entries,
        }
    }
}

fn kept(past: &Past, version: &Version, before: Option<&Entry<'_>>, shows_content: bool, now: i64) -> Step {
    let changes = match before {
        Some(Entry::Kept(before)) => between("", &before.object, &version.object),
        _ => version.previous.as_ref().map(|previous| told(previous, &version.object)).unwrap_or_default(),
    };
    Step {
        event: version.event_id.as_deref().map(|id| Linked {
            type_: version.event_type.clone(),
            href: past.present.contains(id).then(|| address(id)),
        }),
        at: Stamp::short(version.as_of.saturating_mul(1000), now),
        api_version: version.api_version.clone().unwrap_or_default(),
        kept: match before {
            Some(Entry::Kept(_)) => Kept::Whole,
            Some(Entry::Gone(_)) => Kept::Alone,
            None => Kept::First,
        },
        deleted: version.is_deletion(),
        changes: changes.into_iter().map(|change| shown(change, shows_content)).collect(),
    }
}

fn gone(expired: &Expired, now: i64) -> Step {
    Step {
        event: Some(Linked { type_: expired.event_type.clone(), href: Some(address(&expired.event_id)) }),
        at: Stamp::short(expired.as_of.saturating_mul(1000), now),
        api_version: String::new(),
        kept: Kept::Nothing,
        deleted: false,
        changes: Vec::new(),
    }
}

// Values may be personal data; that a field changed is not.
fn shown(change: Change, shows_content: bool) -> Change {
    let field = change.field.trim_start_matches('.').to_owned();
    if shows_content {
        Change { field, ..change }
    } else {
        Change { field, before: String::new(), after: String::new() }
    }
}
