//! Players for the peers of the bench, as many as one core can drive: they steer, count snapshots and bytes, and
//! print one line of JSON with the names of `starfray load`.
//! Flags: `--address HOST:PORT`, `--protocol msgpack|colyseus|raw`, `--players N`, `--seconds S`.

mod client;
mod door;
mod frames;
mod protocol;
mod report;
mod steering;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bench_peers::flags::Flags;
use bench_peers::open_files;
use mio::{Events, Interest, Poll, Token};

use crate::client::Client;
use crate::door::Opened;
use crate::protocol::Protocol;
use crate::report::Counts;

/// As which it speaks.
const PROGRAM: &str = "crowd";
/// Handshakes under way at once. The peers' listeners have room for more.
const DOORS: usize = 32;
/// Every player of this number reads its snapshots as a whole.
const WHOLE_EVERY: usize = 7;
/// Time between two looks at everybody's hands; an input leaves at most this late.
const STEER_EVERY: Duration = Duration::from_millis(2);
/// How long all players together may take to be in.
const CONNECT_WITHIN: Duration = Duration::from_secs(90);

fn main() -> ExitCode {
    bench_peers::end(PROGRAM, &run())
}

fn note(text: &str) {
    bench_peers::note(PROGRAM, text);
}

fn run() -> Result<()> {
    open_files::raise_limit();
    let flags = Flags::read(&["address", "protocol", "players", "seconds"])?;
    let address: SocketAddr = flags.text("address").context("--address is missing")?.parse()?;
    let protocol = Protocol::named(flags.text("protocol").unwrap_or("msgpack"))?;
    let players = flags.number("players", 50)?;
    let seconds = Duration::from_secs_f64(flags.number("seconds", 5.0)?);
    let mut crowd = Crowd::new(protocol)?;
    let arrivals = open_doors(address, protocol, players);
    let deadline = Instant::now() + CONNECT_WITHIN;
    while !crowd.all_fed(players) {
        while let Ok(opened) = arrivals.try_recv() {
            crowd.add(opened?)?;
        }
        crowd.turn()?;
        ensure!(crowd.lost == 0, "the peer closed a connection");
        if Instant::now() > deadline {
            bail!("only {} of {players} players were fed in time", crowd.fed());
        }
    }
    // Whoever measures the server waits for this line.
    note(&format!("measuring for {} s", seconds.as_secs_f64()));
    crowd.counts = Counts::new()?;
    let start = Instant::now();
    while start.elapsed() < seconds {
        crowd.turn()?;
    }
    let report = crowd.counts.report(players, players - crowd.lost, start.elapsed().as_secs_f64());
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?).context("standard output is closed")
}

/// Threads that open a WebSocket for each player. The channel is short: who comes too fast waits at the door.
fn open_doors(address: SocketAddr, protocol: Protocol, players: usize) -> Receiver<Result<Opened>> {
    let (sender, arrivals) = sync_channel(DOORS);
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 0..DOORS {
        let (sender, next): (SyncSender<Result<Opened>>, _) = (sender.clone(), Arc::clone(&next));
        std::thread::spawn(move || {
            let mine = || next.fetch_add(1, Ordering::Relaxed) < players;
            while mine() && sender.send(door::open(address, protocol)).is_ok() {}
        });
    }
    arrivals
}

/// All players, and the one loop that drives them.
struct Crowd {
    protocol: Protocol,
    poll: Poll,
    events: Events,
    clients: Vec<Option<Client>>,
    lost: usize,
    counts: Counts,
    buffer: Vec<u8>,
    steered_at: Instant,
}

impl Crowd {
    fn new(protocol: Protocol) -> Result<Crowd> {
        Ok(Crowd {
            protocol,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            clients: Vec::new(),
            lost: 0,
            counts: Counts::new()?,
            buffer: vec![0; 65_536],
            steered_at: Instant::now(),
        })
    }

    fn add(&mut self, opened: Opened) -> Result<()> {
        let index = self.clients.len();
        let whole = index.is_multiple_of(WHOLE_EVERY);
        let mut client = Client::new(opened, self.protocol, index, whole);
        self.poll.registry().register(client.socket(), Token(index), Interest::READABLE)?;
        self.clients.push(Some(client));
        Ok(())
    }

    fn fed(&self) -> usize {
        self.clients.iter().flatten().filter(|client| client.fed()).count()
    }

    fn all_fed(&self, players: usize) -> bool {
        self.clients.len() == players && self.fed() == players
    }

    /// Waits a little for news, reads it, and lets everybody steer when it is time.
    fn turn(&mut self) -> Result<()> {
        let wait = STEER_EVERY.saturating_sub(self.steered_at.elapsed());
        self.poll.poll(&mut self.events, Some(wait))?;
        let Crowd { events, clients, counts, buffer, lost, .. } = self;
        for event in events.iter() {
            let Some(slot) = clients.get_mut(event.token().0) else { continue };
            keep(slot, lost, |client| client.receive(buffer, counts));
        }
        if self.steered_at.elapsed() >= STEER_EVERY {
            self.steered_at = Instant::now();
            let (now, counts, lost) = (self.steered_at, &mut self.counts, &mut self.lost);
            for slot in &mut self.clients {
                keep(slot, lost, |client| client.steer(now, counts));
            }
        }
        Ok(())
    }
}

/// Does `work` with a client that is still there; an error ends it.
fn keep(slot: &mut Option<Client>, lost: &mut usize, work: impl FnOnce(&mut Client) -> std::io::Result<()>) {
    if slot.as_mut().is_some_and(|client| work(client).is_err()) {
        *slot = None;
        *lost += 1;
    }
}
