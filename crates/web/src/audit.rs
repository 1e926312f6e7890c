//! Recording who did what.

use tollgate_models::{AnyConnection, QueryResult, audit};

/// Who does something: a user of the admin, somebody at the command line, or the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user's email, `cli` or `schedule`.
    pub name: String,
    /// The browser's address.
    pub ip: Option<String>,
}

impl Actor {
    /// Somebody at the command line.
    pub fn cli() -> Self {
        Self { name: "cli".to_owned(), ip: None }
    }

    /// What Tollgate does by itself.
    pub(crate) fn schedule() -> Self {
        Self { name: "schedule".to_owned(), ip: None }
    }
}

/// Adds an entry to the audit log, in the caller's transaction; `now` in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn record(
    conn: &mut AnyConnection,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: &str,
    now: i64,
) -> QueryResult<()> {
    let entry = audit::NewEntry { at: now, actor: &actor.name, action, subject, detail, ip: actor.ip.as_deref() };
    audit::insert(conn, &entry)
}
