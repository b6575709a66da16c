//! What a client that polls has been given, and which of it arrived: the cursor that it presents is the answer. One
//! reply is kept until then, and a repeated cursor gets the very same again. It knows no request and no clock.

use bytes::Bytes;
use shared::length_prefix::split_first;

/// Messages with their lengths, as one answer to a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The cursor to present next: messages of this link that the client has then.
    pub next: u64,
    /// The messages.
    pub bytes: Bytes,
}

/// What a cursor is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Everything so far has arrived. `is_answer` if a ping was in what is confirmed by it.
    Current {
        /// Whether it tells that a ping has arrived.
        is_answer: bool,
    },
    /// The last reply was lost: here it is again.
    Again(Reply),
    /// It was never given, or is too old.
    Unknown,
}

/// The replies of one link.
#[derive(Debug, Default)]
pub struct Replies {
    /// Messages that the client has for certain.
    arrived: u64,
    unconfirmed: Option<(Reply, bool)>,
}

impl Replies {
    /// The client presents `cursor`.
    pub fn present(&mut self, cursor: u64) -> Presented {
        match &self.unconfirmed {
            Some((reply, has_ping)) if reply.next == cursor => {
                let is_answer = *has_ping;
                self.arrived = cursor;
                self.unconfirmed = None;
                Presented::Current { is_answer }
            }
            Some((reply, _)) if self.arrived == cursor => Presented::Again(reply.clone()),
            None if self.arrived == cursor => Presented::Current { is_answer: false },
            _ => Presented::Unknown,
        }
    }

    /// Makes the next reply of all whole messages in `down`, and takes them out. `None` if there is none, or if the
    /// last one is not confirmed.
    pub fn make(&mut self, down: &mut Vec<u8>) -> Option<Reply> {
        if self.unconfirmed.is_some() {
            return None;
        }
        let (mut rest, mut count, mut has_ping) = (down.as_slice(), 0, false);
        while let Ok(Some((message, behind))) = split_first(rest, usize::MAX) {
            (rest, count) = (behind, count + 1);
            has_ping |= message.is_empty();
        }
        if count == 0 {
            return None;
        }
        let whole = down.len() - rest.len();
        let kept = down.split_off(whole);
        let bytes = Bytes::from(std::mem::replace(down, kept));
        let reply = Reply { next: self.arrived + count, bytes };
        self.unconfirmed = Some((reply.clone(), has_ping));
        Some(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_cursor_gets_the_same_again_and_others_nothing() {
        let mut replies = Replies::default();
        assert_eq!(replies.present(0), Presented::Current { is_answer: false });
        assert_eq!(replies.make(&mut Vec::new()), None);
        let mut down = vec![1, 7, 2, 8, 9, 3, 1];
        let first = replies.make(&mut down).unwrap();
        assert_eq!((first.next, &first.bytes[..], &down[..]), (2, &[1, 7, 2, 8, 9][..], &[3, 1][..]));
        assert_eq!(replies.present(0), Presented::Again(first.clone()));
        assert_eq!(replies.make(&mut vec![0]), None, "one reply is under way");
        assert_eq!(replies.present(1), Presented::Unknown);
        assert_eq!(replies.present(2), Presented::Current { is_answer: false });
        assert_eq!(replies.present(0), Presented::Unknown, "it said that it has them");
        assert_eq!(replies.present(2), Presented::Current { is_answer: false });
        down.extend([5, 6, 0]);
        assert_eq!(replies.make(&mut down).unwrap().next, 4);
        assert_eq!(replies.present(4), Presented::Current { is_answer: true }, "a ping was in it");
        assert_eq!(replies.present(u64::MAX), Presented::Unknown);
    }
}
