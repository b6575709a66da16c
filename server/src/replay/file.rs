//! A replay file: framed records, each with a checksum. First whose it is and the summary, then the feed in blocks that can
//! be read alone, then the commands, then an end. Reading names the place of what is wrong.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use thiserror::Error;

use crate::journal::header::Header;
use crate::journal::record::{BODY_BYTES_MAX, Ending, HEAD_BYTES, Kind, Records, append, read_one};
use crate::replay::packing::{Unpacked, unpack};
use crate::replay::summary::{REPLAY_VERSION, Summary};

/// What every replay begins with; the digit is the frame's version.
pub const MAGIC: [u8; 8] = *b"STARFRP1";

/// The summary, JSON.
pub const SUMMARY: Kind = Kind::Other(16);
/// A block of the feed: gzip of lines of JSON.
pub const FEED: Kind = Kind::Other(17);
/// A world that does not follow from what stands before: MessagePack, gzip.
pub const JUMP: Kind = Kind::Other(18);
/// What bots intend after the match went on in another process: MessagePack, gzip.
pub const BOTS: Kind = Kind::Other(19);
/// The commands of a few hundred ticks.
pub const TICKS: Kind = Kind::Other(20);
/// Nothing follows.
pub const END: Kind = Kind::Other(21);

/// A longer file is no replay.
pub const FILE_BYTES_MAX: u64 = 256 << 20;

/// Why a replay can't be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk says no.
    #[error("it can't be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is something else.
    #[error("it is no replay")]
    Magic,
    /// A newer program wrote it.
    #[error("a newer version wrote it (format {0}); this one reads up to {REPLAY_VERSION}")]
    Newer(u32),
    /// Bytes were changed or are missing.
    #[error("it is damaged at byte {offset}, in record {record} ({}): {what}", where_in(*tick))]
    Damaged {
        /// Where the record begins, in bytes.
        offset: usize,
        /// Its number, from 1.
        record: usize,
        /// The last tick whose commands stand before it, if any do.
        tick: Option<u32>,
        /// What is wrong.
        what: &'static str,
    },
}

fn where_in(tick: Option<u32>) -> String {
    tick.map_or_else(|| "before the commands".to_owned(), |tick| format!("commands behind tick {tick}"))
}

/// A whole replay in memory, checked record by record.
#[derive(Debug)]
pub struct Replay {
    /// Who wrote it, and how the match was set up.
    pub header: Header,
    /// What it is.
    pub summary: Summary,
    /// Everything behind the summary but the end: kind, body, and where the record begins.
    pub records: Vec<(Kind, Vec<u8>, usize)>,
}

impl Replay {
    /// Reads and checks every byte of a file.
    pub fn read(bytes: &[u8]) -> Result<Replay, ReadError> {
        let mut records = Records::behind(MAGIC, bytes).ok_or(ReadError::Magic)?;
        let (mut header, mut summary, mut kept) = (None, None, Vec::new());
        let (mut number, mut tick, mut ended) = (0, None, false);
        let (mut offset, mut wrong) = (records.offset(), None);
        while let Some((kind, body)) = records.next() {
            number += 1;
            match kind {
                Kind::Header => header = Header::read(body),
                SUMMARY => summary = Some(read_summary(body, offset)?),
                END => ended = true,
                _ => {
                    match tick_after(kind, body) {
                        Ok(last) => tick = last.or(tick),
                        Err(what) => wrong = Some(what),
                    }
                    kept.push((kind, body.to_vec(), offset));
                }
            }
            if wrong.is_some() || ended {
                break;
            }
            offset = records.offset();
        }
        let what = match (records.ending(), wrong) {
            (_, Some(what)) => Some(what),
            (Ending::Damaged, _) => Some("its checksum is wrong"),
            (Ending::Torn, _) => Some("its checksum is wrong, or the file ends in it"),
            (Ending::Whole, _) if !ended => Some("the file ends before it"),
            (Ending::Whole, _) => (records.next().is_some()).then_some("something stands behind the end"),
        };
        let damaged = |what, record| ReadError::Damaged { offset, record, tick, what };
        match (what, header, summary) {
            (Some(what), ..) => Err(damaged(what, if wrong.is_some() { number } else { number + 1 })),
            (None, Some(header), Some(summary)) => Ok(Replay { header, summary, records: kept }),
            _ => Err(damaged("it does not say what match it is", 1)),
        }
    }

