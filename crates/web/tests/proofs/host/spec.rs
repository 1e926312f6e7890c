//! What a server under proof is told: it stands in one variable of its environment.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The variable that makes this program the server: a [`Spec`] as JSON.
pub const SPEC: &str = "TOLLGATE_SERVER_UNDER_PROOF";

/// A server. Times are in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The database's URL.
    pub database: String,
    /// Threads that process events.
    pub workers: usize,
    /// What it does of the work.
    pub part: Part,
    /// The file that the task appends its idempotency key to; without it there is no task.
    pub notes: Option<PathBuf>,
    /// By how much its clock is off, if that is not the machine's: then it can be moved.
    pub clock: Option<i64>,
    /// The waits between attempts, if they are not the usual ones.
    pub retry_delays: Option<Vec<u64>>,
    /// How long a handler may hold its transaction.
    pub handler_deadline: u64,
    /// How long stopping may take.
    pub stop_deadline: u64,
    /// How long each call of the handler takes beside its work.
    pub handler_takes: u64,
    /// Whether a handler looks whether another one is at its object.
    pub watches_overlap: bool,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

/// What a server does of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Everything.
    Whole,
    /// It takes events in.
    Intake,
    /// It processes them.
    Workers,
}

/// Something that goes wrong at a statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The threads whose statements count: the start of their name.
    pub thread: String,
    /// Which statement, from 1.
    pub nth: u64,
    /// What happens before it is sent.
    pub harm: Harm,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Harm {
    /// The process is gone.
    Abort,
    /// Every connection of this application name is cut.
    Cut(String),
}

impl Spec {
    /// A server that does everything and meets no harm.
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            workers: 1,
            part: Part::Whole,
            notes: None,
            clock: None,
            retry_delays: None,
            handler_deadline: 60_000,
            stop_deadline: 15_000,
            handler_takes: 0,
            watches_overlap: false,
            fault: None,
        }
    }
}
