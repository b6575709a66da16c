//! Tests of a mailbox from both ends: frames here, messages with their lengths there, and what happens when one end
//! is slow, gone or wrong.

use super::*;
use crate::link::frame::{write_close, write_frame};
use crate::link::frame_reader::{FrameReader, Incoming};

fn take(mailbox: &Mailbox) -> Poll<Option<Bytes>> {
    mailbox.poll_take(&Context::from_waker(Waker::noop()))
}

fn poll(mailbox: &Mailbox, cursor: u64) -> Poll<Polled> {
    let turn = mailbox.begin_poll();
    mailbox.poll_reply(cursor, turn, &Context::from_waker(Waker::noop()))
}

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(&mut out, opcode, payload);
    out
}

/// What the match reads.
fn heard(link: &mut MailboxLink) -> Vec<String> {
    let (mut bytes, mut heard) = ([0; 8192], Vec::new());
    let count = link.read(&mut bytes).unwrap_or(0);
    let end = FrameReader::default().read(&mut bytes[..count], &mut Vec::new(), |incoming| {
        heard.push(match incoming {
            Incoming::Message(bytes) => format!("{bytes:?}"),
            other => format!("{other:?}"),
        });
        Ok(())
    });
    assert_eq!(end, Ok(()));
    heard
}

#[test]
fn frames_become_messages_with_lengths_however_they_are_cut() {
    let long = vec![9; 300];
    let bytes =
        [frame(Opcode::Binary, &[1, 2]), frame(Opcode::Ping, &[8; 8]), frame(Opcode::Binary, &long)].concat();
    for piece in [1, 7, 1000] {
        let (mailbox, mut link) = open(Delivery::Stream, 1);
        assert_eq!(take(&mailbox), Poll::Pending);
        for part in bytes.chunks(piece) {
            assert_eq!(link.write(part).unwrap(), part.len());
        }
        let mut close = Vec::new();
        write_close(&mut close, 4007, "silent");
        link.write_all(&close).unwrap();
        let wanted = [&[2, 1, 2, 0, 0xac, 2][..], &long].concat();
        assert_eq!(take(&mailbox), Poll::Ready(Some(Bytes::from(wanted))));
        assert_eq!(take(&mailbox), Poll::Pending);
        link.finish();
        assert_eq!(take(&mailbox), Poll::Ready(None));
    }
}

#[test]
fn a_client_s_messages_become_frames_all_or_none() {
    let (mailbox, mut link) = open(Delivery::Stream, 1);
    mailbox.put(&[2, 5, 6, 0, 1, 7]).unwrap();
    assert!(link.age().is_none());
    assert_eq!(heard(&mut link), ["[5, 6]", "Pong", "[7]"]);
    assert!(link.age().is_some());
    for (body, error) in [
        (&[1, 7, 3, 1][..], PutError::Broken),
        (&[1, 7, 0x80], PutError::Broken),
        (&[1, 7, 0x81, 0x20, 0], PutError::TooLarge),
    ] {
        assert_eq!(mailbox.put(body), Err(error));
    }
    assert_eq!(heard(&mut link), [""; 0]);
    assert_eq!(mailbox.put(&[]), Ok(()));
}

#[test]
fn both_lanes_are_bounded() {
    let (mailbox, mut link) = open(Delivery::Stream, 1);
    let big = frame(Opcode::Binary, &[3; 3000]);
    assert!(link.write(&big).is_ok() && link.write(&big).is_ok());
    assert_eq!(link.write(&big).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(take(&mailbox).is_ready());
    assert!(link.write(&big).is_ok());
    let mut message = Vec::new();
    put_message(&[4; 4000], &mut message);
    let taken = (0..9).take_while(|_| mailbox.put(&message) == Ok(())).count();
    assert_eq!((taken, mailbox.put(&message)), (4, Err(PutError::Full)));
}

#[test]
fn an_end_is_noticed_at_the_other() {
    let (mailbox, mut link) = open(Delivery::Stream, 1);
    mailbox.put(&[1, 7]).unwrap();
    mailbox.hang_up();
    assert_eq!(mailbox.put(&[1, 7]), Err(PutError::Closed));
    assert_eq!(heard(&mut link), ["[7]"], "what came before counts");
    assert_eq!(link.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(link.write(&[1]).unwrap_err().kind(), ErrorKind::BrokenPipe);

    let (mailbox, link) = open(Delivery::Poll, 2);
    drop(link);
    assert!(mailbox.is_closed());
    assert_eq!(mailbox.put(&[1, 7]), Err(PutError::Closed));
    assert_eq!(poll(&mailbox, 0), Poll::Ready(Polled::Over));
}

#[test]
fn a_poll_gets_what_is_there_and_its_cursor_answers_pings() {
    let (mailbox, mut link) = open(Delivery::Poll, 1);
    assert_eq!(poll(&mailbox, 0), Poll::Pending);
    link.write_all(&[frame(Opcode::Binary, &[1]), frame(Opcode::Ping, &[1; 8])].concat()).unwrap();
    let Poll::Ready(Polled::Reply(first)) = poll(&mailbox, 0) else { panic!("no reply") };
    assert_eq!((first.next, &first.bytes[..]), (2, &[1, 1, 0][..]));
    link.write_all(&frame(Opcode::Binary, &[2])).unwrap();
    assert_eq!(poll(&mailbox, 0), Poll::Ready(Polled::Reply(first)), "the same again");
    assert_eq!(heard(&mut link), [""; 0]);
    let Poll::Ready(Polled::Reply(second)) = poll(&mailbox, 2) else { panic!("no reply") };
    assert_eq!((second.next, &second.bytes[..]), (3, &[1, 2][..]));
    assert_eq!(heard(&mut link), ["Pong"]);
    assert_eq!(poll(&mailbox, 0), Poll::Ready(Polled::Unknown));
    assert_eq!(poll(&mailbox, 9), Poll::Ready(Polled::Unknown));
    let older = mailbox.begin_poll();
    assert_eq!(poll(&mailbox, 3), Poll::Pending);
    let cx = Context::from_waker(Waker::noop());
    assert_eq!(mailbox.poll_reply(3, older, &cx), Poll::Ready(Polled::Superseded));
    link.finish();
    assert_eq!(poll(&mailbox, 3), Poll::Ready(Polled::Over));
}
