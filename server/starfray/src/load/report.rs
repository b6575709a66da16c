//! The figures of a run: what was counted, and how long things took.
//! Times are kept as histograms, so that a long run costs no more memory than a short one.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::load::player::Progress;

/// Times in milliseconds, kept to a microsecond.
#[derive(Clone, Debug)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    /// No times yet.
    pub(crate) fn new() -> anyhow::Result<Times> {
        Ok(Times(Histogram::new_with_bounds(1, 120_000_000, 3)?))
    }

    /// Notes a time.
    pub(crate) fn note(&mut self, ms: f64) {
        self.0.saturating_record((ms.max(0.0) * 1000.0) as u64);
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    fn count(&self) -> u64 {
        self.0.len()
    }

    fn summary(&self) -> Summary {
        let at = |q: f64| if self.0.is_empty() { 0.0 } else { self.0.value_at_quantile(q) as f64 / 1000.0 };
        Summary { p50: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

/// A histogram in three numbers, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Summary {
    /// Half are shorter.
    pub(crate) p50: f64,
    /// All but one in a hundred are shorter.
    pub(crate) p99: f64,
    /// The longest.
    pub(crate) max: f64,
}

/// How long things took for players of one kind.
#[derive(Clone, Debug)]
pub(crate) struct PlayerTimes {
    /// Times between a player's snapshots.
    gap: Times,
    /// Times from an input to the snapshot that says it was applied.
    ack: Times,
    /// Ages of the newest snapshot when it is read.
    age: Times,
}

impl PlayerTimes {
    fn new() -> anyhow::Result<PlayerTimes> {
        Ok(PlayerTimes { gap: Times::new()?, ack: Times::new()?, age: Times::new()? })
    }

    fn clear(&mut self) {
        [&mut self.gap, &mut self.ack, &mut self.age].into_iter().for_each(Times::clear);
    }

    fn note(&mut self, progress: &Progress, age_ms: Option<f64>) {
        progress.samples.snapshot_gaps_ms.iter().for_each(|&ms| self.gap.note(f64::from(ms)));
        progress.samples.input_acks_ms.iter().for_each(|&ms| self.ack.note(f64::from(ms)));
        if let Some(ms) = age_ms {
            self.age.note(ms);
        }
    }
}

/// What is counted while the window is open.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// Snapshots read.
    pub(crate) snapshots: u64,
    /// Bytes received by players and spectators, with framing.
    pub(crate) bytes_down: u64,
    /// Bytes sent, with framing.
    pub(crate) bytes_up: u64,
    /// Links that ended.
    pub(crate) disconnected: u32,
    /// Things that should not happen.
    pub(crate) errors: u32,
    /// Events of the feed read.
    pub(crate) feed_events: u64,
    /// Requests of spectators.
    pub(crate) feed_requests: u64,
    /// Snapshots that were looked into, and the ships and shots in view summed over them.
    pub(crate) seen: (u64, u64, u64),
    /// Times of players without trouble.
    pub(crate) healthy: PlayerTimes,
    /// Times of players in trouble.
    pub(crate) troubled: PlayerTimes,
    /// How old the first snapshot is that was made after a stop, and how long after the stop it came.
    pub(crate) resumed: (Times, Times),
    /// From the end of a link to the first picture over the next one, of players and spectators.
    pub(crate) reconnect: Times,
    /// Times between a spectator's events.
    pub(crate) feed_gap: Times,
    /// Times by which an event comes later than the quickest that was seen.
    pub(crate) feed_latency: Times,
}

impl Counts {
    /// Nothing counted yet.
    pub(crate) fn new() -> anyhow::Result<Counts> {
        Ok(Counts {
            snapshots: 0,
            bytes_down: 0,
            bytes_up: 0,
            disconnected: 0,
            errors: 0,
            feed_events: 0,
            feed_requests: 0,
            seen: (0, 0, 0),
            healthy: PlayerTimes::new()?,
            troubled: PlayerTimes::new()?,
            resumed: (Times::new()?, Times::new()?),
            reconnect: Times::new()?,
            feed_gap: Times::new()?,
            feed_latency: Times::new()?,
        })
    }

    /// Begins anew; what went wrong before is kept.
    pub(crate) fn clear(&mut self) {
        (self.snapshots, self.bytes_down, self.bytes_up, self.feed_events) = (0, 0, 0, 0);
        (self.seen, self.feed_requests) = ((0, 0, 0), 0);
        [&mut self.healthy, &mut self.troubled].into_iter().for_each(PlayerTimes::clear);
        let Counts { resumed, reconnect, feed_gap, feed_latency, .. } = self;
        for times in [&mut resumed.0, &mut resumed.1, reconnect, feed_gap, feed_latency] {
            times.clear();
        }
    }

    /// Adds what a player did, and how old its newest snapshot was when it read it.
    pub(crate) fn note_player(&mut self, progress: &Progress, age_ms: Option<f64>, is_troubled: bool) {
        self.snapshots += progress.snapshots;
        self.bytes_down += progress.down;
        self.bytes_up += progress.up;
        if let Some((ships, shots)) = progress.in_view {
            self.seen.0 += progress.snapshots;
            self.seen.1 += u64::from(ships) * progress.snapshots;
            self.seen.2 += u64::from(shots) * progress.snapshots;
        }
        let times = if is_troubled { &mut self.troubled } else { &mut self.healthy };
        times.note(progress, age_ms);
    }

    /// Adds that a player had stopped and got its first snapshot that was made since: how old that was, and how long
    /// after the stop it came.
    pub(crate) fn note_resumed(&mut self, age_ms: f64, wait_ms: f64) {
        self.resumed.0.note(age_ms);
        self.resumed.1.note(wait_ms);
    }

    /// Adds an event of the feed: the time since the one before, and how late it was.
    pub(crate) fn note_event(&mut self, gap_ms: Option<f64>, late_ms: Option<f64>) {
        self.feed_events += 1;
        if let Some(ms) = gap_ms {
            self.feed_gap.note(ms);
        }
        if let Some(ms) = late_ms {
            self.feed_latency.note(ms);
        }
    }

    /// The figures of a run.
    pub(crate) fn report(&self, run: Run) -> Report {
        let mean = |sum: u64| if self.seen.0 == 0 { 0.0 } else { sum as f64 / self.seen.0 as f64 };
        let Run { players, spectators, troubled, connected, seconds } = run;
        let plain = if troubled == players { &self.troubled } else { &self.healthy };
        Report {
            players,
            spectators,
            seconds,
            connected,
            disconnected: self.disconnected,
            snapshots: self.snapshots,
            bytes_down: self.bytes_down,
            bytes_up: self.bytes_up,
            snapshot_gap_ms: plain.gap.summary(),
            input_ack_ms: plain.ack.summary(),
            in_view: InView { ships: mean(self.seen.1), shots: mean(self.seen.2) },
            feed_events: self.feed_events,
            feed_requests: self.feed_requests,
            feed_gap_ms: self.feed_gap.summary(),
            feed_latency_ms: self.feed_latency.summary(),
            errors: self.errors,
            snapshot_age_ms: plain.age.summary(),
            troubled,
            troubled_gap_ms: self.troubled.gap.summary(),
            troubled_ack_ms: self.troubled.ack.summary(),
            troubled_age_ms: self.troubled.age.summary(),
            resumed: self.resumed.0.count(),
            resumed_age_ms: self.resumed.0.summary(),
            resumed_wait_ms: self.resumed.1.summary(),
            reconnects: self.reconnect.count(),
            reconnect_ms: self.reconnect.summary(),
        }
    }
}

/// What a run was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Players asked for.
    pub(crate) players: u32,
    /// Spectators asked for.
    pub(crate) spectators: u32,
    /// Players in trouble.
    pub(crate) troubled: u32,
    /// Players and spectators connected at the end.
    pub(crate) connected: u32,
    /// Length of the window.
    pub(crate) seconds: f64,
}

