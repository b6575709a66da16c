//! The public matches that are always there: how many, with how many bots, and how each of them is set up.
//! It hosts nothing; `lobby` sees to it that they are there.

use crate::{
    maps,
    settings::{MatchSettings, RawSettings, SettingsError},
};

/// What must be there always.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) matches: u32,
    pub(super) bots: u32,
    pub(super) bot_skill: u32,
}

impl Standing {
    /// The settings of the match with this number. They take the maps in turn.
    pub(super) fn settings(self, number: u32) -> Result<MatchSettings, SettingsError> {
        let names = maps::names();
        let map = names.get(number as usize % names.len().max(1)).map(|name| (*name).to_owned());
        let (bots, bot_skill) = (Some(self.bots), Some(self.bot_skill));
        RawSettings { map, bots, bot_skill, ..RawSettings::default() }.check()
    }
}
