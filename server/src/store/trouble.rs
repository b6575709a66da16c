//! What can go wrong with the database, by what is to be done about it: wait and try again, or give the one thing up.
//! It reads SQLite's codes for all other rooms of the store.

use rusqlite::{Error, ErrorCode};

/// Why the store could not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too many ask at once, or the answer takes too long.
    #[error("too many ask for results and accounts just now; try again in a moment")]
    Busy,
    /// The database can't be used now; play goes on without it.
    #[error("results and accounts are not to be had just now; matches go on")]
    Unavailable,
}

/// The words by which failures are counted.
pub const REASONS: [&str; 7] = ["locked", "full", "read_only", "damaged", "io", "version", "other"];

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] Error),
    /// The file system says so.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// It is not what SQLite wrote.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A newer program wrote it.
    #[error("the database is of version {0}, and this program knows none above {1}")]
    Newer(i64, i64),
}

impl Trouble {
    /// The word by which it is counted; one of [`REASONS`].
    pub fn reason(&self) -> &'static str {
        match self {
            Trouble::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "locked",
                Some(ErrorCode::DiskFull) => "full",
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "read_only",
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "damaged",
                Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => "io",
                _ => "other",
            },
            Trouble::File(_) => "io",
            Trouble::Damaged(_) => "damaged",
            Trouble::Newer(..) => "version",
        }
    }

    /// Whether the same may work later. What is wrong with the one thing alone never will.
    pub fn may_pass(&self) -> bool {
        self.reason() != "other"
    }
}
