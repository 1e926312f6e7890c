//! Which database a URL names; anything but SQLite and PostgreSQL is refused before a file could be made of a typing error.

use std::fmt;
use std::path::{Path, PathBuf};

/// A database URL: `sqlite://path/to/file` or `postgres://user:password@host/name`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, by the URL that libpq takes.
    Postgres(String),
}

/// Why a text is no [`DatabaseUrl`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UrlError {
    /// The scheme is neither `sqlite` nor `postgres`.
    #[error("the database URL must start with sqlite:// or postgres://")]
    Scheme,
    /// A SQLite URL without a file.
    #[error("the database URL names no file: write sqlite://tollgate.db")]
    NoFile,
    /// SQLite in memory cannot be shared by the connections of a pool.
    #[error("an in-memory SQLite database cannot be used: name a file")]
    InMemory,
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err(UrlError::NoFile),
                path if path.contains(":memory:") || path.contains("mode=memory") => Err(UrlError::InMemory),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(UrlError::Scheme)
    }

    /// Whether this is a SQLite file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The file, for SQLite.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

// Everything that could hold a password goes: the part between `:` and `@` of the authority, and the query string.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let rest = rest.split('?').next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((login, host)) => format!("{scheme}://{}:…@{host}", login.split(':').next().unwrap_or_default()),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_databases_are_taken() {
        assert_eq!(DatabaseUrl::parse("sqlite://a/b.db"), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert!(DatabaseUrl::parse(" postgres://localhost/x\n").is_ok_and(|url| !url.is_sqlite()));
        for (text, error) in [
            ("tollgate.db", UrlError::Scheme),
            ("mysql://localhost/x", UrlError::Scheme),
            ("", UrlError::Scheme),
            ("sqlite://", UrlError::NoFile),
            ("sqlite://:memory:", UrlError::InMemory),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://u:s3cret@h/d",
            "postgres://u:s3c@ret@h/d",
            "postgres://h/d?user=u&password=s3cret",
            "postgresql://u:s3cret@h/d?sslmode=require",
        ] {
            let url = DatabaseUrl::parse(url).unwrap();
            let shown = format!("{url} {url:?}");
            assert!(!shown.contains("s3c") && !shown.contains("ret@"), "{shown}");
        }
    }
}
