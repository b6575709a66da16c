//! Readers of a feed by HTML5 Event Source, as many as one core can drive: they count events and bytes, measure how
//! old an event is when it comes, and print one line of JSON. For a server that does not make events by itself they
//! also publish them, thirty a second.
//! Flags: `--address HOST:PORT`, `--path P`, `--watchers N`, `--seconds S`, `--publish P` and `--bytes N`.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bench_peers::beat::Beat;
use bench_peers::flags::Flags;
use bench_peers::marker::{CLOCK_DIGITS, END, clock_ns, made_at_ns, text};
use bench_peers::open_files;
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use serde_json::{Value, json};

/// As which it speaks.
const PROGRAM: &str = "audience";
/// How long all watchers together may take to be in.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);
/// Longest wait for a connection, or for the answer to an event that is published.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest age that is told apart, in microseconds.
const AGE_US_MAX: u64 = 60_000_000;
/// Time from the last watcher's first event to the window.
const WARM: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    bench_peers::end(PROGRAM, &run())
}

fn run() -> Result<()> {
    open_files::raise_limit();
    let flags = Flags::read(&["address", "path", "watchers", "seconds", "publish", "bytes"])?;
    let address: SocketAddr = flags.text("address").context("--address is missing")?.parse()?;
    let (path, watchers) = (flags.text("path").unwrap_or("/"), flags.number("watchers", 100_usize)?);
    let mut audience = Audience::new()?;
    for _ in 0..watchers {
        audience.add(address, path)?;
    }
    if let Some(path) = flags.text("publish") {
        let publisher = Publisher::connect(address, path, flags.number("bytes", 1024)?)?;
        std::thread::spawn(move || publisher.run());
    }
    let end = Instant::now() + CONNECT_WITHIN;
    while audience.fed() < watchers {
        audience.turn()?;
        ensure!(audience.lost == 0, "{} watchers were turned away", audience.lost);
        ensure!(Instant::now() < end, "only {} of {watchers} got an event in time", audience.fed());
    }
    audience.turn_until(Instant::now() + WARM)?;
    audience.clear();
    note("measuring");
    let begin = Instant::now();
    audience.turn_until(begin + Duration::from_secs(flags.number("seconds", 5)?))?;
    let report = audience.report(begin.elapsed().as_secs_f64());
    writeln!(std::io::stdout(), "{report}").context("standard output is closed")
}

fn note(text: &str) {
    bench_peers::note(PROGRAM, text);
}

/// One reader.
struct Watcher {
    socket: TcpStream,
    /// The last bytes that came, in which a time may have begun.
    tail: Vec<u8>,
    fed: bool,
}

/// All readers.
struct Audience {
    poll: Poll,
    events: Events,
    watchers: Vec<Option<Watcher>>,
    lost: usize,
    counts: Counts,
    buffer: Vec<u8>,
}

struct Counts {
    events: u64,
    bytes: u64,
    ages_us: Histogram<u64>,
}

impl Audience {
    fn new() -> Result<Audience> {
        let ages_us = Histogram::new_with_bounds(1, AGE_US_MAX, 3)?;
        Ok(Audience {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            watchers: Vec::new(),
            lost: 0,
            counts: Counts { events: 0, bytes: 0, ages_us },
            buffer: vec![0; 65_536],
        })
    }

    fn add(&mut self, address: SocketAddr, path: &str) -> Result<()> {
        let mut socket =
            std::net::TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
        write!(socket, "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n")?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        self.poll.registry().register(&mut socket, Token(self.watchers.len()), Interest::READABLE)?;
        self.watchers.push(Some(Watcher { socket, tail: Vec::new(), fed: false }));
        // Those who are in already must read while the others arrive.
        if self.watchers.len().is_multiple_of(8) { self.work(Duration::ZERO) } else { Ok(()) }
    }

    fn fed(&self) -> usize {
        self.watchers.iter().flatten().filter(|watcher| watcher.fed).count()
    }

    fn clear(&mut self) {
        (self.counts.events, self.counts.bytes) = (0, 0);
        self.counts.ages_us.reset();
    }

    fn turn_until(&mut self, end: Instant) -> Result<()> {
        while Instant::now() < end {
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<()> {
        self.work(Duration::from_millis(20))
    }

    fn work(&mut self, wait: Duration) -> Result<()> {
        self.poll.poll(&mut self.events, Some(wait))?;
        let Audience { events, watchers, counts, buffer, lost, .. } = self;
        for event in events.iter() {
            let Some(slot) = watchers.get_mut(event.token().0) else { continue };
            if slot.as_mut().is_some_and(|watcher| watcher.receive(buffer, counts).is_err()) {
                *slot = None;
                *lost += 1;
            }
        }
        Ok(())
    }

    fn report(&self, seconds: f64) -> Value {
        let ages = &self.counts.ages_us;
        let age = |quantile: f64| ages.value_at_quantile(quantile) as f64 / 1000.0;
        json!({
            "watchers": self.watchers.len(),
            "seconds": seconds,
            "connected": self.watchers.iter().flatten().count(),
            "disconnected": self.lost,
            "events": self.counts.events,
            "bytes_down": self.counts.bytes,
            "latency_ms": { "p50": age(0.5), "p99": age(0.99), "max": age(1.0) },
        })
    }
}

impl Watcher {
    /// Reads everything that is there. An error is the end of the connection.
    fn receive(&mut self, buffer: &mut [u8], counts: &mut Counts) -> Result<()> {
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => bail!("the feed ended"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            counts.bytes += count as u64;
            self.take(buffer.get(..count).unwrap_or_default(), counts);
            // A read that did not fill the buffer has emptied the socket; asking again would cost a call.
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, bytes: &[u8], counts: &mut Counts) {
        let now_ns = clock_ns();
        let mut from = 0;
        while let Some(end) = bytes.iter().skip(from).position(|byte| *byte == END).map(|at| from + at) {
            let kept: Vec<u8>;
            let digits = if let Some(begin) = end.checked_sub(CLOCK_DIGITS) {
                bytes.get(begin..end).unwrap_or_default()
            } else {
                let missing = self.tail.len().saturating_sub(CLOCK_DIGITS - end);
                let before = self.tail.get(missing..).unwrap_or_default();
                kept = [before, bytes.get(..end).unwrap_or_default()].concat();
                &kept
            };
            self.fed = true;
            counts.events += 1;
            if let Some(made_ns) = made_at_ns(digits) {
                counts.ages_us.saturating_record(now_ns.saturating_sub(made_ns) / 1000);
            }
            from = end + 1;
        }
        let keep = bytes.len().saturating_sub(CLOCK_DIGITS);
        if keep > 0 {
            self.tail.clear();
        }
        self.tail.extend_from_slice(bytes.get(keep..).unwrap_or_default());
    }
}

/// Brings events to a server by POST.
struct Publisher {
    socket: std::net::TcpStream,
    head: String,
    bytes: usize,
}

impl Publisher {
    fn connect(address: SocketAddr, path: &str, bytes: usize) -> Result<Publisher> {
        let socket = std::net::TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {bytes}\r\n\r\n");
        Ok(Publisher { socket, head, bytes })
    }

    fn run(mut self) {
        let mut beat = Beat::new();
        let mut answer = [0; 4096];
        loop {
            beat.wait();
            let request = format!("{}{}", self.head, text(self.bytes, clock_ns()));
            let published = self.socket.write_all(request.as_bytes());
            if let Err(error) = published.and_then(|()| self.socket.read(&mut answer)) {
                note(&format!("an event could not be published: {error}"));
                return;
            }
        }
    }
}
