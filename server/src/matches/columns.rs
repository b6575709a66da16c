//! The world of one tick as everybody is told it: one record for each ship about which something is new, encoded once.
//!
//! What is new is what clients could not work out: they move ships by the same rules, so a record is made where the
//! world differs from that. Comparing happens here, once for each ship, and never again for each player.

use glam::Vec2;
use shared::arena::Arena;
use shared::id::{PlayerId, ShotId};
use shared::quantise::pack_angle;
use shared::record::{
    SHIP_RECORD_BYTES_MAX, STATE_CARRIES, STATE_GUARDED, STATE_LIMBO, STATE_SHIELDED, ShipRecord, ShotRecord,
};
use shared::replica::HeldShip;
use shared::rules::Rules;
use shared::tick::{Rewind, Tick};
use shared::world::{Motion, Pilot, Ship, Shot, World};

use crate::matches::nearby::Nearby;
use crate::matches::things::Things;

/// A ship's aim is told this often at most, ships in turn.
const AIM_HZ: u32 = 10;

/// Where a record stands among the encoded bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

/// When each part of a ship was told last.
#[derive(Clone, Copy, Debug)]
struct Told {
    aim: Tick,
    /// Thrust or motion: what clients' own reckoning rests on.
    flight: Tick,
    hull: Tick,
    state: Tick,
}

/// What clients hold of a ship, and when something about it was told last.
#[derive(Clone, Copy, Debug)]
struct ShipColumn {
    id: PlayerId,
    held: HeldShip,
    alive: bool,
    told: Told,
    news: ShipRecord,
    delta: Span,
    full: Span,
    /// The record about the own ship, for the player who flies it: without the aim, which that player knows.
    own: Span,
}

/// A living ship, as the players near it need it.
#[derive(Clone, Copy, Debug)]
pub struct NearShip {
    /// Whose it is.
    pub id: PlayerId,
    /// Its place in the world.
    pub place: u16,
    delta: Span,
}

/// A shot, as the players near it need it.
#[derive(Clone, Copy, Debug)]
pub struct NearShot {
    /// Its name.
    pub id: ShotId,
    /// Its place in the world.
    pub place: u16,
}

/// Everything about one tick that is the same for all players.
#[derive(Debug, Default)]
pub struct Columns {
    tick: Tick,
    ships: Vec<ShipColumn>,
    before: Vec<ShipColumn>,
    bytes: Vec<u8>,
    near_ships: Nearby<NearShip>,
    near_shots: Nearby<NearShot>,
    things: Things,
    /// The same, unsorted.
    ship_spots: Vec<(Vec2, NearShip)>,
    shot_spots: Vec<(Vec2, NearShot)>,
    /// For each shot's name its place in the world, valid where the world agrees.
    shot_places: Vec<u16>,
}

impl Columns {
    /// Compares the world with what clients would work out by themselves, and encodes the differences.
    pub fn pack(&mut self, world: &World, rules: &Rules, arena: &Arena) {
        self.tick = world.tick;
        self.bytes.clear();
        std::mem::swap(&mut self.ships, &mut self.before);
        self.ships.clear();
        let mut old = self.before.iter().peekable();
        let aim_every = (rules.rate.hz() / AIM_HZ).max(1);
        for (ship, pilot) in world.ships.iter().zip(&world.pilots) {
            while old.next_if(|o| o.id < ship.id).is_some() {}
            let before = old.next_if(|o| o.id == ship.id);
            let held = hold(ship, pilot, world.carries(ship.id));
            let column = match before {
                Some(known) => {
                    let aim_due = (world.tick.0 + u32::from(ship.id.0)).is_multiple_of(aim_every);
                    let expected = known.expected(ship, rules, arena);
                    known.follow(held, Seen { expected, alive: ship.alive(), aim_due }, world.tick)
                }
                None => ShipColumn::new(ship, held, world.tick),
            };
            self.ships.push(column.encode(&mut self.bytes));
        }
        self.bytes.extend([0; SHIP_RECORD_BYTES_MAX]);
        self.pack_ships(world, arena);
        self.pack_shots(world, arena);
        self.things.pack(world, arena);
    }

    fn pack_ships(&mut self, world: &World, arena: &Arena) {
        self.ship_spots.clear();
        let columns = world.ships.iter().zip(&self.ships).enumerate().filter(|(_, (_, column))| column.alive);
        self.ship_spots.extend(columns.map(|(place, (ship, column))| {
            (ship.motion.position, NearShip { id: ship.id, place: place as u16, delta: column.delta })
        }));
        self.near_ships.rebuild(arena, &self.ship_spots);
    }

