//! A number that stands for a whole world: equal worlds give equal numbers, on every machine.
//! FNV-1a over 64 bits (Fowler, Noll, Vo), word by word; good against accidents, not against forgers.

use crate::world::{CoreState, Motion, World};

/// A running hash of words.
#[derive(Clone, Copy, Debug)]
pub struct Checksum(u64);

impl Default for Checksum {
    fn default() -> Self {
        Checksum(0xcbf2_9ce4_8422_2325)
    }
}

impl Checksum {
    /// Takes in a word.
    pub fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    /// Takes in a number by its bits.
    pub fn add_f32(&mut self, number: f32) {
        self.add(u64::from(number.to_bits()));
    }

    /// The hash so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

/// The checksum of everything in `world` that decides its future.
pub fn of_world(world: &World) -> u64 {
    let mut sum = Checksum::default();
    sum.add(u64::from(world.tick.0));
    sum.add(world.random.state());
    sum.add(u64::from(world.round.number) << 40 | (world.round.phase as u64) << 32);
    sum.add(u64::from(world.round.ticks_left));
    for pilot in &world.pilots {
        sum.add(u64::from(pilot.id.0) << 32 | u64::from(pilot.score) << 16 | u64::from(pilot.deaths));
        sum.add(
            u64::from(u8::from(pilot.team)) << 16
                | u64::from(pilot.bot) << 9
                | u64::from(pilot.limbo) << 8
                | u64::from(u8::from(pilot.hull)),
        );
        pilot.name.as_str().bytes().for_each(|b| sum.add(u64::from(b)));
    }
    for ship in &world.ships {
        add_motion(&mut sum, &ship.motion);
        ship.input.to_bytes().iter().for_each(|&b| sum.add(u64::from(b)));
        let timers = [ship.fire_wait_ticks, ship.second_wait_ticks, ship.guard_ticks, ship.respawn_ticks];
        timers.iter().for_each(|&t| sum.add(u64::from(t)));
        sum.add(u64::from(ship.shield_points) << 8 | u64::from(ship.arms.charges));
        sum.add(
            u64::from(u8::from(ship.arms.weapon)) << 16
                | u64::from(ship.hull_points) << 8
                | u64::from(ship.rewind.0),
        );
        ship.trail.places().for_each(|place| [place.x, place.y].iter().for_each(|&n| sum.add_f32(n)));
    }
    for shot in &world.shots {
        sum.add(u64::from(shot.id.0) << 48 | u64::from(shot.owner.0) << 32 | u64::from(shot.born.0));
        let load = u64::from(shot.damage) << 8 | u64::from(u8::from(shot.spares));
        sum.add(u64::from(shot.life_ticks) << 16 | load);
        sum.add(u64::from(shot.over) << 24 | u64::from(shot.flown.0) << 16 | u64::from(shot.angle.0));
        [shot.origin.x, shot.origin.y, shot.position.x, shot.position.y].iter().for_each(|&n| sum.add_f32(n));
    }
    sum.add(u64::from(world.next_shot.0));
    add_things(&mut sum, world);
    sum.value()
}

/// Mines, pickups, cores, and what the teams have reached.
fn add_things(sum: &mut Checksum, world: &World) {
    for mine in &world.mines {
        sum.add(u64::from(mine.id.0) << 48 | u64::from(mine.owner.0) << 32 | u64::from(mine.born.0));
        [mine.place.x, mine.place.y].iter().for_each(|&n| sum.add_f32(n));
    }
    world.pickups.iter().for_each(|&wait| sum.add(u64::from(wait)));
    for core in world.cores {
        match core {
            CoreState::Home => sum.add(1),
            CoreState::Carried(by) => sum.add(2 << 16 | u64::from(by.0)),
            CoreState::Dropped { place, ticks_left } => {
                sum.add(3 << 32 | u64::from(ticks_left));
                [place.x, place.y].iter().for_each(|&n| sum.add_f32(n));
            }
        }
    }
    let [azure, amber] = world.team_scores;
    sum.add(u64::from(world.next_mine.0) << 32 | u64::from(azure) << 16 | u64::from(amber));
}

fn add_motion(sum: &mut Checksum, motion: &Motion) {
    let numbers = [motion.position.x, motion.position.y, motion.velocity.x, motion.velocity.y];
    numbers.iter().for_each(|&n| sum.add_f32(n));
    sum.add(u64::from(motion.dash_ticks) << 16 | u64::from(motion.dash_energy));
}
