//! The database file: opening it, its tables by version, and what to do with one that is damaged.
//! It knows no single query; `accounts`, `results`, `leaderboard` and `bans` have those.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::trouble::Trouble;

/// The database's name in the data folder.
pub const FILE: &str = "starfray.db";
/// How long a statement waits for another process that writes. Short, since whoever waits tries again later.
const BUSY_WAIT: Duration = Duration::from_millis(250);
/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Tables by version: each text brings a database of the version before to the next one. Only ever add to the end.
const VERSIONS: [&str; 2] = [
    "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        key_hash BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created_s INTEGER NOT NULL,
        seen_s INTEGER NOT NULL,
        mean REAL, uncertainty REAL, rating INTEGER,
        rated INTEGER NOT NULL DEFAULT 0,
        rounds INTEGER NOT NULL DEFAULT 0,
        wins INTEGER NOT NULL DEFAULT 0,
        score INTEGER NOT NULL DEFAULT 0,
        kills INTEGER NOT NULL DEFAULT 0,
        deaths INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX accounts_by_rating ON accounts (rating DESC, score DESC, id) WHERE rounds > 0;
    CREATE TABLE seats (
        match_id TEXT NOT NULL, seat INTEGER NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        taken_s INTEGER NOT NULL,
        PRIMARY KEY (match_id, seat)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX seats_by_account ON seats (account);
    CREATE TABLE results (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        match_id TEXT NOT NULL, round INTEGER NOT NULL,
        name TEXT NOT NULL, map TEXT NOT NULL, mode TEXT NOT NULL,
        public INTEGER NOT NULL, whole INTEGER NOT NULL,
        started_s INTEGER NOT NULL, ended_s INTEGER NOT NULL,
        UNIQUE (match_id, round)
    ) STRICT;
    CREATE INDEX results_by_end ON results (ended_s) WHERE public;
    CREATE INDEX results_listed ON results (number) WHERE public;
    CREATE TABLE result_rows (
        result INTEGER NOT NULL REFERENCES results (number) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        name TEXT NOT NULL,
        account INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
        counted INTEGER NOT NULL,
        bot INTEGER NOT NULL, quit INTEGER NOT NULL, present_s INTEGER NOT NULL,
        score INTEGER NOT NULL, kills INTEGER NOT NULL, deaths INTEGER NOT NULL,
        rating_change INTEGER,
        PRIMARY KEY (result, place)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX result_rows_by_account ON result_rows (account, result) WHERE account IS NOT NULL;
    CREATE TABLE bans (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT, network TEXT,
        reason TEXT NOT NULL,
        created_s INTEGER NOT NULL, until_s INTEGER,
        CHECK ((account IS NULL) <> (network IS NULL))
    ) STRICT;
",
    "
    ALTER TABLE results ADD COLUMN azure INTEGER;
    ALTER TABLE results ADD COLUMN amber INTEGER;
    ALTER TABLE result_rows ADD COLUMN team INTEGER NOT NULL DEFAULT 0;
",
];

/// Opens the database of a data folder, or makes it; of an older version it is brought to ours.
pub fn open(folder: &Path) -> Result<Connection, Trouble> {
    let path = folder.join(FILE);
    make_private(&path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    prepare(Connection::open_with_flags(path, flags)?)
}

/// A database in memory, for tests and for servers without a disk.
pub fn in_memory() -> Result<Connection, Trouble> {
    prepare(Connection::open_in_memory()?)
}

/// The file must be its owner's alone, and SQLite's own would be anybody's to read.
fn make_private(path: &Path) -> Result<(), Trouble> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn prepare(mut connection: Connection) -> Result<Connection, Trouble> {
    connection.busy_timeout(BUSY_WAIT)?;
    // With `full` a commit is on the disk when it returns, so a result that somebody has seen survives a power cut.
    // `secure_delete` wipes the bytes of deleted accounts.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;",
    )?;
    migrate(&mut connection)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), Trouble> {
    let newest = VERSIONS.len() as i64;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > newest {
        return Err(Trouble::Newer(version, newest));
    }
    for (number, tables) in (1..).zip(VERSIONS).skip(usize::try_from(version).unwrap_or(0)) {
        let change = connection.transaction()?;
        change.execute_batch(tables)?;
        change.pragma_update(None, "user_version", number)?;
        change.commit()?;
    }
    Ok(())
}

/// Reads the whole database and says whether it holds together.
pub fn check(connection: &Connection) -> Result<(), Trouble> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Trouble::Damaged(verdict)) }
}

/// Moves a damaged database aside, so that a new one can be begun; returns where it lies. Nothing of it is deleted: what
/// can be saved, SQLite's own tools can save from it.
pub fn put_aside(folder: &Path, now_s: i64) -> Result<PathBuf, Trouble> {
    let aside = folder.join(format!("{FILE}.damaged-{now_s}"));
    for end in COMPANIONS.into_iter().chain([""]) {
        let from = folder.join(format!("{FILE}{end}"));
        let to = folder.join(format!("{FILE}.damaged-{now_s}{end}"));
        match fs::rename(from, to) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path()).unwrap();
        first
            .execute("INSERT INTO bans (network, reason, created_s) VALUES ('10.0.0.0/8', '', 1)", [])
            .unwrap();
        drop(first);
        let again = open(folder.path()).unwrap();
        check(&again).unwrap();
        let bans: i64 = again.query_row("SELECT count(*) FROM bans", [], |row| row.get(0)).unwrap();
        assert_eq!(bans, 1);
        let text = |name: &str| again.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, String>(0));
        assert_eq!(text("journal_mode").unwrap(), "wal");
        #[cfg(unix)]
        for file in [FILE.to_owned(), format!("{FILE}-wal")] {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let trouble = open(folder.path()).unwrap_err();
        assert_eq!(trouble.reason(), "version");
        assert!(trouble.may_pass());
    }

    #[test]
    fn garbage_is_damaged_and_goes_aside() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "no database at all, but long enough to look at".repeat(50))
            .unwrap();
        assert_eq!(open(folder.path()).unwrap_err().reason(), "damaged");
        let aside = put_aside(folder.path(), 77).unwrap();
        assert!(aside.ends_with("starfray.db.damaged-77") && aside.exists());
        check(&open(folder.path()).unwrap()).unwrap();
    }
}
