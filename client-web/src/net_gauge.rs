//! How the link and the machine do, second by second: for the panel, for words to the player, and for the server.
//! It compares the instruments with what they were a second ago; it measures nothing itself.

use shared::protocol::ClientFigures;

use crate::instruments::{Instruments, Recorder};
use crate::trouble::{Judge, Second, Trouble};

/// Length of a second; it ends with the first picture or message after it.
const SECOND_MS: f64 = 1000.0;
/// A second that took longer tells nothing: the page was hidden or the machine stood still.
const LONGEST_MS: f64 = 1800.0;
/// Seconds after the welcome that are not judged: everything settles.
const SETTLING_SECONDS: u32 = 4;
/// Seconds between two messages to the server.
const TELL_SECONDS: u32 = 5;

/// The last second in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetFigures {
    /// Pictures drawn in a second.
    pub pictures_per_s: f32,
    /// Snapshots that told of an input that came too late.
    pub late_inputs: u64,
    /// Snapshots that told of a tick without an input.
    pub missing_inputs: u64,
    /// Times that others were drawn beyond the newest snapshot.
    pub underruns: u64,
    /// Largest correction of the own ship in units.
    pub correction_units: f32,
    /// Ticks without a snapshot.
    pub skipped_snapshots: u64,
    /// Bytes that came and bytes that went in a second, without framing.
    pub bytes_per_s: (u32, u32),
}

/// The gauge of one client.
#[derive(Clone, Debug, Default)]
pub struct NetGauge {
    began_ms: f64,
    before: Option<Instruments>,
    told: Option<Instruments>,
    pictures: u32,
    seconds: u32,
    worst_units: f32,
    last: NetFigures,
    judge: Judge,
}

impl NetGauge {
    /// A picture was drawn.
    pub fn picture(&mut self) {
        self.pictures += 1;
    }

    /// A new link: what was before says nothing of it.
    pub fn restart(&mut self) {
        *self = NetGauge { last: self.last, ..NetGauge::default() };
    }

    /// Lets time run to `now_ms`: what to tell the server, if it is time for that.
    pub fn pass(&mut self, recorder: &mut Recorder, now_ms: f64) -> Option<ClientFigures> {
        let Some(before) = &self.before else {
            self.begin(recorder, now_ms);
            self.told.clone_from(&self.before);
            return None;
        };
        let took_ms = now_ms - self.began_ms;
        if took_ms < SECOND_MS {
            return None;
        }
        let worst_units = recorder.take_worst_correction();
        self.last = figures(before, &recorder.figures, (took_ms / 1000.0) as f32);
        self.last.pictures_per_s = (f64::from(self.pictures) * 1000.0 / took_ms) as f32;
        self.last.correction_units = worst_units;
        self.worst_units = self.worst_units.max(worst_units);
        self.seconds += 1;
        // Nobody looks at a page that draws nothing.
        if took_ms < LONGEST_MS && self.pictures > 0 && self.seconds > SETTLING_SECONDS {
            self.judge.pass(&second(&self.last, before, &recorder.figures));
        }
        self.begin(recorder, now_ms);
        self.seconds.is_multiple_of(TELL_SECONDS).then(|| self.tell(&recorder.figures))
    }

    fn begin(&mut self, recorder: &Recorder, now_ms: f64) {
        self.began_ms = now_ms;
        self.pictures = 0;
        self.before = Some(recorder.figures.clone());
    }

    fn tell(&mut self, now: &Instruments) -> ClientFigures {
        let underruns = self.told.as_ref().map_or(0, |told| now.underruns - told.underruns);
        self.told = Some(now.clone());
        ClientFigures {
            jitter_ms: now.jitter_ms as u16,
            interpolation_delay_ms: now.interpolation_delay_ms as u16,
            underruns: underruns as u16,
            correction_tenths: (std::mem::take(&mut self.worst_units) * 10.0) as u16,
        }
        .clamped()
    }

    /// The last whole second.
    pub fn last(&self) -> &NetFigures {
        &self.last
    }

    /// What is wrong, if the player should know.
    pub fn trouble(&self) -> Option<Trouble> {
        self.judge.said()
    }
}

fn figures(before: &Instruments, now: &Instruments, took_s: f32) -> NetFigures {
    let per_s = |bytes: u64| (bytes as f32 / took_s) as u32;
    NetFigures {
        late_inputs: now.inputs_late - before.inputs_late,
        missing_inputs: now.inputs_missing - before.inputs_missing,
        underruns: now.underruns - before.underruns,
        skipped_snapshots: now.snapshots_skipped - before.snapshots_skipped,
        bytes_per_s: (per_s(now.bytes_in - before.bytes_in), per_s(now.bytes_out - before.bytes_out)),
        ..NetFigures::default()
    }
}

fn second(last: &NetFigures, before: &Instruments, now: &Instruments) -> Second {
    let snapshots = now.snapshots - before.snapshots;
    let share = |count: u64, of: u64| count as f32 / of.max(1) as f32;
    Second {
        pictures: last.pictures_per_s,
        unheard: share(last.missing_inputs, snapshots),
        skipped: share(last.skipped_snapshots, snapshots + last.skipped_snapshots),
        underruns: last.underruns,
        jitter_ms: now.jitter_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds with 30 snapshots each, of which `missing` tell of a missing input; what was told to the server.
    fn run(gauge: &mut NetGauge, recorder: &mut Recorder, seconds: u32, missing: u64) -> Vec<ClientFigures> {
        let mut told = Vec::new();
        for _ in 0..seconds {
            recorder.figures.snapshots += 30;
            recorder.figures.bytes_in += 3000;
            recorder.figures.inputs_missing += missing;
            recorder.figures.underruns += 1;
            recorder.figures.jitter_ms = 7.0;
            recorder.correction(2.5);
            (0..60).for_each(|_| gauge.picture());
            told.extend(gauge.pass(recorder, gauge.began_ms + SECOND_MS));
        }
        told
    }

    #[test]
    fn seconds_are_compared_and_every_fifth_is_told() {
        let (mut gauge, mut recorder) = (NetGauge::default(), Recorder::default());
        assert_eq!(gauge.pass(&mut recorder, 10.0), None);
        let told = run(&mut gauge, &mut recorder, 10, 1);
        let expected =
            ClientFigures { jitter_ms: 7, underruns: 5, correction_tenths: 25, ..Default::default() };
        assert_eq!(told, [expected, expected]);
        let last = gauge.last();
        assert_eq!((last.missing_inputs, last.underruns, last.bytes_per_s), (1, 1, (3000, 0)));
        assert_eq!((last.pictures_per_s, last.correction_units), (60.0, 2.5));
        assert_eq!(gauge.trouble(), None);
    }

    #[test]
    fn trouble_is_told_after_everything_has_settled() {
        let (mut gauge, mut recorder) = (NetGauge::default(), Recorder::default());
        gauge.pass(&mut recorder, 0.0);
        run(&mut gauge, &mut recorder, 4, 20);
        assert_eq!(gauge.trouble(), None);
        run(&mut gauge, &mut recorder, 2, 20);
        assert_eq!(gauge.trouble(), Some(Trouble::Unheard));
        // A page that was hidden for a while is not judged.
        gauge.pass(&mut recorder, gauge.began_ms + 60_000.0);
        assert_eq!(gauge.trouble(), Some(Trouble::Unheard));
        run(&mut gauge, &mut recorder, 3, 0);
        assert_eq!(gauge.trouble(), None);
    }
}
