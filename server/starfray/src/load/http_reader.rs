//! Finds the answers in what an HTTP/1.1 connection brings, in pieces of any size: status, one header, body, end. It
//! knows as much of HTTP as load needs, and no socket.

use anyhow::{Context, Result, bail};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A part of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// It begins: its status, and the cursor that it names.
    Head(u16, Option<String>),
    /// Some bytes of its body.
    Body(&'a [u8]),
    /// It is over.
    End,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Next {
    #[default]
    Head,
    /// So many bytes of the body, and then its end.
    Fixed(usize),
    /// The length of a chunk.
    ChunkHead,
    /// So many bytes of a chunk.
    Chunk(usize),
    /// The line's end behind a chunk; the answer's end if it was the last.
    ChunkEnd { last: bool },
}

/// One connection's reading state.
#[derive(Debug, Default)]
pub(crate) struct HttpReader {
    waiting: Vec<u8>,
    next: Next,
}

impl HttpReader {
    /// Takes in bytes and hands every part that is there to `take`.
    pub(crate) fn read(&mut self, bytes: &[u8], mut take: impl FnMut(Part<'_>) -> Result<()>) -> Result<()> {
        self.waiting.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(count) = self.step(used, &mut take)? {
            used += count;
        }
        self.waiting.drain(..used);
        Ok(())
    }

    /// Reads one thing at `from`; how many bytes it took, `None` if it is not whole.
    fn step(&mut self, from: usize, take: &mut impl FnMut(Part<'_>) -> Result<()>) -> Result<Option<usize>> {
        let rest = self.waiting.get(from..).unwrap_or_default();
        match self.next {
            Next::Head => {
                let Some(end) = find(rest, b"\r\n\r\n") else {
                    return if rest.len() > HEAD_BYTES_MAX { bail!("an endless head") } else { Ok(None) };
                };
                let (head, next) = read_head(rest.get(..end).unwrap_or_default())?;
                take(head)?;
                if matches!(next, Next::Fixed(0)) {
                    take(Part::End)?;
                }
                self.next = if matches!(next, Next::Fixed(0)) { Next::Head } else { next };
                Ok(Some(end + 4))
            }
            Next::Fixed(left) | Next::Chunk(left) => {
                let count = left.min(rest.len());
                if count == 0 {
                    return Ok(None);
                }
                take(Part::Body(rest.get(..count).unwrap_or_default()))?;
                self.next = match (self.next, left - count) {
                    (Next::Fixed(_), 0) => Next::Head,
                    (Next::Fixed(_), left) => Next::Fixed(left),
                    (_, 0) => Next::ChunkEnd { last: false },
                    (_, left) => Next::Chunk(left),
                };
                if matches!(self.next, Next::Head) {
                    take(Part::End)?;
                }
                Ok(Some(count))
            }
            Next::ChunkHead => {
                let Some(end) = find(rest, b"\r\n") else { return Ok(None) };
                let line = std::str::from_utf8(rest.get(..end).unwrap_or_default())?;
                let length = usize::from_str_radix(line.trim(), 16).context("a chunk without a length")?;
                self.next = if length == 0 { Next::ChunkEnd { last: true } } else { Next::Chunk(length) };
                Ok(Some(end + 2))
            }
            Next::ChunkEnd { .. } if rest.len() < 2 => Ok(None),
            Next::ChunkEnd { last } => {
                self.next = if last { Next::Head } else { Next::ChunkHead };
                if last {
                    take(Part::End)?;
                }
                Ok(Some(2))
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn read_head(head: &[u8]) -> Result<(Part<'static>, Next)> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok());
    let (mut next, mut cursor) = (Next::Fixed(0), None);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", length) => next = Next::Fixed(length.parse().context("a length")?),
            ("transfer-encoding", "chunked") => next = Next::ChunkHead,
            ("starfray-cursor", value) => cursor = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok((Part::Head(status.context("an answer without a status")?, cursor), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_any_pieces() {
        let bytes = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nStarfray-Cursor: 3.7\r\n\
            content-length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
            2\r\nde\r\nA\r\n0123456789\r\n0\r\n\r\n";
        for piece in [1, 5, 1000] {
            let (mut reader, mut heard) = (HttpReader::default(), Vec::new());
            for part in bytes.chunks(piece) {
                let take = |part: Part<'_>| {
                    match part {
                        Part::Head(status, cursor) => heard.push(format!("{status} {cursor:?}")),
                        Part::Body(bytes) => heard.push(std::str::from_utf8(bytes)?.to_owned()),
                        Part::End => heard.push(".".to_owned()),
                    }
                    Ok(())
                };
                reader.read(part, take).unwrap();
            }
            let whole = "204 None.200 Some(\"3.7\")abc.200 Nonede0123456789.";
            assert_eq!(heard.concat(), whole, "{piece}");
            assert!(reader.waiting.is_empty());
        }
    }
}
