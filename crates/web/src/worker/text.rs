//! What a handler's failure is told as.

use std::any::Any;
use std::error::Error;

/// Errors are kept up to this length, in characters.
const LONGEST: usize = 4000;

/// An error with its causes.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    kept(&text)
}

/// The text of a panic.
pub(super) fn of_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    kept(text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text"))
}

// PostgreSQL's text cannot hold NUL.
fn kept(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(LONGEST).collect()
}
