//! The frame of a record in a journal: its kind, its length, a checksum, and its bytes.
//! Reading stops at the first record that is torn or was changed; what stands before it is whole. It knows no content.

use std::io::{self, Read};

/// What every journal begins with; the digit is the frame's version.
pub const MAGIC: [u8; 8] = *b"STARFRJ1";

/// Bytes of one record's body at most; more is a damaged length.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// Bytes before a record's body: kind, length, checksum.
pub const HEAD_BYTES: usize = 9;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What match it is, and who wrote it.
    Header,
    /// The whole match.
    Checkpoint,
    /// The commands of a few ticks.
    Run,
    /// Something that this version does not know and passes over.
    Other(u8),
}

impl Kind {
    fn number(self) -> u8 {
        match self {
            Kind::Header => 1,
            Kind::Checkpoint => 2,
            Kind::Run => 3,
            Kind::Other(number) => number,
        }
    }

    fn of(number: u8) -> Kind {
        match number {
            1 => Kind::Header,
            2 => Kind::Checkpoint,
            3 => Kind::Run,
            other => Kind::Other(other),
        }
    }
}

/// How a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With its last record.
    Whole,
    /// In the middle of a record: the process ended while it wrote.
    Torn,
    /// With a record whose bytes are not those that were written.
    Damaged,
}

/// Appends a record to `out`. A body longer than [`BODY_BYTES_MAX`] is not written; that is a match that nobody can host.
pub fn append(kind: Kind, body: &[u8], out: &mut Vec<u8>) {
    if body.len() > BODY_BYTES_MAX {
        return;
    }
    out.push(kind.number());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(kind.number(), body).to_le_bytes());
    out.extend_from_slice(body);
}

/// The length is covered too: a changed one moves the end of the body.
fn checksum(kind: u8, body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[kind]);
    sum.update(body);
    sum.finalize()
}

/// The records of a journal's bytes behind its magic.
#[derive(Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    ending: Ending,
    bytes: usize,
}

impl<'a> Records<'a> {
    /// The records of a whole file; `None` if it is no journal of this frame's version.
    pub fn of(file: &'a [u8]) -> Option<Records<'a>> {
        Records::behind(MAGIC, file)
    }

    /// The same of another kind of file with such records, which begins with `magic`.
    pub fn behind(magic: [u8; 8], file: &'a [u8]) -> Option<Records<'a>> {
        let rest = file.strip_prefix(&magic)?;
        Some(Records { rest, ending: Ending::Whole, bytes: file.len() })
    }

    /// Where the next record begins, or the one that could not be read: bytes from the file's beginning.
    pub fn offset(&self) -> usize {
        self.bytes - self.rest.len()
    }

    /// How the file ends; known once the last record was read.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    fn stop(&mut self, ending: Ending) -> Option<(Kind, &'a [u8])> {
        self.bytes -= self.rest.len();
        self.rest = &[];
        self.ending = ending;
        None
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (Kind, &'a [u8]);

    fn next(&mut self) -> Option<(Kind, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((head, behind)) = self.rest.split_first_chunk::<HEAD_BYTES>() else {
            return self.stop(Ending::Torn);
        };
        let [kind, l0, l1, l2, l3, c0, c1, c2, c3] = *head;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > BODY_BYTES_MAX {
            return self.stop(Ending::Damaged);
        }
        let Some((body, rest)) = behind.split_at_checked(length) else { return self.stop(Ending::Torn) };
        if checksum(kind, body) != u32::from_le_bytes([c0, c1, c2, c3]) {
            let is_last = rest.is_empty();
            return self.stop(if is_last { Ending::Torn } else { Ending::Damaged });
        }
        self.rest = rest;
        Some((Kind::of(kind), body))
    }
}

/// The record at a reader's place, if it is whole.
pub fn read_one(reader: &mut impl Read) -> io::Result<(Kind, Vec<u8>)> {
    let mut head = [0; HEAD_BYTES];
    reader.read_exact(&mut head)?;
    let [kind, l0, l1, l2, l3, c0, c1, c2, c3] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let mut body = Vec::new();
    reader.take(length.min(BODY_BYTES_MAX) as u64).read_to_end(&mut body)?;
    if body.len() != length || checksum(kind, &body) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((Kind::of(kind), body))
}

/// Bytes of a file up to the end of its last whole record; 0 if it is no journal.
pub fn sound_length(file: &[u8]) -> usize {
    let records =
        Records::of(file).map(|records| records.map(|(_, body)| HEAD_BYTES + body.len()).sum::<usize>());
    records.map_or(0, |bytes| MAGIC.len() + bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        append(Kind::Header, b"who", &mut file);
        append(Kind::Run, b"what they did", &mut file);
        append(Kind::Other(77), b"", &mut file);
        append(Kind::Run, b"and then", &mut file);
        file
    }

    fn read(file: &[u8]) -> (usize, Ending) {
        let mut records = Records::of(file).unwrap();
        (records.by_ref().count(), records.ending())
    }

    #[test]
    fn whole_files_are_read_whole_and_torn_ones_up_to_the_tear() {
        let file = file();
        assert_eq!(read(&file), (4, Ending::Whole));
        assert_eq!(Records::of(&file).unwrap().nth(1), Some((Kind::Run, &b"what they did"[..])));
        assert!(Records::of(b"something else").is_none() && Records::of(b"").is_none());
        let ends = [8, 20, 42, 51, file.len()];
        for length in 8..file.len() {
            let (count, ending) = read(&file[..length]);
            assert_eq!(count, ends.iter().filter(|end| **end <= length).count() - 1, "{length}");
            assert_eq!(ending == Ending::Whole, ends.contains(&length), "{length}");
            assert_eq!(Some(&sound_length(&file[..length])), ends.iter().rev().find(|end| **end <= length));
        }
    }

    #[test]
    fn no_flipped_bit_gets_through() {
        let whole = file();
        let bodies: Vec<Vec<u8>> = Records::of(&whole).unwrap().map(|(_, body)| body.to_vec()).collect();
        for bit in 8 * 8..whole.len() * 8 {
            let mut file = whole.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            let mut records = Records::of(&file).unwrap();
            let read: Vec<&[u8]> = records.by_ref().map(|(_, body)| body).collect();
            assert!(read.len() < 4 && records.ending() != Ending::Whole, "bit {bit}");
            assert!(read.iter().zip(&bodies).all(|(read, body)| *read == body.as_slice()));
        }
    }
}
