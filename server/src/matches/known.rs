//! What the client at the other end of one link holds: which ships and shots, as of which tick.
//! The same rules are in `shared::replica`; here they decide what has to be told.

use glam::Vec2;
use shared::id::{PlayerId, ShotId};
use shared::record::{HELD_MAX, Head};
use shared::replica::{HeldShip, SINCE_TICKS_MAX, ViewChecksum, in_view};
use shared::rules::VIEW_HALF;
use shared::snapshot::Kit;
use shared::tick::Tick;
use shared::world::{Ship, World};

use crate::matches::columns::{Columns, shot_record};
use crate::matches::nearby::Found;
use crate::matches::sections::Sections;

/// A ship is told when it is this deep inside the view, in units, and held until it is outside: one that flies along
/// the edge is not told again and again.
const ENTER_DEPTH: f32 = 4.0;

/// A line that carries less than this in a snapshot is narrow: its client is told of a part of the view.
pub const NARROW_BYTES: usize = 500;
/// That part, on each axis.
const NARROW_SHARE: f32 = 0.6;

/// What a client holds.
#[derive(Clone, Debug)]
pub struct Known {
    written: Option<Tick>,
    ships: Vec<PlayerId>,
    shots: Vec<ShotId>,
    /// Names of mines and pickups.
    things: Vec<u16>,
    kit: Kit,
    budget_bytes: usize,
}

impl Default for Known {
    fn default() -> Self {
        Known {
            written: None,
            ships: Vec::new(),
            shots: Vec::new(),
            things: Vec::new(),
            kit: Kit::default(),
            budget_bytes: usize::MAX,
        }
    }
}

/// Space to work in, shared by all links of a match: nothing is allocated for a player once it has grown.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Ships and shots that the client holds and that were not met yet.
    unmet_ships: Marks,
    unmet_shots: Marks,
    unmet_things: Marks,
    /// Ships that the client will hold.
    kept_ships: Marks,
    next: Known,
    records: Sections,
    found: Found,
    body: Vec<u8>,
}

impl Scratch {
    /// Wipes the marks that are left; the others were wiped when they were met.
    fn wipe_marks(&mut self, own: PlayerId) {
        for id in self.next.ships.iter().chain([&own]) {
            self.kept_ships.take(id.0);
        }
    }

    /// The snapshot that was put together last.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Marks on names, one bit each, so that all of them stay in the nearest cache. Whoever sets marks wipes them again.
#[derive(Debug)]
struct Marks(Vec<u64>);

impl Default for Marks {
    fn default() -> Self {
        Marks(vec![0; (1 << 16) / u64::BITS as usize])
    }
}

impl Marks {
    fn set(&mut self, name: u16) {
        if let Some(word) = self.0.get_mut(usize::from(name / 64)) {
            *word |= 1 << (name % 64);
        }
    }

    fn has(&self, name: u16) -> bool {
        self.0.get(usize::from(name / 64)).is_some_and(|word| word >> (name % 64) & 1 == 1)
    }

    /// Wipes a mark; whether it was set.
    fn take(&mut self, name: u16) -> bool {
        let Some(word) = self.0.get_mut(usize::from(name / 64)) else { return false };
        let was_set = *word >> (name % 64) & 1 == 1;
        *word &= !(1 << (name % 64));
        was_set
    }
}

/// What a snapshot is made from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The world after the step.
    pub world: &'a World,
    /// What everybody is told.
    pub columns: &'a Columns,
}

impl Known {
    /// Forgets everything: the next snapshot is a keyframe.
    pub fn forget(&mut self) {
        self.written = None;
    }

    /// The tick of the last snapshot that was written.
    pub fn written(&self) -> Option<Tick> {
        self.written
    }

    /// From now on nothing new is told in a snapshot that has so many bytes already; it waits for the next one. A client
    /// behind a narrow line so sees a crowd come in over several snapshots instead of late, and a smaller part of it.
    pub fn set_budget(&mut self, bytes: usize) {
        self.budget_bytes = bytes;
    }

    /// Half the size of the area that the client is told of, in units.
    fn half(&self) -> Vec2 {
        let share = if self.budget_bytes < NARROW_BYTES { NARROW_SHARE } else { 1.0 };
        Vec2::from(VIEW_HALF) * share
    }

