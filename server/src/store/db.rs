//! The open database with what is worked out from it: every change of the store as one transaction, in one place.
//! The store's thread owns it; nothing else ever holds a connection but the backup.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rusqlite::Connection;

use super::accounts::{self, Account, Profile};
use super::bans::{self, Ban};
use super::desk::Kept;
use super::key::KeyHash;
use super::leaderboard::{self, Period, Standing};
use super::results::{self, ResultList, ResultPage, Wanted};
use super::schema;
use super::trouble::Trouble;

/// A board of another hour may still hold rounds that are older than a week.
const BOARD_AGE_S: i64 = 60;

/// The bans as everybody reads them.
pub type BanList = Arc<ArcSwap<Vec<Ban>>>;

/// A board that was worked out, and when.
type Board = Option<(i64, Arc<[Standing]>)>;

/// The open database.
#[derive(Debug)]
pub struct Db {
    connection: Connection,
    bans: BanList,
    all: Board,
    week: Board,
}

impl Db {
    /// Opens the database of a folder, one in memory without a folder, and shows its bans in `bans`. With `thorough` all of
    /// it is read and must hold together.
    pub fn open(folder: Option<&Path>, bans: BanList, thorough: bool) -> Result<Db, Trouble> {
        let connection = folder.map_or_else(schema::in_memory, schema::open)?;
        // That all of it is read may take long; whoever is banned stays out meanwhile.
        if let Ok(list) = bans::read(&connection) {
            bans.store(Arc::new(list));
        }
        if thorough {
            schema::check(&connection)?;
        }
        bans.store(Arc::new(bans::read(&connection)?));
        Ok(Db { connection, bans, all: None, week: None })
    }

    /// Writes something that was handed in; twice changes nothing more than once.
    pub fn write(&mut self, thing: &Kept, handed_in_s: i64) -> Result<(), Trouble> {
        let change = self.connection.transaction()?;
        match thing {
            Kept::Round(record) => {
                results::write(&change, record, handed_in_s)?;
            }
            Kept::Seat { match_id, seat, key, name } => {
                let account = accounts::find_or_make(&change, *key, name.as_str(), handed_in_s)?;
                accounts::take_seat(&change, (match_id, seat.0), &account, handed_in_s)?;
            }
        }
        change.commit()?;
        self.forget_boards();
        Ok(())
    }

    /// The account of a key, made if it is new.
    pub fn sign_in(&mut self, key: KeyHash, name: &str, now_s: i64) -> Result<Account, Trouble> {
        let change = self.connection.transaction()?;
        let account = accounts::find_or_make(&change, key, name, now_s)?;
        change.commit()?;
        Ok(account)
    }

    /// The seats that an account has taken of late: match and seat. Their matches may be over.
    pub fn seats_of(&self, public_id: &str) -> Result<Vec<(String, u16)>, Trouble> {
        accounts::seats_of(&self.connection, public_id)
    }

    /// The public id of the account whose seat it is, if it is tied to one.
    pub fn account_of_seat(&self, match_id: &str, seat: u16) -> Result<Option<String>, Trouble> {
        accounts::of_seat(&self.connection, match_id, seat)
    }

    /// An account by its public id.
    pub fn profile(&self, public_id: &str) -> Result<Option<(i64, Profile)>, Trouble> {
        accounts::by_public_id(&self.connection, public_id)
    }

    /// An account by its key.
    pub fn own_profile(&self, key: KeyHash) -> Result<Option<(i64, Profile)>, Trouble> {
        accounts::by_key(&self.connection, key)
    }

    /// Gives an account another name; false if there is none.
    pub fn rename(&mut self, key: KeyHash, name: &str) -> Result<bool, Trouble> {
        self.forget_boards();
        accounts::rename(&self.connection, key, name)
    }

    /// Deletes an account; false if there is none. What was written of it is gone from the files, too.
    pub fn delete(&mut self, key: KeyHash) -> Result<bool, Trouble> {
        let change = self.connection.transaction()?;
        let done = accounts::delete(&change, key)?;
        change.commit()?;
        self.forget_boards();
        if done {
            // The log of changes may still hold the old pages; another reader keeps it for a moment, and then the next
            // time does it.
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(done)
    }

    /// Public results.
    pub fn results(&self, wanted: &Wanted) -> Result<ResultList, Trouble> {
        results::list(&self.connection, wanted)
    }

    /// One result of a match; the newest if no round is named.
    pub fn result(&self, match_id: &str, round: Option<u16>) -> Result<Option<ResultPage>, Trouble> {
        results::one(&self.connection, match_id, round)
    }

    /// The board of a period.
    pub fn board(&mut self, period: Period, now_s: i64) -> Result<Arc<[Standing]>, Trouble> {
        let kept = match period {
            Period::All => &mut self.all,
            Period::Week => &mut self.week,
        };
        if let Some((at_s, board)) = kept
            && (now_s - *at_s).abs() < BOARD_AGE_S
        {
            return Ok(Arc::clone(board));
        }
        let board: Arc<[Standing]> = leaderboard::read(&self.connection, period, now_s)?.into();
        *kept = Some((now_s, Arc::clone(&board)));
        Ok(board)
    }

    /// Adds a ban and shows it; `None` if there are too many.
    pub fn add_ban(&mut self, ban: &Ban) -> Result<Option<i64>, Trouble> {
        let id = bans::add(&self.connection, ban)?;
        self.show_bans()?;
        Ok(id)
    }

    /// Takes a ban away and shows it; false if there is none of this number.
    pub fn remove_ban(&mut self, id: i64) -> Result<bool, Trouble> {
        let there = bans::remove(&self.connection, id)?;
        self.show_bans()?;
        Ok(there)
    }

    /// Forgets what nobody will ask for.
    pub fn sweep(&mut self, now_s: i64) -> Result<(), Trouble> {
        let change = self.connection.transaction()?;
        accounts::sweep(&change, now_s)?;
        results::sweep(&change, now_s)?;
        bans::sweep(&change, now_s)?;
        change.commit()?;
        self.show_bans()
    }

    fn show_bans(&self) -> Result<(), Trouble> {
        self.bans.store(Arc::new(bans::read(&self.connection)?));
        Ok(())
    }

    fn forget_boards(&mut self) {
        (self.all, self.week) = (None, None);
    }
}

#[cfg(test)]
mod tests;
