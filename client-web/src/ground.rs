//! Where a player plays and by which numbers, as the parts of the netcode want to see it.
//! It holds the two things that a welcome says once; only `play` makes one.

use shared::arena::Arena;
use shared::rules::Rules;
use shared::world::Phase;

use crate::prediction::Flight;
use crate::shots::Field;

/// Where it is played, and by which numbers.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where.
    pub arena: Arena,
    /// By which numbers.
    pub rules: Rules,
}

impl Ground {
    /// For shots.
    pub fn field(&self) -> Field<'_> {
        Field { arena: &self.arena, rules: &self.rules }
    }

    /// For the own ship.
    pub fn flight(&self, phase: Phase) -> Flight<'_> {
        let weapons_on = matches!(phase, Phase::Playing | Phase::Lobby);
        Flight { rules: &self.rules, arena: &self.arena, weapons_on }
    }
}
