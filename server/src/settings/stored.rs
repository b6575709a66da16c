//! A match's settings as its journal keeps them: the same values, the password as its hash instead of a flag, and the
//! arena itself, since a map's file may be another or gone when the match goes on or is watched again.
//! What comes back from a disk is checked like a host's wish, since limits may have changed since.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::arena::Arena;
use shared::rule_book::RuleBook;
use shared::rules::LAG_COMPENSATION_MS;

use crate::bots::skill::Skill;

use super::{MatchSettings, Mode, Password, RawSettings, SettingsError, Start, Visibility};

/// Settings on their way to a disk and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredSettings {
    name: String,
    mode: Mode,
    map: String,
    #[serde(default)]
    score_limit: Option<u16>,
    /// All numbers, also standard ones: those may be others in a later version.
    #[serde(default)]
    rules: Vec<f32>,
    /// Absent in journals of versions whose maps all came with the program.
    #[serde(default)]
    arena: Option<Arena>,
    max_players: u32,
    bots: u32,
    /// Absent in journals of versions whose bots were all alike.
    #[serde(default)]
    bot_skill: Skill,
    duration_s: u32,
    visibility: Visibility,
    password: Option<[u8; 32]>,
    tick_hz: u32,
    start: Start,
    spectator_delay_ms: u32,
    #[serde(default = "usual_lag_compensation_ms")]
    lag_compensation_ms: u32,
}

fn usual_lag_compensation_ms() -> u32 {
    LAG_COMPENSATION_MS
}

impl From<&MatchSettings> for StoredSettings {
    fn from(settings: &MatchSettings) -> StoredSettings {
        StoredSettings {
            name: settings.name.clone(),
            mode: settings.mode,
            map: settings.map.clone(),
            score_limit: settings.score_limit,
            rules: settings.book.numbers().to_vec(),
            arena: Some(settings.arena()),
            max_players: settings.max_players,
            bots: settings.bots,
            bot_skill: settings.bot_skill,
            duration_s: settings.duration_s,
            visibility: settings.visibility,
            password: settings.password.as_ref().map(|Password(hash)| *hash),
            tick_hz: settings.tick_hz.hz(),
            start: settings.start,
            spectator_delay_ms: settings.spectator_delay_ms,
            lag_compensation_ms: settings.lag_compensation_ms,
        }
    }
}

impl TryFrom<StoredSettings> for MatchSettings {
    type Error = SettingsError;

    fn try_from(stored: StoredSettings) -> Result<MatchSettings, SettingsError> {
        let StoredSettings { visibility, start, password, .. } = stored;
        let book = RuleBook::try_from(stored.rules.as_slice())
            .map_err(|e| SettingsError { field: "rules", message: e.to_string() })?;
        let raw = RawSettings {
            name: Some(stored.name),
            // A map that has its arena with it need not be known here.
            map: stored.arena.is_none().then(|| stored.map.clone()),
            max_players: Some(stored.max_players),
            bots: Some(stored.bots),
            bot_skill: Some(stored.bot_skill.number().into()),
            duration_s: Some(stored.duration_s),
            tick_hz: Some(stored.tick_hz),
            spectator_delay_ms: Some(stored.spectator_delay_ms),
            lag_compensation_ms: Some(stored.lag_compensation_ms),
            ..RawSettings::default()
        };
        let checked = raw.check()?;
        let (mode, score_limit) = (stored.mode, stored.score_limit);
        let arena = stored.arena.map_or_else(|| Arc::clone(&checked.arena), Arc::new);
        let password = password.map(Password);
        Ok(MatchSettings {
            mode,
            score_limit,
            book,
            visibility,
            start,
            password,
            map: stored.map,
            arena,
            ..checked
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::PasswordAnswer;

    #[test]
    fn settings_come_back_as_they_were_with_their_password() {
        let raw = RawSettings {
            name: Some("Friday".to_owned()),
            password: Some("hush".to_owned()),
            visibility: Some("unlisted".to_owned()),
            start: Some("host".to_owned()),
            mode: Some("tdm".to_owned()),
            score_limit: Some(7),
            tick_hz: Some(20),
            bot_skill: Some(3),
            lag_compensation_ms: Some(0),
            ..RawSettings::default()
        };
        let settings = raw.check().unwrap();
        let back = MatchSettings::try_from(StoredSettings::from(&settings)).unwrap();
        assert_eq!(back, settings);
        assert_eq!(back.password_fits(Some("hush")), PasswordAnswer::Right);
        let gone = StoredSettings { map: "nowhere".to_owned(), ..StoredSettings::from(&settings) };
        let back = MatchSettings::try_from(gone.clone()).unwrap();
        assert_eq!((back.map.as_str(), &back.arena), ("nowhere", &settings.arena));
        let older = StoredSettings { arena: None, ..gone };
        assert_eq!(MatchSettings::try_from(older).unwrap_err().field, "map");
    }
}
