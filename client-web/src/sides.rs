//! What everybody knows of two sides: their scores, and where their cores are. The server's events keep it true, spectators
//! fill it from the feed. Where a carried core is, only who sees its carrier knows.

use glam::Vec2;
use shared::arena::Arena;
use shared::event::CoreDeed;
use shared::feed_state::{FeedCore, FeedState, place};
use shared::id::PlayerId;
use shared::mode::{Mode, Team};
use shared::protocol::CoreNews;
use shared::rules::Rules;

use crate::view::{CoreView, Sides};

/// The sides of a match in `arena` by `rules`; nothing where there are none.
pub fn of_match(arena: &Arena, rules: &Rules) -> Option<Sides> {
    let at_home = |stand: Vec2| CoreView { stand, place: stand, by: None };
    let cores = arena.cores().filter(|_| rules.mode == Mode::Ctc);
    let sides = Sides { scores: [0, 0], goal: rules.goal, cores: cores.map(|stands| stands.map(at_home)) };
    rules.mode.has_teams().then_some(sides)
}

impl Sides {
    /// Takes in what happened to a core.
    pub fn note_core(&mut self, CoreNews(team, deed, by, (x, y)): CoreNews) {
        let cores = self.cores.as_mut();
        let Some(core) = team.side().and_then(|side| cores.and_then(|cores| cores.get_mut(side))) else {
            return;
        };
        (core.place, core.by) = match deed {
            CoreDeed::Returned | CoreDeed::Captured => (core.stand, None),
            CoreDeed::Taken => (Vec2::new(x as f32, y as f32), by),
            CoreDeed::Dropped => (Vec2::new(x as f32, y as f32), None),
        };
    }

    /// Takes in the state of a feed.
    pub fn follow(&mut self, state: &FeedState) {
        self.scores = state.team_scores;
        let Some(cores) = &mut self.cores else { return };
        for (core, now) in cores.iter_mut().zip(state.cores) {
            (core.place, core.by) = match now {
                FeedCore::Home => (core.stand, None),
                FeedCore::Carried(by) => (core.place, Some(by)),
                FeedCore::Dropped(x, y) => (place(x, y), None),
            };
        }
    }

    /// A round begins.
    pub fn begin(&mut self) {
        self.scores = [0, 0];
        for core in self.cores.iter_mut().flatten() {
            (core.place, core.by) = (core.stand, None);
        }
    }

    /// The ship of `id` is drawn at `place`.
    pub fn see(&mut self, id: PlayerId, place: Vec2) {
        for core in self.cores.iter_mut().flatten().filter(|core| core.by == Some(id)) {
            core.place = place;
        }
    }

    /// What `team` has reached.
    pub fn score_of(&self, team: Team) -> u16 {
        team.side().and_then(|side| self.scores.get(side)).copied().unwrap_or(0)
    }
}
