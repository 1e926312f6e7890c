//! The page of an upgrade: how it stands, the table by event type, and the two endpoints.

use askama::Template;
use tollgate_models::endpoints::{Endpoint, Status};
use tollgate_models::upgrades::{Status as Stage, Upgrade};

use super::upgrade::upgrade_address;
use super::{Notice, address};
use crate::admin::fields::segment;
use crate::admin::guard::sentence;
use crate::admin::layout::Layout;
use crate::admin::parts::{Fact, name_of};
use crate::admin::show::{Badge, Id, Mode, Stamp, Tone, count};
use crate::endpoints::upgrade::{ColumnFinding, Comparison, Sides, TypeComparison};

/// For whom a page is shown, and when.
pub(super) struct Views {
    pub(super) operator: bool,
    pub(super) has_handlers: bool,
    pub(super) now: i64,
}

/// An event type's line.
struct TypeRow {
    type_: String,
    href: String,
    both: String,
    only_shadow: String,
    taken_in: String,
    only_live: String,
    compared: usize,
    paths: usize,
    /// Columns that read something else, those that read nothing any more first; none if there are no columns.
    columns: Option<Columns>,
    failing: Vec<String>,
    tried: usize,
}

struct Columns {
    lost: Vec<String>,
    other: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/upgrade.html")]
pub(super) struct UpgradePage {
    layout: Layout,
    name: String,
    live_url: String,
    base: String,
    mode: Mode,
    stage: Badge,
    from: String,
    to: String,
    may_swap: bool,
    swap_label: &'static str,
    may_abandon: bool,
    may_try: bool,
    retry: Option<String>,
    notices: Vec<Notice>,
    sides: [(&'static str, Vec<Fact>); 2],
    rows: Vec<TypeRow>,
    both: String,
    differ: usize,
    failing: usize,
    tried: bool,
    tried_at: Option<Stamp>,
}

impl UpgradePage {
    pub(super) fn new(
        layout: Layout,
        sides: Sides,
        comparison: Comparison,
        took: (Option<i64>, Option<i64>),
        views: Views,
    ) -> Self {
        let Views { operator, has_handlers, now } = views;
        let upgrade = &sides.upgrade;
        let base = upgrade_address(&sides.live.uuid);
        let mut failing: Vec<&str> =
            comparison.types.iter().flat_map(|one| one.failing().map(|found| found.handler.as_str())).collect();
        failing.sort_unstable();
        failing.dedup();
        let pending = sides.shadow.status == Status::Pending;
        Self {
            layout,
            name: name_of(&sides.live),
            live_url: address(&sides.live.uuid),
            mode: Mode { live: sides.live.livemode },
            stage: stage(upgrade.status),
            from: version_of(upgrade),
            to: upgrade.to_version.clone(),
            may_swap: operator && !pending && matches!(upgrade.status, Stage::Comparing | Stage::Swapping),
            swap_label: if upgrade.status == Stage::Swapping { "Finish the swap" } else { "Swap" },
            may_abandon: operator && super::upgrade::may_abandon(upgrade.status),
            may_try: operator && has_handlers && upgrade.status == Stage::Comparing && !comparison.types.is_empty(),
            retry: (operator && pending).then(|| format!("{}/retry", address(&sides.shadow.uuid))),
            notices: notices(&sides, has_handlers, now),
            sides: sides_of(&sides, took, now),
            tried_at: comparison.tried_at.map(|at| Stamp::short(at, now)),
            both: count(comparison.types.iter().map(|one| one.tally.both).sum()),
            differ: comparison.types.iter().filter(|one| !one.differences.is_empty()).count(),
            failing: failing.len(),
            tried: comparison.tried_at.is_some(),
            rows: comparison.types.iter().map(|found| row(&base, found)).collect(),
            base,
        }
    }
}

fn row(base: &str, found: &TypeComparison) -> TypeRow {
    TypeRow {
        href: format!("{base}/types/{}", segment(&found.tally.type_)),
        type_: found.tally.type_.clone(),
        both: count(found.tally.both),
        only_shadow: some(found.tally.only_shadow),
        taken_in: some(found.tally.taken_in),
        only_live: some(found.tally.only_live),
        compared: found.compared,
        paths: found.differences.len(),
        columns: found.columns.as_deref().map(columns),
        failing: found.failing().map(|found| found.handler.clone()).collect(),
        tried: found.handlers.len(),
    }
}

fn columns(findings: &[ColumnFinding]) -> Columns {
    let (lost, other): (Vec<&ColumnFinding>, Vec<_>) = findings.iter().partition(|one| one.after.is_null());
    let names = |of: Vec<&ColumnFinding>| of.into_iter().map(|one| one.column.clone()).collect();
    Columns { lost: names(lost), other: names(other) }
}

// Nothing is said of nothing.
fn some(number: i64) -> String {
    if number == 0 { String::new() } else { count(number) }
}

pub(super) fn version_of(upgrade: &Upgrade) -> String {
    upgrade.from_version.clone().unwrap_or_else(|| "the account's default".to_owned())
}

fn stage(stage: Stage) -> Badge {
    let tone = match stage {
        Stage::Comparing => Tone::Info,
        Stage::Swapping | Stage::Abandoning => Tone::Waiting,
        Stage::Swapped => Tone::Good,
        Stage::Abandoned => Tone::Quiet,
    };
    Badge::new(tone, stage.as_str())
}

/// How an upgrade stands, in a sentence.
pub(super) fn stage_text(upgrade: &Upgrade) -> String {
    let version = &upgrade.to_version;
    match upgrade.status {
        Stage::Comparing => format!("An upgrade to {version} is under way: every event also comes in that version."),
        Stage::Swapping => format!("The endpoint in {version} is live; the old one is still to be disabled."),
        Stage::Abandoning => format!("The upgrade to {version} is given up; its shadow is still to be deleted."),
        Stage::Swapped => format!("This endpoint took part in an upgrade to {version}, which was swapped."),
        Stage::Abandoned => format!("An upgrade to {version} was tried before, and abandoned."),
    }
}

/// What an upgrade that is under way means for an endpoint's page.
pub(super) fn upgrade_notice(endpoint: &Endpoint, upgrade: Option<&Upgrade>) -> Option<Notice> {
    let upgrade = upgrade.filter(|upgrade| upgrade.finished_at.is_none())?;
    let text = if upgrade.status == Stage::Comparing && endpoint.uuid == upgrade.shadow_uuid {
        "This is the shadow of an upgrade: what comes by it is only compared, until it takes the place of the live endpoint.".to_owned()
    } else {
        stage_text(upgrade)
    };
    Some(Notice { tone: Tone::Info, text })
}

/// The other endpoint of an upgrade.
pub(super) fn upgrade_facts(endpoint: &Endpoint, upgrade: Option<&Upgrade>) -> Option<Fact> {
    let upgrade = upgrade?;
    let other = if endpoint.uuid == upgrade.live_uuid { &upgrade.shadow_uuid } else { &upgrade.live_uuid };
    let name = match (upgrade.status, other == &upgrade.shadow_uuid) {
        (Stage::Abandoned, _) => return None,
        (Stage::Swapping | Stage::Swapped, true) => "Upgraded by",
        (Stage::Swapping | Stage::Swapped, false) => "Upgrade of",
        (_, true) => "Shadow",
        (_, false) => "Shadow of",
    };
    Some(Fact::id(name, Id::link(other, address(other))))
}

fn notices(sides: &Sides, has_handlers: bool, now: i64) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut add = |tone, text: String| notices.push(Notice { tone, text });
    if let Some(error) = &sides.upgrade.last_error {
        add(Tone::Bad, sentence(error));
    }
    if let Some(obstacle) = &sides.obstacle {
        add(Tone::Warn, format!("Not ready to swap: {}", sentence(obstacle).replacen("The ", "the ", 1)));
    }
    if sides.upgrade.status == Stage::Comparing && matches!(sides.live.status, Status::Disabled | Status::Deleted) {
        let status = sides.live.status;
        let text = format!(
            "The live endpoint is {status} at Stripe. What comes by the shadow alone is taken in an hour later, in the new version. \
             Enable the live endpoint, swap, or abandon the upgrade."
        );
        add(Tone::Warn, text);
    }
    if !has_handlers {
        add(
            Tone::Info,
            "This server has no handlers to try. The mirror and the paths are compared all the same.".to_owned(),
        );
    }
    let fresh = sides.upgrade.begun_at.is_some_and(|at| now - at < 24 * 3600 * 1000);
    if sides.upgrade.status == Stage::Comparing && sides.obstacle.is_none() && fresh {
        add(Tone::Info, "Handlers and the mirror get what the live endpoint brings; what comes by the shadow is only compared. Let it \
             run until every type that matters has come.".to_owned());
    }
    notices
}

fn sides_of(sides: &Sides, took: (Option<i64>, Option<i64>), now: i64) -> [(&'static str, Vec<Fact>); 2] {
    let upgrade = &sides.upgrade;
    let side = |endpoint: &Endpoint, version: String, took: Option<i64>| {
        vec![
            Fact::id("Endpoint", Id::link(&endpoint.uuid, address(&endpoint.uuid))),
            Fact::text("API version", version),
            Fact::text("State", endpoint.status.to_string()),
            match took {
                Some(at) => Fact::at("Last delivery", Stamp::short(at, now)),
                None => Fact::text("Last delivery", "none yet"),
            },
        ]
    };
    let live = side(&sides.live, version_of(upgrade), took.0);
    let mut shadow = side(&sides.shadow, upgrade.to_version.clone(), took.1);
    shadow.push(Fact::at("Begun", Stamp::short(upgrade.created_at, now)));
    shadow.push(Fact::text("By", &upgrade.actor));
    let swapped = matches!(upgrade.status, Stage::Swapping | Stage::Swapped);
    let headings =
        if swapped { ["The old endpoint", "The live endpoint"] } else { ["The live endpoint", "The shadow"] };
    [(headings[0], live), (headings[1], shadow)]
}