/// What was in view, on average over snapshots.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct InView {
    /// Living ships, the player's own among them.
    pub(crate) ships: f64,
    /// Shots.
    pub(crate) shots: f64,
}

/// The figures of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Players asked for.
    pub(crate) players: u32,
    /// Spectators asked for.
    pub(crate) spectators: u32,
    /// Length of the window.
    pub(crate) seconds: f64,
    /// Players and spectators connected at its end.
    pub(crate) connected: u32,
    /// Links that ended.
    pub(crate) disconnected: u32,
    /// Snapshots read.
    pub(crate) snapshots: u64,
    /// Bytes received, with framing, without TCP and IP.
    pub(crate) bytes_down: u64,
    /// Bytes sent, counted alike.
    pub(crate) bytes_up: u64,
    /// Between a player's snapshots. This and the other times of players leave out those in trouble, unless all are.
    pub(crate) snapshot_gap_ms: Summary,
    /// From an input to the snapshot that says it was applied.
    pub(crate) input_ack_ms: Summary,
    /// In view on average.
    pub(crate) in_view: InView,
    /// Events of the feed read.
    pub(crate) feed_events: u64,
    /// Requests of spectators: one each for a feed that streams, many for one that is polled.
    pub(crate) feed_requests: u64,
    /// Between a spectator's events.
    pub(crate) feed_gap_ms: Summary,
    /// By which an event comes later than the quickest that was seen.
    pub(crate) feed_latency_ms: Summary,
    /// Things that should not happen.
    pub(crate) errors: u32,
    /// How old the newest snapshot is when it is read, beside the quickest that anybody got.
    pub(crate) snapshot_age_ms: Summary,
    /// Players in trouble: behind a bad network, or stopped for a while.
    pub(crate) troubled: u32,
    /// Between snapshots of players in trouble.
    pub(crate) troubled_gap_ms: Summary,
    /// From an input to the snapshot that says it was applied, for players in trouble.
    pub(crate) troubled_ack_ms: Summary,
    /// How old the newest snapshot is when a player in trouble reads it; what it finds after a stop is as old as that.
    pub(crate) troubled_age_ms: Summary,
    /// Players that stopped, went on, and got a snapshot made since.
    pub(crate) resumed: u64,
    /// How old that snapshot was.
    pub(crate) resumed_age_ms: Summary,
    /// How long after the stop it came.
    pub(crate) resumed_wait_ms: Summary,
    /// Times that a player or a spectator whose link ended came back.
    pub(crate) reconnects: u64,
    /// From the end of a link to the first snapshot or event over the next one.
    pub(crate) reconnect_ms: Summary,
}

