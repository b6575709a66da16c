//! What a match hands in of a round for the store: who was there, for how long, and with which scores. It looks
//! at the world before and after a step; who came and left stands in its attendance. It never waits for anybody.

use shared::command::Command;
use shared::event::Event;
use shared::round;
use shared::world::{Pilot, Round, World};

use crate::journal::attendance::{Attendance, played_ticks};
use crate::matches::id::MatchId;
use crate::settings::{MatchSettings, Visibility};
use crate::store::desk::{Kept, ResultDesk};
use crate::store::record::{RoundRecord, RoundRow};

/// The book of one match.
#[derive(Debug)]
pub struct RoundBook {
    desk: ResultDesk,
    attendance: Attendance,
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
        RoundBook { desk, attendance: Attendance::default(), before: Round::default() }
    }

    /// The same book of a match that goes on from elsewhere.
    #[must_use]
    pub fn going_on(self, attendance: Attendance) -> RoundBook {
        RoundBook { attendance, ..self }
    }

    /// The same book for another desk.
    #[must_use]
    pub fn with_desk(self, desk: ResultDesk) -> RoundBook {
        RoundBook { desk, ..self }
    }

    /// Who was there in the round.
    pub fn attendance(&self) -> &Attendance {
        &self.attendance
    }

    /// Looks at what a step is about to change.
    pub fn before_step(&mut self, world: &World, commands: &[Command], settings: &MatchSettings) {
        self.before = world.round;
        self.attendance.before_step(world, commands, round_ticks(settings));
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
            self.attendance.note(world, event);
            let ends = matches!(event, Event::RoundEnded { .. } | Event::MatchEnded);
            if ends && self.before.phase.is_round() {
                if record {
                    self.hand_in(world, id, settings);
                }
                self.before.phase = world.round.phase;
            }
        }
    }

    fn hand_in(&self, world: &World, id: &MatchId, settings: &MatchSettings) {
        let left = self.attendance.left();
        if left.is_empty() && world.pilots.iter().all(|pilot| pilot.bot) {
            return;
        }
        let played = played_ticks(self.before, round_ticks(settings));
        let seconds = |ticks: u32| ticks.div_ceil(settings.tick_hz.hz());
        let rules = settings.rules();
        let capture_score = rules.book.cores.capture_score as u16;
        let kills = |pilot: &Pilot| {
            let captured = self.attendance.captures(pilot.id).saturating_mul(capture_score);
            pilot.score.saturating_sub(captured)
        };
        let present = |pilot: &Pilot| seconds(self.attendance.present_ticks(pilot.id, world.tick, played));
        let mut rows: Vec<RoundRow> =
            world.pilots.iter().map(|pilot| row(pilot, kills(pilot), (present(pilot), false))).collect();
        rows.extend(
            left.iter().map(|gone| row(&gone.pilot, kills(&gone.pilot), (seconds(gone.present_ticks), true))),
        );
        rows.sort_by_key(|row| (row.left, std::cmp::Reverse(row.score), row.deaths, row.seat));
        let record = RoundRecord {
            match_id: id.to_string(),
            round: self.before.number,
            name: settings.name.clone(),
            map: settings.map.clone(),
            mode: settings.mode.word(),
            public: settings.visibility == Visibility::Public && settings.password.is_none(),
            whole: self.before.ticks_left <= 1 || round::reached(world, &rules),
            length_s: seconds(played),
            team_scores: settings.mode.has_teams().then_some(world.team_scores),
            rows,
        };
        // A full desk counts what it drops.
        self.desk.keep(Kept::Round(Box::new(record)));
    }
}

fn row(pilot: &Pilot, kills: u16, (present_s, left): (u32, bool)) -> RoundRow {
    RoundRow {
        seat: pilot.id,
        name: pilot.name.clone(),
        bot: pilot.bot,
        left,
        present_s,
        team: pilot.team,
        score: pilot.score,
        kills,
        deaths: pilot.deaths,
    }
}

fn round_ticks(settings: &MatchSettings) -> u32 {
    settings.tick_hz.ticks_in(settings.duration_s.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use shared::arena::Arena;
    use shared::id::PlayerId;
    use shared::mode::Mode;
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
    fn a_match_that_goes_on_elsewhere_hands_in_the_same() {
        let mut played = Played::new();
        played.step(&[Command::StartRound, join(1, false), join(3, false)]);
        (0..40).for_each(|_| played.step(&[]));
        played.step(&[Command::Leave { player: PlayerId(3) }, join(4, false)]);
        let attendance = played.book.attendance().clone();
        let mut there = Played::new();
        there.world = played.world.clone();
        there.book = there.book.going_on(attendance);
        for one in [&mut played, &mut there] {
            (0..70).for_each(|_| one.step(&[]));
        }
        let record = there.kept().unwrap();
        assert_eq!(Some(&record), played.kept().as_ref());
        assert_eq!(record.rows.iter().filter(|row| row.left).count(), 1);
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
    fn time_on_the_other_side_is_nobodys_presence() {
        let mut played = Played::new();
        played.settings.mode = Mode::Tdm;
        played.stage = Stage::new(Arena::open(4), played.settings.rules());
        played.step(&[Command::StartRound, join(1, false), join(2, false), join(3, false), join(9, true)]);
        (0..80).for_each(|_| played.step(&[]));
        let side_of = |played: &Played, id| played.world.team_of(PlayerId(id));
        for id in [3, 1] {
            let (player, team) = (PlayerId(id), side_of(&played, id).other());
            played.step(&[Command::Team { player, team }]);
        }
        (0..40).for_each(|_| played.step(&[]));
        let record = played.kept().unwrap();
        let mut rows: Vec<_> = record.rows.iter().map(|r| (r.seat.0, r.present_s)).collect();
        rows.sort_unstable();
        assert_eq!(rows, [(1, 2), (2, 10), (3, 2), (9, 10)]);
    }

    #[test]
    fn bots_among_themselves_are_nobodys_result() {
        let mut played = Played::new();
        played.step(&[Command::StartRound, join(1, true)]);
        played.step(&[Command::EndRound]);
        assert!(played.kept().is_none());
    }
}
