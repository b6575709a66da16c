//! A goodbye to somebody who never reaches a match: a close frame that a browser can read.
//! A plain HTTP error would be invisible to a page, whose WebSocket only learns that it failed.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use shared::protocol::CloseReason;

use crate::link::Arrival;
use crate::link::frame::write_close;

/// Writes a close frame for `reason`, then waits up to a second for the peer to close. Call it where waiting is fine.
pub async fn refuse(mut arrival: Arrival, reason: CloseReason) {
    const LOOKS: u32 = 20;
    let mut frame = Vec::new();
    write_close(&mut frame, reason.code(), reason.word());
    if arrival.link.write_all(&frame).is_err() {
        return;
    }
    arrival.link.finish();
    let mut scrap = [0; 512];
    for _ in 0..LOOKS {
        match arrival.link.read(&mut scrap) {
            Ok(0) => return,
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(_) => return,
        }
    }
}
