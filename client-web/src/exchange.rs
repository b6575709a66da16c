//! A tiny match and lines with delay, in one thread on a fake clock: what the tests of the whole client run against.
//! It keeps the server's promises about inputs and snapshots; the true server has its own tests with this client.

use shared::bounds::within;
use std::collections::{BTreeMap, VecDeque};

use shared::arena::Arena;
use shared::codec::{self, Packed};
use shared::command::Command;
use shared::event::Event;
use shared::id::PlayerId;
use shared::input::{InputCommand, ShipInput};
use shared::name::PlayerName;
use shared::protocol::{ClientMessage, PlayerEvent, RosterPage, ServerMessage, Welcome};
use shared::quantise::pack_angle;
use shared::random::Random;
use shared::record::{Head, STATE_GUARDED, STATE_LIMBO, ShipRecord, ShotRecord, put_count};
use shared::replica::in_view;
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::snapshot::{InputReport, Kit, SLACK_STEPS};
use shared::tick::{Rewind, Tick, TickRate};
use shared::world::{Hull, Pilot, Ship, Shot, World};

use crate::client::{Client, Controls};
use crate::view::View;

/// How a player's messages travel: delays in milliseconds for each way; order is kept as on TCP.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the unit belongs into the name")]
pub(crate) struct Line {
    pub(crate) up_ms: f64,
    pub(crate) down_ms: f64,
    /// Added by chance to each message, up to this.
    pub(crate) jitter_ms: f64,
}

/// A player, the line to it, and what the server knows of its inputs.
pub(crate) struct Player {
    pub(crate) id: PlayerId,
    pub(crate) client: Client,
    pub(crate) line: Line,
    pub(crate) controls: Controls,
    /// While set, the page draws nothing and samples nothing.
    pub(crate) hidden: bool,
    up: VecDeque<(f64, Vec<u8>)>,
    down: VecDeque<(f64, Vec<u8>)>,
    inputs: BTreeMap<Tick, (ShipInput, Rewind)>,
    rewind: Rewind,
    newest: Option<Tick>,
    applied: Option<Tick>,
    missing: u32,
    slack: Option<f64>,
    /// Ticks of all commands as they arrived.
    pub(crate) received: Vec<Tick>,
}

/// A match, its players and the time.
pub(crate) struct Exchange {
    pub(crate) now_ms: f64,
    pub(crate) world: World,
    pub(crate) players: Vec<Player>,
    pub(crate) stage: Stage,
    /// All that happened.
    pub(crate) events: Vec<(Tick, Event)>,
    random: Random,
    next_tick_ms: f64,
}

impl Exchange {
    /// A match in `arena` with a player for each line, its round begun.
    pub(crate) fn new(arena: Arena, hz: u32, lines: &[Line]) -> Exchange {
        Exchange::by(Rules::new(TickRate::new(hz).unwrap(), 600_000), arena, lines)
    }

    /// The same by other rules.
    pub(crate) fn by(rules: Rules, arena: Arena, lines: &[Line]) -> Exchange {
        let mut exchange = Exchange {
            now_ms: 5_000.0,
            world: World::new(11),
            players: Vec::new(),
            stage: Stage::new(arena, rules),
            events: Vec::new(),
            random: Random::new(5),
            next_tick_ms: 5_000.0,
        };
        let joins = (0..lines.len() as u16).map(|id| Command::Join {
            player: PlayerId(id),
            name: PlayerName::sanitise(&format!("Pilot {id}")),
            hull: Hull::Wedge,
            bot: false,
        });
        let commands: Vec<Command> = joins.chain([Command::StartRound]).collect();
        step(&mut exchange.world, &mut exchange.stage, &commands, &mut Vec::new());
        for (id, line) in lines.iter().enumerate() {
            exchange.players.push(Player::new(PlayerId(id as u16), *line));
            exchange.connect(id);
        }
        exchange
    }

    /// A new link for a player: welcome first. What was under way is lost.
    pub(crate) fn connect(&mut self, index: usize) {
        let rules = &self.stage.rules;
        let welcome = Welcome {
            protocol: shared::protocol::PROTOCOL_VERSION,
            match_id: "m".to_owned(),
            match_name: "Test".to_owned(),
            player: self.players[index].id,
            generation: 1,
            tick: self.world.tick,
            rate: rules.rate,
            round_ticks: rules.round_ticks,
            mode: rules.mode,
            goal: rules.goal,
            rules: rules.book,
            rules_hash: rules.hash(),
            arena: self.stage.arena.clone(),
            pilot: self.world.pilot(self.players[index].id).unwrap().clone(),
            round: self.world.round,
            team_scores: Vec::new(),
            cores: Vec::new(),
        };
        let pilots = self.world.pilots.clone();
        let page = RosterPage { first: PlayerId(0), last: PlayerId(u16::MAX), pilots };
        let player = &mut self.players[index];
        player.up.clear();
        player.down.clear();
        player.client.link_opened(self.now_ms);
        for message in [ServerMessage::Welcome(Box::new(welcome)), ServerMessage::Roster(page)] {
            player.down.push_back((self.now_ms + player.line.down_ms, codec::encode(&message).unwrap()));
        }
    }

