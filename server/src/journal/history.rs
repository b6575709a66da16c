//! Every command of a round from its beginning, in a file beside the match's journal: what a replay is made of.
//! It begins with a header and a checkpoint and has others at each seam, where the match went on elsewhere or left a gap; from
//! each of them the commands up to the next can be simulated again. It has the journal's records. When the round is over
//! it gets a name of its own, and the next round begins another.

use std::io;

use crate::journal::disk::{Disk, Sheet};
use crate::journal::folder::history_name;
use crate::journal::record::{Kind, MAGIC, append, sound_length};

/// A longer history is given up: ten minutes of 400 players are 60 MB.
const HISTORY_BYTES_MAX: usize = 64 << 20;

/// The history of one match's round.
#[derive(Debug)]
pub struct History {
    sheet: Box<dyn Sheet>,
    bytes: usize,
    scratch: Vec<u8>,
}

impl History {
    /// Begins the history of a match, or goes on with the one that another process began. `header` and
    /// `checkpoint` are the bodies of who writes, and of what the match goes on from.
    pub fn open(disk: &mut dyn Disk, id: &str, header: &[u8], checkpoint: &[u8]) -> io::Result<History> {
        let (sheet, bytes) = disk.extend(&history_name(id), &MAGIC, sound_length)?;
        let mut history = History { sheet, bytes, scratch: Vec::new() };
        // Each process says who it is: what it writes may not be simulated alike by another.
        history.note(Kind::Header, header)?;
        history.note(Kind::Checkpoint, checkpoint)?;
        Ok(history)
    }

    /// Begins anew with `head`, the magic and the header's record, and a checkpoint; what was there is forgotten.
    pub fn begin(disk: &mut dyn Disk, id: &str, head: &[u8], checkpoint: &[u8]) -> io::Result<History> {
        let mut file = head.to_vec();
        append(Kind::Checkpoint, checkpoint, &mut file);
        let sheet = disk.replace(&history_name(id), &file, false)?;
        Ok(History { sheet, bytes: file.len(), scratch: Vec::new() })
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
