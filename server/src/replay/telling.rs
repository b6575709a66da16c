//! The feed of a match that is simulated again: the same events as spectators saw, in blocks that each begin with a
//! keyframe. It also notes what the summary tells. The maker of a replay shows it every tick.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use shared::event::Event;
use shared::feed::{FeedBye, FeedEvent};
use shared::feed_encoder::FeedEncoder;
use shared::id::PlayerId;
use shared::mode::Mode;
use shared::protocol::CloseReason;
use shared::tick::{Tick, TickRate};
use shared::world::{Phase, Pilot, World};

use crate::replay::packing::pack;
use crate::replay::summary::{KILLS_MAX, KillAt, PLAYERS_MAX, Played, RoundPlayed, SCORES_MAX, ScoreAt};

/// Time between two blocks: what a seek reads at most, and the distance of keyframes.
const BLOCK_MS: u32 = 10_000;
/// Places whose scores are told over time, and those up to which that is done for people.
const CHARTED: (usize, usize) = (6, 64);

/// Makes a replay's feed.
#[derive(Debug)]
pub struct Telling {
    rate: TickRate,
    mode: Mode,
    /// The tick that it begins with.
    pub first: Tick,
    encoder: FeedEncoder,
    fresh: Vec<FeedEvent>,
    lines: String,
    block_at: Option<Tick>,
    /// When each block begins, and its lines as gzip.
    pub blocks: Vec<(u64, Vec<u8>)>,
    /// Kills so far.
    pub kills: Vec<KillAt>,
    /// Rounds so far.
    pub rounds: Vec<RoundPlayed>,
    /// Everybody so far.
    pub players: BTreeMap<PlayerId, Played>,
    /// Whether a round was on.
    pub played: bool,
    scores: Vec<ScoreAt>,
    /// The scores as last told, by seat.
    known: BTreeMap<PlayerId, u16>,
}

