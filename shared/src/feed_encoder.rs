//! Turns worlds into events of the feed: whoever owns a match shows it every tick, and takes a delta or a keyframe
//! when one is due. It holds what its readers hold, and knows no cursor, no clock and no JSON.

use std::collections::BTreeMap;

use glam::Vec2;

use crate::by_id::ById;
use crate::event::{Beam, CoreDeed, Event};
use crate::feed::{
    ALL_SHOTS_SHIPS, BEAM_NUMBERS, BLAST_NUMBERS, CORE_NUMBERS, CoreTold, DELTA_HZ, DELTA_SHIPS, Delta,
    FeedEvent, FeedPilot, Join, KEYFRAME_EVERY_MS, KEYFRAME_SHIPS, KILL_EVENTS_SHIPS, Keyframe, Kill, Leave,
    Limbo, MINE_NUMBERS, RoundSet, STEPS_PER_UNIT, Say, TeamScores, TeamSet,
};
use crate::feed_state::{
    FeedCore, FeedMine, FeedSeat, FeedShip, FeedShot, FeedState, PILOT_BOT, PILOT_LIMBO, SHIP_CARRIES,
    SHIP_DASHING, SHIP_GUARDED, SHIP_LIMBO, SHIP_SHIELDED, SHIP_THRUSTING, team_flags,
};
use crate::id::{MineId, PlayerId, ShotId};
use crate::input::Thrust;
use crate::mode::Team;
use crate::quantise::pack_angle;
use crate::tick::{Rewind, Tick, TickRate};
use crate::world::{CoreState, Pilot, Ship, Shot, World};

/// Most shots whose birth and end are kept between two deltas, and most kills. Beyond it, a shot that was born and
/// ended in between stays untold, an end is told as if it were now, and a kill is told at once.
const NOTES_MAX: usize = 8192;

/// Ticks from one delta to the next at `rate` while so many ships fly: 1 to a second's.
pub fn delta_every_ticks(rate: TickRate, ships: usize) -> u32 {
    let crowd = u32::try_from(ships).unwrap_or(u32::MAX).clamp(DELTA_SHIPS, DELTA_SHIPS * DELTA_HZ);
    let (often, crowd) = (DELTA_HZ * DELTA_SHIPS, rate.hz() * crowd);
    ((crowd + often / 2) / often).max(1)
}

/// Which shots are told while so many ships fly: those whose id this divides.
fn shots_told_every(ships: usize) -> u16 {
    u16::try_from(ships.div_ceil(ALL_SHOTS_SHIPS)).unwrap_or(u16::MAX).max(1)
}

/// What readers hold, and what they have not been told yet.
#[derive(Clone, Debug, Default)]
pub struct FeedEncoder {
    told: FeedState,
    /// The tick of the last delta or lone keyframe, and of the last keyframe.
    delta_at: Tick,
    keyframe_at: Tick,
    born: BTreeMap<ShotId, FeedShot>,
    ended: BTreeMap<ShotId, Tick>,
    beams: Vec<(Tick, Beam)>,
    /// Time, owner and place of mines that went off.
    blasts: Vec<(Tick, PlayerId, Vec2)>,
    /// Victim, killer and time of kills that wait for a delta.
    kills: Vec<(PlayerId, PlayerId, Tick)>,
}

impl FeedEncoder {
    /// An encoder whose first event has to be a keyframe.
    pub fn new() -> FeedEncoder {
        FeedEncoder::default()
    }

    /// Shows a tick's events, after `world` made that step; appends what is to be told at once.
    pub fn observe(&mut self, world: &World, events: &[Event], out: &mut Vec<FeedEvent>) {
        let every = shots_told_every(self.told.ships.len());
        let is_crowd = self.told.ships.len() > KILL_EVENTS_SHIPS;
        for event in events {
            match event {
                Event::Fired(shot) if self.born.len() < NOTES_MAX => {
                    if shot.id.0.is_multiple_of(every) {
                        self.born.insert(shot.id, feed_shot(shot));
                    }
                }
                Event::Killed { victim, by, .. } if is_crowd && self.kills.len() < NOTES_MAX => {
                    self.kills.push((*victim, *by, world.tick));
                }
                Event::RoundStarted { .. } => {
                    // It sets all scores to 0, so what waited must not count afterwards.
                    self.kills.clear();
                    out.extend(tell(world, event));
                }
                Event::ShotEnded { shot, before, .. } if self.ended.len() < NOTES_MAX => {
                    self.ended.insert(*shot, world.tick - whole_ticks(*before));
                }
                Event::Beam(beam) if self.beams.len() < NOTES_MAX => {
                    if beam.by.0.is_multiple_of(every) {
                        self.beams.push((world.tick, *beam));
                    }
                }
                Event::Blast { by, place } if self.blasts.len() < NOTES_MAX => {
                    self.blasts.push((world.tick, *by, *place));
                }
                _ => out.extend(tell(world, event).map(|told| self.less_waiting(told))),
            }
        }
    }

