//! What a host asks for, and what a match gets: the JSON body of `POST /api/matches`, checked field by field.
//! After the check a match has only values that work; every refusal names its field.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use shared::arena::Arena;
pub use shared::mode::Mode;
use shared::name::{MATCH_NAME_CHARS_MAX, clean};
use shared::rule_book::RuleBook;
use shared::rules::{LAG_COMPENSATION_MS, LAG_COMPENSATION_MS_MAX, Rules};
use shared::tick::TickRate;
use thiserror::Error;

use crate::bots::skill::Skill;
use crate::maps::{self, Maps};

pub mod stored;

/// Most players of a match.
pub const PLAYERS_MAX: u32 = 2000;
/// Most bots of a match.
pub const BOTS_MAX: u32 = 200;
const DURATION_S: (u32, u32) = (10, 86_400);
const DELAY_MS_MAX: u32 = 60_000;
const PASSWORD_CHARS_MAX: usize = 64;
const SCORE_LIMIT_MAX: u32 = 10_000;

/// Who finds a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// It stands in the list.
    #[default]
    Public,
    /// Whoever has its link.
    Unlisted,
}

/// When the first round begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// At once.
    #[default]
    Now,
    /// When the host says so.
    Host,
}

/// A match's password, kept only as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Password([u8; 32]);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What a password's guess is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// The match has none.
    NotNeeded,
    /// It fits.
    Right,
    /// None was given.
    Missing,
    /// It does not fit.
    Wrong,
}

/// The settings of a match; all values work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchSettings {
    /// What to call it.
    pub name: String,
    /// The game that is played.
    pub mode: Mode,
    /// The score at which a round ends before its time, 0 for never; none is the rules' usual one.
    pub score_limit: Option<u16>,
    /// The numbers that are played by.
    #[serde(skip)]
    pub book: RuleBook,
    /// The map's name.
    pub map: String,
    /// What that map was when the match was hosted.
    #[serde(skip)]
    pub arena: Arc<Arena>,
    /// Seats for people.
    pub max_players: u32,
    /// Seats that bots fill; they give way to people.
    pub bots: u32,
    /// How well they play.
    pub bot_skill: Skill,
    /// Length of a round in seconds.
    pub duration_s: u32,
    /// Who finds it.
    pub visibility: Visibility,
    /// Who may join; shown to others as whether there is one.
    #[serde(serialize_with = "as_flag")]
    pub password: Option<Password>,
    /// Ticks in a second.
    pub tick_hz: TickRate,
    /// When the first round begins.
    pub start: Start,
    /// How much later spectators see it, in milliseconds.
    pub spectator_delay_ms: u32,
    /// How far back a hit may count where its shooter saw the target, in milliseconds; 0 is off.
    pub lag_compensation_ms: u32,
}

#[expect(clippy::ref_option, reason = "serde hands a field over as it is")]
fn as_flag<S: Serializer>(password: &Option<Password>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(password.is_some())
}

impl MatchSettings {
    /// What `given` is worth for this match. The comparison takes the same time for every guess.
    pub fn password_fits(&self, given: Option<&str>) -> PasswordAnswer {
        match (&self.password, given) {
            (None, _) => PasswordAnswer::NotNeeded,
            (Some(_), None | Some("")) => PasswordAnswer::Missing,
            (Some(Password(right)), Some(guess)) => {
                let differs = right.iter().zip(hash(guess)).fold(0, |all, (a, b)| all | (a ^ b));
                if differs == 0 { PasswordAnswer::Right } else { PasswordAnswer::Wrong }
            }
        }
    }

    /// The numbers that are played by.
    pub fn rules(&self) -> Rules {
        Rules::of(&self.book, self.tick_hz, self.duration_s.saturating_mul(1000))
            .with_mode(self.mode, self.score_limit)
            .with_lag_compensation(self.lag_compensation_ms)
    }

    /// The same on another map, which must be one of `maps`; may have to look at the disk.
    pub fn on_map(&self, map: &str, maps: &Maps) -> Result<MatchSettings, SettingsError> {
        let map = map.to_lowercase();
        let found = maps.find(&map).or_else(|message| refuse("map", message))?;
        let arena = found.shared_arena(self.max_players);
        fits("map", self.mode, (&map, &arena))?;
        Ok(MatchSettings { map, arena, ..self.clone() })
    }

