//! Finds the events in a stream of server-sent events over HTTP chunks, without keeping more than the line at hand.
//! It knows as much of the feed as load needs: where an event ends, and which tick it tells of.

/// Longest line of which the beginning is kept.
const LINE_BYTES_KEPT: usize = 64;

/// A stream's reading state.
#[derive(Clone, Debug, Default)]
pub(crate) struct FeedReader {
    line: Vec<u8>,
    tick: Option<u32>,
    has_data: bool,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeedEvent {
    /// The tick that it tells of, if it names one first.
    pub(crate) tick: Option<u32>,
}

impl FeedReader {
    /// Takes in bytes and calls `on_event` at the end of each event. Chunk heads look like unknown lines to it.
    pub(crate) fn take(&mut self, bytes: &[u8], mut on_event: impl FnMut(FeedEvent)) {
        for &byte in bytes {
            match byte {
                b'\n' if self.end_line() => on_event(FeedEvent { tick: self.tick.take() }),
                b'\n' | b'\r' => {}
                _ if self.line.len() < LINE_BYTES_KEPT => self.line.push(byte),
                _ => {}
            }
        }
    }

    /// Ends a line; true if an event ended with it.
    fn end_line(&mut self) -> bool {
        let ended = self.line.is_empty() && std::mem::take(&mut self.has_data);
        if let Some(data) = self.line.strip_prefix(b"data: ") {
            self.has_data = true;
            self.tick = tick_of(data);
        }
        self.line.clear();
        ended
    }
}

/// The number in `{"tick":123,…`.
fn tick_of(data: &[u8]) -> Option<u32> {
    let digits = data.strip_prefix(b"{\"tick\":")?;
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_in_pieces_and_between_chunk_heads() {
        let stream = b"HTTP/1.1 200 OK\r\n\r\n2f\r\nretry: 2000\n\nevent: hello\ndata: {}\n\n\r\n\
            20\r\nevent: delta\nid: 7.1\ndata: {\"tick\":42,\"moved\":[1]}\n\n\r\n5\r\n:\n\n\r\n";
        for piece in [1, 3, 1000] {
            let (mut reader, mut ticks) = (FeedReader::default(), Vec::new());
            stream.chunks(piece).for_each(|p| reader.take(p, |e| ticks.push(e.tick)));
            assert_eq!(ticks, [None, Some(42)], "pieces of {piece}");
        }
    }
}