    /// A captor's score is told at once, also while kills that are in it wait for a delta: readers add those then.
    fn less_waiting(&self, told: FeedEvent) -> FeedEvent {
        let FeedEvent::Core(core) = told else { return told };
        let own = |(victim, by, _): &&(PlayerId, PlayerId, Tick)| core.by == Some(*by) && by != victim;
        let waiting = u16::try_from(self.kills.iter().filter(own).count()).unwrap_or(u16::MAX);
        let score = core.score.map(|score| score.saturating_sub(waiting));
        FeedEvent::Core(CoreTold { score, ..core })
    }

    /// Whether a delta is due after the world's last step.
    pub fn delta_due(&self, tick: Tick, rate: TickRate) -> bool {
        tick.since(self.delta_at) >= delta_every_ticks(rate, self.told.ships.len())
    }

    /// Whether a keyframe is due; only right behind a delta.
    pub fn keyframe_due(&self, tick: Tick, rate: TickRate) -> bool {
        let times = if self.told.ships.len() > KEYFRAME_SHIPS { 2 } else { 1 };
        tick == self.delta_at && tick.since(self.keyframe_at) >= rate.ticks_in(KEYFRAME_EVERY_MS * times)
    }

    /// Everything, and readers hold just that.
    pub fn keyframe(&mut self, world: &World, watching: u32) -> Keyframe {
        self.told = self.state_to_tell(world);
        (self.delta_at, self.keyframe_at) = (world.tick, world.tick);
        self.forget_notes();
        let FeedState { tick, round, seats, ships, shots, mines, taken, team_scores, cores } = &self.told;
        let pilot = |(id, s): (&PlayerId, &FeedSeat)| {
            FeedPilot(*id, s.name.clone(), s.hull, s.flags, s.score, s.deaths)
        };
        Keyframe {
            tick: *tick,
            round: *round,
            watching,
            pilots: seats.iter().map(pilot).collect(),
            ships: ships.iter().flat_map(|(id, ship)| ship_numbers(*id, ship)).collect(),
            shots: shots.iter().flat_map(|(id, shot)| shot_numbers(*id, shot, *tick)).collect(),
            mines: mines.iter().flat_map(|(id, mine)| mine_numbers(*id, mine)).collect(),
            taken: taken.keys().map(|place| i32::from(*place)).collect(),
            team_scores: if *team_scores == [0, 0] { Vec::new() } else { team_scores.to_vec() },
            cores: Team::SIDES.into_iter().zip(cores).filter_map(core_numbers).flatten().collect(),
        }
    }

    /// What changed since the previous delta or keyframe.
    pub fn delta(&mut self, world: &World) -> Delta {
        let kill = |&(victim, by, at): &(PlayerId, PlayerId, Tick)| {
            [i32::from(victim.0), i32::from(by.0), world.tick.since(at) as i32]
        };
        let mut delta = Delta {
            tick: world.tick,
            kills: self.kills.iter().flat_map(kill).collect(),
            beams: self
                .beams
                .drain(..)
                .flat_map(|(tick, b)| beam_numbers(&b, world.tick.since(tick)))
                .collect(),
            blasts: self.blasts.drain(..).flat_map(|blast| blast_numbers(blast, world.tick)).collect(),
            ..Delta::default()
        };
        let now = self.state_to_tell(world);
        compare_ships(&self.told.ships, &now.ships, &mut delta);
        self.compare_shots(&now, &mut delta);
        compare_things(&self.told, &now, &mut delta);
        self.told = now;
        self.delta_at = world.tick;
        self.forget_notes();
        delta
    }

