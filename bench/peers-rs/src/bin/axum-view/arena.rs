//! The game of the axum peer: the workload arena-30 of `bench/README.md`.
//! It knows no sockets; `main` moves inputs in and views out.

use serde::Serialize;

use crate::cells::Cells;

const SECONDS_PER_TICK: f32 = 1.0 / 30.0;
const SHIP_SPEED: f32 = 220.0;
const SHOT_SPEED: f32 = 480.0;
const SHIP_RADIUS: f32 = 16.0;
const HIT_DISTANCE: f32 = 20.0;
const MUZZLE: f32 = 24.0;
const TICKS_BETWEEN_SHOTS: u32 = 15;
const SHOT_TICKS: u32 = 60;
const HULL: i32 = 100;
const DAMAGE: i32 = 10;
const CELL: f32 = 64.0;
const VIEW_HALF: (f32, f32) = (600.0, 400.0);

/// What everybody who sees a ship is told of it.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Ship {
    /// Its name.
    pub(crate) id: u32,
    x: f32,
    y: f32,
    vx: f32,
    vy: f32,
    angle: f32,
    hp: i32,
    score: u32,
}

/// What everybody who sees a shot is told of it.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Shot {
    id: u32,
    x: f32,
    y: f32,
    vx: f32,
    vy: f32,
    owner: u32,
}

/// What a player wants.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wish {
    /// The way to move; a length over 1 counts as 1.
    pub(crate) way: (f32, f32),
    /// Where to point, in radians.
    pub(crate) aim: f32,
    /// Whether the trigger is held.
    pub(crate) fire: bool,
}

struct Hand {
    wish: Wish,
    wait_ticks: u32,
}

/// The game's whole state.
pub(crate) struct Arena {
    side: f32,
    tick: u32,
    next_id: u32,
    chance: u32,
    /// Sorted by id, since ids only grow.
    ships: Vec<Ship>,
    hands: Vec<Hand>,
    shots: Vec<Shot>,
    ticks_left: Vec<u32>,
    ship_cells: Cells,
    shot_cells: Cells,
}

impl Arena {
    /// An arena whose size suits `players`.
    pub(crate) fn new(players: u32) -> Arena {
        let side = 200.0 * (players as f32).sqrt();
        Arena {
            side,
            tick: 0,
            next_id: 1,
            chance: 0x2545_f491,
            ships: Vec::new(),
            hands: Vec::new(),
            shots: Vec::new(),
            ticks_left: Vec::new(),
            ship_cells: Cells::new(side, CELL),
            shot_cells: Cells::new(side, CELL),
        }
    }

    /// The number of the last step.
    pub(crate) fn tick(&self) -> u32 {
        self.tick
    }

    /// A new ship at any place; its name.
    pub(crate) fn join(&mut self) -> u32 {
        let id = self.new_id();
        let (x, y) = self.anywhere();
        self.ships.push(Ship { id, x, y, vx: 0.0, vy: 0.0, angle: 0.0, hp: HULL, score: 0 });
        self.hands.push(Hand { wish: Wish::default(), wait_ticks: 0 });
        id
    }

    /// The ship `id` goes.
    pub(crate) fn leave(&mut self, id: u32) {
        if let Ok(place) = self.find(id) {
            self.ships.remove(place);
            self.hands.remove(place);
        }
    }

    /// The last wish before a step wins.
    pub(crate) fn steer(&mut self, id: u32, wish: Wish) {
        if let Some(hand) = self.find(id).ok().and_then(|place| self.hands.get_mut(place)) {
            hand.wish = wish;
        }
    }

    /// One tick.
    pub(crate) fn step(&mut self) {
        self.tick += 1;
        self.fly_ships();
        self.ship_cells.fill(self.ships.iter().map(|ship| (ship.x, ship.y)));
        for place in 0..self.ships.len() {
            self.push_apart(place);
        }
        self.fly_shots();
        self.shot_cells.fill(self.shots.iter().map(|shot| (shot.x, shot.y)));
    }

    /// What the player of ship `id` sees, into the two lists.
    pub(crate) fn view(&self, id: u32, ships: &mut Vec<Ship>, shots: &mut Vec<Shot>) {
        ships.clear();
        shots.clear();
        let Some(own) = self.find(id).ok().and_then(|place| self.ships.get(place)) else { return };
        let middle = (own.x, own.y);
        let sees = |x: f32, y: f32| (x - own.x).abs() <= VIEW_HALF.0 && (y - own.y).abs() <= VIEW_HALF.1;
        let near_ships = self.ship_cells.around(middle, VIEW_HALF).filter_map(|place| self.ships.get(place));
        ships.extend(near_ships.filter(|ship| sees(ship.x, ship.y)));
        let near_shots = self.shot_cells.around(middle, VIEW_HALF).filter_map(|place| self.shots.get(place));
        shots.extend(near_shots.filter(|shot| sees(shot.x, shot.y)));
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        self.ships.binary_search_by_key(&id, |ship| ship.id)
    }

