//! Configuration: each setting comes from the environment, else from `tollgate.toml`, else it has a default.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use tollgate_models::DatabaseUrl;
use tollgate_stripe_client::{ApiKey, WebhookSecret};
use url::Url;

use crate::retention;

/// A setting: its name in the environment, its default if it has one, and what it is for.
#[derive(Debug)]
pub struct Setting {
    /// The name in the environment; in `tollgate.toml` it is the same in lower case, without `tollgate_`.
    pub name: &'static str,
    /// The default, as text.
    pub default: Option<&'static str>,
    /// What it is for.
    pub purpose: &'static str,
}

macro_rules! settings {
    ($($constant:ident = $name:literal, $default:expr, $purpose:literal;)+) => {
        $(const $constant: Setting = Setting { name: $name, default: $default, purpose: $purpose };)+
        /// Every setting there is.
        pub const SETTINGS: &[Setting] = &[$($constant,)+];
    };
}

settings! {
    DATABASE_URL = "DATABASE_URL", Some("sqlite://tollgate.db"), "the database: sqlite://file or postgres://…";
    LISTEN = "TOLLGATE_LISTEN", Some("127.0.0.1:8000"), "where webhooks and the admin are served";
    ADMIN_LISTEN = "TOLLGATE_ADMIN_LISTEN", None, "when set, the admin leaves the public listener for this one";
    PUBLIC_URL = "TOLLGATE_PUBLIC_URL", None, "the base of webhook URLs as Stripe sees it, for example https://pay.example.com";
    SECRET_KEY = "TOLLGATE_SECRET_KEY", None, "32 random bytes in base64: the root of all encryption";
    STRIPE_API_KEY = "STRIPE_API_KEY", None, "the Stripe key to use where no stored key is named";
    STRIPE_API_BASE = "STRIPE_API_BASE", Some("https://api.stripe.com"), "Stripe's API; another one only for tests";
    LEGACY_SECRET = "TOLLGATE_LEGACY_WEBHOOK_SECRET", None, "turns on the guessable POST /stripe/webhooks with this signing secret";
    MAX_BODY = "TOLLGATE_MAX_BODY_BYTES", Some("1048576"), "the largest webhook body that is taken, in bytes";
    WORKERS = "TOLLGATE_WORKERS", None, "threads that process events in this process; without it 2 on PostgreSQL, 1 on SQLite";
    KEEP_EVENTS = "TOLLGATE_KEEP_EVENTS", None, "how long events that are done are kept, for example 90d";
    KEEP_PAYLOADS = "TOLLGATE_KEEP_PAYLOADS", None, "how long the bodies of events that are done are kept";
    KEEP_DELIVERIES = "TOLLGATE_KEEP_DELIVERIES", None, "how long the deliveries log is kept";
    KEEP_HISTORY = "TOLLGATE_KEEP_HISTORY", None, "how long it is kept what objects were like before, for example 365d";
    RECONCILE_EVERY = "TOLLGATE_RECONCILE_EVERY", Some("1h"), "how often events that never arrived are looked for; never turns that off";
    SAMPLES = "TOLLGATE_SAMPLES", Some("20"), "objects that are compared with Stripe each hour; 0 turns that off";
    FETCH_REFERENCES = "TOLLGATE_FETCH_REFERENCES", Some("false"), "whether objects that others refer to and that are not here are fetched";
    METRICS_TOKEN = "TOLLGATE_METRICS_TOKEN", None, "the bearer token that /metrics asks for";
}

