//! A copy of the database while the server runs: whole, compact and checked, or not there at all.
//! Restoring is putting the file into the data folder. The program calls it; it is the one other reader of the database.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::schema;
use super::trouble::Trouble;

/// How long a copy waits for a server that writes.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing to copy.
    #[error("there is no database in {}", .0.display())]
    Missing(PathBuf),
    /// The database can't be read, or its copy not written.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The file can't be put where it should be.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// Copies the database of a data folder into the file `to`, which it replaces when the copy is whole and on the disk.
/// Returns its size in bytes.
pub fn backup(folder: &Path, to: &Path) -> Result<u64, BackupError> {
    let from = folder.join(schema::FILE);
    if !from.is_file() {
        return Err(BackupError::Missing(folder.to_owned()));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    let part = PathBuf::from(name);
    let done = copy(&from, &part).and_then(|bytes| move_over(&part, to).map(|()| bytes));
    if done.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&part);
    }
    done
}

fn copy(from: &Path, part: &Path) -> Result<u64, BackupError> {
    let at_part = |error| BackupError::File { path: part.to_owned(), error };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(part).map_err(at_part)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(Trouble::from)?;
    source.busy_timeout(BUSY_WAIT).map_err(Trouble::from)?;
    source.execute("VACUUM INTO ?1", [part.to_string_lossy()]).map_err(Trouble::from)?;
    schema::check(&Connection::open_with_flags(part, flags).map_err(Trouble::from)?)?;
    file.sync_all().map_err(at_part)?;
    Ok(file.metadata().map_err(at_part)?.len())
}

fn move_over(part: &Path, to: &Path) -> Result<(), BackupError> {
    let at_to = |error| BackupError::File { path: to.to_owned(), error };
    fs::rename(part, to).map_err(at_to)?;
    // Only a folder that is on the disk makes the new name last.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at_to)?;
    Ok(())
}