    fn pack_shots(&mut self, world: &World, arena: &Arena) {
        self.shot_spots.clear();
        let shots = world.shots.iter().enumerate();
        self.shot_spots.extend(
            shots.map(|(place, shot)| (shot.position, NearShot { id: shot.id, place: place as u16 })),
        );
        self.near_shots.rebuild(arena, &self.shot_spots);
        self.shot_places.resize(1 << 16, 0);
        for (place, shot) in world.shots.iter().enumerate() {
            if let Some(slot) = self.shot_places.get_mut(usize::from(shot.id.0)) {
                *slot = place as u16;
            }
        }
    }

    /// Where the ship of `id` stands in the world, if it lives.
    pub fn living(&self, id: PlayerId) -> Option<usize> {
        let place = self.ships.binary_search_by_key(&id, |s| s.id).ok()?;
        self.ships.get(place).filter(|s| s.alive).map(|_| place)
    }

    /// What clients hold of the ship at `place`.
    pub fn held(&self, place: usize) -> Option<&HeldShip> {
        self.ships.get(place).map(|s| &s.held)
    }

    /// Living ships, by where they are.
    pub fn near_ships(&self) -> &Nearby<NearShip> {
        &self.near_ships
    }

    /// Shots, by where they are.
    pub fn near_shots(&self) -> &Nearby<NearShot> {
        &self.near_shots
    }

    /// Appends the record about `ship` for a client that has held it since the tick before. False if nothing is new.
    ///
    /// As many bytes are copied as the longest record has, then cut off: a copy of one size is a few moves of the
    /// processor, one of any size a call.
    pub fn append_delta(&self, ship: &NearShip, out: &mut Vec<u8>) -> bool {
        let Span { start, end } = ship.delta;
        let (start, end) = (start as usize, end as usize);
        if let Some(chunk) = self.bytes.get(start..).and_then(<[u8]>::first_chunk::<SHIP_RECORD_BYTES_MAX>) {
            let length = out.len() + (end - start);
            out.extend_from_slice(chunk);
            out.truncate(length);
        }
        start < end
    }

    /// Appends the record for a client that has held the ship at `place` since tick `since`. False if nothing is new.
    pub fn append_news(&self, place: usize, since: Tick, out: &mut Vec<u8>) -> bool {
        let Some(ship) = self.ships.get(place) else { return false };
        if since.next() == self.tick {
            append(slice(&self.bytes, ship.delta), out)
        } else {
            ship.append_union(since, true, out)
        }
    }

    /// Appends the record about the own ship for its player, who has had all since tick `since`. False if nothing is new.
    pub fn append_own_news(&self, place: usize, since: Tick, out: &mut Vec<u8>) -> bool {
        let Some(ship) = self.ships.get(place) else { return false };
        if since.next() == self.tick {
            append(slice(&self.bytes, ship.own), out)
        } else {
            ship.append_union(since, false, out)
        }
    }

    /// Whether something is new about the ship at `place` since tick `since`.
    pub fn has_news(&self, place: usize, since: Tick) -> bool {
        self.ships.get(place).is_some_and(|ship| !ship.union(since, true).is_empty())
    }

    /// The record for a client to which the ship at `place` is new.
    pub fn full(&self, place: usize) -> &[u8] {
        self.ships.get(place).map(|ship| slice(&self.bytes, ship.full)).unwrap_or_default()
    }

    /// Mines and pickups.
    pub fn things(&self) -> &Things {
        &self.things
    }

    /// The shot called `id`, if it still flies.
    pub fn shot<'w>(&self, world: &'w World, id: ShotId) -> Option<&'w Shot> {
        let place = self.shot_places.get(usize::from(id.0)).copied()?;
        world.shots.get(usize::from(place)).filter(|s| s.id == id)
    }
}

/// The record of a shot; with its position unless it was born in this tick to an owner whom the client holds.
pub fn shot_record(shot: &Shot, placed: bool) -> ShotRecord {
    ShotRecord {
        id: shot.id,
        owner: shot.owner,
        angle: shot.angle,
        flown: if placed { Rewind(0) } else { shot.flown },
        position: placed.then_some(shot.position),
    }
}

