//! Tests of a spectator's life on a link in memory and a clock of their own: what it gets, when it hears from us, how
//! it ends. Nothing here waits.

use std::io::{ErrorKind, Read, Write};

use super::*;
use crate::link::memory::{MemoryLink, pair};
use crate::telemetry::start_metrics;

/// A watcher, its other end, and what a thread has.
struct Scene {
    watcher: Watcher,
    theirs: MemoryLink,
    log: Arc<FeedLog>,
    timing: Timing,
    now_ms: u64,
}

fn scene(form: Form, capacity: usize) -> Scene {
    start_metrics().unwrap();
    let (ours, theirs) = pair(capacity);
    let log = Arc::new(FeedLog::new(3, "{\"version\":1}", Vec::new()));
    log.publish("keyframe", "{\"tick\":1}");
    let arrival = Arrival { link: Link::Memory(ours), early: Bytes::new(), permit: Box::new(()) };
    let (watching, timing) = (log.watch(), Timing::default());
    let newcomer = Newcomer { arrival, log: Arc::clone(&log), watching, resume: None, form, chunked: true };
    let (mut random, mut entries, mut room) = (Random::new(1), Vec::new(), Room::default());
    let mut turn = Turn {
        timing: &timing,
        now: Duration::ZERO,
        random: &mut random,
        entries: &mut entries,
        room: &mut room,
    };
    let watcher = Watcher::new(newcomer, &mut turn);
    Scene { watcher, theirs, log, timing, now_ms: 0 }
}

impl Scene {
    /// Lets time pass in turns of a quarter of a second; false when the watcher was let go.
    fn pass(&mut self, seconds: u64) -> bool {
        let (mut random, mut entries, mut room) = (Random::new(1), Vec::new(), Room::default());
        (0..seconds * 4).all(|_| {
            self.now_ms += 250;
            let now = Duration::from_millis(self.now_ms);
            let (random, entries, room) = (&mut random, &mut entries, &mut room);
            let mut turn = Turn { timing: &self.timing, now, random, entries, room };
            self.watcher.serve(&mut turn) == Stay::Yes
        })
    }

    /// What has come so far.
    fn heard(&mut self) -> String {
        let (mut heard, mut room) = (Vec::new(), [0; 4096]);
        loop {
            match self.theirs.read(&mut room) {
                Ok(0) => return String::from_utf8_lossy(&heard).into_owned() + "[end]",
                Ok(count) => heard.extend(&room[..count]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    return String::from_utf8_lossy(&heard).into_owned();
                }
                Err(e) => panic!("{e}"),
            }
        }
    }
}

#[test]
fn each_form_begins_with_hello_and_goes_on_with_the_keyframe() {
    for (form, hello, keyframe) in [
        (Form::Sse, "event: hello\ndata: {\"version\":1}\n\n", "id: 3.1\ndata: {\"tick\":1}\n\n"),
        (Form::NdJson, "{\"event\":\"hello\",\"data\":{\"version\":1}}\n", "\"cursor\":\"3.1\""),
        (Form::WebSocket, "{\"event\":\"hello\",\"data\":{\"version\":1}}", "\"cursor\":\"3.1\""),
    ] {
        let mut scene = scene(form, 10_000);
        assert!(scene.pass(1));
        let heard = scene.heard();
        assert!(heard.contains(hello) && heard.contains(keyframe), "{heard}");
        assert_eq!(heard.contains("retry: "), form == Form::Sse);
    }
}

#[test]
fn silence_is_broken_by_heartbeats() {
    for (form, beat) in [(Form::Sse, ":\n\n"), (Form::NdJson, "{\"event\":\"heartbeat\"}\n")] {
        let mut scene = scene(form, 10_000);
        assert!(scene.pass(14));
        assert!(!scene.heard().contains(beat));
        assert!(scene.pass(32));
        assert_eq!(scene.heard().matches(beat).count(), 3, "{form:?}");
    }
}

