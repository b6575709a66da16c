//! Who may not join: accounts and networks, for a time or for good. The list is small and is kept in memory beside the
//! database, so that it holds when the database does not answer.

use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::trouble::Trouble;

/// Most bans; a list that is longer has stopped being anybody's decision.
pub const BANS_MAX: usize = 10_000;

/// Whom a ban is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The account with this public id.
    AccountId(String),
    /// All addresses of a network.
    Network(IpNet),
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ban {
    /// Its number.
    pub id: i64,
    /// Whom it is for.
    #[serde(flatten)]
    pub target: Target,
    /// Why; shown to whoever is banned.
    pub reason: String,
    /// In seconds since 1970.
    pub created_at: i64,
    /// When it ends, in seconds since 1970; `None` is never.
    pub until: Option<i64>,
}

impl Ban {
    /// Whether it holds at `now_s` for a caller.
    pub fn holds(&self, address: IpAddr, account: Option<&str>, now_s: i64) -> bool {
        let meant = match &self.target {
            Target::AccountId(id) => account == Some(id),
            Target::Network(network) => network.contains(&address),
        };
        meant && self.until.is_none_or(|until| now_s < until)
    }
}

/// All bans, the oldest first; those that have ended stay until they are swept.
pub fn read(connection: &Connection) -> Result<Vec<Ban>, Trouble> {
    let mut found = connection
        .prepare("SELECT id, account, network, reason, created_s, until_s FROM bans ORDER BY id")?;
    let rows = found.query_map([], |row| {
        let (account, network): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
        let network = network.and_then(|text| text.parse().ok()).map(Target::Network);
        let target = account.map(Target::AccountId).or(network);
        let (id, reason, created_at, until) = (row.get(0)?, row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(target.map(|target| Ban { id, target, reason, created_at, until }))
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Adds a ban, whose number is chosen here; returns it. `None` if there are [`BANS_MAX`].
pub fn add(connection: &Connection, ban: &Ban) -> Result<Option<i64>, Trouble> {
    let there: i64 = connection.query_row("SELECT count(*) FROM bans", [], |row| row.get(0))?;
    if there >= BANS_MAX as i64 {
        return Ok(None);
    }
    let (account, network) = match &ban.target {
        Target::AccountId(id) => (Some(id.as_str()), None),
        Target::Network(network) => (None, Some(network.to_string())),
    };
    let text = "INSERT INTO bans (account, network, reason, created_s, until_s) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(text, params![account, network, ban.reason, ban.created_at, ban.until])?;
    Ok(Some(connection.last_insert_rowid()))
}

/// Takes a ban away; false if there is none of this number.
pub fn remove(connection: &Connection, id: i64) -> Result<bool, Trouble> {
    Ok(connection.execute("DELETE FROM bans WHERE id = ?1", [id])? > 0)
}

/// Forgets bans that have ended.
pub fn sweep(connection: &Connection, now_s: i64) -> Result<(), Trouble> {
    connection.execute("DELETE FROM bans WHERE until_s < ?1", [now_s])?;
    Ok(())
}
