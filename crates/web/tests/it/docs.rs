//! What the documentation promises to list, it lists.

use tollgate::config::{SETTINGS, file_key};
use tollgate::models::events::{Cause, Status};
use tollgate::models::mirror::{Column, KINDS, Kind};
use tollgate::models::runs::Outcome;

// The sources that name the reasons: their types are nobody else's business.
const JUDGE: &str = include_str!("../../src/intake/judge.rs");
const SIGNATURES: &str = include_str!("../../../stripe-client/src/webhook.rs");

/// The codes that a source's `match` arms answer.
fn codes(source: &str) -> impl Iterator<Item = &str> {
    let arms =
        source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \"")).map(|arm| arm.1);
    arms.filter_map(|code| code.strip_suffix("\","))
}

fn page(name: &str) -> String {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cells of the table row that starts with a code.
fn row<'a>(page: &'a str, code: &str) -> Vec<&'a str> {
    let start = format!("| `{code}` |");
    let line = page.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row {code}"));
    line.trim_matches('|').split(" | ").map(str::trim).collect()
}

#[test]
fn every_setting_is_described_with_its_default() {
    let page = page("configuration.md");
    for setting in SETTINGS {
        let cells = row(&page, setting.name);
        let default = setting.default.map_or("none".to_owned(), |text| format!("`{text}`"));
        assert_eq!(cells[1..3], [format!("`{}`", file_key(setting)), default], "{}", setting.name);
    }
    let described = page.lines().filter(|line| line.starts_with("| `") && line.contains("` | `")).count();
    assert_eq!(described, SETTINGS.len(), "the page describes a setting that is not there");
}

#[test]
fn the_example_file_is_read_as_it_is() {
    let page = page("configuration.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = tollgate::Config::from_sources(|_| None, Some(example)).unwrap();
    assert_eq!((config.workers, config.listen.port()), (2, 8000));
}

#[test]
fn every_reason_status_outcome_and_cause_is_described() {
    let page = page("events.md");
    let reasons: Vec<&str> = codes(JUDGE).chain(codes(SIGNATURES)).collect();
    assert!(reasons.len() >= 13, "{reasons:?}");
    for reason in reasons {
        assert_eq!(row(&page, reason).len(), 3, "{reason} needs what happened and what to do");
    }
    let statuses = Status::ALL.iter().map(|status| status.as_str());
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.as_str());
    for code in statuses.chain(outcomes) {
        row(&page, code);
    }
    for cause in Cause::ALL {
        assert!(page.contains(&format!("`{cause}`")), "{cause}");
    }
}

#[test]
fn the_described_waits_are_the_real_ones() {
    let shown: Vec<String> = tollgate::config::RETRY_DELAYS
        .iter()
        .map(|delay| match delay.as_secs() {
            seconds @ 0..60 => format!("{seconds} s"),
            seconds @ 60..3600 => format!("{} min", seconds / 60),
            seconds => format!("{} h", seconds / 3600),
        })
        .collect();
    assert!(page("configuration.md").contains(&shown.join(", ")), "{shown:?}");
    let (last, others) = shown.split_last().unwrap();
    assert!(page("events.md").contains(&format!("{} and {last}", others.join(", "))));
}

#[test]
fn links_between_pages_lead_somewhere() {
    let folder = format!("{}/../../docs", env!("CARGO_MANIFEST_DIR"));
    for name in ["configuration.md", "events.md", "embedding.md"] {
        for link in page(name).split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file = if file.is_empty() { name } else { file };
            assert!(std::path::Path::new(&folder).join(file).exists(), "{name}: {link}");
            let heading = anchor.replace('-', " ");
            let there = anchor.is_empty()
                || page(file).to_lowercase().lines().any(|line| line.trim_start_matches('#').trim() == heading);
            assert!(there, "{name}: {link}");
        }
    }
}

#[test]
fn every_type_with_a_table_is_described_with_its_columns() {
    let row = |kind: &&Kind| {
        let column = |column: &Column| match column.refers_to {
            Some(object) => format!("{} → {object}", column.name),
            None => column.name.to_owned(),
        };
        let columns: Vec<String> = kind.columns.iter().map(column).collect();
        format!("| {} | `{}` | `{}` | {} |\n", kind.group, kind.object, kind.table, columns.join(", "))
    };
    let table: String = KINDS.iter().map(row).collect();
    assert!(page("objects.md").contains(&table), "docs/objects.md must have:\n{table}");
}
