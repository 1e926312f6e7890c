//! PostgreSQL's own programs: psql for what surrounds a measurement, pgbench for the figure to compare with.

use std::path::{Path, PathBuf};
use std::process::Command;

use url::Url;

use crate::error::Error;

/// A command for one of PostgreSQL's programs, connected to a database; its password goes by the environment, so that
/// `ps` does not show it.
pub fn command(program: &str, database: &Url) -> Command {
    let mut command = Command::new(find(program));
    if let Some(password) = database.password() {
        command.env("PGPASSWORD", password);
    }
    command.env("PGHOST", database.host_str().unwrap_or_default());
    command.env("PGPORT", database.port().unwrap_or(5432).to_string());
    command.env("PGUSER", database.username());
    command.env("PGDATABASE", database.path().trim_start_matches('/'));
    command
}

/// Runs SQL and answers what it printed.
///
/// # Errors
/// When psql is not there, or the SQL fails.
pub fn sql(database: &Url, text: &str) -> Result<String, Error> {
    let mut psql = command("psql", database);
    output(psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "-c", text]))
}

/// Runs a program to its end and answers what it printed.
///
/// # Errors
/// When it cannot be started, or fails; then with the end of what it said.
pub fn output(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(Error::io(format!("could not run {program}")))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Program { program, output: format!("{text}\n{}", said.trim()).trim().to_owned() })
}

// Debian keeps the programs of each version off the PATH, pgbench among them.
fn find(program: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()));
    on_path.or_else(|| newest(Path::new("/usr/lib/postgresql"), program)).unwrap_or_else(|| program.into())
}

fn newest(root: &Path, program: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir(root).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let installed =
        versions.map(|version| (root.join(&version).join("bin").join(program), version.parse::<u32>().ok()));
    installed.filter(|(file, _)| file.is_file()).max_by_key(|(_, version)| *version).map(|(file, _)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["9", "15", "16"] {
            std::fs::create_dir_all(folder.path().join(version).join("bin")).unwrap();
        }
        assert_eq!(newest(folder.path(), "pgbench"), None);
        for version in ["9", "15"] {
            std::fs::write(folder.path().join(version).join("bin/pgbench"), "").unwrap();
        }
        assert_eq!(newest(folder.path(), "pgbench"), Some(folder.path().join("15/bin/pgbench")));
    }

    #[test]
    fn the_password_is_not_among_the_arguments() {
        let psql = command("psql", &"postgres://me:hush@127.0.0.1:5/db".parse().unwrap());
        assert_eq!(psql.get_args().count(), 0);
        assert!(psql.get_envs().any(|(name, value)| name == "PGPASSWORD" && value.is_some_and(|v| v == "hush")));
    }
}