    /// Runs until `ms` have passed; every 16 ms a player's page draws, and `seen` gets what it drew.
    pub(crate) fn run(&mut self, ms: f64, mut seen: impl FnMut(&mut Player, &World, View)) {
        let end = self.now_ms + ms;
        while self.now_ms < end {
            if self.now_ms >= self.next_tick_ms {
                self.next_tick_ms += self.stage.rules.rate.period_ms();
                self.tick();
            }
            self.players.iter_mut().for_each(|player| player.deliver(self.now_ms));
            if (self.now_ms as u64).is_multiple_of(16) {
                self.draw(&mut seen);
            }
            self.now_ms += 1.0;
        }
    }

    fn draw(&mut self, seen: &mut impl FnMut(&mut Player, &World, View)) {
        for player in self.players.iter_mut().filter(|p| !p.hidden) {
            let view = player.draw(self.now_ms, &mut self.random);
            seen(player, &self.world, view);
        }
    }

    /// The true ship of a player.
    pub(crate) fn ship(&self, index: usize) -> &Ship {
        self.world.ship(PlayerId(index as u16)).unwrap()
    }

    /// Sets a player's ship down somewhere, as a new life would.
    pub(crate) fn place(&mut self, index: usize, x: f32, y: f32) {
        let ship = self.world.ships.get_mut(index).unwrap();
        ship.motion.position = glam::Vec2::new(x, y);
        ship.motion.velocity = glam::Vec2::ZERO;
        ship.guard_ticks = 0;
    }

    fn tick(&mut self) {
        let (now, next) = (self.world.tick, self.world.tick.next());
        let mut commands = Vec::new();
        for player in &mut self.players {
            player.read(now, self.now_ms, self.stage.rules.rate.period_ms());
            let held = self.world.ship(player.id).unwrap().input;
            let input = player.take(next, held, self.stage.rules.rate.ticks_in(100));
            commands.push(Command::Input { player: player.id, input, rewind: player.rewind });
        }
        let mut events = Vec::new();
        step(&mut self.world, &mut self.stage, &commands, &mut events);
        for player in &mut self.players {
            let told: Vec<PlayerEvent> = events.iter().filter_map(|e| player_event(e, player.id)).collect();
            if !told.is_empty() {
                player.send(&ServerMessage::Events(next, told), self.now_ms, &mut self.random);
            }
            let bytes = snapshot(&self.world, player);
            player.send(&ServerMessage::Snapshot(Packed(bytes)), self.now_ms, &mut self.random);
        }
        self.events.extend(events.into_iter().map(|e| (next, e)));
    }
}

impl Player {
    fn new(id: PlayerId, line: Line) -> Player {
        Player {
            id,
            client: Client::new(),
            line,
            controls: Controls::default(),
            hidden: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            inputs: BTreeMap::new(),
            rewind: Rewind(0),
            newest: None,
            applied: None,
            missing: 0,
            slack: None,
            received: Vec::new(),
        }
    }

    fn send(&mut self, message: &ServerMessage, now_ms: f64, random: &mut Random) {
        let bytes = codec::encode(message).unwrap();
        let before = self.down.back().map_or(0.0, |(at, _)| *at);
        let way = self.line.down_ms + self.line.jitter_ms * f64::from(random.unit());
        self.down.push_back((before.max(now_ms + way), bytes));
    }

    fn deliver(&mut self, now_ms: f64) {
        while self.down.front().is_some_and(|(at, _)| *at <= now_ms) {
            let (_, bytes) = self.down.pop_front().unwrap();
            self.client.receive(&bytes, now_ms).unwrap();
        }
    }

    fn draw(&mut self, now_ms: f64, random: &mut Random) -> View {
        self.client.control(self.controls);
        self.controls.dash = false;
        self.client.advance(now_ms);
        while let Some(bytes) = self.client.poll_send() {
            let before = self.up.back().map_or(0.0, |(at, _)| *at);
            let way = self.line.up_ms + self.line.jitter_ms * f64::from(random.unit());
            self.up.push_back((before.max(now_ms + way), bytes));
        }
        self.client.view(now_ms)
    }

