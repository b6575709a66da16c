//! From the history of a round that has ended to its replay: the round is simulated once more, which proves the history,
//! and told as its spectators saw it. It takes a second or two for ten minutes, on a thread that nobody waits for.

use shared::checksum::of_world;
use shared::event::Event;
use shared::feed::{FEED_VERSION, Hello};
use shared::simulation::{Stage, step};
use shared::world::{Phase, Round, World};
use thiserror::Error;

use crate::bots::{BOTS_VERSION, Bots};
use crate::journal::folder::round_name;
use crate::journal::header::Header;
use crate::journal::record::Kind;
use crate::replay::file::{BOTS, FEED, JUMP, TICKS, record_bytes, write};
use crate::replay::packing::{Guess, Packer, pack};
use crate::replay::stretch::{Stretch, has, stretches};
use crate::replay::summary::{Block, REPLAY_VERSION, Summary};
use crate::replay::telling::Telling;
use crate::settings::stored::StoredSettings;
use crate::settings::{MatchSettings, SettingsError, Visibility};

/// Ticks in one block of commands.
const BLOCK_TICKS: usize = 900;

/// Why a history gives no replay.
#[derive(Debug, Error)]
pub enum MakeError {
    /// Nothing in it can be simulated by this program.
    #[error("its history holds nothing that this version can simulate")]
    Empty,
    /// Nobody played, or only bots in a round that nobody hosted.
    #[error("nobody played")]
    Nobody,
    /// The match can no longer be set up.
    #[error("its settings no longer work: {0}")]
    Settings(#[from] SettingsError),
    /// The same commands gave another world.
    #[error("its commands give another world between ticks {0} and {1}")]
    Differs(u32, u32),
    /// Somebody wants the thread to end.
    #[error("the server stops")]
    Stopped,
}

struct Maker<'a> {
    world: World,
    stage: Stage,
    events: Vec<Event>,
    guess: Guess,
    packer: Packer,
    telling: Telling,
    records: Vec<(Kind, Vec<u8>)>,
    jumps_ms: Vec<u64>,
    whole: bool,
    goes_on: &'a dyn Fn() -> bool,
}

/// A replay that is to be kept.
#[derive(Debug)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The replay of a round whose history ended at `ended_at_ms`. Gives up when `goes_on` says no.
pub fn make(history: &[u8], ended_at_ms: u64, goes_on: &dyn Fn() -> bool) -> Result<Made, MakeError> {
    let stretches = stretches(history);
    let first = stretches.first().ok_or(MakeError::Empty)?;
    let (people, bots) = (has(false, &stretches), has(true, &stretches));
    // Somebody hosted these bots to see them fight, and may want to see it again.
    if !people && (first.header.standing || !bots) {
        return Err(MakeError::Nobody);
    }
    let settings = MatchSettings::try_from(first.header.settings.clone())?;
    let header = first.header.clone();
    let (begin, seed) = (first.from.world.tick, header.seed);
    let mut maker = Maker {
        world: World::new(seed),
        stage: Stage::new(settings.arena(), settings.rules()),
        events: Vec::new(),
        guess: Guess::new(Bots::new(seed, settings.bot_skill)),
        packer: Packer::default(),
        telling: Telling::new(settings.tick_hz, settings.mode, begin),
        records: Vec::new(),
        jumps_ms: Vec::new(),
        whole: begin.0 == 0,
        goes_on,
    };
    if begin.0 == 0 {
        maker.telling.jump(&maker.world);
    }
    for stretch in &stretches {
        maker.join(stretch);
        maker.follow(stretch)?;
    }
    if maker.world.tick == begin || !maker.telling.played {
        return Err(MakeError::Empty);
    }
    Ok(maker.finish(header, &settings, ended_at_ms))
}

