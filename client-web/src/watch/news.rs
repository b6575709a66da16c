//! What the feed tells besides states: who comes and goes, sides, cores, phrases, the round. Each becomes something to be
//! seen when its moment is drawn. A part of `watch`; the spectator calls it.

use shared::feed::{CoreTold, Join, Limbo, Notice, RoundSet, Say, TeamScores, TeamSet};
use shared::feed_state::ApplyError;
use shared::id::PlayerId;
use shared::protocol::PlayerEvent;
use shared::tick::Tick;
use shared::world::Phase;

use super::Watch;
use crate::view::Happening;

impl Watch {
    /// Somebody took a seat.
    pub fn join(&mut self, join: &Join) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.join(join);
        self.roster.apply(&PlayerEvent::Joined(join.id, join.name.clone(), join.hull, join.bot, join.team));
        Ok(())
    }

    /// Somebody's seat became free.
    pub fn leave(&mut self, tick: Tick, id: PlayerId) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.leave(tick, id);
        self.roster.apply(&PlayerEvent::Left(id));
        Ok(())
    }

    /// A connection was lost or is back.
    pub fn limbo(&mut self, limbo: &Limbo) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.limbo(limbo);
        self.roster.apply(&PlayerEvent::Limbo(limbo.id, limbo.lost));
        Ok(())
    }

    /// Somebody said something.
    pub fn say(&mut self, say: &Say) {
        self.schedule.at(f64::from(say.tick.0), Happening::Said { by: say.id, phrase: say.phrase });
    }

    /// Somebody is on another side.
    pub fn set_team(&mut self, told: &TeamSet) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.set_team(told);
        self.roster.apply(&PlayerEvent::Teamed(told.id, told.team));
        Ok(())
    }

    /// What both sides have reached.
    pub fn set_team_scores(&mut self, told: &TeamScores) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.set_team_scores(told);
        Ok(())
    }

    /// Something happened to a core.
    pub fn core(&mut self, told: &CoreTold) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.core(told);
        let CoreTold { tick, core, deed, by, .. } = *told;
        if let (Some(by), Some(score)) = (by, told.score) {
            self.roster.set_score(by, score);
        }
        self.schedule.at(f64::from(tick.0), Happening::Core { core, deed, by });
        Ok(())
    }

    /// The server's operator has something to say; it belongs to no tick and is shown at once.
    pub fn notice(&mut self, notice: Notice) {
        self.schedule.now(Happening::Notice { text: notice.text });
    }

    /// The round's clock was set.
    pub fn set_round(&mut self, set: &RoundSet) -> Result<(), ApplyError> {
        let state = self.state.as_mut().ok_or(ApplyError::Unknown)?;
        let before = state.round.phase;
        state.set_round(set);
        let tick = f64::from(set.tick.0);
        match set.round.phase {
            Phase::Playing if before == Phase::Paused => self.schedule.at(tick, Happening::Resumed),
            Phase::Playing => {
                self.roster.begin_round();
                self.schedule.at(tick, Happening::RoundStarted);
            }
            Phase::Results => self.schedule.at(tick, Happening::RoundEnded),
            Phase::Lobby | Phase::Ended | Phase::Countdown | Phase::Paused => {}
        }
        Ok(())
    }
}
