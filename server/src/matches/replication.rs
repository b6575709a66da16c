//! A player's snapshot as a ready frame: the records that its client lacks, behind a head of its own.
//! What is new about the world is worked out once each tick in `columns`; what a client holds is in `known`.

use shared::record::Head;
use shared::simulation::Stage;
use shared::world::{Ship, World};

use crate::link::frame::{Opcode, write_head};
use crate::matches::columns::Columns;
use crate::matches::known::{Known, Scene, Scratch};

/// MessagePack in front of a snapshot's bytes: a map of one entry, the key "s", then the head of a byte string.
const KEY: [u8; 3] = [0x81, 0xa1, b's'];
const BYTES_8: u8 = 0xc4;
const BYTES_16: u8 = 0xc5;

/// What a match needs to tell its players of a tick.
#[derive(Debug, Default)]
pub struct Replication {
    columns: Columns,
    scratch: Scratch,
}

impl Replication {
    /// Works out what is new in this tick, once for everybody.
    pub fn pack(&mut self, world: &World, stage: &Stage) {
        self.columns.pack(world, &stage.rules, &stage.arena);
    }

    /// Appends the frame with the snapshot for the client that holds `known` and flies `own`. Of `head` only the
    /// report counts, and whether there is a checksum. The client counts as holding it only after
    /// [`Replication::commit`].
    pub fn append_snapshot(
        &mut self,
        world: &World,
        (known, own): (&Known, &Ship),
        head: Head,
        out: &mut Vec<u8>,
    ) {
        let head = Head {
            tick: world.tick,
            phase: world.round.phase,
            fire_wait_ticks: short(own.fire_wait_ticks),
            guard_ticks: short(own.guard_ticks),
            respawn_ticks: short(own.respawn_ticks),
            second_wait_ticks: short(own.second_wait_ticks),
            ..head
        };
        let scene = Scene { world, columns: &self.columns };
        known.assemble(scene, own, head, &mut self.scratch);
        let body = self.scratch.body();
        let length = body.len();
        if let Ok(short) = u8::try_from(length) {
            write_head(out, Opcode::Binary, KEY.len() + 2 + length);
            out.extend(KEY);
            out.extend([BYTES_8, short]);
        } else {
            write_head(out, Opcode::Binary, KEY.len() + 3 + length);
            out.extend(KEY);
            out.push(BYTES_16);
            out.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        }
        out.extend_from_slice(body);
    }

    /// The snapshot that was appended last was written: the client will hold it.
    pub fn commit(&mut self, known: &mut Known) {
        known.commit(&mut self.scratch);
    }
}

fn short(ticks: u16) -> u8 {
    u8::try_from(ticks).unwrap_or(u8::MAX)
}