    /// The arena that is played in.
    pub fn arena(&self) -> Arena {
        Arena::clone(&self.arena)
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The settings as a host writes them; whatever is missing gets its default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSettings {
    /// What to call it; by default the map's name.
    pub name: Option<String>,
    /// `ffa` (default), `tdm` or `ctc`.
    pub mode: Option<String>,
    /// 0 (none) to 10,000; by default what the rules say for the mode.
    pub score_limit: Option<u32>,
    /// The map; by default the first small one.
    pub map: Option<String>,
    /// 1 to 2,000; 16 by default.
    pub max_players: Option<u32>,
    /// 0 to 200; none by default.
    pub bots: Option<u32>,
    /// 1 (easy) to 3 (hard); 2 by default.
    pub bot_skill: Option<u32>,
    /// 10 to 86,400; 600 by default.
    pub duration_s: Option<u32>,
    /// `public` (default) or `unlisted`.
    pub visibility: Option<String>,
    /// At most 64 characters; empty is none.
    pub password: Option<String>,
    /// 10 to 60; 30 by default.
    pub tick_hz: Option<u32>,
    /// `now` (default) or `host`.
    pub start: Option<String>,
    /// 0 to 60,000; 0 by default.
    pub spectator_delay_ms: Option<u32>,
    /// 0 (off) to 500; 300 by default.
    pub lag_compensation_ms: Option<u32>,
}

/// A setting that does not work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {message}")]
pub struct SettingsError {
    /// Which one.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl RawSettings {
    /// Checks every field; the map must be one that comes with the program.
    pub fn check(self) -> Result<MatchSettings, SettingsError> {
        self.check_with(&Maps::built_in())
    }

    /// Checks every field; the map must be one of `maps`, which may have to look at the disk.
    pub fn check_with(self, maps: &Maps) -> Result<MatchSettings, SettingsError> {
        let map = self.map.unwrap_or_else(|| maps::FIRST.to_owned()).to_lowercase();
        let found = maps.find(&map).or_else(|message| refuse("map", message))?;
        let max_players = within("max_players", self.max_players.unwrap_or(16), 1, PLAYERS_MAX)?;
        let name = self.name.as_deref().and_then(|n| clean(n, MATCH_NAME_CHARS_MAX));
        let hz = self.tick_hz.unwrap_or_else(|| TickRate::DEFAULT.hz());
        let tick_hz =
            TickRate::new(hz).map_err(|e| SettingsError { field: "tick_hz", message: e.to_string() })?;
        let arena = found.shared_arena(max_players);
        let mode = word("mode", self.mode, &Mode::WORDS)?;
        fits("mode", mode, (&map, &arena))?;
        Ok(MatchSettings {
            score_limit: match self.score_limit {
                Some(limit) => Some(within("score_limit", limit, 0, SCORE_LIMIT_MAX)? as u16),
                None => None,
            },
            book: RuleBook::STANDARD,
            arena,
            name: name.unwrap_or(found.title),
            mode,
            map,
            max_players,
            bots: within("bots", self.bots.unwrap_or(0), 0, BOTS_MAX)?,
            bot_skill: check_skill(self.bot_skill)?,
            duration_s: within("duration_s", self.duration_s.unwrap_or(600), DURATION_S.0, DURATION_S.1)?,
            visibility: word(
                "visibility",
                self.visibility,
                &[("public", Visibility::Public), ("unlisted", Visibility::Unlisted)],
            )?,
            password: check_password(self.password)?,
            tick_hz,
            start: word("start", self.start, &[("now", Start::Now), ("host", Start::Host)])?,
            spectator_delay_ms: within(
                "spectator_delay_ms",
                self.spectator_delay_ms.unwrap_or(0),
                0,
                DELAY_MS_MAX,
            )?,
            lag_compensation_ms: within(
                "lag_compensation_ms",
                self.lag_compensation_ms.unwrap_or(LAG_COMPENSATION_MS),
                0,
                LAG_COMPENSATION_MS_MAX,
            )?,
        })
    }
}

/// Whether `mode` can be played on a map; else a refusal of `field`.
fn fits(field: &'static str, mode: Mode, (map, arena): (&str, &Arena)) -> Result<(), SettingsError> {
    if mode == Mode::Ctc && arena.cores().is_none() {
        return refuse(field, format!("ctc needs a map with cores, and \"{map}\" has none"));
    }
    Ok(())
}

/// A refusal of `field`.
pub(crate) fn refuse<T>(field: &'static str, message: String) -> Result<T, SettingsError> {
    Err(SettingsError { field, message })
}

/// `value`, if it lies between `low` and `high`; else a refusal of `field`.
pub(crate) fn within(field: &'static str, value: u32, low: u32, high: u32) -> Result<u32, SettingsError> {
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        refuse(field, format!("must be {low} to {high}, not {value}"))
    }
}

/// The value that `text` names; the first of `words` if there is no text.
fn word<T: Copy + Default>(
    field: &'static str,
    text: Option<String>,
    words: &[(&str, T)],
) -> Result<T, SettingsError> {
    let Some(text) = text else { return Ok(T::default()) };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    refuse(field, format!("must be {}, not \"{}\"", known.join(" or "), clean(&text, 32).unwrap_or_default()))
}

fn check_skill(number: Option<u32>) -> Result<Skill, SettingsError> {
    let Some(number) = number else { return Ok(Skill::default()) };
    Skill::of_number(number)
        .map_or_else(|| refuse("bot_skill", format!("must be 1, 2 or 3, not {number}")), Ok)
}

fn check_password(text: Option<String>) -> Result<Option<Password>, SettingsError> {
    match text {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) if text.chars().count() > PASSWORD_CHARS_MAX => {
            refuse("password", format!("must have at most {PASSWORD_CHARS_MAX} characters"))
        }
        Some(text) => Ok(Some(Password(hash(&text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<MatchSettings, String> {
        let raw: RawSettings = serde_json::from_str(json).map_err(|e| e.to_string())?;
        raw.check().map_err(|e| e.to_string())
    }

    #[test]
    fn nothing_gives_the_defaults() {
        let settings = check("{}").unwrap();
        assert_eq!((settings.max_players, settings.bots, settings.duration_s), (16, 0, 600));
        assert_eq!((settings.map.as_str(), settings.tick_hz.hz()), (maps::FIRST, 30));
        assert_eq!(settings.lag_compensation_ms, 300);
        assert_eq!(settings.password_fits(Some("x")), PasswordAnswer::NotNeeded);
    }

    #[test]
    fn each_refusal_names_its_field() {
        for (json, starts) in [
            (r#"{"max_players":0}"#, "max_players: must be 1 to 2000, not 0"),
            (r#"{"tick_hz":99}"#, "tick_hz: "),
            (r#"{"map":"nowhere"}"#, "map: there is no map \"nowhere\""),
            (r#"{"start":"later"}"#, "start: must be now or host, not \"later\""),
            (r#"{"spectator_delay_ms":70000}"#, "spectator_delay_ms: "),
            (r#"{"lag_compensation_ms":501}"#, "lag_compensation_ms: must be 0 to 500, not 501"),
            (r#"{"mode":"chess"}"#, "mode: must be ffa or tdm or ctc, not \"chess\""),
            (r#"{"mode":"ctc"}"#, "mode: ctc needs a map with cores, and \"lattice\" has none"),
            (r#"{"score_limit":10001}"#, "score_limit: must be 0 to 10000, not 10001"),
            (r#"{"colour":"red"}"#, "unknown field `colour`"),
            (r#"{"bot_skill":4}"#, "bot_skill: must be 1, 2 or 3, not 4"),
            (r#"{"bots":-1}"#, "invalid value"),
        ] {
            let error = check(json).unwrap_err();
            assert!(error.starts_with(starts), "{json}: {error}");
        }
    }

    #[test]
    fn passwords_are_compared_by_hash() {
        let settings = check(r#"{"password":"hush"}"#).unwrap();
        assert_eq!(settings.password_fits(None), PasswordAnswer::Missing);
        assert_eq!(settings.password_fits(Some("hash")), PasswordAnswer::Wrong);
        assert_eq!(settings.password_fits(Some("hush")), PasswordAnswer::Right);
        assert!(serde_json::to_string(&settings).unwrap().contains(r#""password":true"#));
    }
}
