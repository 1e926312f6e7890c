//! One event type of an upgrade: what arrived, which handlers fail, and which paths and columns differ.

use askama::Template;
use serde_json::Value;

use super::address;
use super::upgrade::upgrade_address;
use super::upgrade_view::version_of;
use crate::admin::events;
use crate::admin::layout::Layout;
use crate::admin::parts::name_of;
use crate::admin::show::{Badge, Tone, count};
use crate::endpoints::upgrade::{Change, ColumnFinding, Difference, HandlerFinding, Sides, TypeComparison};

/// Longer values are cut, in bytes.
const LONGEST: usize = 300;

/// A path or a column, in both versions.
struct Line {
    name: String,
    events: usize,
    before: String,
    after: String,
}

struct Group {
    id: &'static str,
    heading: &'static str,
    text: &'static str,
    lines: Vec<Line>,
}

struct HandlerLine {
    verdict: Badge,
    handler: String,
    text: String,
    error: Option<String>,
    event: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin/upgrade_type.html")]
pub(super) struct TypePage {
    layout: Layout,
    name: String,
    live_url: String,
    base: String,
    type_: String,
    from: String,
    to: String,
    counts: Vec<(&'static str, String)>,
    compared: usize,
    shows_content: bool,
    groups: Vec<Group>,
    columns: Option<Vec<Line>>,
    handlers: Vec<HandlerLine>,
}

impl TypePage {
    pub(super) fn new(layout: Layout, sides: &Sides, found: TypeComparison, shows_content: bool) -> Self {
        let tally = &found.tally;
        let columns = found.columns.as_ref().map(|columns| {
            let line = |one: &ColumnFinding| Line {
                name: one.column.clone(),
                events: one.events,
                before: text(&one.before),
                after: text(&one.after),
            };
            columns.iter().map(line).collect()
        });
        Self {
            layout,
            name: name_of(&sides.live),
            live_url: address(&sides.live.uuid),
            base: upgrade_address(&sides.live.uuid),
            from: version_of(&sides.upgrade),
            to: sides.upgrade.to_version.clone(),
            counts: vec![
                ("By both", count(tally.both)),
                ("Only by the shadow so far", count(tally.only_shadow)),
                ("Taken in from the shadow", count(tally.taken_in)),
                ("Only by the live one so far", count(tally.only_live)),
            ],
            compared: found.compared,
            shows_content,
            groups: groups(&found.differences),
            columns,
            handlers: found.handlers.iter().map(|found| handler_line(found, shows_content)).collect(),
            type_: tally.type_.clone(),
        }
    }
}

fn groups(differences: &[Difference]) -> Vec<Group> {
    let group = |change, id, heading, text| {
        let of = differences.iter().filter(|found| found.change == change);
        Group { id, heading, text, lines: of.map(line).collect() }
    };
    [
        group(Change::Removed, "removed", "Removed", "Paths that are not there in the new version"),
        group(Change::Type, "type", "Other type", "Paths whose value has another type"),
        group(Change::Added, "added", "Added", "Paths that only the new version has"),
        group(Change::Value, "value", "Other value", "Paths whose value is another"),
    ]
    .into_iter()
    .filter(|group| !group.lines.is_empty())
    .collect()
}

fn line(found: &Difference) -> Line {
    let (before, after) = match found.change {
        Change::Removed => (text(&found.before), String::new()),
        Change::Added => (String::new(), text(&found.after)),
        Change::Type | Change::Value => (text(&found.before), text(&found.after)),
    };
    let name = if found.path.is_empty() { "the whole object".to_owned() } else { found.path.clone() };
    Line { name, events: found.events, before, after }
}

fn text(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push_str(" …");
    }
    text
}

fn handler_line(found: &HandlerFinding, shows_content: bool) -> HandlerLine {
    let (tone, word) = match (found.failed, found.failed_before) {
        (0, _) => (Tone::Good, "succeeds"),
        (failed, before) if failed == before => (Tone::Warn, "fails already"),
        _ => (Tone::Bad, "would fail"),
    };
    let text = match found.failed {
        0 => format!("on {} of {}", found.tried, found.tried),
        failed => format!("on {failed} of {}", found.tried),
    };
    HandlerLine {
        verdict: Badge::new(tone, word),
        handler: found.handler.clone(),
        text,
        // An error may quote what it was about.
        error: found.error.clone().filter(|_| shows_content),
        event: found.event_id.as_ref().map(|id| (id.clone(), events::address(id))),
    }
}

#[cfg(test)]
mod tests {
    use super::{HandlerFinding, handler_line};

    #[test]
    fn what_a_handler_says_is_for_those_who_may_see_contents() {
        let found = HandlerFinding {
            handler: "send_receipt".to_owned(),
            tried: 2,
            failed: 1,
            failed_before: 0,
            error: Some("no such customer: ada@example.com".to_owned()),
            event_id: Some("evt_1".to_owned()),
        };
        assert_eq!(handler_line(&found, false).error, None);
        assert_eq!(handler_line(&found, true).error, found.error);
    }
}
