//! What can go wrong while measuring.

use std::io;

/// Why a measurement did not come about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument cannot be used.
    #[error("{0}")]
    Usage(String),
    /// A file, a socket or a child process failed us.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The operating system's word.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Its name.
        program: String,
        /// The end of what it printed.
        output: String,
    },
    /// The server did not do what is being measured; a figure would mean nothing.
    #[error("{0}")]
    Wrong(String),
    /// A report could not be written.
    #[error("could not write the report: {0}")]
    Report(#[from] serde_json::Error),
}

impl Error {
    /// Says what was being done when the operating system refused.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what: what.into(), source }
    }
}