    /// Puts the snapshot for the player who flies `own` together, to be read with [`Scratch::body`]. `head` has what is
    /// not worked out here; if it has a checksum, the right one takes its place. The client counts as holding it only
    /// after [`Known::commit`].
    pub fn assemble(&self, scene: Scene<'_>, own: &Ship, head: Head, scratch: &mut Scratch) {
        let since = self.written.filter(|t| head.tick.since(*t) <= SINCE_TICKS_MAX);
        scratch.next.ships.clear();
        scratch.next.shots.clear();
        scratch.next.things.clear();
        scratch.next.kit = Kit::from(own);
        scratch.next.written = Some(head.tick);
        scratch.next.budget_bytes = self.budget_bytes;
        scratch.records.clear();
        let place = own.motion.position;
        gather_own(scene, own, since, scratch);
        self.gather_ships(scene, (own.id, place), since, scratch);
        self.gather_shots(scene, place, since, scratch);
        self.gather_things(scene, place, since, scratch);
        scratch.wipe_marks(own.id);
        let head = Head {
            since: since.map_or(0, |t| head.tick.since(t) as u8),
            checksum: head.checksum.map(|_| checksum(scene, own.id, &scratch.next)),
            kit: (since.is_none() || self.kit != scratch.next.kit).then_some(scratch.next.kit),
            things: scratch.records.has_things(),
            ..head
        };
        scratch.body.clear();
        head.put(&mut scratch.body);
        scratch.records.put(&mut scratch.body);
    }

    /// The snapshot that was put together last was written: the client will hold it.
    pub fn commit(&mut self, scratch: &mut Scratch) {
        std::mem::swap(self, &mut scratch.next);
    }

    fn gather_ships(
        &self,
        Scene { world, columns }: Scene<'_>,
        (own, middle): (PlayerId, Vec2),
        since: Option<Tick>,
        scratch: &mut Scratch,
    ) {
        let Scratch { unmet_ships: unmet, kept_ships: kept, next, records, found, .. } = scratch;
        if since.is_some() {
            self.ships.iter().for_each(|id| unmet.set(id.0));
        }
        let in_step = since.is_some_and(|tick| tick.next() == world.tick);
        let half = self.half();
        columns.near_ships().find(middle, half, found);
        for (position, ship) in columns.near_ships().found(found).filter(|(_, ship)| ship.id != own) {
            let held = since.filter(|_| unmet.take(ship.id.0));
            match held {
                Some(_) if in_step => {
                    records.ship_count += u16::from(columns.append_delta(ship, &mut records.ships));
                }
                Some(tick) => {
                    let place = usize::from(ship.place);
                    records.ship_count += u16::from(columns.append_news(place, tick, &mut records.ships));
                }
                None => {
                    let room = next.ships.len() < HELD_MAX - 1 && records.bytes() < self.budget_bytes;
                    let deep = (position - middle).abs().cmple(half - ENTER_DEPTH).all();
                    if !room || !deep {
                        continue;
                    }
                    records.add_ship(columns.full(usize::from(ship.place)));
                }
            }
            kept.set(ship.id.0);
            next.ships.push(ship.id);
        }
        let Some(tick) = since else { return };
        for &id in self.ships.iter().filter(|id| unmet.take(id.0)) {
            // The client works out for itself who leaves, but not from what it was not told.
            let knows = columns.living(id).is_some_and(|place| {
                let ship = world.ships.get(place);
                !columns.has_news(place, tick) && ship.is_some_and(|s| !in_view(middle, s.motion.position))
            });
            if !knows {
                records.add_gone(id);
            }
        }
    }

    fn gather_shots(
        &self,
        Scene { world, columns }: Scene<'_>,
        middle: Vec2,
        since: Option<Tick>,
        scratch: &mut Scratch,
    ) {
        let Scratch { kept_ships, unmet_shots: unmet, next, records, found, .. } = scratch;
        if since.is_some() {
            self.shots.iter().for_each(|id| unmet.set(id.0));
        }
        columns.near_shots().find(middle, self.half(), found);
        for (_, near) in columns.near_shots().found(found) {
            if unmet.take(near.id.0) {
                next.shots.push(near.id);
            } else if next.shots.len() < HELD_MAX && records.bytes() < self.budget_bytes {
                let Some(shot) = world.shots.get(usize::from(near.place)) else { continue };
                next.shots.push(near.id);
                let holds_owner = kept_ships.has(shot.owner.0);
                records.add_shot(&shot_record(shot, !holds_owner || shot.born != world.tick));
            }
        }
        if since.is_some() {
            for &id in self.shots.iter().filter(|id| unmet.take(id.0)) {
                let knows = columns.shot(world, id).is_some_and(|shot| !in_view(middle, shot.position));
                if !knows {
                    records.add_ended(id);
                }
            }
        }
    }
}

