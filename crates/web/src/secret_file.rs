//! The secret key's file beside a SQLite database, made when there is none.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use crate::Error;
use crate::keyring::Keyring;

/// The key's file: the database's name with `.secret-key` behind it.
pub fn path_beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".secret-key");
    PathBuf::from(name)
}

/// Reads the key beside the database, or makes one that only its owner can read and says so; not if the database is in
/// use, since then its key was lost, and a new one would not open it.
///
/// # Errors
/// When the file cannot be read or made, others can read it, it holds no key, or the database is in use without it.
pub fn load_or_make(database: &Path, in_use: bool) -> Result<Keyring, Error> {
    let path = path_beside(database);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound && in_use => Err(lost(&path)),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
        Err(error) => Err(unreadable(&path, &error)),
    }
}

fn parse(path: &Path, text: &str) -> Result<Keyring, Error> {
    refuse_if_open(path)?;
    Keyring::parse(text).map_err(|error| Error::BadRequest(format!("{}: {error}", path.display())))
}

fn make(path: &Path) -> Result<Keyring, Error> {
    let (keyring, text) = Keyring::generate();
    match write(path, text.expose_secret()) {
        Ok(()) => {}
        // Another process made one at the same moment: that one counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
            return parse(path, &text);
        }
        Err(error) => {
            let text = format!("could not make the secret key {}: {error}", path.display());
            return Err(Error::BadRequest(text));
        }
    }
    tracing::warn!(path = %path.display(), "made a secret key: keep a copy apart from the database, or set TOLLGATE_SECRET_KEY");
    Ok(keyring)
}

// The name is given only to a whole file, so that nobody reads half a key.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        writeln!(file, "{text}")?;
        file.sync_all()
    });
    let named = written.and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    named.and(removed)
}

fn refuse_if_open(path: &Path) -> Result<(), Error> {
    let mode = fs::metadata(path).map_err(|error| unreadable(path, &error))?.permissions().mode();
    if mode & 0o077 != 0 {
        let text = format!("others can read the secret key {0}: run chmod 600 {0}", path.display());
        return Err(Error::BadRequest(text));
    }
    Ok(())
}

fn lost(path: &Path) -> Error {
    Error::BadRequest(format!(
        "the secret key {} is gone, and without it the secrets in the database cannot be read: restore it, or set \
         TOLLGATE_SECRET_KEY to what it held",
        path.display()
    ))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::BadRequest(format!("could not read the secret key {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("tollgate.db");
        let made = load_or_make(&database, false).unwrap();
        let path = path_beside(&database);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_make(&database, false).unwrap().key_id(), made.key_id());
    }

    #[test]
    fn those_who_start_at_once_get_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("tollgate.db");
        let ids: std::collections::HashSet<String> = std::thread::scope(|scope| {
            let load = || load_or_make(&database, false).unwrap().key_id().to_owned();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(ids.len(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("tollgate.db");
        let path = path_beside(&database);
        fs::write(&path, "not a key").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(load_or_make(&database, false).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(load_or_make(&database, false).unwrap_err().to_string().contains("32 random bytes"));
    }
}
