//! The table of goals: the median of the rounds, their range, and the goal beside it.

use super::{Findings, Round};
use crate::figures::{median, number, range};
use crate::measure::page::Pages;
use crate::measure::statements::Statements;
use crate::rig::database::Kind;
use crate::table::Table;

struct Row {
    work: String,
    unit: &'static str,
    values: Vec<f64>,
    /// One for each value: pgbench's is another one in each round, as busy as the machine was then.
    goals: Vec<f64>,
    /// Whether less is better.
    is_cost: bool,
}

/// A percentile is not averaged with others, so the median round stands for all.
pub fn render(findings: &Findings) -> String {
    let mut table = Table::new(["work", "median", "range", "goal", "ratio"]);
    for row in rows(findings) {
        let goal = format!("{} {}", if row.is_cost { "≤" } else { "≥" }, number(median(&row.goals)));
        let shown = format!("{}{}", number(median(&row.values)), row.unit);
        let ratio = ratio(&row);
        table.row([row.work, shown, range(&row.values), goal, ratio]);
    }
    let pgbench = pgbench(&findings.rounds);
    if !pgbench.is_empty() {
        let work = "pgbench: PostgreSQL alone, one event a commit".to_owned();
        let none = String::new();
        table.row([work, format!("{}/s", number(median(&pgbench))), range(&pgbench), none.clone(), none]);
    }
    let mut text = table.render();
    for (kind, pages) in &findings.pages {
        text += &page_table(*kind, pages);
    }
    if let Some(statements) = &findings.statements {
        text += &statement_table(statements);
    }
    text
}

/// 1 or more reaches the goal; the median of the rounds.
fn ratio(row: &Row) -> String {
    // There is no number of times as many as none.
    if row.goals.contains(&0.0) {
        return if row.values.iter().all(|value| *value == 0.0) { "reached" } else { "missed" }.to_owned();
    }
    let pairs = row.values.iter().zip(&row.goals);
    let ratios = pairs.map(|(value, goal)| if row.is_cost { goal / value } else { value / goal });
    format!("{:.2}", median(&ratios.collect::<Vec<_>>()))
}

fn pgbench(rounds: &[Round]) -> Vec<f64> {
    rounds.iter().filter_map(|round| Some(round.pgbench.as_ref()?.rate)).collect()
}

fn rows(findings: &Findings) -> Vec<Row> {
    let mut rows = Vec::new();
    for kind in [Kind::Postgres, Kind::Sqlite] {
        rows.extend(loads(&findings.rounds, kind));
        let mut once = |work: &str, unit, value, goal| {
            let (values, goals) = (vec![value], vec![goal]);
            rows.push(Row { work: format!("{work}, {}", kind.name()), unit, values, goals, is_cost: true });
        };
        if let Some(calls) = findings.stripe_calls.get(&kind) {
            once("requests to Stripe for each event", "", calls.per_event, 0.0);
        }
        if let (Kind::Postgres, Some(statements)) = (kind, &findings.statements) {
            once("SQL statements for each processed event", "", statements.process, 6.0);
        }
        if let Some(pages) = findings.pages.get(&kind) {
            let work = format!("event log, {} events against {}", number(pages.many as f64), number(pages.few as f64));
            let worst = pages.pages.iter().map(|page| page.ratio).fold(0.0, f64::max);
            once(&format!("{work}, worst of {} pages", pages.pages.len()), " ×", worst, 1.5);
        }
    }
    // The databases side by side: a stable sort keeps PostgreSQL first.
    let order = |row: &Row| ORDER.iter().position(|known| row.work.starts_with(known)).unwrap_or(ORDER.len());
    rows.sort_by_key(order);
    rows
}

/// The lines in the order of the table.
const ORDER: [&str; 7] = ["accept durably", "accept, mirror", "p99", "most memory", "requests", "SQL", "event log"];

