//! A small disk of a proof's own, which can be filled: a tmpfs, so mounting it takes root or sudo.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

// It unmounts when its standard input ends, so also when we are killed.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi; }
if why=$(as_root mount -t tmpfs -o "size=$2m,mode=1777" tollgate-proof "$1" 2>&1); then
    echo mounted
    cat >/dev/null
    as_root umount -l "$1"
else
    echo "$why" | tr '\n' ' '
fi
"#;

/// A mounted disk; it is gone when this is dropped.
pub struct Disk {
    folder: PathBuf,
    child: Child,
    lifeline: Option<ChildStdin>,
}

impl Disk {
    /// A disk of so many MiB.
    pub fn new(size: u32) -> Self {
        // Removed by hand: while it is mounted it must not be walked through.
        let folder = tempfile::Builder::new().prefix("tollgate-disk.").tempdir().unwrap().keep();
        let mut child = Command::new("bash")
            .args(["-c", SCRIPT, "disk", &folder.to_string_lossy(), &size.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (lifeline, mut answer) = (child.stdin.take(), String::new());
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        let disk = Self { folder, child, lifeline };
        assert_eq!(answer.trim(), "mounted", "a small disk could not be mounted; this proof needs root or sudo");
        disk
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Writes until nothing more goes on it.
    pub fn fill(&self) {
        let mut ballast = File::options().append(true).create(true).open(self.folder.join("ballast")).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            // The last bytes go one by one: a page that is left would still be used.
            if ballast.write_all(&vec![0; size]).is_err() {
                size /= 2;
            }
        }
    }

    /// Makes room again.
    pub fn free(&self) {
        std::fs::remove_file(self.folder.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        drop(self.child.wait());
        drop(std::fs::remove_dir(&self.folder));
    }
}