    /// Reads and checks a file.
    pub fn open(path: &Path) -> Result<Replay, ReadError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        Replay::read(&bytes)
    }
}

fn read_summary(body: &[u8], offset: usize) -> Result<Summary, ReadError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |_| ReadError::Damaged { offset, record: 2, tick: None, what: "it is not understood" };
    let Versioned { version } = serde_json::from_slice(body).map_err(damaged)?;
    if version > REPLAY_VERSION {
        return Err(ReadError::Newer(version));
    }
    serde_json::from_slice(body).map_err(damaged)
}

/// The last tick of a record with commands.
fn tick_after(kind: Kind, body: &[u8]) -> Result<Option<u32>, &'static str> {
    match kind {
        TICKS => {
            let block = Unpacked::read(body).ok_or("it holds no commands")?;
            let first = block.first.0;
            Ok(Some(first.saturating_add(block.ticks().count() as u32).saturating_sub(1)))
        }
        FEED => unpack(body).map(|_| None).map_err(|_| "it holds no feed"),
        _ => Ok(None),
    }
}

/// The front of a replay, without its feed and commands.
#[derive(Debug)]
pub struct Front {
    /// Who wrote it, and how the match was set up.
    pub header: Header,
    /// What it is, as bytes of JSON.
    pub json: Vec<u8>,
    /// The same, read.
    pub summary: Summary,
    /// Bytes before what follows the summary.
    bytes: u64,
}

impl Front {
    /// Reads no more than the front of a file.
    pub fn read(file: &mut File) -> Result<Front, ReadError> {
        let mut magic = [0; 8];
        file.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(ReadError::Magic);
        }
        let damaged = |what| ReadError::Damaged { offset: MAGIC.len(), record: 1, tick: None, what };
        let (kind, who) = read_one(file)?;
        let header = Header::read(&who).filter(|_| kind == Kind::Header);
        let header = header.ok_or(damaged("it does not say what match it is"))?;
        let (_, json) = read_one(file)?;
        let summary = read_summary(&json, MAGIC.len() + HEAD_BYTES + who.len())?;
        let bytes = (MAGIC.len() + 2 * HEAD_BYTES + who.len() + json.len()) as u64;
        Ok(Front { header, json, summary, bytes })
    }

    /// The block of the feed that holds a moment, as gzip, and when the next one begins.
    pub fn feed_at(&self, file: &mut File, at_ms: u64) -> Result<(Vec<u8>, Option<u64>), ReadError> {
        let (block, next) = self.summary.block_at(at_ms).ok_or(ReadError::Magic)?;
        file.seek(SeekFrom::Start(self.bytes.saturating_add(block.1)))?;
        let (kind, body) = read_one(file)?;
        if kind == FEED { Ok((body, next)) } else { Err(ReadError::Magic) }
    }
}

/// The bytes of a file with these parts.
pub fn write(header: &Header, summary: &Summary, records: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    append(Kind::Header, &header.to_bytes(), &mut file);
    append(SUMMARY, &serde_json::to_vec(summary).unwrap_or_default(), &mut file);
    for (kind, body) in records {
        append(*kind, body, &mut file);
    }
    append(END, &[], &mut file);
    file
}

/// The bytes that a record of a body takes.
pub fn record_bytes(body: &[u8]) -> u64 {
    (HEAD_BYTES + body.len().min(BODY_BYTES_MAX)) as u64
}
