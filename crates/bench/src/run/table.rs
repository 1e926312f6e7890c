//! The table of a measurement: the median of the rounds, their range, and the goal beside it.

use super::round::{Figures, Round};

struct Row {
    work: &'static str,
    unit: &'static str,
    values: Vec<f64>,
    goal: f64,
    /// Whether less is better.
    is_cost: bool,
}

/// A percentile is not averaged with others, so the median round stands for all.
pub fn render(rounds: &[Round]) -> String {
    let pgbench: Vec<f64> = rounds.iter().map(|round| round.pgbench.rate).collect();
    let mut text = format!("{:<52} {:>10}  {:>17}  {:>10}  {:>6}\n", "", "median", "range", "goal", "ratio");
    for row in rows(rounds, median(&pgbench)) {
        let found = median(&row.values);
        let ratio = if row.is_cost { row.goal / found } else { found / row.goal };
        text += &format!(
            "{:<52} {:>10}  {:>17}  {:>10}  {ratio:>6.2}\n",
            row.work,
            format!("{}{}", number(found), row.unit),
            range(&row.values),
            format!("{} {}", if row.is_cost { "≤" } else { "≥" }, number(row.goal)),
        );
    }
    text + &format!(
        "{:<52} {:>10}  {:>17}\n",
        "pgbench: PostgreSQL alone, one event a commit",
        format!("{}/s", number(median(&pgbench))),
        range(&pgbench)
    )
}

fn rows(rounds: &[Round], pgbench: f64) -> Vec<Row> {
    let on = |figures: fn(&Round) -> &Figures, value: fn(&Figures) -> f64| -> Vec<f64> {
        rounds.iter().map(|round| value(figures(round))).collect()
    };
    let postgres: fn(&Round) -> &Figures = |round| &round.postgres;
    let sqlite: fn(&Round) -> &Figures = |round| &round.sqlite;
    let rate = |work, values, goal| Row { work, unit: "/s", values, goal, is_cost: false };
    let latency = |work, values| Row { work, unit: " ms", values, goal: 5.0, is_cost: true };
    let memory = |work, values| Row { work, unit: " MB", values, goal: 50.0, is_cost: true };
    let most =
        |figures: &Figures| figures.accept_memory_mb.max(figures.steady_memory_mb).max(figures.process_memory_mb);
    vec![
        rate("accept durably, PostgreSQL", on(postgres, |f| f.accept.rate), 1.5 * pgbench),
        rate("accept durably, SQLite", on(sqlite, |f| f.accept.rate), 18_000.0),
        rate("accept, mirror and mark as processed, PostgreSQL", on(postgres, |f| f.process.rate), 5000.0),
        rate("accept, mirror and mark as processed, SQLite", on(sqlite, |f| f.process.rate), 6000.0),
        latency("p99 at 1,000/s while processing, PostgreSQL", on(postgres, |f| f.steady.p99_ms)),
        latency("p99 at 1,000/s while processing, SQLite", on(sqlite, |f| f.steady.p99_ms)),
        memory("most memory of the server, PostgreSQL", on(postgres, most)),
        memory("most memory of the server, SQLite", on(sqlite, most)),
    ]
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

fn range(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{} – {}", number(least), number(most))
}

/// Small numbers with their decimals, large ones without.
fn number(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn numbers_have_the_decimals_they_need() {
        assert_eq!((number(4.26), number(12_345.6)), ("4.3".to_owned(), "12346".to_owned()));
        assert_eq!(range(&[2.0, 9000.0]), "2.0 – 9000");
    }
}
