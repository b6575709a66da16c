//! The feed's way out alone: a feed with thirty events a second of one size, the server's own spectators' thread, and
//! real sockets. No match makes the events, so that other fan-outs can stand beside it with the same ones; no HTTP is
//! read, since that is over once a feed streams. `cargo xtask bench fanout` runs it; `--bytes N` is an event's text.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use server::feed::form::Form;
use server::feed::log::FeedLog;
use server::link::{Arrival, Link};
use server::open_files;
use server::spectators::thread::{SpectatorThread, Ticket};
use server::spectators::watcher::Newcomer;
use server::telemetry::start_metrics;
use server::timing::Timing;

/// Events in a second.
const HZ: u32 = 30;
/// Events between two keyframes.
const KEYFRAME_EVERY: u64 = 60;
/// Text of an event by default.
const TEXT_BYTES: usize = 1024;
/// The end of each text, behind sixteen digits that tell when it was made.
const MARK_BYTES: usize = 17;

type Failure = Box<dyn std::error::Error>;

/// As the routes answer.
const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\
    cache-control: no-store, no-transform\r\nx-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n";

fn main() -> Result<(), Failure> {
    start_metrics()?;
    // A lower limit shows by itself, when no more spectators come in.
    let _ = open_files::raise();
    let spectators = SpectatorThread::start("spectators".to_owned(), Timing::default(), 1)?;
    let log = Arc::new(FeedLog::new(7, "{}", vec![spectators.thread()]));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    let (bytes, telling) = (text_bytes()?, Arc::clone(&log));
    thread::spawn(move || tell(&telling, bytes));
    for socket in listener.incoming() {
        let Ok(arrival) = socket.and_then(greet) else { continue };
        let (log, watching) = (Arc::clone(&log), log.watch());
        let newcomer = Newcomer { arrival, log, watching, resume: None, form: Form::Sse, chunked: true };
        spectators.arrivals().send(Ticket::Watch(Box::new(newcomer)))?;
    }
    Ok(())
}

fn text_bytes() -> Result<usize, Failure> {
    let mut words = std::env::args().skip_while(|word| word != "--bytes").skip(1);
    Ok(words.next().map_or(Ok(TEXT_BYTES), |number| number.parse())?.max(MARK_BYTES))
}

/// Reads a request, whatever it asks, and writes the head of the answer.
fn greet(mut socket: TcpStream) -> std::io::Result<Arrival> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let count = socket.read(&mut part)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request.extend(part.iter().take(count));
    }
    socket.write_all(HEAD)?;
    Ok(Arrival { link: Link::tcp(socket)?, early: Bytes::new(), permit: Box::new(()) })
}

/// Publishes, as a match does in its tick.
fn tell(log: &FeedLog, bytes: usize) {
    let start = Instant::now();
    for number in 0_u64.. {
        let due = start + Duration::from_secs(number / u64::from(HZ)) + part_of_second(number);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let name = if number.is_multiple_of(KEYFRAME_EVERY) { "keyframe" } else { "delta" };
        let now = clock_gettime(ClockId::Monotonic);
        let now_ns = now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned();
        log.publish(name, &format!("\"{}{now_ns:016x}~\"", "x".repeat(bytes - MARK_BYTES)));
        log.wake();
    }
}

fn part_of_second(number: u64) -> Duration {
    Duration::from_secs(1) / HZ * (number % u64::from(HZ)) as u32
}
