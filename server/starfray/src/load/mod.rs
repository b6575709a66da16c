//! `starfray load`: headless players and spectators that speak the real protocol through the real client core, to
//! measure a server. One thread drives them all; figures begin when the last one has its first snapshot.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

pub(crate) mod trouble;

pub(crate) mod feed_reader;

pub(crate) mod wire;

pub(crate) mod args;
pub(crate) mod report;

pub(crate) mod comeback;

pub(crate) mod http_reader;
pub(crate) mod road;
pub(crate) mod steering;
pub(crate) mod tick_times;

pub(crate) mod invitation;

pub(crate) mod mail;

pub(crate) mod carrier;

pub(crate) mod player;
pub(crate) mod spectator;

pub(crate) mod headless;

pub(crate) mod crowd;

use args::LoadArgs;
use crowd::Crowd;
use invitation::Invitation;

/// How long all clients together may take to be in.
const CONNECT_WITHIN: Duration = Duration::from_secs(90);

/// Runs the load and prints its figures as the last line of standard output.
pub(crate) fn run(args: &LoadArgs) -> Result<()> {
    args.check()?;
    let (wanted, fitting) = (args.connections(), server::open_files::raise().unwrap_or(u32::MAX));
    ensure!(wanted <= fitting, "{wanted} connections need a higher limit of open files: {fitting} fit");
    let invitation = Invitation::find(&args.url, args.match_id.as_deref(), &args.trust())?;
    note(&format!("match {} at {}", invitation.match_id, invitation.base));
    let seats = join_all(&invitation, args.players)?;
    let mut crowd = Crowd::new(&invitation, args.trouble(), args.transport)?;
    for (index, seat) in seats.iter().enumerate() {
        crowd.add_player(seat, index, args.light)?;
    }
    for _ in 0..args.spectators {
        crowd.add_spectator(args.feed, args.pull_every.map(f64::from))?;
    }
    note("waiting for every client's first picture");
    let deadline = Instant::now() + CONNECT_WITHIN;
    while !crowd.all_fed() {
        crowd.turn()?;
        ensure!(crowd.errors() == 0, "{}", crowd.first_error().unwrap_or("a client failed"));
        if Instant::now() > deadline {
            bail!("only {} of {} clients were fed in time", crowd.fed(), args.players + args.spectators);
        }
    }
    note(&format!("measuring for {} s", args.seconds));
    crowd.begin_window();
    let begin = Instant::now();
    let mut cut_at = args.cut_after.map(|after| begin + Duration::from_secs(after));
    while begin.elapsed() < Duration::from_secs(args.seconds) {
        if cut_at.take_if(|at| Instant::now() >= *at).is_some() {
            note("cutting every connection");
            crowd.cut();
        }
        crowd.turn()?;
    }
    let report = crowd.report(args);
    let text = if args.json { serde_json::to_string(&report)? } else { report.table() };
    writeln!(std::io::stdout(), "{text}").context("standard output is closed")
}

/// Progress goes to standard error, so that standard output is the figures alone.
fn note(text: &str) {
    // Without a reader there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "load: {text}");
}

/// Joins `players` times. A join waits for the match's tick, so many ask at once.
fn join_all(invitation: &Invitation, players: u32) -> Result<Vec<invitation::Seat>> {
    const ASKERS: u32 = 48;
    let next = Arc::new(AtomicU32::new(0));
    let mut askers = Vec::new();
    for _ in 0..ASKERS.min(players) {
        let (next, invitation) = (Arc::clone(&next), invitation.clone());
        askers.push(std::thread::spawn(move || join_some(&invitation, &next, players)));
    }
    let mut seats = Vec::new();
    for asker in askers {
        match asker.join() {
            Ok(found) => seats.extend(found?),
            Err(_) => bail!("a thread that joins players panicked"),
        }
    }
    Ok(seats)
}

/// Joins as long as fewer than `players` have been counted.
fn join_some(invitation: &Invitation, next: &AtomicU32, players: u32) -> Result<Vec<invitation::Seat>> {
    let mut seats = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed) + 1;
        if number > players {
            return Ok(seats);
        }
        seats.push(invitation.join(&format!("Load {number}"))?);
        if number.is_multiple_of(100) {
            note(&format!("{number} of {players} have a seat"));
        }
    }
}
