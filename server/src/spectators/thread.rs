//! A thread that serves many spectators: it sleeps until a feed has news or a moment has passed, then writes.
//! New spectators come through a bounded queue; a full one refuses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use shared::random::Random;

use crate::feed::entry::Entry;
use crate::feed::form::Form;
use crate::spectators::parked::Parked;
use crate::spectators::peer::Room;
use crate::spectators::watcher::{Newcomer, Stay, Turn, Watcher};
use crate::telemetry::Traffic;
use crate::timing::Timing;

/// Spectators that wait to be taken in at most.
const ARRIVALS_MAX: usize = 1024;
/// Longest sleep: heartbeats and vanished peers are found this late.
const NAP: Duration = Duration::from_millis(250);

/// What comes to a spectators' thread.
#[derive(Debug)]
pub enum Ticket {
    /// A connection that streams.
    Watch(Box<Newcomer>),
    /// A long poll that is held.
    Park(Parked),
}

/// A running thread of spectators.
#[derive(Debug)]
pub struct SpectatorThread {
    arrivals: SyncSender<Ticket>,
    stop: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

impl SpectatorThread {
    /// Starts the thread called `name`; `seed` spreads the times at which its spectators come back.
    pub fn start(name: String, timing: Timing, seed: u64) -> std::io::Result<SpectatorThread> {
        let (arrivals, inbox) = sync_channel(ARRIVALS_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let run = move || Audience::new(timing, seed).serve(&inbox, &flag);
        let handle = thread::Builder::new().name(name).spawn(run)?;
        Ok(SpectatorThread { arrivals, stop, handle })
    }

    /// The thread, to be woken by feeds.
    pub fn thread(&self) -> Thread {
        self.handle.thread().clone()
    }

    /// Where new spectators go.
    pub fn arrivals(&self) -> SyncSender<Ticket> {
        self.arrivals.clone()
    }

    /// Ends the thread; its sockets close.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.handle.thread().unpark();
        // A panic in there was logged by its hook; stopping goes on.
        drop(self.handle.join());
    }
}

/// Everybody whom a thread serves.
struct Audience {
    timing: Timing,
    start: Instant,
    random: Random,
    watchers: Vec<Watcher>,
    parked: Vec<Parked>,
    traffic: [Traffic; Form::ALL.len()],
    entries: Vec<Arc<Entry>>,
    room: Room,
}

impl Audience {
    fn new(timing: Timing, seed: u64) -> Audience {
        Audience {
            timing,
            start: Instant::now(),
            random: Random::new(seed),
            watchers: Vec::new(),
            parked: Vec::new(),
            traffic: Form::ALL.map(|form| Traffic::new(form.transport())),
            entries: Vec::new(),
            room: Room::default(),
        }
    }

    fn serve(mut self, inbox: &Receiver<Ticket>, stop: &AtomicBool) {
        let mut is_last = false;
        while !is_last {
            // The turn after the order to stop writes the goodbyes.
            is_last = stop.load(Ordering::Relaxed);
            if !self.take_in(inbox) {
                return;
            }
            self.parked.retain_mut(Parked::look);
            let Audience { timing, start, random, watchers, traffic, entries, room, .. } = &mut self;
            let mut turn = Turn { timing, now: start.elapsed(), random, entries, room };
            watchers.retain_mut(|watcher| {
                let stay = watcher.serve(&mut turn);
                let sent = traffic.get(watcher.form() as usize).map(|traffic| &traffic.sent);
                if let (Some(sent), written @ 1..) = (sent, watcher.take_written()) {
                    sent.increment(written);
                }
                stay == Stay::Yes
            });
            entries.clear();
            if !is_last {
                thread::park_timeout(NAP);
            }
        }
    }

    /// Takes in all who wait; false when nobody can come any more.
    fn take_in(&mut self, inbox: &Receiver<Ticket>) -> bool {
        let Audience { timing, start, random, watchers, parked, entries, room, .. } = self;
        let mut turn = Turn { timing, now: start.elapsed(), random, entries, room };
        loop {
            match inbox.try_recv() {
                Ok(Ticket::Watch(newcomer)) => watchers.push(Watcher::new(*newcomer, &mut turn)),
                Ok(Ticket::Park(poll)) => parked.push(poll),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }
}
