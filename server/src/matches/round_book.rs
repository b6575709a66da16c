//! What a match remembers of a round for the store: who came when, and what those had who left before the end.
//! It looks at the world before and after a step and hands a finished round in at the desk; it never waits for anybody.

use shared::command::Command;
use shared::event::Event;
use shared::id::PlayerId;
use shared::tick::Tick;
use shared::world::{Phase, Pilot, Round, World};

use crate::matches::id::MatchId;
use crate::settings::{MatchSettings, Mode, Visibility};
use crate::store::desk::{Kept, ResultDesk};
use crate::store::record::{RoundRecord, RoundRow};

/// People who left a round that are remembered at most; of more the result does not tell.
const LEFT_MAX: usize = 256;

/// The book of one match.
#[derive(Debug)]
pub struct RoundBook {
    desk: ResultDesk,
    /// People who came after the round's start, in the order of seats, which is that of coming. Whoever is not named was
    /// there from the start.
    came: Vec<(PlayerId, Tick)>,
    left: Vec<RoundRow>,
    /// The clock before the step.
    before: Round,
}

impl Default for RoundBook {
    fn default() -> RoundBook {
        RoundBook::new(ResultDesk::closed())
    }
}

impl RoundBook {
    /// A book whose rounds go to `desk`.
    pub fn new(desk: ResultDesk) -> RoundBook {
        RoundBook { desk, came: Vec::new(), left: Vec::new(), before: Round::default() }
    }

    /// Looks at what a step is about to change.
    pub fn before_step(&mut self, world: &World, commands: &[Command], settings: &MatchSettings) {
        self.before = world.round;
        if !matches!(world.round.phase, Phase::Playing | Phase::Paused) {
            return;
        }
        for command in commands {
            let Command::Leave { player } = command else { continue };
            let pilot = world.pilots.iter().find(|pilot| pilot.id == *player && !pilot.bot);
            if let Some(pilot) = pilot.filter(|_| self.left.len() < LEFT_MAX) {
                let row = RoundRow { left: true, ..self.row(pilot, world.tick, settings) };
                self.left.push(row);
            }
        }
    }

    /// Looks at what a step changed. `record` is whether the match's rounds are to be kept at all.
    pub fn after_step(
        &mut self,
        world: &World,
        events: &[Event],
        (id, settings): (&MatchId, &MatchSettings),
        record: bool,
    ) {
        for event in events {
            match event {
                Event::Joined(pilot) if !pilot.bot => self.came.push((pilot.id, world.tick)),
                Event::Left(player) => self.came.retain(|(id, _)| id != player),
                Event::RoundStarted { .. } => {
                    self.came.clear();
                    self.left.clear();
                }
                Event::RoundEnded { .. } | Event::MatchEnded
                    if matches!(self.before.phase, Phase::Playing | Phase::Paused) =>
                {
                    if record {
                        self.hand_in(world, id, settings);
                    }
                    self.before.phase = world.round.phase;
                }
                _ => {}
            }
        }
    }

    fn hand_in(&mut self, world: &World, id: &MatchId, settings: &MatchSettings) {
        if self.left.is_empty() && world.pilots.iter().all(|pilot| pilot.bot) {
            return;
        }
        let mut rows: Vec<RoundRow> =
            world.pilots.iter().map(|pilot| self.row(pilot, world.tick, settings)).collect();
        rows.append(&mut self.left);
        rows.sort_by_key(|row| (row.left, std::cmp::Reverse(row.score), row.deaths, row.seat));
        let record = RoundRecord {
            match_id: id.to_string(),
            round: self.before.number,
            name: settings.name.clone(),
            map: settings.map.clone(),
            mode: match settings.mode {
                Mode::Ffa => "ffa",
            },
            public: settings.visibility == Visibility::Public && settings.password.is_none(),
            whole: self.before.ticks_left <= 1,
            length_s: self.played_ticks(settings).div_ceil(settings.tick_hz.hz()),
            rows,
        };
        // A full desk counts what it drops.
        self.desk.keep(Kept::Round(Box::new(record)));
    }

