//! Where one plays and by which numbers, as prediction and shots want to be told.
//! It knows no ship and no time; `play` owns one for each welcome.

use shared::arena::Arena;
use shared::rules::Rules;
use shared::world::Phase;

use crate::prediction::Flight;
use crate::shots::Field;

/// The arena and the match's numbers.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where it happens.
    pub arena: Arena,
    /// The match's numbers.
    pub rules: Rules,
}

impl Ground {
    /// What shots fly through.
    pub fn field(&self) -> Field<'_> {
        Field { arena: &self.arena, rules: &self.rules }
    }

    /// By which rules the own ship flies in `phase`.
    pub fn flight(&self, phase: Phase) -> Flight<'_> {
        let weapons_on = matches!(phase, Phase::Playing | Phase::Lobby);
        Flight { rules: &self.rules, arena: &self.arena, weapons_on }
    }
}
