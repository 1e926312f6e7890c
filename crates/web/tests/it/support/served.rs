//! `tollgate serve` in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::thread::JoinHandle;

use super::Cli;

/// A running server; killed when it is dropped.
pub struct Served {
    /// For example `http://127.0.0.1:40123`.
    pub base: String,
    child: Option<Child>,
    log: Option<JoinHandle<String>>,
}

impl Served {
    /// Starts it on a free port, with more in its environment.
    pub fn start(cli: &Cli, environment: &[(&str, &str)]) -> Self {
        Self::start_with(cli, &[], environment)
    }

    /// As [`Self::start`], with more arguments.
    pub fn start_with(cli: &Cli, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = cli.command(&[&["serve"], arguments].concat());
        command.env("TOLLGATE_LISTEN", "127.0.0.1:0").envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        let base = loop {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the server ended: {log}");
            log.push_str(&line);
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ":/.".contains(*c)).collect();
            }
        };
        let log = std::thread::spawn(move || {
            lines.read_to_string(&mut log).unwrap();
            log
        });
        Self { base, child: Some(child), log: Some(log) }
    }

    /// Asks it to stop, and gives its status and what it logged.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        let (mut child, log) = (self.child.take().unwrap(), self.log.take().unwrap());
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        tokio::task::spawn_blocking(move || (child.wait().unwrap().code(), log.join().unwrap())).await.unwrap()
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
