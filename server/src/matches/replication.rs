//! What each player is told of a tick. The world is packed once into columns of ready records; a player's snapshot
//! is a head of its own and the records that lie in its area of interest, one after the other.

use glam::Vec2;
use shared::arena::Arena;
use shared::grid::Grid;
use shared::quantise::PositionGrid;
use shared::rules::VIEW_HALF;
use shared::snapshot::{
    HEAD_BYTES, InputReport, OwnShip, RECORDS_MAX, ShipBytes, ShotBytes, pack_head, pack_ship, pack_shot,
};
use shared::world::World;

use crate::link::frame::{Opcode, write_head};

/// MessagePack in front of a snapshot's bytes: a map of one entry, the key "s", a byte string of 16-bit length.
const ENVELOPE: [u8; 4] = [0x81, 0xa1, b's', 0xc5];

/// The world of one tick as records, and where they are.
#[derive(Debug)]
pub struct Replication {
    positions: PositionGrid,
    ships: Vec<ShipBytes>,
    shots: Vec<ShotBytes>,
    shot_grid: Grid,
    body: Vec<u8>,
}

impl Replication {
    /// For matches in `arena`.
    pub fn new(arena: &Arena) -> Replication {
        Replication {
            positions: PositionGrid::new(arena),
            ships: Vec::new(),
            shots: Vec::new(),
            shot_grid: Grid::default(),
            body: Vec::new(),
        }
    }

    /// Packs the world of this tick, once for everybody.
    pub fn pack(&mut self, world: &World, arena: &Arena) {
        self.ships.clear();
        let both = world.ships.iter().zip(&world.pilots);
        self.ships.extend(both.map(|(ship, pilot)| pack_ship(ship, pilot, &self.positions)));
        self.shots.clear();
        self.shots.extend(world.shots.iter().map(|shot| pack_shot(shot, &self.positions)));
        self.shot_grid.rebuild(arena, world.shots.iter().map(|s| s.position).enumerate());
    }

    /// Appends the frame with the snapshot of the player whose ship stands at `index`.
    pub fn append_snapshot(
        &mut self,
        world: &World,
        ship_grid: &Grid,
        index: usize,
        report: InputReport,
        out: &mut Vec<u8>,
    ) {
        let Some(own) = world.ships.get(index) else { return };
        let view = View::round(own.motion.position);
        self.body.clear();
        self.body.resize(HEAD_BYTES, 0);
        let ships = self.append_ships(world, ship_grid, index, &view);
        let head = pack_head(world, &OwnShip::from(own), report, ships);
        if let Some(place) = self.body.first_chunk_mut::<HEAD_BYTES>() {
            *place = head;
        }
        self.append_shots(world, &view);
        let length = u16::try_from(self.body.len()).unwrap_or(u16::MAX);
        write_head(out, Opcode::Binary, ENVELOPE.len() + 2 + self.body.len());
        out.extend(ENVELOPE);
        out.extend(length.to_be_bytes());
        out.extend_from_slice(&self.body);
    }

    /// Appends the records of other living ships in view; returns how many.
    fn append_ships(&mut self, world: &World, grid: &Grid, own: usize, view: &View) -> u8 {
        let mut count = 0;
        for index in grid.near(view.low, view.high).filter(|&i| i != own) {
            let seen = world.ships.get(index).is_some_and(|s| s.alive() && view.has(s.motion.position));
            if seen && count < RECORDS_MAX && let Some(record) = self.ships.get(index) {
                self.body.extend(record);
                count += 1;
            }
        }
        count as u8
    }

    /// Appends how many shots are in view, and their records.
    fn append_shots(&mut self, world: &World, view: &View) {
        let place = self.body.len();
        self.body.push(0);
        let mut count = 0;
        for index in self.shot_grid.near(view.low, view.high) {
            let seen = world.shots.get(index).is_some_and(|s| view.has(s.position));
            if seen && count < RECORDS_MAX && let Some(record) = self.shots.get(index) {
                self.body.extend(record);
                count += 1;
            }
        }
        if let Some(byte) = self.body.get_mut(place) {
            *byte = count as u8;
        }
    }
}

/// The box that a player may see.
struct View {
    low: Vec2,
    high: Vec2,
}

impl View {
    fn round(middle: Vec2) -> View {
        let half = Vec2::from(VIEW_HALF);
        View { low: middle - half, high: middle + half }
    }

    fn has(&self, point: Vec2) -> bool {
        point.cmpge(self.low).all() && point.cmple(self.high).all()
    }
}
