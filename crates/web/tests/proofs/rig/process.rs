//! A process that a proof started, with its log; it is gone when this is dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::until;

/// A running process. What it writes to standard error is its log.
pub struct Process {
    child: Child,
    // Its end of the pipe: what we started ends by itself when we are gone.
    _lifeline: Option<ChildStdin>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (log, mut lines) = (Arc::new(Mutex::new(String::new())), BufReader::new(child.stderr.take().unwrap()));
        let written = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                written.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { _lifeline: child.stdin.take(), child, log, reader: Some(reader) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far; all of it once it has ended.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it logs a text, and gives the rest of that line.
    pub async fn says(&mut self, text: &str) -> String {
        until(text, Duration::from_secs(60), async || {
            let log = self.log();
            let found = log.lines().find_map(|line| Some(line.split_once(text)?.1.to_owned()));
            let ended = self.child.try_wait().unwrap();
            assert!(found.is_some() || ended.is_none(), "the process ended with {ended:?}: {log}");
            found
        })
        .await
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        self.join();
    }

    /// The most memory that it has had, in bytes.
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it ends.
    pub async fn end(&mut self, longest: Duration) -> ExitStatus {
        let status = until("the process ends", longest, async || self.child.try_wait().unwrap()).await;
        self.join();
        status
    }

    fn join(&mut self) {
        drop(self.child.wait());
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