/// How Tollgate is configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database.
    pub database_url: DatabaseUrl,
    /// Where webhooks are served, and the admin unless it has a listener of its own.
    pub listen: SocketAddr,
    /// The admin's own listener.
    pub admin_listen: Option<SocketAddr>,
    /// The base of webhook URLs.
    pub public_url: Option<Url>,
    /// The root of all encryption, in base64.
    pub secret_key: Option<SecretString>,
    /// The key to use where no stored key is named.
    pub stripe_api_key: Option<ApiKey>,
    /// Stripe's API.
    pub stripe_api_base: Url,
    /// The signing secret of the legacy URL, which is off without it.
    pub legacy_webhook_secret: Option<WebhookSecret>,
    /// The largest webhook body that is taken, in bytes.
    pub max_body_bytes: usize,
    /// How long a webhook body may take to arrive; Stripe would give up on it anyway.
    pub body_deadline: Duration,
    /// Threads that process events.
    pub workers: usize,
    /// How long events that are done are kept, with all that belongs to them; for ever without.
    pub keep_events: Option<Duration>,
    /// How long the bodies of events that are done are kept; as long as the events without.
    pub keep_payloads: Option<Duration>,
    /// How long the deliveries log is kept; for ever without.
    pub keep_deliveries: Option<Duration>,
    /// How long it is kept what objects were like before; for ever without.
    pub keep_history: Option<Duration>,
    /// How often events that never arrived are looked for in Stripe's log; never without.
    pub reconcile_every: Option<Duration>,
    /// Objects that are compared with Stripe each hour.
    pub samples: usize,
    /// Whether objects that others refer to and that are not here are fetched.
    pub fetch_references: bool,
    /// The bearer token that `/metrics` asks for; without it, only routes for a private listener serve that.
    pub metrics_token: Option<SecretString>,
    /// How long one call to Stripe may take; it is tried twice, and a person may be waiting.
    pub stripe_timeout: Duration,
    /// How long a delivery waits for its handlers, at an endpoint that asks for that, before it is answered as queued.
    pub inline_deadline: Duration,
    /// How many tasks run at the same time in this process.
    pub task_places: usize,
    /// How long an attempt of a task may take, unless its handler says otherwise.
    pub task_deadline: Duration,
    /// How long a handler may hold its event's transaction before that is broken off.
    pub handler_deadline: Duration,
    /// What becomes of a process whose handler does not end, where its transaction cannot be broken off: on SQLite.
    pub stuck_handler: StuckHandler,
    /// How long after each failed attempt the next one follows; after the last, the event is dead.
    pub retry_delays: Vec<Duration>,
}

/// What becomes of a process on SQLite whose handler does not end: that handler holds the only connection that can write, so
/// that nothing can be taken in or processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StuckHandler {
    /// It ends with status 70 after five times the handler's time limit, and whoever started it starts it again.
    EndProcess,
    /// It is only reported.
    Report,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    /// The setting's name.
    pub setting: String,
    /// What is wrong, and what to write instead. Never the value of a secret.
    pub problem: String,
}

/// A body is never waited for longer.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Attempts follow one another over three days, as long as Stripe itself would retry a delivery.
pub const RETRY_DELAYS: [Duration; 9] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(12 * 3600),
    Duration::from_secs(24 * 3600),
    Duration::from_secs(24 * 3600),
];

impl Config {
    /// Reads the configuration of this process: its environment, and `tollgate.toml` in its folder if that is there.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that cannot be used.
    pub fn load() -> Result<Self, ConfigError> {
        let file = match std::fs::read_to_string("tollgate.toml") {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(problem("tollgate.toml", format!("cannot be read: {error}"))),
        };
        Self::from_sources(|name| std::env::var(name).ok(), file.as_deref())
    }

