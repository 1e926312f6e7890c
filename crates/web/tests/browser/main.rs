//! What an operator does in a real browser, against the demo: one process with everything in it, as a newcomer starts it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod browser;
mod demo;
mod operator;
mod pages;
mod rotation;