impl Telling {
    /// The feed of a match from the tick `first` on.
    pub fn new(rate: TickRate, mode: Mode, first: Tick) -> Telling {
        Telling {
            mode,
            rate,
            first,
            encoder: FeedEncoder::new(),
            fresh: Vec::new(),
            lines: String::new(),
            block_at: None,
            blocks: Vec::new(),
            kills: Vec::new(),
            rounds: Vec::new(),
            players: BTreeMap::new(),
            played: false,
            scores: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// A tick's time since the beginning, in milliseconds.
    pub fn ms(&self, tick: Tick) -> u64 {
        u64::from(tick.since(self.first)) * 1000 / u64::from(self.rate.hz())
    }

    /// Tells a world that does not follow from what was told: at the beginning, and where play was lost.
    pub fn jump(&mut self, world: &World) {
        for pilot in &world.pilots {
            self.meet(&Event::Joined(pilot.clone()));
        }
        self.note_scores(world);
        self.begin_block(world);
    }

    /// Tells what a step to `world` brought.
    pub fn step(&mut self, world: &World, events: &[Event]) {
        self.note(world, events);
        self.encoder.observe(world, events, &mut self.fresh);
        let delta_due = self.encoder.delta_due(world.tick, self.rate);
        if delta_due {
            self.fresh.push(FeedEvent::Delta(self.encoder.delta(world)));
        }
        self.write(world.tick);
        let since = self.block_at.map_or(u32::MAX, |at| world.tick.since(at));
        if delta_due && since >= self.rate.ticks_in(BLOCK_MS) {
            self.begin_block(world);
        }
    }

    /// The match is over.
    pub fn finish(&mut self, world: &World) {
        // A match that is ended in the middle of a round has a result too.
        let number = world.round.number;
        if number > 0 && self.rounds.last().is_none_or(|round| round.number != number) {
            self.close_round(world, number);
        }
        let reason = CloseReason::MatchEnded.word().to_owned();
        self.fresh.push(FeedEvent::Bye(FeedBye { reason, retry_ms: 0 }));
        self.write(world.tick);
        self.close_block();
    }

    fn begin_block(&mut self, world: &World) {
        self.close_block();
        self.block_at = Some(world.tick);
        self.encoder = FeedEncoder::new();
        self.fresh.push(FeedEvent::Keyframe(self.encoder.keyframe(world, 0)));
        self.write(world.tick);
    }

    fn close_block(&mut self) {
        if let Some(at) = self.block_at.take() {
            self.blocks.push((self.ms(at), pack(self.lines.as_bytes())));
        }
        self.lines.clear();
    }

    fn write(&mut self, tick: Tick) {
        let at_ms = self.ms(tick);
        for event in self.fresh.drain(..) {
            if let Ok(data) = serde_json::to_string(&event) {
                let name = event.name();
                // A string takes everything.
                let _ = writeln!(self.lines, "{{\"at_ms\":{at_ms},\"event\":\"{name}\",\"data\":{data}}}");
            }
        }
    }

    fn note(&mut self, world: &World, events: &[Event]) {
        let at_ms = self.ms(world.tick);
        self.played |= world.round.phase == Phase::Playing;
        if events.iter().any(|event| matches!(event, Event::Killed { .. } | Event::RoundStarted { .. })) {
            self.note_scores(world);
        }
        for event in events {
            match event {
                Event::Joined(_) => self.meet(event),
                Event::Killed { victim, by, position } if self.kills.len() < KILLS_MAX => {
                    let (x, y) = (position.x.round() as i32, position.y.round() as i32);
                    self.kills.push(KillAt(at_ms, *victim, *by, x, y));
                }
                Event::RoundEnded { number } => self.close_round(world, *number),
                _ => {}
            }
        }
    }

    fn note_scores(&mut self, world: &World) {
        let at_ms = self.ms(world.tick);
        for pilot in &world.pilots {
            let before = self.known.insert(pilot.id, pilot.score).unwrap_or(0);
            if before != pilot.score && self.scores.len() < SCORES_MAX {
                self.scores.push(ScoreAt(at_ms, pilot.id, pilot.score));
            }
        }
    }

    /// The scores over time of the best and of people, by the last round's places.
    pub fn charted(&self) -> Vec<ScoreAt> {
        let (best, people) = CHARTED;
        let is_bot = |id: &PlayerId| self.players.get(id).is_none_or(|played| played.bot);
        let places = self.rounds.last().map(|round| round.results.iter().enumerate());
        let charted: BTreeSet<PlayerId> = places
            .into_iter()
            .flatten()
            .filter(|(place, (id, ..))| *place < best || (*place < people && !is_bot(id)))
            .map(|(_, (id, ..))| *id)
            .collect();
        self.scores.iter().filter(|score| charted.contains(&score.1)).copied().collect()
    }

    fn meet(&mut self, event: &Event) {
        if let Event::Joined(pilot) = event
            && self.players.len() < PLAYERS_MAX
        {
            let name = pilot.name.as_str().to_owned();
            let played = Played { id: pilot.id, name, hull: pilot.hull, bot: pilot.bot };
            self.players.insert(pilot.id, played);
        }
    }

    fn close_round(&mut self, world: &World, number: u16) {
        let mut pilots: Vec<&Pilot> = world.pilots.iter().collect();
        pilots.sort_by_key(|pilot| (u16::MAX - pilot.score, pilot.deaths, pilot.id));
        let has_teams = self.mode.has_teams();
        self.rounds.push(RoundPlayed {
            number,
            ended_ms: self.ms(world.tick),
            results: pilots.iter().map(|pilot| (pilot.id, pilot.score, pilot.deaths)).collect(),
            team_scores: has_teams.then_some(world.team_scores),
            teams: if has_teams { pilots.iter().map(|pilot| pilot.team).collect() } else { Vec::new() },
        });
    }
}
