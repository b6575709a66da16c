//! Whatever a stranger sends, it ends that link with the right code and nothing else: the other player gets a
//! snapshot every tick all the while.

use proptest::prelude::*;
use shared::codec::encode;
use shared::id::PlayerId;
use shared::protocol::{ClientMessage, InputMessage};
use shared::tick::Tick;
use tests::exchange::{Exchange, Setup};
use tests::peer::{Peer, are_gapless};
use tungstenite::Message;

/// A match with a stranger and a witness who never misses a snapshot.
struct Scene {
    exchange: Exchange,
    stranger: Peer,
    stranger_id: PlayerId,
    witness: Peer,
}

impl Scene {
    fn new() -> Scene {
        let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
        let (_, mut witness) = exchange.peer("Witness").unwrap();
        let (stranger_id, mut stranger) = exchange.peer("Stranger").unwrap();
        exchange.ticks(3);
        witness.hear();
        stranger.hear();
        witness.take_snapshots();
        Scene { exchange, stranger, stranger_id, witness }
    }

    /// Lets ticks pass; the code with which the stranger's link was closed, if it was.
    fn pass(&mut self, ticks: u32) -> Option<u16> {
        for _ in 0..ticks {
            self.exchange.tick();
            self.stranger.overhear();
            self.witness.hear();
        }
        let told = self.witness.take_snapshots();
        assert_eq!(told.len(), ticks as usize, "the witness gets a snapshot every tick");
        assert!(are_gapless(&told));
        assert_eq!((&self.witness.closed, &self.witness.broken), (&None, &None));
        self.stranger.close_code()
    }
}

/// A client's frame with any first byte, masked or not.
fn frame(first: u8, masked: bool, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mask = [7, 11, 13, 17];
    let mut bytes = vec![first, length | if masked { 0x80 } else { 0 }];
    if masked {
        bytes.extend(mask);
    }
    let covered = payload.iter().zip(mask.iter().cycle()).map(|(b, m)| if masked { b ^ m } else { *b });
    bytes.extend(covered);
    bytes
}

#[test]
fn each_wrong_message_has_its_code() {
    let deep = vec![0x91; 3000];
    let huge_array = vec![0xdd, 0xff, 0xff, 0xff, 0xff];
    let half_a_command = [&[0x81, 0xa1, b'i', 0x94, 0, 0, 5, 0xc4, 3][..], &[1, 2, 3]].concat();
    let cases: Vec<(&str, Message, u16)> = vec![
        ("no MessagePack", Message::binary(vec![0xc1, 0xff, 0x00]), 4507),
        ("empty", Message::binary(Vec::new()), 4507),
        ("text", Message::text("hello"), 4507),
        ("deep nesting", Message::binary(deep), 4507),
        ("an array of four thousand million", Message::binary(huge_array), 4507),
        ("an unknown letter", Message::binary(vec![0x81, 0xa1, b'z', 0xc0]), 4507),
        ("half a command", Message::binary(half_a_command), 4507),
        (
            "nine commands",
            Message::binary([&[0x81, 0xa1, b'i', 0x94, 0, 0, 5, 0xc4, 45][..], &[0; 45]].concat()),
            4507,
        ),
        ("too long", Message::binary(vec![0; 5000]), 1009),
    ];
    for (name, message, code) in cases {
        let mut scene = Scene::new();
        scene.stranger.send_frame(message);
        assert_eq!(scene.pass(5), Some(code), "{name}");
        let limbo = scene.exchange.game.world().pilot(scene.stranger_id).unwrap().limbo;
        assert!(limbo, "{name}: the seat is kept");
    }
}

#[test]
fn each_wrong_frame_has_its_code() {
    let long = |length: u64| [&[0x82, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("unmasked", frame(0x82, false, &[1, 2, 3]), 1002),
        ("a reserved bit", frame(0xc2, true, &[1, 2, 3]), 1002),
        ("a reserved opcode", frame(0x83, true, &[1, 2, 3]), 1002),
        ("a fragmented ping", frame(0x09, true, &[1]), 1002),
        ("a continuation of nothing", frame(0x80, true, &[1]), 1002),
        ("a frame of 16 MiB", long(16 << 20), 1009),
        ("the highest length bit", long(0x8000_0000_0000_0001), 1009),
        ("a ping of 126 bytes", [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat(), 1002),
    ];
    for (name, bytes, code) in cases {
        let mut scene = Scene::new();
        assert_eq!(scene.stranger.write_raw(&bytes), bytes.len());
        assert_eq!(scene.pass(5), Some(code), "{name}");
    }
}

#[test]
fn half_a_frame_waits_for_its_other_half() {
    let mut scene = Scene::new();
    let bytes = frame(0x82, true, &encode(&ClientMessage::Ping(5)).unwrap());
    let (one, other) = bytes.split_at(bytes.len() / 2);
    scene.stranger.write_raw(one);
    assert_eq!(scene.pass(30), None);
    scene.stranger.write_raw(other);
    assert_eq!(scene.pass(30), None);
    scene.stranger.write_raw(one);
    scene.stranger.write_raw(one);
    assert_eq!(scene.pass(30), Some(4507), "a frame with another one's head for its tail");
}

#[test]
fn a_flood_is_ended_and_a_burst_is_not() {
    let mut scene = Scene::new();
    for stamp in 0..100 {
        scene.stranger.say(&ClientMessage::Ping(stamp));
    }
    assert_eq!(scene.pass(30), None, "a burst is forgiven");
    for stamp in 0..1000 {
        scene.stranger.say(&ClientMessage::Ping(stamp));
    }
    assert_eq!(scene.pass(30), Some(4529));
}

#[test]
fn pings_count_towards_a_flood() {
    let mut scene = Scene::new();
    for _ in 0..1000 {
        scene.stranger.send_frame(Message::Ping(Vec::new().into()));
    }
    assert_eq!(scene.pass(30), Some(4529));
}

#[test]
fn commands_from_nowhere_change_nothing() {
    let mut scene = Scene::new();
    let held = [shared::input::ShipInput::default(); 8];
    for (ack, first) in [(u32::MAX, u32::MAX), (0, 0), (u32::MAX, 5), (3, 1_000_000), (0, u32::MAX - 3)] {
        scene.stranger.say(&ClientMessage::Input(InputMessage::new(Tick(ack), u16::MAX, Tick(first), &held)));
    }
    assert_eq!(scene.pass(30), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_disturb_nobody(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8)) {
        let mut scene = Scene::new();
        for chunk in chunks {
            scene.stranger.write_raw(&chunk);
            scene.pass(2);
        }
    }

    #[test]
    fn random_messages_disturb_nobody(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8)) {
        let mut scene = Scene::new();
        for message in messages {
            scene.stranger.send(message);
            scene.pass(2);
        }
    }
}
