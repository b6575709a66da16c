//! A thread that serves many spectators: it sleeps until a feed has news or a second has passed, then writes.
//! New spectators come through a bounded queue; a full one refuses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use crate::spectators::watcher::{Stay, Ticket, Watcher};
use crate::telemetry::{Traffic, Transport};
use crate::timing::Timing;

/// Spectators that wait to be taken in at most.
const ARRIVALS_MAX: usize = 1024;
/// Longest sleep: heartbeats and vanished peers are found this late.
const NAP: Duration = Duration::from_millis(250);

/// A running thread of spectators.
#[derive(Debug)]
pub struct SpectatorThread {
    arrivals: SyncSender<Ticket>,
    stop: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

impl SpectatorThread {
    /// Starts the thread called `name`.
    pub fn start(name: String, timing: Timing) -> std::io::Result<SpectatorThread> {
        let (arrivals, inbox) = sync_channel(ARRIVALS_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let handle = thread::Builder::new().name(name).spawn(move || serve_all(&inbox, &flag, &timing))?;
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

fn serve_all(inbox: &Receiver<Ticket>, stop: &AtomicBool, timing: &Timing) {
    let (start, traffic) = (Instant::now(), Traffic::new(Transport::Sse));
    let (mut watchers, mut scratch) = (Vec::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let now = start.elapsed();
        if !take_in(inbox, &mut watchers, timing, now) {
            return;
        }
        watchers.retain_mut(|watcher: &mut Watcher| {
            let (written, stay) = watcher.serve(timing, now, &mut scratch);
            traffic.sent.increment(written as u64);
            stay == Stay::Yes
        });
        scratch.clear();
        thread::park_timeout(NAP);
    }
}

/// Takes in all who wait; false when nobody can come any more.
fn take_in(inbox: &Receiver<Ticket>, watchers: &mut Vec<Watcher>, timing: &Timing, now: Duration) -> bool {
    loop {
        match inbox.try_recv() {
            Ok(ticket) => watchers.push(Watcher::new(ticket, timing, now)),
            Err(TryRecvError::Empty) => return true,
            Err(TryRecvError::Disconnected) => return false,
        }
    }
}
