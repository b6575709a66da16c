//! Results: one row for each finished round and one for each who was in it, written once however often they come.
//! Which of them count and are rated is decided here. The caller's transaction makes a result whole or not there at all.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use shared::mode::Team;

use super::rating::{self, Entry, Rating};
use super::record::{RoundRecord, RoundRow};
use super::trouble::Trouble;

/// Who was there for less than one part in so many of a round is not rated by it and has not won it.
const RATED_SHARE: u32 = 4;
/// Results of matches that were not public are kept for this time; their addresses are known to few.
const PRIVATE_S: i64 = 90 * 24 * 3600;

/// What a list says of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResultLine {
    /// Its id in addresses.
    pub id: String,
    /// The match.
    pub match_id: String,
    /// Which of its rounds.
    pub round: i64,
    /// The match's name.
    pub name: String,
    /// The map's name.
    pub map: String,
    /// The word of the mode.
    pub mode: String,
    /// Whether it ran to its end.
    pub whole: bool,
    /// In seconds since 1970.
    pub started_at: i64,
    /// In seconds since 1970.
    pub ended_at: i64,
    /// How many took part, bots too.
    pub players: i64,
    /// Who came first; in modes with sides the side that won, and nobody if they are level.
    pub winner: Option<String>,
    /// What both sides reached, azure first; `None` in modes without.
    pub team_scores: Option<[i64; 2]>,
    #[serde(skip)]
    number: i64,
}

/// A result with all who took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResultPage {
    /// What a list says of it.
    #[serde(flatten)]
    pub line: ResultLine,
    /// Everybody, by place.
    pub rows: Vec<ResultRow>,
}

/// What somebody did in a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResultRow {
    /// 1 is the best.
    pub place: i64,
    /// What they were called then.
    pub name: String,
    /// Their account, if they have one.
    pub account_id: Option<String>,
    /// Whether the program played.
    pub bot: bool,
    /// Whether they left before the end.
    pub left: bool,
    /// The side: 1 azure, 2 amber, 0 where there are none.
    pub team: i64,
    /// Points.
    pub score: i64,
    /// Ships taken out.
    pub kills: i64,
    /// Own ships lost.
    pub deaths: i64,
    /// What the round did to their rating.
    pub rating_change: Option<i64>,
}

/// Which results a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those of one match.
    pub match_id: Option<String>,
    /// Only those of one account, by its id in the database.
    pub account: Option<i64>,
    /// Only those before this number; from an earlier list.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Part of a list of results, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResultList {
    /// The results.
    pub results: Vec<ResultLine>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<i64>,
}

/// Whose a row is, and whether it is the one of theirs that counts.
#[derive(Clone, Copy)]
struct Owner {
    account: i64,
    counted: bool,
    /// Whether the account had a seat on the other side too: then the round tells nothing of who is better.
    on_both_sides: bool,
}

/// Writes a result that ended at `ended_s`. False if it is there already, and then nothing is changed.
pub fn write(connection: &Connection, record: &RoundRecord, ended_s: i64) -> Result<bool, Trouble> {
    let text =
        "INSERT OR IGNORE INTO results (match_id, round, name, map, mode, public, whole, started_s, ended_s,
        azure, amber) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING number";
    let RoundRecord { match_id, round, name, map, mode, public, whole, length_s, rows, .. } = record;
    let (azure, amber) =
        (record.team_scores.map(|[first, _]| first), record.team_scores.map(|[_, second]| second));
    let started_s = ended_s - i64::from(*length_s);
    let fields = params![match_id, round, name, map, mode, public, whole, started_s, ended_s, azure, amber];
    let number: Option<i64> = connection.query_row(text, fields, |row| row.get(0)).optional()?;
    let Some(number) = number else { return Ok(false) };
    let owners = owners(connection, record)?;
    let changes = rate(connection, record, &owners)?;
    let mut row_in = connection.prepare(
        "INSERT INTO result_rows (result, place, name, account, counted, bot, quit, present_s, score, kills, deaths,
         rating_change, team) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let mut count = connection.prepare(
        "UPDATE accounts SET rounds = rounds + 1, wins = wins + ?2, score = score + ?3, kills = kills + ?4,
         deaths = deaths + ?5 WHERE id = ?1",
    )?;
    for (index, row) in rows.iter().enumerate() {
        let (place, owner) = (index as i64 + 1, owners.get(&index));
        let account = owner.map(|owner| owner.account);
        let counted = *public && owner.is_some_and(|owner| owner.counted);
        let RoundRow { name, bot, left, present_s, score, kills, deaths, team, .. } = row;
        let (name, change, side) = (name.as_str(), changes.get(&index), u8::from(*team));
        row_in.execute(params![
            number, place, name, account, counted, bot, left, present_s, score, kills, deaths, change, side
        ])?;
        if counted {
            let ahead = match record.winning_side() {
                Some(side) => !side.is_nobodys() && *team == side,
                None => place == 1 && rows.len() > 1,
            };
            let alone = owner.is_some_and(|owner| !owner.on_both_sides);
            let won = ahead && alone && !*left && was_there(record, row);
            count.execute(params![account, won, score, kills, deaths])?;
        }
    }
    Ok(true)
}

