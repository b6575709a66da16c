//! What the bench's programs share: their flags, the line that says where they listen, and the beat of their ticks.
//! Nothing here knows a game or a protocol beyond the head of a WebSocket frame.

pub mod beat;
pub mod flags;
pub mod frame;
pub mod marker;
pub mod open_files;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

/// Tells on standard output where a server listens; `cargo xtask bench` waits for this line.
pub fn say_listening(address: SocketAddr) {
    // Without a reader there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "listening on http://{address}");
}

/// Progress and trouble of `program` go to standard error, so that standard output is the figures alone.
pub fn note(program: &str, text: &str) {
    // Without a reader there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{program}: {text}");
}

/// The end of `program`, whose trouble is told.
pub fn end(program: &str, done: &anyhow::Result<()>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    note(program, &format!("{error:#}"));
    ExitCode::FAILURE
}