fn loads(rounds: &[Round], kind: Kind) -> Vec<Row> {
    let values = |value: &dyn Fn(&Round) -> Option<f64>| -> Vec<f64> { rounds.iter().filter_map(value).collect() };
    let row = |work: &str, unit, values: Vec<f64>, goals, is_cost| Row {
        work: format!("{work}, {}", kind.name()),
        unit,
        values,
        goals,
        is_cost,
    };
    let each = |goal| vec![goal; rounds.len()];
    let (accept_goals, handle_goal) = match kind {
        Kind::Postgres => (pgbench(rounds).iter().map(|rate| 1.5 * rate).collect(), 5000.0),
        Kind::Sqlite => (each(18_000.0), 6000.0),
    };
    let accepted = values(&|round| Some(round.accept.get(&kind)?.report.rate));
    let handled = values(&|round| Some(round.handle.get(&kind)?.rate));
    let late = values(&|round| Some(round.steady.get(&kind)?.report.p99_ms));
    let memory = values(&|round| {
        let parts = [
            round.accept.get(&kind).map(|figure| figure.memory_mb),
            round.steady.get(&kind).map(|figure| figure.memory_mb),
            round.handle.get(&kind).map(|figure| figure.memory_mb),
        ];
        parts.into_iter().flatten().reduce(f64::max)
    });
    let rows = [
        row("accept durably", "/s", accepted, accept_goals, false),
        row("accept, mirror, one handler, processed", "/s", handled, each(handle_goal), false),
        row("p99 at 1,000/s while processing", " ms", late, each(5.0), true),
        row("most memory of the server", " MB", memory, each(50.0), true),
    ];
    rows.into_iter().filter(|row| !row.values.is_empty()).collect()
}

fn page_table(kind: Kind, pages: &Pages) -> String {
    let few = format!("{} events", number(pages.few as f64));
    let many = format!("{} events", number(pages.many as f64));
    let name = format!("event log, {}", kind.name());
    let mut table = Table::new([&name, &few, &many, "ratio"]);
    for page in &pages.pages {
        let ms = |value| format!("{} ms", number(value));
        table.row([page.shows.to_owned(), ms(page.few_ms), ms(page.many_ms), number(page.ratio)]);
    }
    format!("\n{}", table.render())
}

fn statement_table(statements: &Statements) -> String {
    let mut table = Table::new(["SQL statements on PostgreSQL", "for each event"]);
    let number = |value: f64| format!("{value:.3}");
    table.row(["accept, as fast as they come".to_owned(), number(statements.accept)]);
    table.row(["mirror, one handler, processed, from a full queue".to_owned(), number(statements.process)]);
    for listed in &statements.listed {
        let text: String = listed.text.replace('|', "¦").chars().take(70).collect();
        table.row([format!("- `{text}`"), number(listed.per_event)]);
    }
    table.row(["all of it at 1,000 events a second".to_owned(), number(statements.steady)]);
    format!("\n{}", table.render())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::stripe_calls::Calls;

    fn row(values: &[f64], goals: &[f64], is_cost: bool) -> Row {
        Row { work: String::new(), unit: "", values: values.into(), goals: goals.into(), is_cost }
    }

    #[test]
    fn each_round_is_compared_with_its_own_goal() {
        assert_eq!(ratio(&row(&[10.0, 30.0, 2.0], &[10.0, 15.0, 4.0], false)), "1.00");
        assert_eq!(ratio(&row(&[2.5], &[5.0], true)), "2.00");
    }

    #[test]
    fn a_goal_of_none_is_reached_or_missed() {
        assert_eq!(ratio(&row(&[0.0], &[0.0], true)), "reached");
        assert_eq!(ratio(&row(&[0.1], &[0.0], true)), "missed");
    }

    #[test]
    fn only_what_was_measured_has_a_line() {
        let mut findings = Findings::default();
        assert_eq!(render(&findings).lines().count(), 2);
        findings.stripe_calls.insert(Kind::Sqlite, Calls { events: 10, requests: 0, per_event: 0.0 });
        let text = render(&findings);
        assert!(text.contains("| requests to Stripe for each event, SQLite |"), "{text}");
        assert_eq!(text.lines().count(), 3);
    }
}
