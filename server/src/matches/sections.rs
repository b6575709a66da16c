//! The records of one snapshot while they are gathered: a list of bytes and a count for each kind, in the order in which they
//! travel. `known` decides what goes in; this room knows only how it is laid out.

use shared::id::{PlayerId, ShotId};
use shared::record::{ShipRecord, ShotRecord, ThingRecord, put_count};

/// The records of one snapshot while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) ships: Vec<u8>,
    pub(super) ship_count: u16,
    pub(super) ended: Vec<u8>,
    pub(super) ended_count: u16,
    pub(super) fired: Vec<u8>,
    pub(super) fired_count: u16,
    pub(super) placed: Vec<u8>,
    pub(super) placed_count: u16,
    pub(super) lifted: Vec<u8>,
    pub(super) lifted_count: u16,
    pub(super) laid: Vec<u8>,
    pub(super) laid_count: u16,
}

impl Sections {
    pub(super) fn clear(&mut self) {
        let Sections { ships, ended, fired, placed, lifted, laid, .. } = self;
        for bytes in [ships, ended, fired, placed, lifted, laid] {
            bytes.clear();
        }
        (self.ship_count, self.ended_count, self.fired_count, self.placed_count) = (0, 0, 0, 0);
        (self.lifted_count, self.laid_count) = (0, 0);
    }

    pub(super) fn bytes(&self) -> usize {
        let things = self.lifted.len() + self.laid.len();
        self.ships.len() + self.ended.len() + self.fired.len() + self.placed.len() + things
    }

    pub(super) fn has_things(&self) -> bool {
        self.lifted_count + self.laid_count > 0
    }

    pub(super) fn add_thing(&mut self, record: &ThingRecord) {
        record.put(&mut self.laid);
        self.laid_count += 1;
    }

    pub(super) fn add_lifted(&mut self, name: u16) {
        self.lifted.extend(name.to_le_bytes());
        self.lifted_count += 1;
    }

    pub(super) fn add_ship(&mut self, record: &[u8]) {
        if !record.is_empty() {
            self.ships.extend_from_slice(record);
            self.ship_count += 1;
        }
    }

    pub(super) fn add_gone(&mut self, id: PlayerId) {
        ShipRecord { gone: true, ..ShipRecord::default() }.put(id, &mut self.ships);
        self.ship_count += 1;
    }

    pub(super) fn add_ended(&mut self, id: ShotId) {
        self.ended.extend(id.0.to_le_bytes());
        self.ended_count += 1;
    }

    pub(super) fn add_shot(&mut self, record: &ShotRecord) {
        if record.position.is_some() {
            record.put(&mut self.placed);
            self.placed_count += 1;
        } else {
            record.put(&mut self.fired);
            self.fired_count += 1;
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let all = [
            (self.ship_count, &self.ships),
            (self.ended_count, &self.ended),
            (self.fired_count, &self.fired),
            (self.placed_count, &self.placed),
            (self.lifted_count, &self.lifted),
            (self.laid_count, &self.laid),
        ];
        let told = if self.has_things() { all.len() } else { all.len() - 2 };
        for (count, bytes) in all.into_iter().take(told) {
            put_count(count, out);
            out.extend_from_slice(bytes);
        }
    }
}