    /// What readers should hold: of the shots those that they hold already, and a share of the others.
    fn state_to_tell(&self, world: &World) -> FeedState {
        let mut state = state_of(world);
        let every = shots_told_every(state.ships.len());
        state.shots.retain(|id, _| id.0.is_multiple_of(every) || self.told.shots.contains_key(id));
        state
    }

    fn forget_notes(&mut self) {
        self.born.clear();
        self.ended.clear();
        self.kills.clear();
        self.beams.clear();
        self.blasts.clear();
    }

    fn compare_shots(&self, now: &FeedState, delta: &mut Delta) {
        let unseen = now.shots.iter().filter(|(id, _)| !self.told.shots.contains_key(id));
        let fired: BTreeMap<&ShotId, &FeedShot> = self.born.iter().chain(unseen).collect();
        delta.fired = fired.iter().flat_map(|(id, shot)| shot_numbers(**id, shot, now.tick)).collect();
        let before = self.told.shots.keys().chain(fired.keys().copied());
        for id in before.filter(|id| !now.shots.contains_key(id)) {
            let ago = self.ended.get(id).map_or(0, |&end| now.tick.since(end));
            delta.ended.extend([i32::from(id.0), ago as i32]);
        }
    }
}

/// What spectators are told of `event` at once. Shots, beams and moves ride in deltas; hits show as hull points.
fn tell(world: &World, event: &Event) -> Option<FeedEvent> {
    let tick = world.tick;
    Some(match event {
        Event::Killed { victim, by, position } => {
            let (x, y) = steps(*position);
            FeedEvent::Kill(Kill { tick, victim: *victim, by: *by, x, y })
        }
        Event::Joined(pilot) => FeedEvent::Join(Join {
            tick,
            id: pilot.id,
            name: pilot.name.clone(),
            hull: pilot.hull,
            bot: pilot.bot,
            team: pilot.team,
        }),
        Event::Left(id) => FeedEvent::Leave(Leave { tick, id: *id }),
        Event::Lost(id) => FeedEvent::Limbo(Limbo { tick, id: *id, lost: true }),
        Event::Returned(id) => FeedEvent::Limbo(Limbo { tick, id: *id, lost: false }),
        Event::Said { by, phrase } => FeedEvent::Say(Say { tick, id: *by, phrase: *phrase }),
        Event::RoundStarted { .. } | Event::RoundEnded { .. } | Event::MatchEnded | Event::ClockSet => {
            FeedEvent::Round(RoundSet { tick, round: world.round })
        }
        Event::Teamed(id, team) => FeedEvent::Team(TeamSet { tick, id: *id, team: *team }),
        Event::TeamScores(scores) => FeedEvent::Teams(TeamScores { tick, scores: *scores }),
        Event::Core { core, deed, by, place } => {
            let (x, y) = steps(*place);
            let captor = by.filter(|_| *deed == CoreDeed::Captured);
            let score = captor.and_then(|by| world.pilot(by)).map(|pilot| pilot.score);
            FeedEvent::Core(CoreTold { tick, core: *core, deed: *deed, by: *by, x, y, score })
        }
        Event::Appeared(_)
        | Event::Blast { .. }
        | Event::Fired(_)
        | Event::ShotEnded { .. }
        | Event::Hit { .. }
        | Event::Beam(_)
        | Event::Dashed(_) => return None,
    })
}

/// The public state of `world` as its readers should hold it.
pub fn state_of(world: &World) -> FeedState {
    let ships = world.ships.iter().zip(&world.pilots).filter(|(ship, _)| ship.alive());
    let flying = world.shots.iter().filter(|s| !s.over);
    let mut shots: Vec<(ShotId, FeedShot)> = flying.map(|s| (s.id, feed_shot(s))).collect();
    // Names of shots begin anew at 0 now and then; in their order they are taken in without moving any.
    shots.sort_unstable_by_key(|(id, _)| *id);
    FeedState {
        tick: world.tick,
        round: world.round,
        seats: world.pilots.iter().map(|p| (p.id, feed_seat(p))).collect(),
        ships: ships.map(|(s, pilot)| (s.id, feed_ship(s, pilot, world.carries(s.id)))).collect(),
        shots: shots.into_iter().collect(),
        mines: world.mines.iter().map(|mine| (mine.id, feed_mine(mine.owner, mine.place))).collect(),
        taken: (0..)
            .zip(&world.pickups)
            .filter(|(_, wait)| **wait > 0)
            .map(|(place, _)| (place, ()))
            .collect(),
        team_scores: world.team_scores,
        cores: world.cores.map(feed_core),
    }
}

