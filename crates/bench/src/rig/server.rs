//! The server under load: a child process with settings of its own, ended as an operator would end it.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tollgate_stripe_client::WebhookSecret;
use url::Url;
use uuid::Uuid;

use super::browser;
use super::cleanup::Cleanup;
use super::postgres;
use crate::error::Error;

/// How long the server may take to be ready, and to end.
const DEADLINE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// `tollgate serve --no-workers`: takes events in and nothing else.
    Intake,
    /// `tollgate serve`.
    Everything,
    /// An application with Tollgate inside and one handler: `tollgate-bench serve-with-handler`.
    OneHandler,
}

/// What all servers on one database have in common.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program `tollgate`.
    pub tollgate: PathBuf,
    /// Where it runs and logs.
    pub folder: PathBuf,
    /// Its database.
    pub database: String,
    /// What it takes for Stripe.
    pub stripe: Option<Url>,
    /// Other settings, by their names in the environment.
    pub set: Vec<(String, String)>,
    key: String,
    /// The signing secret of its endpoint.
    pub secret: WebhookSecret,
    secret_text: String,
}

impl Settings {
    /// New keys for a database.
    ///
    /// # Errors
    /// Never; a secret of ours can be read.
    pub fn new(tollgate: &Path, folder: &Path, database: &str) -> Result<Self, Error> {
        let secret_text = format!("whsec_{}", Uuid::new_v4().simple());
        let secret = WebhookSecret::parse(&secret_text).map_err(|error| Error::Usage(error.to_string()))?;
        let (tollgate, folder, database) = (tollgate.to_owned(), folder.to_owned(), database.to_owned());
        Ok(Self { tollgate, folder, database, stripe: None, set: Vec::new(), key: root_key(), secret, secret_text })
    }

    /// Runs one of the program's commands with something on its standard input; answers what it printed.
    ///
    /// # Errors
    /// When the command fails.
    pub fn command(&self, arguments: &[&str], input: &str) -> Result<String, Error> {
        let mut file = tempfile::tempfile().map_err(Error::io("could not make a temporary file"))?;
        file.write_all(input.as_bytes()).map_err(Error::io("could not write a temporary file"))?;
        std::io::Seek::rewind(&mut file).map_err(Error::io("could not write a temporary file"))?;
        postgres::output(self.program(&self.tollgate).args(arguments).stdin(file))
    }

    /// Runs one of the program's commands; how long it took, and the most memory it had resident, in megabytes.
    ///
    /// # Errors
    /// When the command fails.
    pub fn measured(&self, arguments: &[&str]) -> Result<(Duration, f64), Error> {
        let log = self.folder.join("command.log");
        let file = File::create(&log).map_err(Error::io("could not make the log"))?;
        let mut command = self.program(&self.tollgate);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let started = Instant::now();
        let mut child = command.spawn().map_err(Error::io("could not start the command"))?;
        let status_file = format!("/proc/{}/status", child.id());
        let mut peak: f64 = 0.0;
        loop {
            if let Some(status) = child.try_wait().map_err(Error::io("could not wait for the command"))? {
                let took = started.elapsed();
                let told = fs::read_to_string(&log).unwrap_or_default();
                let wrong = || Error::Wrong(format!("{arguments:?} ended with {status}: {told}"));
                return status.success().then_some((took, peak)).ok_or_else(wrong);
            }
            // It may have ended since: what was seen before counts.
            let now = fs::read_to_string(&status_file).ok().and_then(|text| memory_peak(&text));
            peak = peak.max(now.unwrap_or_default());
            std::thread::sleep(GLANCE);
        }
    }

    // In a folder of its own, so that no settings file of somebody else's is read.
    fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Nor are settings of this process: what is measured is what Tollgate does by default.
        for (name, _) in std::env::vars().filter(|(name, _)| is_setting(name)) {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.folder).env("DATABASE_URL", &self.database).env("TOLLGATE_SECRET_KEY", &self.key);
        command.env("TOLLGATE_LEGACY_WEBHOOK_SECRET", &self.secret_text);
        if let Some(stripe) = &self.stripe {
            command.env("STRIPE_API_BASE", stripe.as_str()).env("STRIPE_API_KEY", "sk_test_TollgateBench0000000000000");
        }
        command
    }
}