impl Report {
    /// The figures for a person.
    pub(crate) fn table(&self) -> String {
        let times = |s: &Summary| format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", s.p50, s.p99, s.max);
        let clients = f64::from(self.players.max(1));
        let kbit_s = |bytes: u64| bytes as f64 * 8.0 / 1000.0 / self.seconds / clients;
        let mut lines = vec![
            format!("connected      {} of {}", self.connected, self.players + self.spectators),
            format!("disconnected   {}, errors {}", self.disconnected, self.errors),
            format!("snapshots      {} in {:.1} s", self.snapshots, self.seconds),
            format!(
                "per player     {:.1} kbit/s down, {:.1} up",
                kbit_s(self.bytes_down),
                kbit_s(self.bytes_up)
            ),
            format!("in view        {:.1} ships, {:.1} shots", self.in_view.ships, self.in_view.shots),
            format!("snapshot gap   {}", times(&self.snapshot_gap_ms)),
            format!("snapshot age   {}", times(&self.snapshot_age_ms)),
            format!("input to ack   {}", times(&self.input_ack_ms)),
            format!("feed events    {}", self.feed_events),
            format!("feed gap       {}", times(&self.feed_gap_ms)),
            format!("feed latency   {}", times(&self.feed_latency_ms)),
        ];
        if self.troubled > 0 {
            lines.push(format!("in trouble     {} players", self.troubled));
            lines.push(format!("  snapshot gap {}", times(&self.troubled_gap_ms)));
            lines.push(format!("  snapshot age {}", times(&self.troubled_age_ms)));
            lines.push(format!("  input to ack {}", times(&self.troubled_ack_ms)));
        }
        if self.resumed > 0 {
            lines.push(format!("resumed        {} players", self.resumed));
            lines.push(format!("  first age    {}", times(&self.resumed_age_ms)));
            lines.push(format!("  first wait   {}", times(&self.resumed_wait_ms)));
        }
        if self.reconnects > 0 {
            lines.push(format!("came back      {} times, {}", self.reconnects, times(&self.reconnect_ms)));
        }
        lines.join("\n")
    }
}
