//! Several events as one JSON object, for a reader that asks instead of listening: what it missed, and where it then stands.
//! Long polling and the message queue's requests answer with it; it knows neither.

use crate::feed::cursor::Cursor;
use crate::feed::log::FeedLog;

/// Bytes round the records: the cursor, the names, the brackets.
const FRAME_BYTES: usize = 64;

/// The events from `next` on with the cursor behind them, as many as fit into `bytes_max`; `None` if there are none.
pub fn answer(log: &FeedLog, next: u64, knows_hello: bool, bytes_max: usize) -> Option<Vec<u8>> {
    let mut entries = Vec::new();
    log.read(next, &mut entries);
    let mut records: Vec<String> = (!knows_hello).then(|| log.hello().record()).into_iter().collect();
    let mut bytes = FRAME_BYTES + records.iter().map(String::len).sum::<usize>();
    let mut last: Option<Cursor> = None;
    for entry in &entries {
        let record = entry.record();
        bytes += record.len() + 1;
        if bytes > bytes_max {
            break;
        }
        records.push(record);
        last = entry.cursor();
    }
    let mut body = format!("{{\"cursor\":\"{}\",\"events\":[", last?).into_bytes();
    body.extend_from_slice(records.join(",").as_bytes());
    body.extend_from_slice(b"]}\n");
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_json_with_the_cursor_behind_its_events() {
        let log = FeedLog::new(3, "{\"version\":1}", Vec::new());
        assert_eq!(answer(&log, 1, false, usize::MAX), None);
        log.publish("keyframe", "{\"tick\":1}");
        log.publish("delta", "{\"tick\":4}");
        let text = String::from_utf8(answer(&log, 1, false, usize::MAX).unwrap()).unwrap();
        let wanted = "{\"cursor\":\"3.2\",\"events\":[{\"event\":\"hello\",\"data\":{\"version\":1}},\
            {\"event\":\"keyframe\",\"cursor\":\"3.1\",\"data\":{\"tick\":1}},\
            {\"event\":\"delta\",\"cursor\":\"3.2\",\"data\":{\"tick\":4}}]}\n";
        assert_eq!(text, wanted);
        let text = String::from_utf8(answer(&log, 2, true, usize::MAX).unwrap()).unwrap();
        assert!(text.starts_with("{\"cursor\":\"3.2\",\"events\":[{\"event\":\"delta\""), "{text}");
    }

    #[test]
    fn an_answer_with_too_little_room_ends_early() {
        let log = FeedLog::new(3, "{}", Vec::new());
        log.publish("keyframe", "{\"tick\":1}");
        log.publish("delta", "{\"tick\":4}");
        let whole = FRAME_BYTES + answer(&log, 1, false, usize::MAX).unwrap().len();
        assert!(answer(&log, 1, false, whole).unwrap().ends_with(b"{\"tick\":4}}]}\n"));
        let text = String::from_utf8(answer(&log, 1, false, whole - FRAME_BYTES).unwrap()).unwrap();
        assert!(text.starts_with("{\"cursor\":\"3.1\",") && text.len() < whole, "{text}");
        assert_eq!(answer(&log, 1, false, 40), None);
    }
}
