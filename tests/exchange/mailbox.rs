//! Mailboxes instead of sockets, on a fake clock: one that is never emptied, one that is emptied now and then, and
//! what is told when a link ends.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use server::link::mailbox::{Delivery, Mailbox, open};
use server::link::{Arrival, Link};
use server::matches::inbox::MatchMessage;
use shared::codec::{decode, encode};
use shared::id::PlayerId;
use shared::length_prefix::{MessageReader, put_message};
use shared::protocol::{ClientMessage, InputMessage, ServerMessage, Welcome};
use shared::tick::Tick;
use tests::exchange::{Exchange, Setup};
use tests::peer::SnapshotReader;

fn attach(exchange: &Exchange, player: PlayerId) -> Arc<Mailbox> {
    let (mailbox, end) = open(Delivery::Stream, 1);
    let arrival = Arrival { link: Link::Mailbox(end), early: Bytes::new(), permit: Box::new(()) };
    exchange.post(MatchMessage::Attach(player, arrival)).unwrap();
    mailbox
}

/// Everything that is there; `None` after the end.
fn take(mailbox: &Mailbox) -> Option<Vec<u8>> {
    match mailbox.poll_take(&Context::from_waker(Waker::noop())) {
        Poll::Ready(bytes) => bytes.map(|b| b.to_vec()),
        Poll::Pending => Some(Vec::new()),
    }
}

/// The protocol's messages; a heartbeat is `None`.
fn heard(bytes: &[u8]) -> Vec<Option<ServerMessage>> {
    let (mut reader, mut heard) = (MessageReader::default(), Vec::new());
    let read = |m: &[u8]| heard.push((!m.is_empty()).then(|| decode(m, 1 << 20).unwrap()));
    reader.read(bytes, 1 << 20, read).unwrap();
    assert!(!reader.is_amid(), "whole messages only");
    heard
}

fn say(mailbox: &Mailbox, message: &ClientMessage) {
    let mut body = Vec::new();
    put_message(&encode(message).unwrap(), &mut body);
    mailbox.put(&body).unwrap();
}

fn bye(heard: &[Option<ServerMessage>]) -> Option<u16> {
    match heard.last() {
        Some(Some(ServerMessage::Bye(bye))) => Some(bye.code),
        _ => None,
    }
}

#[test]
fn one_that_nobody_empties_stays_small_and_ends_as_a_full_socket_does() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let id = exchange.join("Slow").unwrap().unwrap();
    let mailbox = attach(&exchange, id);
    let (_, mut other) = exchange.peer("Quick").unwrap();
    let mut snapshots = 0;
    for tick in 0..30 * 30 {
        // It claims to have everything, so that only the mailbox itself can tell.
        if !mailbox.is_closed() {
            let newest = exchange.game.world().tick;
            say(&mailbox, &ClientMessage::Input(InputMessage::acknowledge(newest)));
        }
        exchange.tick();
        other.hear();
        snapshots += other.take_snapshots().len();
        assert!(tick < 25 * 30 || mailbox.is_closed());
    }
    let bytes = take(&mailbox).unwrap();
    assert!((4096..8192).contains(&bytes.len()), "{} bytes waited", bytes.len());
    assert_eq!(bye(&heard(&bytes)), Some(4008));
    assert_eq!(take(&mailbox), None);
    assert!(snapshots > 880, "the other got {snapshots}");
}

#[test]
fn one_that_is_emptied_now_and_then_gets_what_fits_and_pings() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let id = exchange.join("Now and then").unwrap().unwrap();
    let mailbox = attach(&exchange, id);
    let mut reader: Option<SnapshotReader> = None;
    let (mut pings, mut snapshots, mut newest) = (0, 0, Tick(0));
    for _ in 0..200 {
        exchange.ticks(6);
        for message in heard(&take(&mailbox).unwrap()) {
            match message {
                None => {
                    pings += 1;
                    mailbox.put(&[0]).unwrap();
                }
                Some(ServerMessage::Welcome(welcome)) => {
                    let welcome: &Welcome = &welcome;
                    reader.get_or_insert_with(|| SnapshotReader::new(welcome));
                }
                Some(ServerMessage::Snapshot(packed)) => {
                    newest = reader.as_mut().unwrap().read(&packed.0).unwrap().tick;
                    snapshots += 1;
                }
                Some(_) => {}
            }
        }
        say(&mailbox, &ClientMessage::Input(InputMessage::acknowledge(newest)));
    }
    assert!((8..=10).contains(&pings), "{pings} pings in 40 s");
    assert!(snapshots > 900, "{snapshots} snapshots in 1200 ticks");
    assert_eq!(reader.unwrap().mismatches(), 0);
    assert!(!mailbox.is_closed());
    mailbox.hang_up();
    exchange.ticks(2);
    assert!(exchange.game.world().pilots.iter().any(|p| p.id == id && p.limbo), "its place is kept");
}

#[test]
fn a_newer_link_replaces_a_mailbox_and_says_so() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let id = exchange.join("Ann").unwrap().unwrap();
    let first = attach(&exchange, id);
    exchange.ticks(3);
    let second = attach(&exchange, id);
    exchange.ticks(3);
    assert_eq!(bye(&heard(&take(&first).unwrap())), Some(4502));
    assert!(first.is_closed() && !second.is_closed());
    let Some(Some(ServerMessage::Welcome(welcome))) = heard(&take(&second).unwrap()).into_iter().next()
    else {
        panic!("no welcome")
    };
    assert_eq!((welcome.generation, welcome.player), (2, id));
    assert!(exchange.game.world().pilots.iter().all(|p| !p.limbo));
}