#[test]
fn a_web_socket_is_pinged_and_its_silence_is_an_end() {
    let mut scene = scene(Form::WebSocket, 10_000);
    scene.pass(1);
    scene.heard();
    for _ in 0..20 {
        scene.pass(5);
        let mut beat = [0; 2];
        scene.theirs.read_exact(&mut beat).unwrap();
        assert_eq!(beat, [0x89, 0]);
        scene.theirs.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).unwrap();
    }
    // From here on nothing comes back.
    scene.pass(18);
    let heard = scene.heard();
    assert!(heard.contains("{\"event\":\"bye\",\"data\":{\"reason\":\"silent\",\"retry_ms\":"), "{heard}");
    assert!(heard.ends_with("silent[end]"), "{heard}");
    assert!(!scene.pass(3));
}

#[test]
fn a_spectator_who_speaks_is_let_go() {
    let mut scene = scene(Form::WebSocket, 10_000);
    scene.theirs.write_all(&[0x82, 0x81, 0, 0, 0, 0, 7]).unwrap();
    scene.pass(2);
    assert!(scene.heard().ends_with("bad_message[end]"));
}

#[test]
fn an_old_connection_ends_with_a_reason_and_a_time() {
    let mut scene = scene(Form::Sse, 1 << 20);
    for second in 0..1800 {
        scene.log.publish("delta", "{}");
        scene.pass(1);
        if scene.watcher.stage != Stage::Following {
            assert!(second >= 1439, "{second}");
            break;
        }
    }
    let heard = scene.heard();
    assert!(heard.contains("event: bye\ndata: {\"reason\":\"aged\",\"retry_ms\":"), "{heard}");
    assert!(heard.ends_with("0\r\n\r\n[end]"));
}

#[test]
fn a_feed_without_events_ends() {
    let mut scene = scene(Form::NdJson, 10_000);
    assert!(scene.pass(299));
    assert!(!scene.heard().contains("bye"));
    scene.pass(3);
    let heard = scene.heard();
    assert!(heard.contains("\"reason\":\"idle\"") && heard.ends_with("0\r\n\r\n[end]"), "{heard}");
}

#[test]
fn a_reader_who_stops_holds_one_write_and_is_let_go() {
    let mut scene = scene(Form::Sse, 300);
    scene.pass(1);
    for _ in 0..40 {
        (0..10).for_each(|_| scene.log.publish("delta", &"7".repeat(1000)));
        if !scene.pass(1) {
            break;
        }
    }
    assert!((14_000..18_000).contains(&scene.now_ms), "{}", scene.now_ms);
}

#[test]
fn a_slow_reader_skips_to_a_keyframe_and_reads_on() {
    let mut scene = scene(Form::NdJson, 2000);
    scene.pass(1);
    let (mut heard, json) = (String::new(), format!("\"{}\"", "x".repeat(50_000)));
    for n in 0..400 {
        scene.log.publish(if n % 20 == 0 { "keyframe" } else { "delta" }, &json);
        scene.pass(1);
        heard += &scene.heard();
    }
    for _ in 0..3000 {
        scene.pass(1);
        heard += &scene.heard();
    }
    let mut last = 0;
    for record in heard.split("{\"event\":\"").filter(|record| record.contains("cursor\":\"3.")) {
        let seq: u64 = record.split("3.").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        assert!(seq == last + 1 || record.starts_with("keyframe"), "{last} then {seq}");
        last = seq;
    }
    assert_eq!(last, 401);
}

#[test]
fn the_match_s_end_is_told_to_all_with_its_code() {
    for (form, end) in [(Form::WebSocket, "match_ended[end]"), (Form::NdJson, "0\r\n\r\n[end]")] {
        let mut scene = scene(form, 10_000);
        scene.log.publish("bye", "{\"reason\":\"match_ended\",\"retry_ms\":0}");
        scene.log.end(CloseReason::MatchEnded);
        scene.pass(1);
        let heard = scene.heard();
        assert_eq!(heard.matches("\"event\":\"bye\"").count(), 1, "{heard}");
        assert!(heard.ends_with(end), "{heard}");
    }
}