fn compare_ships(before: &ById<PlayerId, FeedShip>, now: &ById<PlayerId, FeedShip>, delta: &mut Delta) {
    delta.gone = before.keys().filter(|id| !now.contains_key(id)).map(|id| i32::from(id.0)).collect();
    for (id, ship) in now.iter() {
        let number = i32::from(id.0);
        let Some(old) = before.get(id) else {
            delta.appeared.extend(ship_numbers(*id, ship));
            continue;
        };
        if (old.x, old.y, old.aim) != (ship.x, ship.y, ship.aim) {
            let turn = i32::from(ship.aim.wrapping_sub(old.aim) as i8);
            delta.moved.extend([number, ship.x - old.x, ship.y - old.y, turn]);
        }
        if (old.hull_points, old.flags) != (ship.hull_points, ship.flags) {
            delta.changed.extend([number, i32::from(ship.hull_points), i32::from(ship.flags)]);
        }
    }
}

/// Mines that came and went, pickups that were taken and are back.
fn compare_things(before: &FeedState, now: &FeedState, delta: &mut Delta) {
    let gone = before.mines.keys().filter(|id| !now.mines.contains_key(id));
    delta.lifted = gone.map(|id| i32::from(id.0)).collect();
    let laid = now.mines.iter().filter(|(id, _)| !before.mines.contains_key(id));
    delta.laid = laid.flat_map(|(id, mine)| mine_numbers(*id, mine)).collect();
    delta.taken = missing(&now.taken, &before.taken);
    delta.back = missing(&before.taken, &now.taken);
}

/// Places that `some` has and `others` has not.
fn missing(some: &ById<u8, ()>, others: &ById<u8, ()>) -> Vec<i32> {
    some.keys().filter(|place| !others.contains_key(place)).map(|place| i32::from(*place)).collect()
}

fn feed_mine(owner: PlayerId, place: Vec2) -> FeedMine {
    let (x, y) = steps(place);
    FeedMine { owner, x, y }
}

fn feed_core(core: CoreState) -> FeedCore {
    match core {
        CoreState::Home => FeedCore::Home,
        CoreState::Carried(by) => FeedCore::Carried(by),
        CoreState::Dropped { place, .. } => {
            let (x, y) = steps(place);
            FeedCore::Dropped(x, y)
        }
    }
}

fn mine_numbers(id: MineId, mine: &FeedMine) -> [i32; MINE_NUMBERS] {
    [i32::from(id.0), i32::from(mine.owner.0), mine.x, mine.y]
}

fn core_numbers((team, core): (Team, &FeedCore)) -> Option<[i32; CORE_NUMBERS]> {
    let side = i32::from(u8::from(team));
    match *core {
        FeedCore::Home => None,
        FeedCore::Carried(by) => Some([side, 1, i32::from(by.0), 0, 0]),
        FeedCore::Dropped(x, y) => Some([side, 2, 0, x, y]),
    }
}

fn blast_numbers((at, by, place): (Tick, PlayerId, Vec2), now: Tick) -> [i32; BLAST_NUMBERS] {
    let (x, y) = steps(place);
    [i32::from(by.0), now.since(at) as i32, x, y]
}

fn feed_seat(pilot: &Pilot) -> FeedSeat {
    let flags =
        u8::from(pilot.bot) * PILOT_BOT + u8::from(pilot.limbo) * PILOT_LIMBO + team_flags(pilot.team);
    FeedSeat { name: pilot.name.clone(), hull: pilot.hull, flags, score: pilot.score, deaths: pilot.deaths }
}

fn feed_ship(ship: &Ship, pilot: &Pilot, carries: bool) -> FeedShip {
    let (x, y) = steps(ship.motion.position);
    let flags = u8::from(ship.input.thrust != Thrust::default()) * SHIP_THRUSTING
        + u8::from(ship.guard_ticks > 0 || pilot.limbo) * SHIP_GUARDED
        + u8::from(ship.motion.dash_ticks > 0) * SHIP_DASHING
        + u8::from(pilot.limbo) * SHIP_LIMBO
        + u8::from(ship.shield_points > 0) * SHIP_SHIELDED
        + u8::from(carries) * SHIP_CARRIES;
    FeedShip { x, y, aim: pack_angle(ship.input.aim), hull_points: ship.hull_points, flags }
}

