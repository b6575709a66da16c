//! What goes out to one spectator: shared bytes, written in one go or finished before anything else.
//! A slow reader keeps hold of what it has not taken yet and of nothing more. It knows no events.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use bytes::Bytes;

use crate::link::Link;

/// The writing side of a link.
#[derive(Debug)]
pub struct Outbox {
    owed: Bytes,
    /// Whether the link took bytes that it has not passed on.
    held: bool,
    /// When the link last took something, since the thread began.
    wrote_at: Duration,
    written: u64,
}

/// The peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl Outbox {
    /// Nothing to write yet.
    pub fn new(now: Duration) -> Outbox {
        Outbox { owed: Bytes::new(), held: false, wrote_at: now, written: 0 }
    }

    /// Whether something waits for the link.
    pub fn owes(&self) -> bool {
        self.held || !self.owed.is_empty()
    }

    /// For how long the link has taken nothing.
    pub fn quiet(&self, now: Duration) -> Duration {
        now.saturating_sub(self.wrote_at)
    }

    /// Bytes written since the last call.
    pub fn take_written(&mut self) -> u64 {
        std::mem::take(&mut self.written)
    }

    /// Writes `bytes`, which stand behind what is owed.
    pub fn send(&mut self, link: &mut Link, bytes: Bytes, now: Duration) -> Result<(), Gone> {
        self.owed = if self.owed.is_empty() { bytes } else { [&self.owed[..], &bytes].concat().into() };
        self.pay(link, now)
    }

    /// Writes what is owed, as far as the link takes it.
    pub fn pay(&mut self, link: &mut Link, now: Duration) -> Result<(), Gone> {
        if !self.owes() {
            return Ok(());
        }
        let written = if self.owed.is_empty() { link.flush().map(|()| 0) } else { link.write(&self.owed) };
        self.held = link.owes();
        match written {
            Ok(count) => {
                // What is left is still the shared event, unless it ended here.
                self.owed = if count < self.owed.len() { self.owed.slice(count..) } else { Bytes::new() };
                self.written += count as u64;
                self.wrote_at = now;
                Ok(())
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(_) => Err(Gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::link::memory::pair;

    #[test]
    fn bytes_keep_their_order_whatever_the_link_takes() {
        let (ours, mut theirs) = pair(7);
        let (mut link, mut outbox) = (Link::Memory(ours), Outbox::new(Duration::ZERO));
        let mut heard = Vec::new();
        for n in 0..40_u8 {
            let second = Duration::from_secs(u64::from(n));
            outbox.send(&mut link, Bytes::from(vec![n; 3]), second).unwrap();
            let mut room = [0; 2];
            let count = theirs.read(&mut room).unwrap_or(0);
            heard.extend(&room[..count]);
        }
        let mut room = [0; 200];
        while outbox.owes() || !heard.len().is_multiple_of(120) {
            let count = theirs.read(&mut room).unwrap_or(0);
            heard.extend(&room[..count]);
            outbox.pay(&mut link, Duration::from_secs(50)).unwrap();
        }
        let wanted: Vec<u8> = (0..40).flat_map(|n| [n; 3]).collect();
        assert_eq!((heard, outbox.take_written()), (wanted, 120));
        drop(theirs);
        assert_eq!(outbox.send(&mut link, Bytes::from_static(b"x"), Duration::ZERO), Err(Gone));
    }
}
