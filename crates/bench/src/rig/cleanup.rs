//! What must not stay behind: undone when it is dropped, and also when the process is told to end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::signal::unix::{SignalKind, signal};

use crate::error::Error;

type Undo = Box<dyn FnOnce() + Send>;

/// What is to be undone, in the order in which it was done.
static PENDING: Mutex<BTreeMap<u64, Undo>> = Mutex::new(BTreeMap::new());

/// Undoes something when it is dropped.
#[derive(Debug)]
pub struct Cleanup(u64);

impl Cleanup {
    /// Remembers how to undo something.
    pub fn new(undo: impl FnOnce() + Send + 'static) -> Self {
        let mut pending = pending();
        let number = pending.last_key_value().map_or(0, |(last, _)| last + 1);
        pending.insert(number, Box::new(undo));
        Self(number)
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        // Not under the lock: undoing may take a while, and a signal must find the others.
        let undo = pending().remove(&self.0);
        if let Some(undo) = undo {
            undo();
        }
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP undo everything, the newest first, before they end the process.
///
/// # Errors
/// When the operating system gives no thread or takes no signal handler.
pub fn on_signals() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::io("could not watch for signals"))?;
    let entered = runtime.enter();
    let watch = |kind: SignalKind| signal(kind).map_err(Error::io("could not watch for signals"));
    let (mut interrupt, mut terminate, mut hangup) =
        (watch(SignalKind::interrupt())?, watch(SignalKind::terminate())?, watch(SignalKind::hangup())?);
    drop(entered);
    let wait = move || {
        let number = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
                _ = hangup.recv() => 1,
            }
        });
        undo_all();
        std::process::exit(128 + number);
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map_err(Error::io("could not watch for signals"))?;
    Ok(())
}

fn undo_all() {
    loop {
        let newest = pending().pop_last();
        let Some((_, undo)) = newest else { return };
        undo();
    }
}

fn pending() -> MutexGuard<'static, BTreeMap<u64, Undo>> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    // One test, since both parts would undo each other's.
    #[test]
    fn each_is_undone_once_and_a_signal_undoes_the_newest_first() {
        let undone = Arc::new(Mutex::new(Vec::new()));
        let note = |name: &'static str| {
            let undone = Arc::clone(&undone);
            Cleanup::new(move || undone.lock().unwrap().push(name))
        };
        let (folder, database, server) = (note("folder"), note("database"), note("server"));
        drop(database);
        undo_all();
        drop((folder, server));
        assert_eq!(*undone.lock().unwrap(), ["database", "server", "folder"]);
    }
}