    fn new_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn anywhere(&mut self) -> (f32, f32) {
        (self.unit() * self.side, self.unit() * self.side)
    }

    /// A number from 0 to 1 by xorshift.
    fn unit(&mut self) -> f32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        (self.chance >> 8) as f32 / 16_777_216.0
    }

    fn fly_ships(&mut self) {
        let Arena { side, next_id, ships, hands, shots, ticks_left, .. } = self;
        for (ship, hand) in ships.iter_mut().zip(hands) {
            let Wish { way, aim, fire } = hand.wish;
            let speed = SHIP_SPEED / way.0.hypot(way.1).max(1.0);
            (ship.vx, ship.vy, ship.angle) = (way.0 * speed, way.1 * speed, aim);
            ship.x = (ship.x + ship.vx * SECONDS_PER_TICK).clamp(0.0, *side);
            ship.y = (ship.y + ship.vy * SECONDS_PER_TICK).clamp(0.0, *side);
            hand.wait_ticks = hand.wait_ticks.saturating_sub(1);
            if fire && hand.wait_ticks == 0 {
                hand.wait_ticks = TICKS_BETWEEN_SHOTS;
                let (ahead_y, ahead_x) = aim.sin_cos();
                shots.push(Shot {
                    id: *next_id,
                    x: ship.x + ahead_x * MUZZLE,
                    y: ship.y + ahead_y * MUZZLE,
                    vx: ahead_x * SHOT_SPEED,
                    vy: ahead_y * SHOT_SPEED,
                    owner: ship.id,
                });
                ticks_left.push(SHOT_TICKS);
                *next_id += 1;
            }
        }
    }

    /// The ship at `place` and those behind it in the list that overlap it move apart, half the way each.
    fn push_apart(&mut self, place: usize) {
        let Arena { ships, ship_cells, .. } = self;
        let Some((ship, others)) = ships.get_mut(place..).and_then(|rest| rest.split_first_mut()) else {
            return;
        };
        let reach = 2.0 * SHIP_RADIUS;
        for other in ship_cells.around((ship.x, ship.y), (reach, reach)) {
            let behind = other.checked_sub(place + 1);
            let Some(other) = behind.and_then(|index| others.get_mut(index)) else { continue };
            let (dx, dy) = (other.x - ship.x, other.y - ship.y);
            let distance = dx.hypot(dy);
            if distance < reach && distance > 0.0 {
                let share = (reach - distance) / (2.0 * distance);
                ship.x -= dx * share;
                ship.y -= dy * share;
                other.x += dx * share;
                other.y += dy * share;
            }
        }
    }

    fn fly_shots(&mut self) {
        let mut place = 0;
        while place < self.shots.len() {
            if self.fly_shot(place) {
                self.shots.swap_remove(place);
                self.ticks_left.swap_remove(place);
            } else {
                place += 1;
            }
        }
    }

    /// Moves a shot; true when that ended it.
    fn fly_shot(&mut self, place: usize) -> bool {
        let (Some(shot), Some(left)) = (self.shots.get_mut(place), self.ticks_left.get_mut(place)) else {
            return true;
        };
        shot.x += shot.vx * SECONDS_PER_TICK;
        shot.y += shot.vy * SECONDS_PER_TICK;
        *left -= 1;
        let Shot { x, y, owner, .. } = *shot;
        let inside = 0.0..=self.side;
        if *left == 0 || !inside.contains(&x) || !inside.contains(&y) {
            return true;
        }
        let hit = self.ship_cells.around((x, y), (HIT_DISTANCE, HIT_DISTANCE)).find(|&place| {
            let met = |ship: &Ship| ship.id != owner && (ship.x - x).hypot(ship.y - y) < HIT_DISTANCE;
            self.ships.get(place).is_some_and(met)
        });
        hit.inspect(|&victim| self.hurt(victim, owner)).is_some()
    }

    fn hurt(&mut self, victim: usize, by: u32) {
        let (x, y) = self.anywhere();
        let Some(ship) = self.ships.get_mut(victim) else { return };
        ship.hp -= DAMAGE;
        if ship.hp > 0 {
            return;
        }
        (ship.hp, ship.x, ship.y) = (HULL, x, y);
        if let Some(shooter) = self.find(by).ok().and_then(|place| self.ships.get_mut(place)) {
            shooter.score += 1;
        }
    }
}