    /// Reads the configuration from an environment and the text of a file.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that cannot be used.
    pub fn from_sources(environment: impl Fn(&str) -> Option<String>, file: Option<&str>) -> Result<Self, ConfigError> {
        let file = read_file(file.unwrap_or_default())?;
        let text = |setting: &Setting| {
            let given = environment(setting.name).or_else(|| file.get(setting.name).cloned());
            given.filter(|text| !text.trim().is_empty()).or(setting.default.map(str::to_owned))
        };
        let database_url = required(&DATABASE_URL, text, |text| DatabaseUrl::parse(text).map_err(|e| e.to_string()))?;
        // While one thread waits for PostgreSQL, another can go on; SQLite has one writer.
        let workers = if database_url.is_sqlite() { 1 } else { 2 };
        Ok(Self {
            database_url,
            listen: required(&LISTEN, text, address)?,
            admin_listen: optional(&ADMIN_LISTEN, text, address)?,
            public_url: optional(&PUBLIC_URL, text, base_url)?,
            secret_key: text(&SECRET_KEY).map(SecretString::from),
            stripe_api_key: optional(&STRIPE_API_KEY, text, |text| ApiKey::parse(text).map_err(|e| e.to_string()))?,
            stripe_api_base: required(&STRIPE_API_BASE, text, base_url)?,
            legacy_webhook_secret: optional(&LEGACY_SECRET, text, |text| {
                WebhookSecret::parse(text).map_err(|e| e.to_string())
            })?,
            max_body_bytes: required(&MAX_BODY, text, |text| number(text, 1024, 64 << 20))?,
            body_deadline: BODY_DEADLINE,
            workers: optional(&WORKERS, text, |text| number(text, 1, 64))?.unwrap_or(workers),
            keep_events: optional(&KEEP_EVENTS, text, retention::age)?,
            keep_payloads: optional(&KEEP_PAYLOADS, text, retention::age)?,
            keep_deliveries: optional(&KEEP_DELIVERIES, text, retention::age)?,
            keep_history: optional(&KEEP_HISTORY, text, retention::age)?,
            reconcile_every: required(&RECONCILE_EVERY, text, interval)?,
            samples: required(&SAMPLES, text, |text| number(text, 0, 1000))?,
            fetch_references: required(&FETCH_REFERENCES, text, yes_or_no)?,
            metrics_token: optional(&METRICS_TOKEN, text, token)?,
            stripe_timeout: Duration::from_secs(8),
            inline_deadline: Duration::from_secs(8),
            task_places: 16,
            task_deadline: Duration::from_secs(60),
            handler_deadline: Duration::from_secs(60),
            stuck_handler: StuckHandler::EndProcess,
            retry_delays: RETRY_DELAYS.to_vec(),
        })
    }

    /// The configuration for a database, with everything else at its default; a start for embedding and tests.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL names no database.
    pub fn for_database(url: &str) -> Result<Self, ConfigError> {
        Self::from_sources(|name| (name == DATABASE_URL.name).then(|| url.to_owned()), None)
    }

    /// Whether the API base is a Stripe of this machine: then endpoints may point at this machine too.
    pub fn stripe_is_local(&self) -> bool {
        match self.stripe_api_base.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Whether browsers reach the admin by https, so that its cookies may be held back from anything else.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

fn problem(setting: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError { setting: setting.to_owned(), problem: problem.into() }
}

fn required<T>(
    setting: &Setting,
    text: impl Fn(&Setting) -> Option<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ConfigError> {
    optional(setting, text, parse)?.ok_or_else(|| problem(setting.name, "is not set"))
}

fn optional<T>(
    setting: &Setting,
    text: impl Fn(&Setting) -> Option<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    text(setting).map(|text| parse(text.trim())).transpose().map_err(|wrong| problem(setting.name, wrong))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} is no address with a port: write for example 127.0.0.1:8000"))
}

fn interval(text: &str) -> Result<Option<Duration>, String> {
    if text.eq_ignore_ascii_case("never") { Ok(None) } else { retention::age(text).map(Some) }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

fn number(text: &str, least: usize, most: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

fn token(text: &str) -> Result<SecretString, String> {
    let fits = (16..=256).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
    fits.then(|| SecretString::from(text)).ok_or_else(|| {
        "must have 16 to 256 visible ASCII characters: write the output of openssl rand -hex 32".to_owned()
    })
}

fn base_url(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("is no URL ({error}): write for example https://pay.example.com"))?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "http" | "https" if plain && url.has_host() => Ok(url),
        "http" | "https" => Err("must be only a scheme, a host and perhaps a path".to_owned()),
        _ => Err("must start with https:// (or http:// for tests)".to_owned()),
    }
}

fn read_file(text: &str) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let table: toml::Table =
        toml::from_str(text).map_err(|error| problem("tollgate.toml", error.message().to_owned()))?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| file_key(setting) == key) else {
            let known: Vec<String> = SETTINGS.iter().map(file_key).collect();
            return Err(problem(
                "tollgate.toml",
                format!("there is no setting {key:?}; there are {}", known.join(", ")),
            ));
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            _ => return Err(problem("tollgate.toml", format!("{key} must be a text or a whole number"))),
        };
        values.insert(setting.name, text);
    }
    Ok(values)
}

