//! What commands print: tables for people, JSON for programs, and the log on standard error.

use std::io::{BufRead, IsTerminal, Write};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use tracing_subscriber::EnvFilter;

use super::Failed;

/// Starts the log on standard error: as text for a terminal, as JSON otherwise. `RUST_LOG` sets what is logged.
pub(super) fn start_log(is_server: bool) {
    // The HTTP server tells of its threads; ours are the lines that an operator wants.
    let default = if is_server { "info,actix_server=warn" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A log that was started by somebody else stays theirs.
    let started = match is_server && !std::io::stderr().is_terminal() {
        true => log.json().try_init(),
        false => log.try_init(),
    };
    drop(started);
}

/// Prints one line; a reader that has gone is no failure of ours.
pub(super) fn line(text: impl AsRef<str>) {
    drop(writeln!(std::io::stdout(), "{}", text.as_ref()));
}

/// Prints one line and answers whether anybody still reads.
pub(super) fn line_read(text: &str) -> bool {
    writeln!(std::io::stdout(), "{text}").is_ok()
}

/// Prints one JSON value on one line.
pub(super) fn json(value: &Value) {
    line(value.to_string());
}

/// Prints rows under a heading, in columns.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = heading.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(padded.join("  ").trim_end());
    };
    print(&mut heading.iter().copied());
    for row in rows {
        print(&mut row.iter().map(String::as_str));
    }
}

/// A time of ours, in unix milliseconds, for people.
pub(super) fn time(millis: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    instant(millis).and_then(|at| at.format(format).ok()).unwrap_or_else(|| millis.to_string())
}

/// A time of ours, in unix milliseconds, for programs.
pub(super) fn rfc3339(millis: i64) -> String {
    instant(millis).and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| millis.to_string())
}

fn instant(millis: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()
}

/// Reads a secret from standard input, up to the first line break.
pub(super) fn secret_from_stdin(what: &str) -> Result<String, Failed> {
    let mut stdin = std::io::stdin().lock();
    if stdin.is_terminal() {
        eprint!("{what}: ");
    }
    let mut text = String::new();
    stdin.read_line(&mut text).map_err(|error| Failed::new(format!("could not read {what}: {error}")))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failed::usage(format!("{what} is read from standard input, which was empty")));
    }
    Ok(text.to_owned())
}
