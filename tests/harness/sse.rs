//! Reads server-sent events as the HTML standard says (9.2.6, "Interpreting an event stream"): bytes in, events out.
//! It knows nothing of the feed; `retry` and comments are kept so that tests can ask for them.

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// Its name; empty if it had none.
    pub name: String,
    /// The last id that the stream set up to here.
    pub id: String,
    /// Its text.
    pub data: String,
}

/// A stream that is being read.
#[derive(Clone, Debug, Default)]
pub struct SseReader {
    pending: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    /// The last `retry` in milliseconds.
    pub retry_ms: Option<u64>,
    /// Comments so far.
    pub comments: u32,
    /// The first line that the standard does not know.
    pub unknown: Option<String>,
}

impl SseReader {
    /// Takes in bytes, cut anywhere; returns the events that became whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<SseEvent> {
        self.pending.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.pending.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            events.extend(self.line(line.trim_end_matches(['\n', '\r'])));
        }
        events
    }

    fn line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.comments += 1,
            "event" => value.clone_into(&mut self.event.name),
            "id" => value.clone_into(&mut self.event.id),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            "retry" => self.retry_ms = value.parse().ok(),
            _ => {
                self.unknown.get_or_insert(line.to_owned());
            }
        }
        None
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        let id = self.event.id.clone();
        let event = std::mem::replace(&mut self.event, SseEvent { id, ..SseEvent::default() });
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_events() {
        let stream =
            b"retry: 2000\n\nevent: hello\ndata: {}\n\n:\n\nevent: delta\nid: 3.1\ndata: a\ndata: b\n\n";
        let mut whole = SseReader::default();
        let events = whole.push(stream);
        assert_eq!((events.len(), whole.retry_ms, whole.comments), (2, Some(2000), 1));
        assert_eq!(events[1], SseEvent { name: "delta".into(), id: "3.1".into(), data: "a\nb".into() });
        let mut pieces = SseReader::default();
        let one_by_one: Vec<_> = stream.iter().flat_map(|&b| pieces.push(&[b])).collect();
        assert_eq!(one_by_one, events);
    }
}