fn slice(bytes: &[u8], span: Span) -> &[u8] {
    bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// Appends `record`; whether there is one.
fn append(record: &[u8], out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(record);
    !record.is_empty()
}

fn put(record: &ShipRecord, id: PlayerId, bytes: &mut Vec<u8>) -> Span {
    let start = bytes.len() as u32;
    if !record.is_empty() {
        record.put(id, bytes);
    }
    Span { start, end: bytes.len() as u32 }
}

fn full_record(held: &HeldShip) -> ShipRecord {
    ShipRecord {
        aim: Some(held.aim),
        thrust: Some(held.thrust),
        hull_points: Some(held.hull_points),
        state: Some(held.state),
        motion: Some(held.motion),
        gone: false,
    }
}

/// A ship as clients hold it; `carries` is whether it has a core.
fn hold(ship: &Ship, pilot: &Pilot, carries: bool) -> HeldShip {
    HeldShip {
        motion: ship.motion,
        thrust: ship.input.thrust,
        aim: pack_angle(ship.input.aim),
        hull_points: ship.hull_points,
        state: u8::from(ship.guard_ticks > 0) * STATE_GUARDED
            + u8::from(pilot.limbo) * STATE_LIMBO
            + u8::from(ship.shield_points > 0) * STATE_SHIELDED
            + u8::from(carries) * STATE_CARRIES,
    }
}

impl ShipColumn {
    /// A ship of which nobody knows.
    fn new(ship: &Ship, held: HeldShip, tick: Tick) -> ShipColumn {
        let none = Span::default();
        let (id, alive) = (ship.id, ship.alive());
        ShipColumn {
            id,
            held,
            alive,
            told: Told { aim: tick, flight: tick, hull: tick, state: tick },
            news: ShipRecord::default(),
            delta: none,
            full: none,
            own: none,
        }
    }

    /// How clients expect the ship to move in this tick.
    fn expected(&self, ship: &Ship, rules: &Rules, arena: &Arena) -> Motion {
        let mut motion = self.held.motion;
        if self.alive {
            HeldShip::advance(&mut motion, ship.input.thrust, rules, arena);
        }
        motion
    }

    /// The same ship a tick later; the aim is told only if it is its turn.
    fn follow(&self, mut held: HeldShip, seen: Seen, tick: Tick) -> ShipColumn {
        let was = &self.held;
        if !seen.aim_due {
            held.aim = was.aim;
        }
        let news = ShipRecord {
            aim: (held.aim != was.aim).then_some(held.aim),
            thrust: (held.thrust != was.thrust).then_some(held.thrust),
            hull_points: (held.hull_points != was.hull_points).then_some(held.hull_points),
            state: (held.state != was.state).then_some(held.state),
            motion: (held.motion != seen.expected).then_some(held.motion),
            gone: false,
        };
        let at = |new: bool, old: Tick| if new { tick } else { old };
        let told = Told {
            aim: at(news.aim.is_some(), self.told.aim),
            flight: at(news.thrust.is_some() || news.motion.is_some(), self.told.flight),
            hull: at(news.hull_points.is_some(), self.told.hull),
            state: at(news.state.is_some(), self.told.state),
        };
        let none = Span::default();
        ShipColumn { id: self.id, held, alive: seen.alive, told, news, delta: none, full: none, own: none }
    }

    /// Everything that was told after tick `since`, as it is now, in one record.
    fn union(&self, since: Tick, with_aim: bool) -> ShipRecord {
        let ShipColumn { held, told, .. } = self;
        let flight = told.flight > since;
        ShipRecord {
            aim: (with_aim && told.aim > since).then_some(held.aim),
            thrust: flight.then_some(held.thrust),
            hull_points: (told.hull > since).then_some(held.hull_points),
            state: (told.state > since).then_some(held.state),
            motion: flight.then_some(held.motion),
            gone: false,
        }
    }

    fn append_union(&self, since: Tick, with_aim: bool, out: &mut Vec<u8>) -> bool {
        let span = put(&self.union(since, with_aim), self.id, out);
        span.start < span.end
    }

    /// Encodes what is new, and the whole.
    fn encode(mut self, bytes: &mut Vec<u8>) -> ShipColumn {
        self.full = put(&full_record(&self.held), self.id, bytes);
        self.delta = put(&self.news, self.id, bytes);
        self.own = match self.news.aim {
            None => self.delta,
            Some(_) => put(&ShipRecord { aim: None, ..self.news }, self.id, bytes),
        };
        self
    }
}

/// What a tick says of a ship beside what clients hold.
#[derive(Clone, Copy, Debug)]
struct Seen {
    expected: Motion,
    alive: bool,
    aim_due: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::input::Thrust;

    #[test]
    fn the_longest_record_fits_into_one_copy() {
        let held = HeldShip {
            motion: Motion { position: Vec2::splat(-1.5), velocity: Vec2::splat(0.1), ..Motion::default() },
            thrust: Thrust { x: -1, y: 1 },
            aim: u8::MAX,
            hull_points: u8::MAX,
            state: u8::MAX,
        };
        let mut bytes = Vec::new();
        put(&full_record(&held), PlayerId(u16::MAX), &mut bytes);
        assert!(bytes.len() <= SHIP_RECORD_BYTES_MAX, "{} bytes", bytes.len());
    }
}