/// Spectators see a shot leave its muzzle at its shooter's view tick, to the nearest tick.
fn feed_shot(shot: &Shot) -> FeedShot {
    let (x, y) = steps(shot.origin);
    let born = shot.born - whole_ticks(shot.flown);
    FeedShot { owner: shot.owner, born, x, y, angle: shot.angle.0.wrapping_add(32) >> 6 }
}

fn whole_ticks(time: Rewind) -> u32 {
    libm::roundf(time.ticks()) as u32
}

fn beam_numbers(beam: &Beam, ago: u32) -> [i32; BEAM_NUMBERS] {
    let ((x, y), (end_x, end_y)) = (steps(beam.from), steps(beam.to));
    [i32::from(beam.by.0), ago as i32, x, y, end_x, end_y]
}

fn ship_numbers(id: PlayerId, ship: &FeedShip) -> [i32; 6] {
    let FeedShip { x, y, aim, hull_points, flags } = *ship;
    [i32::from(id.0), x, y, i32::from(aim), i32::from(hull_points), i32::from(flags)]
}

fn shot_numbers(id: ShotId, shot: &FeedShot, tick: Tick) -> [i32; 6] {
    let ago = tick.since(shot.born) as i32;
    [i32::from(id.0), i32::from(shot.owner.0), ago, shot.x, shot.y, i32::from(shot.angle)]
}