    fn row(&self, pilot: &Pilot, now: Tick, settings: &MatchSettings) -> RoundRow {
        let played = self.played_ticks(settings);
        let came = self.came.binary_search_by_key(&pilot.id, |(id, _)| *id).ok();
        let at = came.and_then(|place| self.came.get(place)).map(|(_, at)| *at);
        let present = at.map_or(played, |at| now.since(at).min(played));
        RoundRow {
            seat: pilot.id,
            name: pilot.name.clone(),
            bot: pilot.bot,
            left: false,
            present_s: present.div_ceil(settings.tick_hz.hz()),
            score: pilot.score,
            kills: pilot.score,
            deaths: pilot.deaths,
        }
    }

    fn played_ticks(&self, settings: &MatchSettings) -> u32 {
        settings
            .tick_hz
            .ticks_in(settings.duration_s.saturating_mul(1000))
            .saturating_sub(self.before.ticks_left)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use shared::arena::Arena;
    use shared::name::PlayerName;
    use shared::simulation::{Stage, step};
    use shared::world::Hull;

    use super::*;
    use crate::settings::RawSettings;
    use crate::store::desk::KEPT_MAX;

    struct Played {
        world: World,
        stage: Stage,
        settings: MatchSettings,
        book: RoundBook,
        kept: Receiver<Kept>,
    }

    impl Played {
        fn new() -> Played {
            let raw = RawSettings { duration_s: Some(10), tick_hz: Some(10), ..RawSettings::default() };
            let settings = raw.check().unwrap();
            let (queue, kept) = sync_channel(KEPT_MAX);
            let stage = Stage::new(Arena::open(4), settings.rules());
            Played {
                world: World::new(1),
                stage,
                settings,
                book: RoundBook::new(ResultDesk::new(queue)),
                kept,
            }
        }

        fn step(&mut self, commands: &[Command]) {
            let mut events = Vec::new();
            self.book.before_step(&self.world, commands, &self.settings);
            step(&mut self.world, &mut self.stage, commands, &mut events);
            let id = MatchId::from_random(*b"0123456789");
            self.book.after_step(&self.world, &events, (&id, &self.settings), true);
        }

        fn kept(&self) -> Option<RoundRecord> {
            match self.kept.try_recv().ok()? {
                Kept::Round(record) => Some(*record),
                Kept::Seat { .. } => None,
            }
        }
    }

    fn join(player: u16, bot: bool) -> Command {
        let name = PlayerName::sanitise(&format!("P{player}"));
        Command::Join { player: PlayerId(player), name, hull: Hull::default(), bot }
    }

    #[test]
    fn a_round_is_handed_in_once_with_those_who_left() {
        let mut played = Played::new();
        played.step(&[Command::StartRound, join(1, false), join(2, true), join(3, false)]);
        for _ in 0..50 {
            played.step(&[]);
        }
        played.step(&[Command::Leave { player: PlayerId(3) }, join(4, false)]);
        for _ in 0..100 {
            played.step(&[]);
        }
        let record = played.kept().unwrap();
        assert!(played.kept().is_none(), "once");
        assert_eq!((record.round, record.whole, record.public, record.length_s), (1, true, true, 10));
        let rows: Vec<_> = record.rows.iter().map(|r| (r.seat.0, r.bot, r.left, r.present_s)).collect();
        assert_eq!(
            rows,
            [(1, false, false, 10), (2, true, false, 10), (4, false, false, 5), (3, false, true, 5)]
        );
    }

    #[test]
    fn a_match_that_is_ended_hands_in_what_was_played() {
        let mut played = Played::new();
        played.step(&[Command::StartRound, join(1, false)]);
        played.step(&[Command::EndMatch]);
        let record = played.kept().unwrap();
        assert!(!record.whole && record.length_s <= 1);
        played.step(&[Command::EndMatch]);
        assert!(played.kept().is_none());
    }

    #[test]
    fn bots_among_themselves_are_nobodys_result() {
        let mut played = Played::new();
        played.step(&[Command::StartRound, join(1, true)]);
        played.step(&[Command::EndRound]);
        assert!(played.kept().is_none());
    }
}
