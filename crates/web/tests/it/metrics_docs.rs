//! The page about metrics and the dashboard name what a scrape has, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;
use tollgate::{HandlerResult, Handlers, Task};

use crate::support::{Scrape, Setup, with_token};

const DASHBOARD: &str = include_str!("../../../../docs/grafana/tollgate.json");
const PAGE: &str = include_str!("../../../../docs/metrics.md");
const EVENTS: &str = include_str!("../../../../docs/events.md");

async fn nothing(_: Task) -> HandlerResult {
    Ok(())
}

/// A scrape in which every metric has a series.
async fn scrape() -> Scrape {
    let handlers = Handlers::new().on_as("one", "*", |_, _| Ok(())).after_commit_as("two", "*", nothing);
    Scrape::of(&Setup::new().config(with_token).handlers(handlers).start().await).await
}

/// The names in a query.
fn names(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("tollgate_"))
}

fn queries<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str));
            found.extend(fields.get("query").and_then(Value::as_str));
            fields.values().for_each(|value| queries(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_metric_of_the_dashboard_is_in_a_scrape() {
    let scrape = scrape().await;
    let known: BTreeSet<&str> = scrape.series.keys().filter_map(|series| series.split('{').next()).collect();
    let (dashboard, mut found) = (serde_json::from_str(DASHBOARD).unwrap(), Vec::new());
    queries(&dashboard, &mut found);
    let used: BTreeSet<&str> = found.iter().flat_map(|query| names(query)).collect();
    assert!(found.len() > 20 && used.len() > 20, "{found:?}");
    let unknown: Vec<_> = used.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not in {known:?}");
    let rows = |panel: &Value| (panel["type"] == "row").then(|| panel["title"].as_str().unwrap().to_owned());
    let rows: Vec<_> = dashboard["panels"].as_array().unwrap().iter().filter_map(rows).collect();
    assert_eq!(rows, ["Intake", "Queue", "Handlers", "Tasks", "Trouble", "Mirror and Stripe"]);
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
}

/// Name, type and labels.
type Described = (String, String, Vec<String>);

fn described() -> Vec<Described> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `tollgate_"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 4 && cells[3].len() > 10, "{line}");
        let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (cells[0].trim_matches('`').to_owned(), cells[1].to_owned(), labels)
    })
    .collect()
}

fn labels(scrape: &Scrape, metric: &str) -> Vec<String> {
    let mine = |series: &&String| {
        let rest = series.split('{').next().unwrap().strip_prefix(metric);
        rest.is_some_and(|rest| ["", "_bucket", "_count", "_sum"].contains(&rest))
    };
    let series = scrape.series.keys().find(mine).unwrap_or_else(|| panic!("no series of {metric}"));
    let labels = series.split_once('{').map_or("", |(_, labels)| labels).split(',');
    labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned())).filter(|label| label != "le").collect()
}

#[tokio::test]
async fn every_metric_is_described_with_its_type_and_labels() {
    let scrape = scrape().await;
    let described = described();
    let told: Vec<Described> =
        scrape.types.iter().map(|(name, kind)| (name.clone(), kind.clone(), labels(&scrape, name))).collect();
    for metric in &told {
        assert!(described.contains(metric), "docs/metrics.md does not describe {metric:?}");
    }
    assert_eq!(described.len(), told.len(), "docs/metrics.md describes what is not there");
}

#[tokio::test]
async fn every_reason_of_a_refusal_is_counted() {
    let table = EVENTS.split("### Reasons of a refusal").nth(1).unwrap().split("\n\n").next().unwrap();
    let reasons: BTreeSet<String> =
        table.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned())).collect();
    assert!(reasons.len() >= 13, "{reasons:?}");
    assert_eq!(scrape().await.labels("tollgate_deliveries_refused_total", "reason"), reasons);
}

#[test]
fn every_alert_that_is_suggested_asks_for_a_metric_that_is_described() {
    let described: Vec<String> = described().into_iter().map(|(name, ..)| name).collect();
    let alerts = PAGE.split("## Alerts").nth(1).unwrap();
    let used: Vec<&str> = names(alerts).collect();
    assert!(used.len() >= 6, "{used:?}");
    for name in used {
        let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(described.iter().any(|known| known == stem || known == name), "{name}");
    }
}
