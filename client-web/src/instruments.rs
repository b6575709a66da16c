//! Figures about a client's own netcode: for the developer's overlay, for tests, and for `starfray load`.
//! It only stores numbers; the parts of the client write them.

/// Most samples that wait to be taken; further ones are dropped, so that nobody has to take them.
const SAMPLES_MAX: usize = 4096;

/// Counters and last values since the client was made.
#[derive(Clone, Debug, Default)]
pub struct Instruments {
    /// Snapshots read.
    pub snapshots: u64,
    /// Bytes of all messages received, without framing.
    pub bytes_in: u64,
    /// Bytes of all messages to send, without framing.
    pub bytes_out: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Messages to send.
    pub messages_out: u64,
    /// Messages dropped because nobody took them with `poll_send`.
    pub unsent: u64,
    /// Snapshots whose own ship was not where it had been predicted; births and deaths do not count.
    pub corrections: u64,
    /// Snapshots of ticks for which the server had no command when it made them.
    pub inputs_missing: u64,
    /// Distance of the last snapshot's own ship from where it had been predicted, in units; 0 on a clean link.
    pub last_correction_units: f32,
    /// The largest of these distances, in units.
    pub max_correction_units: f32,
    /// Times that the client's tick clock was set anew instead of steered.
    pub clock_snaps: u64,
    /// Times that what is held did not fit the server's checksum.
    pub mismatches: u64,
    /// Ticks that commands are sent ahead of the newest snapshot's expected arrival.
    pub lead_ticks: f32,
    /// Ticks that a command had to spare, as the server reported last; negative was too late.
    pub slack_ticks: f32,
    /// Round trip time in milliseconds; 0 is unknown.
    pub rtt_ms: u16,
    /// How far behind the newest snapshot's expected arrival others are drawn, in milliseconds.
    pub interpolation_delay_ms: f32,
    /// Times that others had to be extrapolated because no newer snapshot was there.
    pub underruns: u64,
    /// Milliseconds between the last two snapshots' arrivals.
    pub snapshot_gap_ms: f32,
    /// Milliseconds from sending a command to the first snapshot that says it was applied; the last one.
    pub input_ack_ms: f32,
    /// Ships, the own one among them while it lives, and shots in the last snapshot.
    pub in_view: (u16, u16),
    /// Shots that were shown at the press and that the server never confirmed.
    pub ghosts_lost: u64,
}

/// Single values since they were last taken, for percentiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Milliseconds between the arrivals of neighbouring snapshots.
    pub snapshot_gaps_ms: Vec<f32>,
    /// Milliseconds from sending a command to the first snapshot that says it was applied.
    pub input_acks_ms: Vec<f32>,
    /// How far the own ship was from where it had been predicted, in units, snapshot by snapshot.
    pub corrections_units: Vec<f32>,
}

/// Figures and samples while they are made.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The figures so far.
    pub figures: Instruments,
    samples: Samples,
}

impl Recorder {
    /// The samples since the last call, at most 4,096 of each kind.
    pub fn take_samples(&mut self) -> Samples {
        std::mem::take(&mut self.samples)
    }

    /// Notes the time between two snapshots.
    pub fn snapshot_gap(&mut self, ms: f64) {
        self.figures.snapshot_gap_ms = ms as f32;
        keep(&mut self.samples.snapshot_gaps_ms, self.figures.snapshot_gap_ms);
    }

    /// Notes how long a command took to be applied and reported.
    pub fn input_ack(&mut self, ms: f64) {
        self.figures.input_ack_ms = ms as f32;
        keep(&mut self.samples.input_acks_ms, self.figures.input_ack_ms);
    }

    /// Notes how far a predicted ship was off, in units.
    pub fn correction(&mut self, units: f32) {
        let figures = &mut self.figures;
        figures.last_correction_units = units;
        figures.max_correction_units = figures.max_correction_units.max(units);
        figures.corrections += u64::from(units > 0.0);
        keep(&mut self.samples.corrections_units, units);
    }
}

fn keep(samples: &mut Vec<f32>, value: f32) {
    if samples.len() < SAMPLES_MAX {
        samples.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_bounded_and_taken_once() {
        let mut recorder = Recorder::default();
        (0..SAMPLES_MAX + 9).for_each(|ms| recorder.snapshot_gap(ms as f64));
        assert_eq!(recorder.take_samples().snapshot_gaps_ms.len(), SAMPLES_MAX);
        assert_eq!(recorder.take_samples(), Samples::default());
    }
}