impl Maker<'_> {
    /// Goes over to a stretch: by what was simulated if that is the same world, else by the state that it begins with.
    fn join(&mut self, stretch: &Stretch) {
        let from = &stretch.from;
        if of_world(&from.world) != of_world(&self.world) {
            self.close_block();
            let state = rmp_serde::to_vec_named(&(&from.world, &from.bots)).unwrap_or_default();
            self.records.push((JUMP, pack(&state)));
            self.world = from.world.clone();
            self.stage.look_at(&self.world);
            let at_ms = self.telling.ms(self.world.tick);
            if at_ms == 0 {
                let Round { phase, ticks_left, .. } = self.world.round;
                self.whole = phase == Phase::Playing && ticks_left + 1 >= self.stage.rules.round_ticks;
            } else {
                self.jumps_ms.push(at_ms);
            }
            self.telling.jump(&self.world);
        } else if self.world.tick.0 > 0 {
            self.close_block();
            self.records.push((BOTS, pack(&rmp_serde::to_vec_named(&from.bots).unwrap_or_default())));
        }
        self.guess = Guess::new(from.bots.clone());
    }

    fn follow(&mut self, stretch: &Stretch) -> Result<(), MakeError> {
        let last = stretch.runs.len().saturating_sub(1);
        for (place, run) in stretch.runs.iter().enumerate() {
            if run.first != self.world.tick.next() {
                // Behind a gap nothing follows until the next stretch.
                return Ok(());
            }
            if !(self.goes_on)() {
                return Err(MakeError::Stopped);
            }
            for commands in &run.ticks {
                self.packer.note(commands, &mut self.guess, &self.world, &self.stage);
                self.events.clear();
                step(&mut self.world, &mut self.stage, commands, &mut self.events);
                self.packer.note_sum(of_world(&self.world));
                self.telling.step(&self.world, &self.events);
                if self.packer.ticks() >= BLOCK_TICKS {
                    self.close_block();
                }
            }
            let whole = !(stretch.cut && place == last);
            if whole && of_world(&self.world) != run.checksum {
                return Err(MakeError::Differs(run.first.0, self.world.tick.0));
            }
        }
        Ok(())
    }

    fn close_block(&mut self) {
        if self.packer.ticks() > 0 {
            self.records.push((TICKS, self.packer.finish()));
        }
    }

    fn finish(mut self, header: Header, settings: &MatchSettings, history_ended_at_ms: u64) -> Made {
        self.close_block();
        self.telling.finish(&self.world);
        let length_ms = self.telling.ms(self.world.tick);
        let scores = self.telling.charted();
        let Telling { first, blocks, kills, rounds, players, .. } = self.telling;
        let (mut records, mut place, mut index) = (Vec::new(), 0, Vec::new());
        for (at_ms, body) in blocks {
            index.push(Block(at_ms, place));
            place += record_bytes(&body);
            records.push((FEED, body));
        }
        records.append(&mut self.records);
        let round = rounds.last().map_or(self.world.round.number, |round| round.number);
        let tail_ms = rounds.last().map_or(0, |round| length_ms.saturating_sub(round.ended_ms));
        let id = round_name(&header.match_id, round);
        let summary = Summary {
            version: REPLAY_VERSION,
            id: id.clone(),
            match_id: header.match_id.clone(),
            round,
            whole: self.whole,
            name: settings.name.clone(),
            map: settings.map.clone(),
            public: settings.visibility == Visibility::Public && settings.password.is_none(),
            program: header.program.clone(),
            ended_at_ms: history_ended_at_ms.saturating_sub(tail_ms),
            first_tick: first.0,
            length_ms,
            jumps_ms: self.jumps_ms,
            players: players.into_values().collect(),
            rounds,
            kills,
            scores,
            hello: hello(&header, settings),
            blocks: index,
            bots: BOTS_VERSION,
        };
        // Who gets the file needs no password, not even its hash.
        let open = MatchSettings { password: None, ..settings.clone() };
        let header = Header { settings: StoredSettings::from(&open), ..header };
        Made { id, bytes: write(&header, &summary, &records) }
    }
}

fn hello(header: &Header, settings: &MatchSettings) -> Hello {
    Hello {
        version: FEED_VERSION,
        match_id: header.match_id.clone(),
        match_name: settings.name.clone(),
        tick_hz: settings.tick_hz,
        delay_ms: 0,
        arena: settings.arena(),
        mode: settings.mode,
        goal: settings.rules().goal,
        rules: settings.book,
    }
}