    /// The server reads what has arrived.
    fn read(&mut self, now: Tick, now_ms: f64, period_ms: f64) {
        self.slack = None;
        while self.up.front().is_some_and(|(at, _)| *at <= now_ms) {
            let (at_ms, bytes) = self.up.pop_front().unwrap();
            let ClientMessage::Input(message) = codec::decode(&bytes, 4096).unwrap() else { continue };
            let slack = message.first.distance(now.next()) as f64 + (now_ms - at_ms) / period_ms;
            self.slack = Some(self.slack.map_or(slack, |worst| worst.min(slack)));
            let seen = i64::from(message.ack.0) * 8 - i64::from(message.view_lag);
            message.commands().unwrap().for_each(|command| self.queue(now, command, seen));
        }
    }

    fn queue(&mut self, now: Tick, command: InputCommand, seen: i64) {
        self.received.push(command.tick);
        let spare = command.tick.distance(now.next());
        self.newest = self.newest.max(Some(command.tick));
        if (0..24).contains(&spare) {
            let rewind = Rewind((i64::from(command.tick.0) * 8 - seen).clamp(0, 255) as u8);
            self.inputs.entry(command.tick).or_insert((command.input, rewind));
        }
    }

    fn take(&mut self, tick: Tick, held: ShipInput, hold_ticks: u32) -> ShipInput {
        if let Some((input, rewind)) = self.inputs.remove(&tick) {
            self.missing = 0;
            self.rewind = rewind;
            self.applied = Some(tick);
            return input;
        }
        self.missing += 1;
        if self.missing <= hold_ticks { held.held() } else { held.neutral() }
    }

    fn report(&self, tick: Tick) -> InputReport {
        InputReport {
            applied_ago: self.applied.map(|t| tick.since(t)).filter(|&ago| ago < 255).map(|ago| ago as u8),
            received_ahead: self.newest.map(|t| t.distance(tick).clamp(-127, 127) as i8),
            waiting: self.inputs.len() as u8,
            slack: self.slack.map(|s| within((s * SLACK_STEPS).floor(), -127.0, 127.0) as i8),
        }
    }
}

/// A keyframe for the player: this match keeps no account of what clients hold.
fn snapshot(world: &World, player: &Player) -> Vec<u8> {
    let own = world.ship(player.id).unwrap();
    let middle = own.motion.position;
    let in_sight = |(ship, _): &(&Ship, &Pilot)| {
        ship.id == player.id || ship.alive() && in_view(middle, ship.motion.position)
    };
    let head = Head {
        tick: world.tick,
        phase: world.round.phase,
        since: 0,
        report: player.report(world.tick),
        fire_wait_ticks: own.fire_wait_ticks as u8,
        guard_ticks: own.guard_ticks as u8,
        respawn_ticks: own.respawn_ticks as u8,
        second_wait_ticks: own.second_wait_ticks as u8,
        checksum: None,
        kit: Some(Kit::from(own)),
        things: false,
    };
    let mut bytes = Vec::new();
    head.put(&mut bytes);
    let ships: Vec<_> = world.ships.iter().zip(&world.pilots).filter(in_sight).collect();
    put_count(ships.len() as u16, &mut bytes);
    for (ship, pilot) in ships {
        let guarded = u8::from(ship.guard_ticks > 0) * STATE_GUARDED;
        let record = ShipRecord {
            aim: Some(pack_angle(ship.input.aim)),
            thrust: Some(ship.input.thrust),
            hull_points: Some(ship.hull_points),
            state: Some(guarded + u8::from(pilot.limbo) * STATE_LIMBO),
            motion: Some(ship.motion),
            gone: false,
        };
        record.put(ship.id, &mut bytes);
    }
    let shots: Vec<_> = world.shots.iter().filter(|s| in_view(middle, s.position)).collect();
    bytes.extend([0, 0]);
    put_count(shots.len() as u16, &mut bytes);
    for Shot { id, owner, angle, position, .. } in shots {
        let (id, owner, angle, position) = (*id, *owner, *angle, Some(*position));
        let record = ShotRecord { id, owner, angle, flown: Rewind(0), position };
        record.put(&mut bytes);
    }
    bytes
}

fn player_event(event: &Event, to: PlayerId) -> Option<PlayerEvent> {
    match event {
        Event::Killed { victim, by, .. } => Some(PlayerEvent::Killed(*victim, *by)),
        Event::Hit { victim, by, hull_points } if *victim == to || *by == to => {
            Some(PlayerEvent::Hit(*victim, *by, *hull_points))
        }
        Event::Beam(beam) => {
            let whole = |place: glam::Vec2| (place.x as i32, place.y as i32);
            Some(PlayerEvent::Beam(beam.by, whole(beam.from), whole(beam.to)))
        }
        _ => None,
    }
}
