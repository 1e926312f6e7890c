//! The binary, run as a newcomer runs it: in an empty folder, with nothing in its environment but what a test says.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tollgate::models::DatabaseUrl;
use tollgate::models::testing::TestDb;
use tollgate_stripe_sim::Simulator;

/// A password that is taken.
pub const PASSWORD: &str = "quiet rivers run far";
/// The secret key that commands get on PostgreSQL; with SQLite a file is made.
pub const CLI_ROOT_KEY: &str = "dGhlIGtleSBvZiB0aGUgY29tbWFuZHMgaXMgaGVyZSE=";

/// A fresh database, a folder, and an environment.
pub struct Cli {
    pub db: TestDb,
    pub folder: TempDir,
    environment: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// What it printed with `--json`: a value on each line.
    pub fn json(&self) -> Vec<Value> {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }
}

impl Cli {
    pub fn new() -> Self {
        let cli = Self { db: TestDb::new(), folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        let cli = match cli.db.url() {
            DatabaseUrl::Sqlite(_) => cli,
            DatabaseUrl::Postgres(_) => cli.with("TOLLGATE_SECRET_KEY", CLI_ROOT_KEY),
        };
        let url = cli.db.url_text();
        cli.with("DATABASE_URL", &url)
    }

    /// Calls of the API go to a simulator.
    pub fn stripe(self, sim: &Simulator) -> Self {
        self.with("STRIPE_API_BASE", sim.url().as_str())
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// The key file beside a SQLite database.
    pub fn key_file(&self) -> Option<PathBuf> {
        self.db.url().file().map(|path| PathBuf::from(format!("{}.secret-key", path.display())))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.args(arguments).env_clear().envs(self.environment.iter().cloned()).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "").await
    }

    /// Runs a command to its end, with a text on its standard input.
    pub async fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(arguments).spawn().unwrap();
        // A command that does not read may have ended before.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        end(child).await
    }

    /// Adds a user.
    pub async fn add_user(&self) {
        let arguments = ["users", "add", "ann@example.com", "--role", "admin", "--password-stdin"];
        assert_eq!(self.run_with(&arguments, PASSWORD).await.status, 0);
    }
}

/// Waits for a process to end.
pub async fn end(child: Child) -> Ended {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// The secret key that a command line's database has.
pub fn cli_key(cli: &Cli) -> Option<SecretString> {
    (!cli.db.url().is_sqlite()).then(|| SecretString::from(CLI_ROOT_KEY))
}
