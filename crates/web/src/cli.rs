//! The command line: each command does what the admin does, by the same functions.

#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod endpoints;
mod events;
mod keys;
mod listen;
mod migrate;
mod objects;
mod output;
mod prune;
mod reconcile;
mod rekey;
mod replay;
mod serve;
mod sync;
mod tasks;
mod users;

use clap::{Parser, Subcommand};
use tollgate_models::DatabaseUrl;

use crate::{Config, Error, Tollgate};

/// Payments for actix-web applications: Stripe's webhooks, a mirror of its objects, an admin.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about, disable_help_subcommand = true)]
struct Cli {
    /// The database: sqlite://file or postgres://… [setting: DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print data as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve webhooks and the admin, and process events
    Serve(serve::Serve),
    /// Show everything with no account: a simulated Stripe, a server, events flowing
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Run the migrations that the database lacks
    Migrate,
    /// Check configuration, database, keys, endpoints and clock, and say what to do
    Doctor,
    /// Delete what is old, in small chunks
    Prune(prune::Prune),
    /// Seal every stored secret with a new root key, read from standard input
    Rekey,
    /// People who may sign in to the admin
    #[command(subcommand)]
    Users(users::Users),
    /// Stripe API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Webhook endpoints, on Stripe and here
    #[command(subcommand)]
    Endpoints(endpoints::Endpoints),
    /// Have Stripe's CLI deliver events to this machine, at an endpoint that ends with the command
    Listen(listen::Listen),
    /// The event log
    #[command(subcommand)]
    Events(events::Events),
    /// Fetch events that never arrived
    Reconcile(reconcile::Reconcile),
    /// Fetch every object that Stripe lists into the mirror
    Sync(sync::Sync),
    /// Replays of many events
    #[command(subcommand)]
    Replays(replay::Replays),
    /// Work that follows events' commits
    #[command(subcommand)]
    Tasks(tasks::Tasks),
    /// The mirror of Stripe's objects
    #[command(subcommand)]
    Objects(objects::Objects),
}

/// A failed command: the text for standard error, and the exit status.
struct Failed {
    text: String,
    status: u8,
}

type Outcome = Result<(), Failed>;

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        // At the command line there is no log to look into: the text says everything.
        Self { text: error.into().to_string(), status: 1 }
    }
}

impl Failed {
    fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), status: 2 }
    }

    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), status: 1 }
    }
}

/// Runs the command that the process was started with: 0 done, 1 failed, 2 wrong usage.
pub async fn run() -> u8 {
    // clap ends the process itself for wrong usage, with status 2.
    let cli = Cli::parse();
    output::start_log(matches!(cli.command, Command::Serve(_)));
    match dispatch(cli).await {
        Ok(()) => 0,
        Err(failed) => {
            eprintln!("tollgate: {}", failed.text);
            failed.status
        }
    }
}

async fn dispatch(cli: Cli) -> Outcome {
    #[cfg(feature = "demo")]
    if let Command::Demo(demo) = cli.command {
        return demo::run(demo, cli.database_url).await;
    }
    let config = configuration(cli.database_url.as_deref())?;
    let json = cli.json;
    match cli.command {
        Command::Serve(command) => serve::run(command, config).await,
        #[cfg(feature = "demo")]
        Command::Demo(_) => Ok(()),
        Command::Migrate => migrate::run(&config, json),
        Command::Doctor => doctor::run(config, json).await,
        Command::Prune(command) => prune::run(command, &open(config).await?, json).await,
        Command::Rekey => rekey::run(&open(config).await?, json),
        Command::Users(command) => users::run(command, &open(config).await?, json).await,
        Command::Keys(command) => keys::run(command, &open(config).await?, json).await,
        Command::Endpoints(command) => endpoints::run(command, &open(config).await?, json).await,
        Command::Listen(command) => listen::run(command, &open(config).await?).await,
        Command::Events(command) => events::run(command, &open(config).await?, json).await,
        Command::Reconcile(command) => reconcile::run(command, &open(config).await?, json).await,
        Command::Sync(command) => sync::run(command, &open(config).await?, json).await,
        Command::Replays(command) => replay::manage(command, &open(config).await?, json).await,
        Command::Tasks(command) => tasks::run(command, &open(config).await?, json).await,
        Command::Objects(command) => objects::run(command, &open(config).await?, json).await,
    }
}

fn configuration(database_url: Option<&str>) -> Result<Config, Failed> {
    let mut config = Config::load().map_err(|error| Failed::new(error.to_string()))?;
    if let Some(url) = database_url {
        config.database_url =
            DatabaseUrl::parse(url).map_err(|error| Failed::usage(format!("--database-url: {error}")))?;
    }
    Ok(config)
}

// Every command but `serve` works beside a running server, and processes nothing itself.
async fn open(config: Config) -> Result<Tollgate, Failed> {
    Ok(Tollgate::builder(config).without_workers().build().await?)
}
