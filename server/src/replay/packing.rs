//! Commands in little room: what bots would have decided anyway is not written, only that they did. It gives back
//! exactly the commands that were applied, whoever gave them; a wrong guess costs room and nothing else.
//! The maker of a replay packs, verifying unpacks; both have the same world before each tick.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use shared::command::Command;
use shared::simulation::Stage;
use shared::tick::Tick;
use shared::world::World;

use crate::bots::Bots;
use crate::journal::run::{Desk, Run, RunWriter};

/// Unpacked bytes of one block at most; more is an attack.
const UNPACKED_MAX: u64 = 64 << 20;

/// What bots are expected to do next.
#[derive(Clone, Debug)]
pub struct Guess {
    bots: Bots,
    wanted: Vec<Command>,
}

impl Guess {
    /// From bots as they are before the next tick.
    pub fn new(bots: Bots) -> Guess {
        Guess { bots, wanted: Vec::new() }
    }

    /// What bots want in the next tick of `world`, if that tick applies `commands`, with or without their wishes.
    fn next(&mut self, commands: &[Command], world: &World, stage: &Stage) -> &[Command] {
        for command in commands {
            match command {
                Command::Join { player, bot: true, .. } => drop(self.bots.add(*player)),
                Command::Leave { player } if world.pilot(*player).is_some_and(|pilot| pilot.bot) => {
                    self.bots.remove();
                }
                _ => {}
            }
        }
        self.wanted.clear();
        self.bots.decide(world, stage, &mut self.wanted);
        &self.wanted
    }
}

/// A block of ticks that is being packed.
#[derive(Debug, Default)]
pub struct Packer {
    run: RunWriter,
    guessed: Vec<u8>,
    sums: Vec<u8>,
}

impl Packer {
    /// Adds what the next tick of `world` applies.
    pub fn note(&mut self, commands: &[Command], guess: &mut Guess, world: &World, stage: &Stage) {
        let wanted = guess.next(commands, world, stage);
        let left = if wanted.is_empty() { None } else { commands.strip_suffix(wanted) };
        self.guessed.push(u8::from(left.is_some()));
        self.run.note(world.tick.next(), left.unwrap_or(commands));
    }

    /// Adds the checksum of the world after that tick.
    pub fn note_sum(&mut self, checksum: u64) {
        self.sums.extend_from_slice(&(checksum as u32).to_le_bytes());
    }

    /// Ticks so far.
    pub fn ticks(&self) -> usize {
        self.guessed.len()
    }

    /// The block's bytes; the next one begins empty.
    pub fn finish(&mut self) -> Vec<u8> {
        let run = self.run.finish(Desk::default(), 0);
        let count = self.guessed.len() as u32;
        let parts = [&count.to_le_bytes()[..], &self.guessed, &self.sums, &run];
        let block = pack(&parts.concat());
        self.guessed.clear();
        self.sums.clear();
        block
    }
}

/// A block of ticks as it is read.
#[derive(Debug)]
pub struct Unpacked {
    /// The first tick.
    pub first: Tick,
    ticks: Vec<(Vec<Command>, bool, u32)>,
}

impl Unpacked {
    /// Reads a block; `None` if the bytes are none.
    pub fn read(block: &[u8]) -> Option<Unpacked> {
        let bytes = unpack(block).ok()?;
        let (count, rest) = bytes.split_first_chunk::<4>()?;
        let count = u32::from_le_bytes(*count) as usize;
        let (guessed, rest) = rest.split_at_checked(count)?;
        let (sums, run) = rest.split_at_checked(count.checked_mul(4)?)?;
        let run = Run::read(run).filter(|run| run.ticks.len() == count)?;
        let sums = sums.as_chunks::<4>().0.iter().map(|sum| u32::from_le_bytes(*sum));
        let marks = guessed.iter().map(|mark| *mark != 0).zip(sums);
        let ticks =
            run.ticks.into_iter().zip(marks).map(|(commands, (guessed, sum))| (commands, guessed, sum));
        Some(Unpacked { first: run.first, ticks: ticks.collect() })
    }

    /// Each tick's written commands, whether the bots' wishes follow them, and the checksum after it.
    pub fn ticks(self) -> impl Iterator<Item = (Vec<Command>, bool, u32)> {
        self.ticks.into_iter()
    }
}

/// Adds the bots' wishes to a tick's written commands if they belong there.
pub fn complete(commands: &mut Vec<Command>, guessed: bool, guess: &mut Guess, at: (&World, &Stage)) {
    let wanted = guess.next(commands, at.0, at.1);
    if guessed {
        commands.extend_from_slice(wanted);
    }
}

/// Bytes as gzip.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes everything.
    let _ = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}

/// Bytes that were packed; an error if they were not, or are too many.
pub fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    let read = GzDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut unpacked)?;
    if read as u64 == UNPACKED_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(unpacked) }
}
