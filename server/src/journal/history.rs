//! Every command of a match from its beginning, in a file beside its journal: what a replay is made of.
//! It begins with a checkpoint and has another one at each seam, where the match went on elsewhere or left a gap; from
//! each of them the commands up to the next can be simulated again. It has the journal's records and goes with the match.

use std::io;

use crate::journal::disk::{Disk, Sheet};
use crate::journal::folder::history_name;
use crate::journal::record::{Kind, append, sound_length};

/// A longer history is given up: ten minutes of 400 players are 60 MB.
const HISTORY_BYTES_MAX: usize = 64 << 20;

/// One match's history.
#[derive(Debug)]
pub struct History {
    sheet: Box<dyn Sheet>,
    bytes: usize,
    scratch: Vec<u8>,
}

impl History {
    /// Begins the history of a match, or goes on with the one that another process began. `head` is the beginning of a
    /// new file, `checkpoint` the body of what the match goes on from.
    pub fn open(disk: &mut dyn Disk, id: &str, head: &[u8], checkpoint: &[u8]) -> io::Result<History> {
        let (sheet, bytes) = disk.extend(&history_name(id), head, sound_length)?;
        let mut history = History { sheet, bytes, scratch: Vec::new() };
        history.note(Kind::Checkpoint, checkpoint)?;
        Ok(history)
    }

    /// Adds a record. After an error the history is of no use any more.
    pub fn note(&mut self, kind: Kind, body: &[u8]) -> io::Result<()> {
        self.scratch.clear();
        append(kind, body, &mut self.scratch);
        self.bytes += self.scratch.len();
        if self.bytes > HISTORY_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.sheet.append(&self.scratch)
    }
}
