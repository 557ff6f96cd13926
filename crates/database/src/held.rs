//! A file of SQLite, held by one server.

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

/// The right to be the one server on a file of SQLite, as long as this lives.
///
/// Commands may open the database beside it. What is held is a file beside the database, `….lock`,
/// which the operating system lets go when the process ends, however that is; what stands in it says
/// who holds it.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "it is let go when it is dropped")] File);

impl Held {
    /// Takes the right for a server, which says where it is to be found. None for PostgreSQL, which
    /// several may share, and for a database in memory, which nobody can.
    ///
    /// # Errors
    ///
    /// If another server has it: a sentence that says which.
    pub fn take(url: &str, found_at: &str) -> Result<Option<Held>, String> {
        let Some(path) = file_of(url) else { return Ok(None) };
        let lock = path_of_lock(&path);
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock);
        // A folder that is missing, or may not be written to, is told of when the database is opened.
        let Ok(mut file) = opened else { return Ok(None) };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(format!(
                    "Another server works on {} already: {}. End that one first.",
                    path.display(),
                    holder.trim()
                ));
            }
            Err(TryLockError::Error(error)) => {
                let lock = lock.display();
                tracing::warn!(%error, "{lock} cannot be locked: a second server would go unnoticed");
                return Ok(None);
            }
        }
        let holder = format!("process {}, at {found_at}\n", std::process::id());
        // It only tells who it is; the lock holds without it.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = file.write_all(holder.as_bytes());
        Ok(Some(Held(file)))
    }
}

/// Returns the file of a database; none if there is none.
fn file_of(url: &str) -> Option<PathBuf> {
    let options =
        SqliteConnectOptions::from_str(url).ok().filter(|_| url.starts_with("sqlite:"))?;
    let path = options.get_filename();
    // So does it call what is in memory.
    (!path.to_string_lossy().starts_with("file:")).then(|| path.to_path_buf())
}

fn path_of_lock(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
