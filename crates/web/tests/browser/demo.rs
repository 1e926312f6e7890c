//! The demo as a process of its own, on the database that the tests run on.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use diesel::RunQueryDsl;
use tollgate::models::testing::TestDb;
use tollgate::models::{Database, Lane, QueryResult, leases};

/// The password of the user that the tests sign in with.
pub const PASSWORD: &str = "quiet rivers run far";
/// That user's email.
pub const EMAIL: &str = "operator@example.com";

/// A running demo; killed when dropped.
pub struct Demo {
    /// The server's base, for example `http://127.0.0.1:40123`.
    pub base: String,
    /// The link that signs in once.
    pub link: String,
    process: Child,
    database: TestDb,
}

impl Demo {
    /// Starts it on a free port, where something happens every fifth of a second.
    pub fn start() -> Self {
        let database = TestDb::new();
        let mut process = tollgate(&database)
            .args(["demo", "--listen", "127.0.0.1:0", "--pace", "200"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let output = BufReader::new(process.stdout.take().expect("its output is piped"));
        let link = output
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("Sign in:")?.1.trim().to_owned()))
            .expect("the demo prints a link");
        let base = link.split("/admin/").next().expect("the link leads into the admin").to_owned();
        Self { base, link, process, database }
    }

    /// Adds the user that the tests sign in with, by the command line and beside the running server.
    pub fn add_operator(&self) {
        let mut add = tollgate(&self.database)
            .args(["users", "add", EMAIL, "--role", "operator", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        writeln!(add.stdin.take().expect("its input is piped"), "{PASSWORD}").expect("it takes the password");
        assert!(add.wait().expect("it ends").success());
    }

    /// Keeps the demo from working replays off, until the answer is dropped.
    pub fn hold_replays(&self) -> Hold {
        let database = self.database.open();
        let held = database.write(Lane::Ordinary, |conn| -> QueryResult<_> {
            diesel::sql_query("DELETE FROM leases WHERE name = 'chores'").execute(conn)?;
            leases::take(conn, "chores", "the test", 0, i64::MAX)
        });
        assert!(held.expect("the database answers"));
        Hold(database)
    }
}

/// See [`Demo::hold_replays`].
pub struct Hold(Database);

impl Drop for Hold {
    fn drop(&mut self) {
        let released = self.0.write(Lane::Ordinary, |conn| leases::give_back(conn, "chores", "the test"));
        released.expect("the database answers");
    }
}

fn tollgate(database: &TestDb) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(["--database-url", &database.url_text()]);
    // The demo and the command line beside it need the same key, which PostgreSQL has no file for.
    command.env("TOLLGATE_SECRET_KEY", "dGhlIGtleSBvZiB0aGUgYnJvd3NlciB0ZXN0cyAhISE=");
    command
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
