//! WebSocket as others may speak it: fragments, pings in between, one byte at a time, and the closing handshake.

use shared::codec::encode;
use shared::protocol::{ClientMessage, ServerMessage};
use tests::exchange::{Exchange, Setup};
use tests::peer::Peer;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

fn scene() -> (Exchange, Peer) {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut peer) = exchange.peer("Ann").unwrap();
    exchange.ticks(3);
    peer.hear();
    (exchange, peer)
}

fn has_pong(heard: &[ServerMessage], stamp: u32) -> bool {
    heard.contains(&ServerMessage::Pong(stamp))
}

#[test]
fn a_message_in_fragments_with_a_ping_between_is_whole() {
    let (mut exchange, mut peer) = scene();
    let bytes = encode(&ClientMessage::Ping(4242)).unwrap();
    let (one, other) = bytes.split_at(2);
    let piece =
        |bytes: &[u8], code, last| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(code), last));
    peer.send_frame(piece(one, Data::Binary, false));
    peer.send_frame(Message::Ping(b"are you there".to_vec().into()));
    peer.send_frame(piece(other, Data::Continue, true));
    exchange.ticks(2);
    assert!(has_pong(&peer.hear(), 4242));
    assert_eq!((&peer.closed, &peer.broken), (&None, &None));
}

#[test]
fn a_ping_is_answered_with_its_content() {
    let (mut exchange, mut peer) = scene();
    peer.send_frame(Message::Ping(b"echo".to_vec().into()));
    exchange.ticks(2);
    let raw = peer.read_raw();
    let pong = [&[0x8a, 4][..], b"echo"].concat();
    assert!(raw.windows(pong.len()).any(|w| w == pong), "{raw:02x?}");
}

#[test]
fn a_frame_in_single_bytes_is_read() {
    let (mut exchange, mut peer) = scene();
    let payload = encode(&ClientMessage::Ping(77)).unwrap();
    let mask = [1, 2, 3, 4];
    let mut frame = vec![0x82, 0x80 | payload.len() as u8];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    let mut heard = Vec::new();
    for byte in frame {
        assert!(!has_pong(&heard, 77));
        peer.write_raw(&[byte]);
        exchange.tick();
        heard.extend(peer.overhear());
    }
    exchange.tick();
    heard.extend(peer.overhear());
    assert!(has_pong(&heard, 77));
}

#[test]
fn a_close_is_answered_with_a_close() {
    let (mut exchange, mut peer) = scene();
    peer.send_frame(Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: "bye".into() })));
    exchange.ticks(3);
    peer.hear();
    assert_eq!(peer.close_code(), Some(1000));
    assert_eq!(peer.broken, None);
}

#[test]
fn what_was_sent_behind_the_handshake_is_read_first() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let id = exchange.join("Early").unwrap().unwrap();
    let mut scratch = Peer::over(exchange.attach(id, 4096).unwrap());
    scratch.say(&ClientMessage::Ping(9));
    exchange.ticks(2);
    assert!(has_pong(&scratch.hear(), 9), "bytes that were there before the first tick count");
}