fn steps(position: Vec2) -> (i32, i32) {
    let [x, y] = (position * STEPS_PER_UNIT).to_array().map(|v| libm::roundf(v) as i32);
    (x, y)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestCaseError;

    use super::*;
    use crate::angle::Angle;
    use crate::arena::Arena;
    use crate::command::Command;
    use crate::feed::KILL_NUMBERS;
    use crate::input::{Buttons, ShipInput};
    use crate::name::PlayerName;
    use crate::random::Random;
    use crate::rules::Rules;
    use crate::simulation::{Stage, step};
    use crate::world::Hull;

    /// A match of pilots who fly as the workload `arena-30` says.
    struct Fight {
        world: World,
        stage: Stage,
        random: Random,
        inputs: Vec<ShipInput>,
    }

    impl Fight {
        fn new(seed: u64, players: u16, hz: u32, round_ms: u32) -> Fight {
            let rules = Rules::new(TickRate::new(hz).unwrap(), round_ms);
            let mut fight = Fight {
                world: World::new(seed),
                stage: Stage::new(Arena::open(u32::from(players)), rules),
                random: Random::new(seed),
                inputs: Vec::new(),
            };
            let commands: Vec<Command> = (0..players).map(join).chain([Command::StartRound]).collect();
            fight.inputs.resize(usize::from(players), ShipInput::default());
            fight.step(commands);
            fight
        }

        fn step(&mut self, mut commands: Vec<Command>) -> Vec<Event> {
            let tick = self.world.tick.0;
            for (i, input) in self.inputs.iter_mut().enumerate() {
                steer(&mut self.random, tick + 7 * i as u32, input);
                let rewind = Rewind(self.random.below(90) as u8);
                commands.push(Command::Input { player: PlayerId(i as u16), input: *input, rewind });
            }
            let mut events = Vec::new();
            step(&mut self.world, &mut self.stage, &commands, &mut events);
            events
        }

        /// Joins, leaves and lost connections at random.
        fn upheaval(&mut self) -> Vec<Command> {
            let player = PlayerId(self.random.below(self.inputs.len() as u32) as u16);
            match self.random.below(40) {
                0 => vec![join(player.0)],
                1 => vec![Command::Leave { player }],
                2 => vec![Command::Limbo { player }],
                3 => vec![Command::Return { player }],
                4 if self.inputs.len() < 64 => vec![Command::EndRound],
                5 => vec![Command::StartRound],
                _ => Vec::new(),
            }
        }
    }

    /// A new heading every 15 ticks, a turning aim, fire in alternate seconds.
    fn steer(random: &mut Random, phase: u32, input: &mut ShipInput) {
        if phase.is_multiple_of(15) {
            input.thrust = Thrust::from_vector(Angle(random.next_u32() as u16).direction());
        }
        input.aim = input.aim.turned(random.below(2400) as i32 - 1200);
        let fire = (phase / 30).is_multiple_of(2);
        let dash = random.below(90) == 0;
        input.buttons = Buttons(u8::from(fire) + 2 * u8::from(dash));
    }

    fn join(id: u16) -> Command {
        let name = PlayerName::sanitise(&format!("Pilot {id}"));
        Command::Join {
            player: PlayerId(id),
            name,
            hull: Hull::from(id as u8 % 4),
            bot: id.is_multiple_of(3),
        }
    }

    /// What a reader holds after `event`, by way of its JSON.
    fn read(state: &mut FeedState, event: &FeedEvent) {
        let text = serde_json::to_string(event).unwrap();
        match event.name() {
            "keyframe" => *state = FeedState::of_keyframe(&serde_json::from_str(&text).unwrap()).unwrap(),
            "delta" => state.apply(&serde_json::from_str(&text).unwrap()).unwrap(),
            "kill" => state.kill(&serde_json::from_str(&text).unwrap()),
            "join" => state.join(&serde_json::from_str(&text).unwrap()),
            "leave" => {
                let leave: Leave = serde_json::from_str(&text).unwrap();
                state.leave(leave.tick, leave.id);
            }
            "limbo" => state.limbo(&serde_json::from_str(&text).unwrap()),
            "round" => state.set_round(&serde_json::from_str(&text).unwrap()),
            "team" => state.set_team(&serde_json::from_str(&text).unwrap()),
            "teams" => state.set_team_scores(&serde_json::from_str(&text).unwrap()),
            "core" => state.core(&serde_json::from_str(&text).unwrap()),
            name => panic!("unexpected {name}"),
        }
    }

    /// Follows a fight with joins, leaves and lost connections for some seconds, and compares after each delta what a
    /// reader holds with a keyframe of the same tick.
    fn follow(fight: &mut Fight, seconds: u32) -> Result<u32, TestCaseError> {
        let rate = fight.stage.rules.rate;
        let (mut encoder, mut state, mut kills) = (FeedEncoder::new(), FeedState::default(), 0);
        read(&mut state, &FeedEvent::Keyframe(encoder.keyframe(&fight.world, 0)));
        for _ in 0..rate.hz() * seconds {
            let commands = fight.upheaval();
            let events = fight.step(commands);
            let mut out = Vec::new();
            encoder.observe(&fight.world, &events, &mut out);
            let due = encoder.delta_due(fight.world.tick, rate);
            if due {
                let delta = encoder.delta(&fight.world);
                kills += delta.kills.len() / KILL_NUMBERS;
                out.push(FeedEvent::Delta(delta));
            }
            for event in &out {
                read(&mut state, event);
            }
            if due {
                let keyframe = encoder.clone().keyframe(&fight.world, 0);
                prop_assert_eq!(&state, &FeedState::of_keyframe(&keyframe).unwrap());
                let seats = fight.world.pilots.iter().map(|p| (p.id, feed_seat(p))).collect();
                prop_assert_eq!(&state.seats, &seats);
            }
        }
        Ok(kills as u32)
    }

    #[test]
    fn a_crowd_s_reader_holds_just_what_the_next_keyframe_says() {
        for (players, seconds) in [(90, 20), (404, 12)] {
            let mut fight = Fight::new(7, players, 30, 12_000);
            let kills = follow(&mut fight, seconds).unwrap();
            assert!(kills > 0, "{kills} kills in deltas of {players} ships");
        }
    }

    #[test]
    fn a_captor_s_kills_count_once_in_a_crowd() {
        let mut fight = Fight::new(3, 70, 30, 60_000);
        while fight.world.ships.iter().filter(|ship| ship.alive()).count() <= KILL_EVENTS_SHIPS {
            fight.step(Vec::new());
        }
        let (mut encoder, mut state) = (FeedEncoder::new(), FeedState::default());
        read(&mut state, &FeedEvent::Keyframe(encoder.keyframe(&fight.world, 0)));
        let (by, victim, place) = (PlayerId(1), PlayerId(2), Vec2::ZERO);
        fight.world.pilots[1].score += 2 + 5;
        fight.world.pilots[2].deaths += 2;
        let killed = Event::Killed { victim, by, position: place };
        let captured = Event::Core { core: Team::Azure, deed: CoreDeed::Captured, by: Some(by), place };
        let mut out = Vec::new();
        encoder.observe(&fight.world, &[killed.clone(), killed, captured], &mut out);
        assert_eq!(out.len(), 1, "the kills wait");
        out.push(FeedEvent::Delta(encoder.delta(&fight.world)));
        out.iter().for_each(|event| read(&mut state, event));
        assert_eq!(state.seats, state_of(&fight.world).seats);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_reader_holds_just_what_the_next_keyframe_says(seed: u64, players in 1u16..24, hz in 10u32..=60) {
            follow(&mut Fight::new(seed, players, hz, 6_000), 12)?;
        }

        #[test]
        fn odd_numbers_are_errors_and_never_panics(numbers in prop::collection::vec(any::<i32>(), 0..40), kind in 0..7) {
            let mut fight = Fight::new(1, 4, 30, 60_000);
            (0..60).for_each(|_| drop(fight.step(Vec::new())));
            let mut state = state_of(&fight.world);
            let mut delta = FeedEncoder { told: state.clone(), ..FeedEncoder::default() }.delta(&fight.world);
            let lists = [&mut delta.kills, &mut delta.gone, &mut delta.appeared, &mut delta.moved, &mut delta.changed,
                &mut delta.fired, &mut delta.ended];
            if let Some(list) = lists.into_iter().nth(kind as usize) {
                *list = numbers;
            }
            let _ = state.apply(&delta);
        }
    }

    /// What a feed of `players` takes over `seconds`, by the names of events and in all, in kbit/s over SSE.
    fn kbit_s(players: u16, seconds: u32) -> BTreeMap<&'static str, f64> {
        let mut fight = Fight::new(u64::from(players), players, 30, 600_000);
        let mut encoder = FeedEncoder::new();
        let (mut kbit_s, mut seq) = (BTreeMap::new(), 100_000);
        // The first ten seconds spread the ships.
        for tick in 0..(seconds + 10) * 30 {
            let events = fight.step(Vec::new());
            let mut out = Vec::new();
            encoder.observe(&fight.world, &events, &mut out);
            if encoder.delta_due(fight.world.tick, TickRate::DEFAULT) {
                out.push(FeedEvent::Delta(encoder.delta(&fight.world)));
            }
            if encoder.keyframe_due(fight.world.tick, TickRate::DEFAULT) {
                out.push(FeedEvent::Keyframe(encoder.keyframe(&fight.world, 100)));
            }
            for event in out.iter().filter(|_| tick >= 300) {
                seq += 1;
                let data = serde_json::to_string(event).unwrap();
                let bytes = format!("event: {}\nid: 12.{seq}\ndata: {data}\n\n", event.name()).len();
                let part = bytes as f64 * 8.0 / 1000.0 / f64::from(seconds);
                *kbit_s.entry(event.name()).or_insert(0.0) += part;
                *kbit_s.entry("all").or_insert(0.0) += part;
            }
        }
        kbit_s
    }

    #[test]
    fn sixty_ships_fit_the_line() {
        let parts = kbit_s(60, 60);
        assert!(parts["all"] <= 118.0, "{parts:?}");
    }

    #[test]
    fn a_thousand_ships_fit_the_line() {
        for players in [250, 401, 1000] {
            let parts = kbit_s(players, 16);
            assert!(parts["all"] <= 450.0, "{players}: {parts:?}");
        }
    }

    #[test]
    fn a_crowd_is_told_more_rarely() {
        for hz in 10..=60 {
            let rate = TickRate::new(hz).unwrap();
            let every = |ships| delta_every_ticks(rate, ships);
            assert_eq!((every(0), every(32), every(100_000)), (every(1), (hz + 5) / 10, hz));
        }
        assert_eq!(delta_every_ticks(TickRate::DEFAULT, 60), 6);
    }

    #[test]
    fn the_documents_example_is_true() {
        let pilots = vec![FeedPilot(PlayerId(1), PlayerName::sanitise("Wren"), Hull::Wedge, 0, 3, 1)];
        let keyframe = Keyframe {
            tick: Tick(2430),
            round: crate::world::Round::default(),
            watching: 2,
            pilots,
            ships: vec![1, -311, 920, 64, 100, 1],
            shots: vec![],
            ..Keyframe::default()
        };
        assert_eq!(
            serde_json::to_string(&keyframe).unwrap(),
            r#"{"tick":2430,"round":{"number":0,"phase":"lobby","ticks_left":0},"watching":2,"#.to_owned()
                + r#""pilots":[[1,"Wren",0,0,3,1]],"ships":[1,-311,920,64,100,1]}"#
        );
    }
}