/// A server that is running; killed if it is dropped before it was stopped.
#[derive(Debug)]
pub struct Server {
    child: Arc<Mutex<Child>>,
    id: u32,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
    _cleanup: Cleanup,
}

impl Server {
    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, ends by itself, or is not ready within 30 s.
    pub fn start(settings: &Settings, serving: Serving) -> Result<Self, Error> {
        let address = free_address()?;
        let log = settings.folder.join(format!("server-{}.log", address.port()));
        let file = File::create(&log).map_err(Error::io("could not make the log"))?;
        let mut command = match serving {
            Serving::OneHandler => {
                let this = std::env::current_exe().map_err(Error::io("could not find this program"))?;
                settings.program(&this)
            }
            Serving::Intake | Serving::Everything => settings.program(&settings.tollgate),
        };
        command.env("TOLLGATE_LISTEN", address.to_string()).args(match serving {
            Serving::Intake => &["serve", "--no-workers"][..],
            Serving::Everything => &["serve"],
            Serving::OneHandler => &["serve-with-handler"],
        });
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = command.spawn().map_err(Error::io("could not start the server"))?;
        let id = child.id();
        let child = Arc::new(Mutex::new(child));
        let killed = Arc::clone(&child);
        let cleanup = Cleanup::new(move || {
            let mut child = killed.lock().unwrap_or_else(PoisonError::into_inner);
            // After stop() there is nothing left to kill, which is no failure.
            drop(child.kill());
            drop(child.wait());
        });
        let server = Self { child, id, address, log, _cleanup: cleanup };
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

    /// The most memory it had resident so far, in megabytes of a million bytes.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn peak_memory(&self) -> Result<f64, Error> {
        let file = format!("/proc/{}/status", self.id);
        let text = fs::read_to_string(&file).map_err(Error::io(format!("could not read {file}")))?;
        memory_peak(&text).ok_or_else(|| Error::Wrong(format!("{file} has no VmHWM")))
    }

    /// Ends the server by SIGTERM.
    ///
    /// # Errors
    /// When it does not end within 30 s, or not well.
    pub fn stop(self) -> Result<(), Error> {
        postgres::output(Command::new("kill").args(["-TERM", &self.id.to_string()]))?;
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            match self.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.wrong(&format!("ended with {status}"))),
                None => std::thread::sleep(GLANCE),
            }
        }
        Err(self.wrong("did not end"))
    }

    fn await_ready(&self) -> Result<(), Error> {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if let Some(status) = self.ended()? {
                return Err(self.wrong(&format!("ended with {status} before it was ready")));
            }
            if browser::get_once(self.address, "/readyz").is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
        Err(self.wrong("was not ready in time"))
    }

    fn ended(&self) -> Result<Option<ExitStatus>, Error> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().map_err(Error::io("could not wait for the server"))
    }

    fn wrong(&self, what: &str) -> Error {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        Error::Wrong(format!("the server {what}; the end of its log, newest first:\n{}", last.join("\n")))
    }
}

fn is_setting(name: &str) -> bool {
    name.starts_with("TOLLGATE_") || name.starts_with("STRIPE_") || name == "RUST_LOG"
}

/// A setting as it is given on the command line.
///
/// # Errors
/// When it is none.
pub fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if is_setting(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write for example TOLLGATE_WORKERS=2".to_owned()),
    }
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
    fn only_settings_of_tollgate_can_be_set() {
        assert_eq!(setting("TOLLGATE_WORKERS=2"), Ok(("TOLLGATE_WORKERS".to_owned(), "2".to_owned())));
        assert!(setting("TOLLGATE_WORKERS").is_err() && setting("PATH=/").is_err() && setting("").is_err());
    }

    #[test]
    fn a_server_that_ends_at_once_is_told_of_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(Path::new("/bin/false"), folder.path(), "sqlite://x.db").unwrap();
        let error = Server::start(&settings, Serving::Everything).unwrap_err();
        assert!(error.to_string().contains("before it was ready"), "{error}");
    }

    #[test]
    fn a_command_reads_what_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(Path::new("/bin/cat"), folder.path(), "sqlite://x.db").unwrap();
        assert_eq!(settings.command(&["-"], "hush\n").unwrap(), "hush");
    }
}
