//! The server under load: a child process with settings of its own, ended as an operator would end it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tollgate_stripe_client::WebhookSecret;
use url::Url;
use uuid::Uuid;

use crate::error::Error;

/// How long the server may take to be ready, and to end.
const DEADLINE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// What to start.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The program.
    pub tollgate: &'a Path,
    /// Its database.
    pub database: &'a str,
    /// Where it runs and logs.
    pub folder: &'a Path,
    /// Whether it processes what it takes in.
    pub workers: bool,
}

/// A server that is running; killed if it is dropped before it was stopped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    environment: Vec<(&'static str, String)>,
    tollgate: PathBuf,
    folder: PathBuf,
    /// The signing secret of its endpoint.
    pub secret: WebhookSecret,
}

impl Server {
    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, ends by itself, or is not ready within 30 s.
    pub fn start(setup: Setup<'_>) -> Result<Self, Error> {
        let address = free_address()?;
        let text = format!("whsec_{}", Uuid::new_v4().simple());
        let secret = WebhookSecret::parse(&text).map_err(|error| Error::Usage(error.to_string()))?;
        let environment = vec![
            ("DATABASE_URL", setup.database.to_owned()),
            ("TOLLGATE_LISTEN", address.to_string()),
            ("TOLLGATE_SECRET_KEY", root_key()),
            ("TOLLGATE_LEGACY_WEBHOOK_SECRET", text),
        ];
        let log = File::create(setup.folder.join("server.log")).map_err(Error::io("could not make the log"))?;
        let mut command = tollgate(setup.tollgate, setup.folder, &environment);
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        if !setup.workers {
            command.arg("--no-workers");
        }
        let child = command.spawn().map_err(Error::io("could not start the server"))?;
        let (tollgate, folder) = (setup.tollgate.to_owned(), setup.folder.to_owned());
        let mut server = Self { child, address, environment, tollgate, folder, secret };
        server.await_ready()?;
        Ok(server)
    }

    /// Where to post events.
    ///
    /// # Errors
    /// Never for an address that was listened on.
    pub fn url(&self) -> Result<Url, Error> {
        let text = format!("http://{}/stripe/webhooks", self.address);
        text.parse().map_err(|error| Error::Wrong(format!("{text}: {error}")))
    }

    /// How many events have a status, of at most `limit`; 0 counts all. The server's own command line is asked.
    ///
    /// # Errors
    /// When the command fails.
    pub fn count_events(&self, status: &str, limit: u32) -> Result<usize, Error> {
        let mut command = tollgate(&self.tollgate, &self.folder, &self.environment);
        command.args(["events", "list", "--json", "--status", status, "--limit", &limit.to_string()]);
        Ok(crate::postgres::output(&mut command)?.lines().count())
    }

    /// The most memory it had resident so far, in megabytes of a million bytes.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn peak_memory(&self) -> Result<f64, Error> {
        let file = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(&file).map_err(Error::io(format!("could not read {file}")))?;
        memory_peak(&text).ok_or_else(|| Error::Wrong(format!("{file} has no VmHWM")))
    }

    /// Ends the server by SIGTERM.
    ///
    /// # Errors
    /// When it does not end within 30 s, or not well.
    pub fn stop(mut self) -> Result<(), Error> {
        crate::postgres::output(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(Error::io("could not wait for the server"))? {
                return if status.success() { Ok(()) } else { Err(self.wrong(&format!("ended with {status}"))) };
            }
            std::thread::sleep(GLANCE);
        }
        Err(self.wrong("did not end"))
    }

    fn await_ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(Error::io("could not wait for the server"))? {
                return Err(self.wrong(&format!("ended with {status} before it was ready")));
            }
            if is_ready(self.address).unwrap_or(false) {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
        Err(self.wrong("was not ready in time"))
    }

    fn wrong(&self, what: &str) -> Error {
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        Error::Wrong(format!("the server {what}; the end of its log, newest first:\n{}", last.join("\n")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After stop() there is nothing left to kill, which is no failure.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program in a folder of its own, so that no settings file of somebody else's is read.
fn tollgate(program: &Path, folder: &Path, environment: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

fn free_address() -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io("could not find a free port"))?;
    listener.local_addr().map_err(Error::io("could not find a free port"))
}

/// 32 bytes in base64. Hexadecimal digits are digits of base64 too; A ends with the two zero bits that 32 bytes leave over.
fn root_key() -> String {
    let digits = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    format!("{}A=", &digits[..42])
}

fn is_ready(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, GLANCE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200 "))
}

fn memory_peak(status: &str) -> Option<f64> {
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?;
    Some(kibibytes.parse::<f64>().ok()? * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_megabytes() {
        assert_eq!(memory_peak("VmPeak:\t 9 kB\nVmHWM:\t   15625 kB\n"), Some(16.0));
        assert_eq!(memory_peak("VmPeak:\t 9 kB\n"), None);
    }

    #[test]
    fn a_root_key_is_32_bytes_of_base64_and_never_the_same() {
        let key = root_key();
        assert_eq!(key.len(), 44);
        assert!(key.ends_with("A=") && key[..42].chars().all(|digit| digit.is_ascii_hexdigit()));
        assert_ne!(key, root_key());
    }

    #[test]
    fn a_server_that_ends_at_once_is_told_of_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let program = Path::new("/bin/false");
        let setup = Setup { tollgate: program, database: "sqlite://x.db", folder: folder.path(), workers: true };
        let error = Server::start(setup).unwrap_err();
        assert!(error.to_string().contains("before it was ready"), "{error}");
    }
}