impl Known {
    /// Mines and pickups: they neither move nor change, so only their coming and going is news.
    fn gather_things(
        &self,
        Scene { columns, .. }: Scene<'_>,
        middle: Vec2,
        since: Option<Tick>,
        scratch: &mut Scratch,
    ) {
        let Scratch { unmet_things: unmet, next, records, found, .. } = scratch;
        if columns.things().is_empty() && self.things.is_empty() {
            return;
        }
        if since.is_some() {
            self.things.iter().for_each(|name| unmet.set(*name));
        }
        for record in columns.things().find(middle, self.half(), found) {
            if unmet.take(record.name()) {
                next.things.push(record.name());
            } else if next.things.len() < HELD_MAX && records.bytes() < self.budget_bytes {
                next.things.push(record.name());
                records.add_thing(record);
            }
        }
        if since.is_some() {
            for &name in self.things.iter().filter(|name| unmet.take(**name)) {
                let knows = columns.things().place(name).is_some_and(|place| !in_view(middle, place));
                if !knows {
                    records.add_lifted(name);
                }
            }
        }
    }
}

/// The own ship is always told.
fn gather_own(Scene { world, columns }: Scene<'_>, own: &Ship, since: Option<Tick>, scratch: &mut Scratch) {
    let Scratch { kept_ships: kept, records, .. } = scratch;
    let Ok(place) = world.find(own.id) else { return };
    match since {
        Some(tick) => {
            records.ship_count += u16::from(columns.append_own_news(place, tick, &mut records.ships));
        }
        None => records.add_ship(columns.full(place)),
    }
    kept.set(own.id.0);
}