/// The setting's name in `tollgate.toml`.
pub fn file_key(setting: &Setting) -> String {
    let lower = setting.name.to_lowercase();
    lower.strip_prefix("tollgate_").unwrap_or(&lower).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)], file: &str) -> Result<Config, ConfigError> {
        let find = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::from_sources(find, Some(file))
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let config = load(&[("TOLLGATE_LISTEN", "127.0.0.1:1")], "listen = '127.0.0.1:2'\nworkers = 3").unwrap();
        assert_eq!((config.listen.port(), config.workers), (1, 3));
        assert_eq!(config.database_url.to_string(), "sqlite://tollgate.db");
        assert!(!config.stripe_is_local());
    }

    #[test]
    fn a_bad_setting_is_named_with_what_to_write() {
        for (name, value) in [
            ("DATABASE_URL", "tollgate.db"),
            ("TOLLGATE_LISTEN", "8000"),
            ("TOLLGATE_PUBLIC_URL", "pay.example.com"),
            ("TOLLGATE_PUBLIC_URL", "https://u:p@pay.example.com"),
            ("TOLLGATE_PUBLIC_URL", "ftp://pay.example.com"),
            ("STRIPE_API_KEY", "pk_test_51Habcdefghijklmnopqrstuvw"),
            ("TOLLGATE_MAX_BODY_BYTES", "-1"),
            ("TOLLGATE_WORKERS", "0"),
            ("TOLLGATE_KEEP_EVENTS", "90"),
            ("TOLLGATE_KEEP_PAYLOADS", "0d"),
            ("TOLLGATE_KEEP_DELIVERIES", "for ever"),
            ("TOLLGATE_KEEP_HISTORY", "365"),
            ("TOLLGATE_RECONCILE_EVERY", "often"),
            ("TOLLGATE_SAMPLES", "-1"),
            ("TOLLGATE_FETCH_REFERENCES", "perhaps"),
            ("TOLLGATE_METRICS_TOKEN", "short"),
            ("TOLLGATE_METRICS_TOKEN", "with a space in it"),
        ] {
            let error = load(&[(name, value)], "").unwrap_err();
            assert_eq!(error.setting, name, "{error}");
        }
        assert_eq!(load(&[], "lisen = 'x'").unwrap_err().setting, "tollgate.toml");
        assert_eq!(load(&[], "listen = [").unwrap_err().setting, "tollgate.toml");
    }

    #[test]
    fn secrets_are_not_in_the_debug_output() {
        let config = load(
            &[
                ("STRIPE_API_KEY", "sk_test_51Habcdefghijklmnopqrstuvw"),
                ("TOLLGATE_SECRET_KEY", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IDEyMzQ="),
                ("TOLLGATE_LEGACY_WEBHOOK_SECRET", "whsec_verysecret"),
                ("TOLLGATE_METRICS_TOKEN", "scrapersWorkAtNight"),
                ("DATABASE_URL", "postgres://me:hunter2@localhost/x"),
            ],
            "",
        );
        let shown = format!("{:?}", config.unwrap());
        for secret in ["hijklmn", "c2VjcmV0", "verysecret", "hunter2", "scrapersWork"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
