//! Accounts: players beyond one match, known by the hash of the key that their browser keeps. No e-mail, no password.
//! Each function is one question or one change of the database; the caller's transaction holds them together.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::key::KeyHash;
use super::trouble::Trouble;

/// What results call somebody who was deleted.
pub const DELETED: &str = "Deleted player";
/// How exactly it is remembered when somebody was here last; noting every join would cost a write each.
const SEEN_EVERY_S: i64 = 24 * 3600;
/// Accounts that never ended a round are forgotten after this time.
const UNUSED_S: i64 = 30 * 24 * 3600;
/// Seats are forgotten after this time; their tokens were good for a day.
const SEATS_S: i64 = 7 * 24 * 3600;

/// An account, as rows of other tables name it and as people do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// In the database.
    pub id: i64,
    /// In addresses; says nothing about the key.
    pub public_id: String,
}

/// What everybody may know of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its id in addresses.
    pub account_id: String,
    /// What the player is called now.
    pub name: String,
    /// How good they are; `None` before the first rated round.
    pub rating: Option<i64>,
    /// Rounds that changed the rating.
    pub rated: i64,
    /// Public rounds that they took part in.
    pub rounds: i64,
    /// Of these, those that they won.
    pub wins: i64,
    /// Points in all of them.
    pub score: i64,
    /// Ships taken out.
    pub kills: i64,
    /// Own ships lost.
    pub deaths: i64,
    /// Since when, in seconds since 1970.
    pub created_at: i64,
}

/// The account of a key, made if it is new; its name becomes `name`.
pub fn find_or_make(
    connection: &Connection,
    key: KeyHash,
    name: &str,
    now_s: i64,
) -> Result<Account, Trouble> {
    let known = connection
        .query_row(
            "SELECT id, public_id, name, seen_s FROM accounts WHERE key_hash = ?1",
            [&key.0[..]],
            |row| {
                let account = Account { id: row.get(0)?, public_id: row.get(1)? };
                Ok((account, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
            },
        )
        .optional()?;
    if let Some((account, known_name, seen_s)) = known {
        if known_name != name || now_s.saturating_sub(seen_s) > SEEN_EVERY_S {
            let change = "UPDATE accounts SET name = ?2, seen_s = ?3 WHERE id = ?1";
            connection.execute(change, params![account.id, name, now_s])?;
        }
        return Ok(account);
    }
    let new = "INSERT INTO accounts (public_id, key_hash, name, created_s, seen_s)
        VALUES (lower(hex(randomblob(6))), ?1, ?2, ?3, ?3) RETURNING id, public_id";
    let made = connection.query_row(new, params![&key.0[..], name, now_s], |row| {
        Ok(Account { id: row.get(0)?, public_id: row.get(1)? })
    })?;
    Ok(made)
}

/// Remembers whose seat of a match it is, for the results of its rounds.
pub fn take_seat(
    connection: &Connection,
    (match_id, seat): (&str, u16),
    account: &Account,
    now_s: i64,
) -> Result<(), Trouble> {
    let taken = "INSERT OR REPLACE INTO seats (match_id, seat, account, taken_s) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(taken, params![match_id, seat, account.id, now_s])?;
    Ok(())
}

/// The seats that an account has taken of late: match and seat.
pub fn seats_of(connection: &Connection, public_id: &str) -> Result<Vec<(String, u16)>, Trouble> {
    let mut found = connection.prepare(
        "SELECT match_id, seat FROM seats WHERE account = (SELECT id FROM accounts WHERE public_id = ?1)",
    )?;
    let rows = found.query_map([public_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The public id of the account whose seat it is.
pub fn of_seat(connection: &Connection, match_id: &str, seat: u16) -> Result<Option<String>, Trouble> {
    let text = "SELECT public_id FROM accounts
        WHERE id = (SELECT account FROM seats WHERE match_id = ?1 AND seat = ?2)";
    Ok(connection.query_row(text, params![match_id, seat], |row| row.get(0)).optional()?)
}

const PROFILE: &str =
    "SELECT public_id, name, rating, rated, rounds, wins, score, kills, deaths, created_s, id
    FROM accounts";

fn profile(row: &Row<'_>) -> rusqlite::Result<(i64, Profile)> {
    let profile = Profile {
        account_id: row.get(0)?,
        name: row.get(1)?,
        rating: row.get(2)?,
        rated: row.get(3)?,
        rounds: row.get(4)?,
        wins: row.get(5)?,
        score: row.get(6)?,
        kills: row.get(7)?,
        deaths: row.get(8)?,
        created_at: row.get(9)?,
    };
    Ok((row.get(10)?, profile))
}

/// The account with this public id, and what everybody may know of it.
pub fn by_public_id(connection: &Connection, public_id: &str) -> Result<Option<(i64, Profile)>, Trouble> {
    let text = format!("{PROFILE} WHERE public_id = ?1");
    Ok(connection.query_row(&text, [public_id], profile).optional()?)
}

/// The same of the account with this key.
pub fn by_key(connection: &Connection, key: KeyHash) -> Result<Option<(i64, Profile)>, Trouble> {
    let text = format!("{PROFILE} WHERE key_hash = ?1");
    Ok(connection.query_row(&text, [&key.0[..]], profile).optional()?)
}

/// Gives an account another name; false if there is no such account.
pub fn rename(connection: &Connection, key: KeyHash, name: &str) -> Result<bool, Trouble> {
    let change = "UPDATE accounts SET name = ?2 WHERE key_hash = ?1";
    Ok(connection.execute(change, params![&key.0[..], name])? > 0)
}

/// Deletes an account with everything that leads to it; results keep the place without the person. False if there is no
/// such account.
pub fn delete(connection: &Connection, key: KeyHash) -> Result<bool, Trouble> {
    let Some((id, _)) = by_key(connection, key)? else { return Ok(false) };
    let rows = "UPDATE result_rows SET name = ?2, account = NULL, counted = 0, rating_change = NULL WHERE account = ?1";
    connection.execute(rows, params![id, DELETED])?;
    connection.execute("DELETE FROM seats WHERE account = ?1", [id])?;
    connection.execute("DELETE FROM accounts WHERE id = ?1", [id])?;
    Ok(true)
}

/// Forgets what nobody will ask for: accounts that never ended a round, and seats whose tokens are long dead.
pub fn sweep(connection: &Connection, now_s: i64) -> Result<(), Trouble> {
    connection.execute("DELETE FROM seats WHERE taken_s < ?1", [now_s - SEATS_S])?;
    connection.execute(
        "DELETE FROM accounts WHERE rounds = 0 AND seen_s < ?1 AND NOT EXISTS
        (SELECT 1 FROM result_rows WHERE account = accounts.id)",
        [now_s - UNUSED_S],
    )?;
    Ok(())
}