/// Which rows are whose. Of several seats of one account in a round the best counts.
fn owners(connection: &Connection, record: &RoundRecord) -> Result<BTreeMap<usize, Owner>, Trouble> {
    let mut seats = connection.prepare("SELECT seat, account FROM seats WHERE match_id = ?1")?;
    let seats: BTreeMap<u16, i64> = seats
        .query_map([&record.match_id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let rows = record.rows.iter().enumerate().filter(|(_, row)| !row.bot);
    let owned: Vec<(usize, i64, Team)> =
        rows.filter_map(|(index, row)| Some((index, *seats.get(&row.seat.0)?, row.team))).collect();
    let sides: BTreeSet<(i64, Team)> = owned.iter().map(|(_, account, side)| (*account, *side)).collect();
    let mut counted = BTreeSet::new();
    let owners = owned.into_iter().map(|(index, account, side)| {
        let on_both_sides = !side.is_nobodys() && sides.contains(&(account, side.other()));
        (index, Owner { account, counted: counted.insert(account), on_both_sides })
    });
    Ok(owners.collect())
}

/// Whether somebody was there for long enough to be judged by the round.
fn was_there(record: &RoundRecord, row: &RoundRow) -> bool {
    row.present_s.saturating_mul(RATED_SHARE) >= record.length_s
}

/// Rates those of a round who have accounts, against each other: bots and guests are left out, because the same bot is
/// never the same opponent twice. Returns by row what it did to the shown rating.
fn rate(
    connection: &Connection,
    record: &RoundRecord,
    owners: &BTreeMap<usize, Owner>,
) -> Result<BTreeMap<usize, i64>, Trouble> {
    let mut changes = BTreeMap::new();
    if !record.public || !record.whole {
        return Ok(changes);
    }
    let mut rated: Vec<(usize, i64, Entry)> = Vec::new();
    let mut level = (0, None);
    for (index, row) in record.rows.iter().enumerate() {
        let standing = Some((row.score, row.deaths, row.left));
        if level.1 != standing {
            level = (index + 1, standing);
        }
        let place = match record.winning_side() {
            // With sides only theirs count: 1 won or level, 2 lost.
            Some(side) => usize::from(!side.is_nobodys() && row.team != side) + 1,
            None => level.0,
        };
        let judged = |owner: &&Owner| owner.counted && !owner.on_both_sides && was_there(record, row);
        if let Some(owner) = owners.get(&index).filter(judged) {
            let rating = known_rating(connection, owner.account)?;
            rated.push((index, owner.account, Entry { place, side: row.team, rating }));
        }
    }
    if rated.len() < 2 {
        return Ok(changes);
    }
    let entries: Vec<Entry> = rated.iter().map(|(_, _, entry)| *entry).collect();
    let mut change = connection.prepare(
        "UPDATE accounts SET mean = ?2, uncertainty = ?3, rating = ?4, rated = rated + 1 WHERE id = ?1",
    )?;
    for ((index, account, Entry { rating: before, .. }), after) in rated.iter().zip(rating::after(&entries)) {
        change.execute(params![account, after.mean, after.uncertainty, after.shown()])?;
        changes.insert(*index, after.shown() - before.shown());
    }
    Ok(changes)
}

fn known_rating(connection: &Connection, account: i64) -> Result<Rating, Trouble> {
    let text = "SELECT mean, uncertainty FROM accounts WHERE id = ?1";
    let known: (Option<f64>, Option<f64>) =
        connection.query_row(text, [account], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match known {
        (Some(mean), Some(uncertainty)) => Rating { mean, uncertainty },
        _ => Rating::default(),
    })
}

const LINE: &str = "SELECT number, match_id, round, name, map, mode, whole, started_s, ended_s,
    (SELECT count(*) FROM result_rows WHERE result = number),
    (SELECT name FROM result_rows WHERE result = number AND place = 1), azure, amber FROM results";

fn line(row: &Row<'_>) -> rusqlite::Result<ResultLine> {
    let (match_id, round): (String, i64) = (row.get(1)?, row.get(2)?);
    let sides: (Option<i64>, Option<i64>) = (row.get(11)?, row.get(12)?);
    let team_scores = sides.0.zip(sides.1).map(|(azure, amber)| [azure, amber]);
    Ok(ResultLine {
        number: row.get(0)?,
        id: format!("{match_id}-{round}"),
        match_id,
        round,
        name: row.get(3)?,
        map: row.get(4)?,
        mode: row.get(5)?,
        whole: row.get(6)?,
        started_at: row.get(7)?,
        ended_at: row.get(8)?,
        players: row.get(9)?,
        winner: match team_scores {
            Some(scores) => winning_side(scores),
            None => row.get(10)?,
        },
        team_scores,
    })
}

/// What people call the side that won.
fn winning_side([azure, amber]: [i64; 2]) -> Option<String> {
    let name = match azure.cmp(&amber) {
        Ordering::Greater => "Azure",
        Ordering::Less => "Amber",
        Ordering::Equal => return None,
    };
    Some(name.to_owned())
}

/// Public results, the newest first.
pub fn list(connection: &Connection, wanted: &Wanted) -> Result<ResultList, Trouble> {
    // Each wish has its own text, so that each uses its own index.
    let (filter, name): (&str, &dyn rusqlite::ToSql) = match (&wanted.match_id, &wanted.account) {
        (Some(match_id), _) => ("AND match_id = ?3", match_id),
        (None, Some(account)) => {
            ("AND number IN (SELECT result FROM result_rows WHERE account = ?3)", account)
        }
        (None, None) => ("AND ?3", &true),
    };
    let text = format!("{LINE} WHERE public AND number < ?1 {filter} ORDER BY number DESC LIMIT ?2");
    let before = wanted.before.unwrap_or(i64::MAX);
    let mut found = connection.prepare(&text)?;
    let results: Vec<ResultLine> =
        found.query_map(params![before, wanted.limit, name], line)?.collect::<Result<_, _>>()?;
    let full = results.len() >= wanted.limit as usize;
    let next = results.last().filter(|_| full).map(|last| last.number);
    Ok(ResultList { results, next })
}

/// One result of a match, public or not; the newest if no round is named.
pub fn one(
    connection: &Connection,
    match_id: &str,
    round: Option<u16>,
) -> Result<Option<ResultPage>, Trouble> {
    let text =
        format!("{LINE} WHERE match_id = ?1 AND round = ifnull(?2, round) ORDER BY round DESC LIMIT 1");
    let Some(line) = connection.query_row(&text, params![match_id, round], line).optional()? else {
        return Ok(None);
    };
    let mut rows = connection.prepare(
        "SELECT place, r.name, public_id, bot, quit, r.score, r.kills, r.deaths, rating_change, team
         FROM result_rows r LEFT JOIN accounts a ON a.id = r.account WHERE result = ?1 ORDER BY place",
    )?;
    let rows = rows.query_map([line.number], |row| {
        Ok(ResultRow {
            place: row.get(0)?,
            name: row.get(1)?,
            account_id: row.get(2)?,
            bot: row.get(3)?,
            left: row.get(4)?,
            score: row.get(5)?,
            kills: row.get(6)?,
            deaths: row.get(7)?,
            rating_change: row.get(8)?,
            team: row.get(9)?,
        })
    })?;
    Ok(Some(ResultPage { rows: rows.collect::<Result<_, _>>()?, line }))
}

/// Forgets old results of matches that were not public.
pub fn sweep(connection: &Connection, now_s: i64) -> Result<(), Trouble> {
    connection.execute("DELETE FROM results WHERE NOT public AND ended_s < ?1", [now_s - PRIVATE_S])?;
    Ok(())
}
