//! The leaderboards: all time by rating, and the last seven days by points. Only public rounds and accounts count.
//! One board is worked out for all who ask, until something changes; it is as long as anybody reads.

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::trouble::Trouble;

/// Places of a board.
pub const PLACES_MAX: u32 = 500;
/// Seconds of the week's board.
const WEEK_S: i64 = 7 * 24 * 3600;

/// Of which time a board is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Since the beginning, by rating; unrated players follow by points.
    #[default]
    All,
    /// The last seven days, by points.
    Week,
}

/// One place of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// 1 is the best.
    pub place: u32,
    /// The account's id in addresses.
    pub account_id: String,
    /// What the player is called now.
    pub name: String,
    /// How good they are; `None` before the first rated round.
    pub rating: Option<i64>,
    /// Public rounds in the period.
    pub rounds: i64,
    /// Of these, those that they won.
    pub wins: i64,
    /// Points in them.
    pub score: i64,
    /// Ships taken out.
    pub kills: i64,
    /// Own ships lost.
    pub deaths: i64,
}

const ALL: &str =
    "SELECT public_id, name, rating, rounds, wins, score, kills, deaths FROM accounts WHERE rounds > 0
    ORDER BY rating DESC, score DESC, id LIMIT ?1";
const WEEK: &str = "SELECT public_id, a.name, rating, w.rounds, w.wins, w.score, w.kills, w.deaths
    FROM (SELECT account, count(*) rounds, sum(place = 1) wins, sum(score) score, sum(kills) kills, sum(deaths) deaths
          FROM results JOIN result_rows ON result = number
          WHERE public AND counted AND ended_s >= ?2 GROUP BY account) w
    JOIN accounts a ON a.id = w.account ORDER BY w.score DESC, w.deaths, a.id LIMIT ?1";

/// The board of a period as it is at `now_s`.
pub fn read(connection: &Connection, period: Period, now_s: i64) -> Result<Vec<Standing>, Trouble> {
    let mut found = connection.prepare(match period {
        Period::All => ALL,
        Period::Week => WEEK,
    })?;
    let rows = match period {
        Period::All => found.query_map([PLACES_MAX], standing)?.collect::<Result<Vec<_>, _>>()?,
        Period::Week => found
            .query_map([i64::from(PLACES_MAX), now_s - WEEK_S], standing)?
            .collect::<Result<Vec<_>, _>>()?,
    };
    Ok((1..).zip(rows).map(|(place, row)| Standing { place, ..row }).collect())
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing {
        place: 0,
        account_id: row.get(0)?,
        name: row.get(1)?,
        rating: row.get(2)?,
        rounds: row.get(3)?,
        wins: row.get(4)?,
        score: row.get(5)?,
        kills: row.get(6)?,
        deaths: row.get(7)?,
    })
}
