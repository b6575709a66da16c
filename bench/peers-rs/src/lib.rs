//! What the bench's programs share: their flags, the line that says where they listen, and the beat of their ticks.
//! Nothing here knows a game or a protocol beyond the head of a WebSocket frame.

pub mod beat;
pub mod flags;
pub mod frame;
pub mod marker;
pub mod open_files;

use std::io::Write as _;
use std::net::SocketAddr;

/// Tells on standard output where a server listens; `cargo xtask bench` waits for this line.
pub fn say_listening(address: SocketAddr) {
    // Without a reader there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "listening on http://{address}");
}
