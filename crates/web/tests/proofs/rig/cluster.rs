//! A PostgreSQL cluster of a proof's own, which can be restarted: driven by `scripts/postgres`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection};

/// How long a server may need that recovers by itself.
const PATIENCE: Duration = Duration::from_secs(5);

// It stops the cluster when its standard input ends, so also when we are killed.
const SCRIPT: &str = r#"
. scripts/postgres
trap stop_postgres EXIT
# A signal in the middle of a start would leave the server behind.
trap '' INT TERM HUP
start_postgres || exit 1
echo "$POSTGRES_URL"
while read -r order; do
    case $order in
        restart) restart_postgres && echo done || echo failed ;;
    esac
done
"#;

/// A running cluster; stopped and removed when it is dropped.
pub struct Cluster {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub url: String,
}

impl Cluster {
    /// Starts one, in a folder if it shall be on a disk of its own.
    pub fn start(folder: Option<&Path>) -> Self {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let mut bash = Command::new("bash");
        if let Some(folder) = folder {
            bash.env("TMPDIR", folder).env("POSTGRES_LEAST_FREE", "128");
        }
        let bash = bash.args(["-c", SCRIPT]).current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = bash.spawn().unwrap();
        let (orders, mut answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let url = line(&mut answers);
        assert!(url.starts_with("postgres://"), "scripts/postgres did not start a cluster: {url:?}");
        Self { child, orders, answers, url }
    }

    /// Whether it answers within a while.
    pub fn is_up(&self) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if PgConnection::establish(&self.url).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Restarts the server as after a crash: it gives nobody time to finish.
    pub fn restart(&mut self) {
        writeln!(self.orders.as_mut().unwrap(), "restart").unwrap();
        assert_eq!(line(&mut self.answers), "done", "PostgreSQL did not restart");
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        drop(self.child.wait());
    }
}