fn checksum(Scene { world, columns }: Scene<'_>, own: PlayerId, next: &Known) -> u32 {
    let mut sum = ViewChecksum::default();
    let held = |id: PlayerId| world.find(id).ok().and_then(|place| columns.held(place)).copied();
    for &id in &next.ships {
        held(id).iter().for_each(|ship| sum.add_ship(id, ship));
    }
    held(own).iter().for_each(|ship| sum.add_ship(own, &HeldShip { aim: 0, ..*ship }));
    for id in &next.shots {
        if let Some(shot) = columns.shot(world, *id) {
            sum.add_shot(*id, shot.position);
        }
    }
    for name in &next.things {
        columns.things().place(*name).iter().for_each(|place| sum.add_thing(*name, *place));
    }
    sum.value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bots::Bots;
    use crate::bots::skill::Skill;
    use shared::command::Command;
    use shared::mode::Mode;
    use shared::random::Random;
    use shared::replica::Replica;
    use shared::rules::Rules;
    use shared::simulation::{Stage, step};
    use shared::tick::TickRate;

    /// A fight of bots that people watch from their own ships, each over a link that skips as chance will.
    struct Fight {
        world: World,
        stage: Stage,
        bots: Bots,
        columns: Columns,
        scratch: Scratch,
        links: Vec<(PlayerId, Known, Replica, u32)>,
        random: Random,
    }

    impl Fight {
        fn new(seed: u64, map: &str, bots: u16, skips: &[u32]) -> Fight {
            let arena = crate::maps::find(map).unwrap().arena(u32::from(bots));
            let rules = Rules::new(TickRate::DEFAULT, 20_000);
            let mode = if arena.cores().is_some() { Mode::Ctc } else { Mode::Ffa };
            let rules = rules.with_mode(mode, None);
            let link = |(i, skip): (usize, &u32)| {
                let player = PlayerId(i as u16);
                (player, Known::default(), Replica::new(player, arena.clone(), rules.clone()), *skip)
            };
            let mut fight = Fight {
                world: World::new(seed),
                bots: Bots::new(seed, Skill::Ace),
                columns: Columns::default(),
                scratch: Scratch::default(),
                links: skips.iter().enumerate().map(link).collect(),
                random: Random::new(seed),
                stage: Stage::new(arena, rules),
            };
            let mut commands: Vec<Command> = (0..bots).map(|i| fight.bots.add(PlayerId(i))).collect();
            commands.push(Command::StartRound);
            fight.step(commands);
            fight
        }

        fn step(&mut self, mut commands: Vec<Command>) {
            self.bots.decide(&self.world, &self.stage, &mut commands);
            match self.random.below(200) {
                0 => commands.push(Command::StartRound),
                1 => commands.push(Command::Limbo { player: PlayerId(self.random.below(8) as u16) }),
                2 => commands.push(Command::Return { player: PlayerId(self.random.below(8) as u16) }),
                3 => commands.push(Command::Leave { player: PlayerId(20 + self.random.below(8) as u16) }),
                _ => {}
            }
            step(&mut self.world, &mut self.stage, &commands, &mut Vec::new());
            self.columns.pack(&self.world, &self.stage.rules, &self.stage.arena);
        }

        /// Sends to everybody who is not skipped, checks what arrives, and returns the bytes.
        fn send(&mut self) -> Vec<usize> {
            let mut sizes = Vec::new();
            for (player, known, replica, skip) in &mut self.links {
                if *skip > 0 && self.random.below(*skip) > 0 {
                    continue;
                }
                let own = self.world.ship(*player).unwrap();
                let wait = own.respawn_ticks.min(255) as u8;
                let head =
                    Head { tick: self.world.tick, respawn_ticks: wait, checksum: Some(0), ..Head::default() };
                let scene = Scene { world: &self.world, columns: &self.columns };
                known.assemble(scene, own, head, &mut self.scratch);
                let bytes = self.scratch.body().to_vec();
                known.commit(&mut self.scratch);
                sizes.push(bytes.len());
                let seen = replica.apply(&bytes).unwrap();
                assert_eq!(replica.mismatches(), 0, "{player:?} at {:?}", self.world.tick);
                assert_eq!(seen.own.motion, own.motion);
                for ship in &seen.ships {
                    let truth = self.world.ship(ship.id).unwrap();
                    assert_eq!(
                        (ship.position, ship.velocity),
                        (truth.motion.position, truth.motion.velocity)
                    );
                    assert_eq!(ship.hull_points, truth.hull_points);
                    assert!(truth.alive() && in_view(own.motion.position, ship.position));
                }
                for shot in &seen.shots {
                    let truth = self.world.shots.iter().find(|s| s.id == shot.id).unwrap();
                    assert_eq!(shot.position, truth.position);
                }
                let near = |p: Vec2| in_view(own.motion.position, p);
                assert_eq!(seen.own.kit, Kit::from(own));
                let mines = self.world.mines.iter().filter(|m| near(m.place)).count();
                assert_eq!(seen.mines.len(), mines);
                let pickups = self.stage.arena.pickups().iter().enumerate();
                let lie = pickups.filter(|(i, p)| self.world.pickups[*i] == 0 && near(p.place)).count();
                assert_eq!(seen.pickups.len(), lie);
                let shots = self.world.shots.iter().filter(|s| near(s.position)).count();
                assert_eq!(seen.shots.len(), shots.min(HELD_MAX));
            }
            sizes
        }
    }

    #[test]
    fn what_a_client_holds_is_the_truth_however_much_it_misses() {
        for (seed, map) in [(1, "lattice"), (2, "open"), (3, "quarry"), (4, "foundry")] {
            let mut fight = Fight::new(seed, map, 28, &[0, 0, 2, 5, 20, 60]);
            for _ in 0..3000 {
                fight.step(Vec::new());
                fight.send();
            }
        }
    }

    #[test]
    fn a_client_in_step_is_told_little() {
        let mut fight = Fight::new(9, "open", 400, &[0; 16]);
        let mut sizes = Vec::new();
        for tick in 0..600 {
            fight.step(Vec::new());
            let sent = fight.send();
            if tick > 60 {
                sizes.extend(sent);
            }
        }
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!(mean < 160, "{mean} bytes on average");
    }
}
