//! What the server tells besides snapshots: kills, hits, beams, rounds. Each becomes something to be seen when its moment
//! is drawn. A part of `play`, which alone calls it.

use glam::Vec2;
use shared::id::PlayerId;
use shared::protocol::{CoreNews, PlayerEvent};
use shared::tick::Tick;
use shared::world::{Phase, Round};

use super::Play;
use crate::beams::told;
use crate::round_clock::RoundClock;
use crate::view::{Happening, Sides};

/// `sides` as a welcome tells of them: what both have reached, and the last that happened to each core.
pub(super) fn sides_told(mut sides: Sides, (scores, cores): &(Vec<u16>, Vec<CoreNews>)) -> Sides {
    if let &[azure, amber] = scores.as_slice() {
        sides.scores = [azure, amber];
    }
    cores.iter().for_each(|news| sides.note_core(*news));
    sides
}

fn whole((x, y): (i32, i32)) -> Vec2 {
    Vec2::new(x as f32, y as f32)
}

impl Play {
    /// What happened in one tick.
    pub fn events(&mut self, tick: Tick, events: &[PlayerEvent]) {
        if tick <= self.welcomed_at {
            return;
        }
        for event in events {
            self.roster.apply(event);
            match event {
                PlayerEvent::Killed(victim, by) => self.tell_kill(tick, *victim, *by),
                PlayerEvent::Hit(victim, by, hull_points) => self.tell_hit(tick, *victim, *by, *hull_points),
                PlayerEvent::Beam(by, from, to) => self.tell_beam(tick, *by, (*from, *to)),
                PlayerEvent::Round(round) => self.set_round(tick, *round),
                PlayerEvent::Place(place) => self.roster.set_place(self.player, *place),
                PlayerEvent::TeamScores(azure, amber) => {
                    if let Some(sides) = &mut self.sides {
                        sides.scores = [*azure, *amber];
                    }
                }
                PlayerEvent::Core(news) => self.tell_core(tick, *news),
                PlayerEvent::Blast(by, place) => {
                    let happening = Happening::Blast { by: *by, position: whole(*place) };
                    self.schedule.now(happening);
                }
                PlayerEvent::Closing(in_s) => self.schedule.now(Happening::Closing { in_s: *in_s }),
                PlayerEvent::Notice(text) => self.schedule.now(Happening::Notice { text: text.clone() }),
                PlayerEvent::Said(by, phrase) => {
                    self.schedule.now(Happening::Said { by: *by, phrase: *phrase });
                }
                PlayerEvent::HostToken(token) => {
                    self.schedule.now(Happening::HostToken { token: token.clone() });
                }
                PlayerEvent::Joined(..)
                | PlayerEvent::Left(_)
                | PlayerEvent::Limbo(..)
                | PlayerEvent::Teamed(..)
                | PlayerEvent::Scores(_) => {}
            }
        }
    }

    /// What the match does, as the newest snapshot has it.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    fn set_round(&mut self, tick: Tick, round: Round) {
        let before = self.round.phase();
        self.round = RoundClock::new(round, tick);
        self.shots.clear();
        match round.phase {
            Phase::Playing if before == Phase::Paused => self.schedule.now(Happening::Resumed),
            Phase::Playing => {
                self.roster.begin_round();
                self.sides.iter_mut().for_each(Sides::begin);
                self.schedule.now(Happening::RoundStarted);
            }
            Phase::Results => self.schedule.now(Happening::RoundEnded),
            Phase::Lobby | Phase::Ended | Phase::Countdown | Phase::Paused => {}
        }
    }

    fn tell_beam(&mut self, tick: Tick, by: PlayerId, (from, to): ((i32, i32), (i32, i32))) {
        let happening = told(by, (whole(from), whole(to)), &self.ground.rules);
        if by != self.player {
            self.schedule.at(f64::from(tick.0), happening);
        } else if self.beams.told(tick) {
            self.schedule.now(happening);
        }
    }

    fn tell_core(&mut self, tick: Tick, news: CoreNews) {
        if let Some(sides) = &mut self.sides {
            sides.note_core(news);
        }
        let CoreNews(core, deed, by, _) = news;
        let happening = Happening::Core { core, deed, by };
        if by == Some(self.player) {
            self.schedule.now(happening);
        } else {
            self.schedule.at(f64::from(tick.0), happening);
        }
    }

    fn tell_kill(&mut self, tick: Tick, victim: PlayerId, by: PlayerId) {
        if victim == self.player {
            let position = self.prediction.present().map(|(_, ship)| ship.motion.position);
            self.schedule.now(Happening::Killed { victim, by, position });
        } else {
            let position = self.timeline.last_seen(victim);
            self.schedule.at(f64::from(tick.0), Happening::Killed { victim, by, position });
        }
    }

    fn tell_hit(&mut self, tick: Tick, victim: PlayerId, by: PlayerId, hull_points: u8) {
        if victim == self.player {
            let from = self.timeline.last_seen(by);
            self.schedule.now(Happening::Hurt { from, hull_points });
        } else if by == self.player {
            self.shots.hit_at_birth(tick);
            self.schedule.now(Happening::HitOther { victim });
        }
    }
}
