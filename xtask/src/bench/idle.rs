//! What a connection costs in memory while nothing happens, for every kind that the server keeps: the server's resident
//! memory, and the kernel's beside it. A part of `cargo xtask bench push`; it prints nothing but progress.

use std::{fs, net::TcpStream, time::Duration};

use anyhow::{Context as _, Result, anyhow};

use crate::{
    bench::{
        arena,
        child::Running,
        contenders::Programs,
        figures::{Figures, Run, Runs},
        idle_connection::{Door, KINDS, Kind},
        procfs::resident_kib,
        table::Table,
    },
    progress::say,
};

/// Connections before anything is measured, and those that are: few enough for the usual limit of open files.
const FIRST: u32 = 100;
const MORE: u32 = 500;
/// Connections that are opened at once.
const HANDS: u32 = 25;
/// Time until what opening took is given back.
const SETTLE: Duration = Duration::from_secs(2);
/// How long a server may take to listen.
const START_WITHIN: Duration = Duration::from_secs(30);
const SERVER_CORE: usize = 0;
/// Longest delay of a feed: so long nothing happens in it.
const FEED_DELAY_MS: u32 = 60_000;
const PAGE_KIB: f64 = 4.0;

/// Measures every kind `repetitions` times.
///
/// # Errors
/// When a server does not start, or refuses a connection.
pub(super) fn measure(programs: &Programs, repetitions: u32) -> Result<Runs> {
    let mut runs = Runs::default();
    for repetition in 0..repetitions {
        for (name, kind) in KINDS {
            say(&format!("idle connections, {name}, repetition {}", repetition + 1));
            let figures = one(programs, kind)?;
            runs.push(Run { contender: name, players: MORE, repetition, figures });
        }
    }
    Ok(runs)
}

fn one(programs: &Programs, kind: Kind) -> Result<Figures> {
    let data = programs.fresh_data()?;
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", &data].map(str::to_owned);
    let mut server = Running::start(&programs.starfray, &args, &programs.root, SERVER_CORE)?;
    let address = server.wait_for_output("listening on http://", START_WITHIN)?;
    let settings = serde_json::json!({ "name": "bench", "map": "open", "max_players": FIRST + MORE,
        "duration_s": 3600, "spectator_delay_ms": FEED_DELAY_MS });
    let door = Door { id: arena::host_with(&address, &settings)?, address };
    let first = open(&door, kind, 0..FIRST)?;
    let before = Memory::of(server.id())?;
    let more = open(&door, kind, FIRST..FIRST + MORE)?;
    let after = Memory::of(server.id())?;
    drop((first, more));
    let each = |after: f64, before: f64| (after - before) / f64::from(MORE);
    Ok(Figures::from([
        ("rss_kib", each(after.resident_kib, before.resident_kib)),
        // Both ends of every connection are on this machine.
        ("kernel_kib", each(after.kernel_kib, before.kernel_kib) / 2.0),
    ]))
}

fn open(door: &Door, kind: Kind, numbers: std::ops::Range<u32>) -> Result<Vec<TcpStream>> {
    let hand = |hand: u32| {
        let (door, numbers) = (door.clone(), numbers.clone());
        std::thread::spawn(move || {
            let own = numbers.filter(|number| number % HANDS == hand);
            own.map(|number| door.open(kind, number)).collect::<Result<Vec<_>>>()
        })
    };
    let hands: Vec<_> = (0..HANDS).map(hand).collect();
    let mut sockets = Vec::new();
    for hand in hands {
        sockets.extend(hand.join().map_err(|_| anyhow!("a thread that opens connections panicked"))??);
    }
    std::thread::sleep(SETTLE);
    Ok(sockets)
}

/// What is in use.
#[derive(Debug, Clone, Copy)]
struct Memory {
    resident_kib: f64,
    /// The kernel's own objects, and what its TCP sockets hold, of the whole machine.
    kernel_kib: f64,
}

impl Memory {
    fn of(server: u32) -> Result<Self> {
        let resident_kib = resident_kib(server).context("there is no /proc to read: this needs Linux")?;
        let meminfo = fs::read_to_string("/proc/meminfo")?;
        let sockstat = fs::read_to_string("/proc/net/sockstat")?;
        let slab_kib = number_behind(&meminfo, "Slab:").unwrap_or_default();
        let pages = sockstat.lines().find(|line| line.starts_with("TCP:"));
        let pages = pages.and_then(|line| number_behind(line, " mem")).unwrap_or_default();
        Ok(Self { resident_kib, kernel_kib: slab_kib + pages * PAGE_KIB })
    }
}

fn number_behind(text: &str, word: &str) -> Option<f64> {
    text.split_once(word)?.1.split_whitespace().next()?.parse().ok()
}

/// The table of all kinds.
pub(super) fn table(runs: &Runs) -> String {
    let mut table = Table::new(["idle connection", "server KiB", "kernel KiB"]);
    for (name, _) in KINDS {
        let text = |figure| runs.spread(name, MORE, figure).map_or("-".to_owned(), |spread| spread.text(1));
        table.push(vec![name.to_owned(), text("rss_kib"), text("kernel_kib")]);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let line = "TCP: inuse 9 orphan 0 tw 0 alloc 12 mem 34";
        assert_eq!(number_behind(line, " mem"), Some(34.0));
        assert_eq!(number_behind("Slab:   200 kB\nSReclaimable: 1 kB", "Slab:"), Some(200.0));
    }
}
