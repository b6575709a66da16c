//! A recorded match that is played again: which stretch of it is needed, and which events are due at its own clock.
//! The clock runs at any speed, stops, and jumps; the spectator that gets the events sees nothing but an even line. It knows
//! no browser; the watch page fetches what this asks for.

use shared::bounds::within;
use std::collections::VecDeque;

use crate::spectator::Spectator;

/// Speeds that can be chosen, and what they are called.
const SPEEDS: [(f64, &str); 5] = [(0.5, "½"), (1.0, "1"), (2.0, "2"), (4.0, "4"), (8.0, "8")];
/// Stretches that are kept: the one that plays, and some before and behind it.
const KEPT_MAX: usize = 8;
/// The recorded clock's beginning on the spectator's.
const BEGIN_MS: f64 = 1000.0;

/// An event and when it was told.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    at_ms: f64,
    name: String,
    data: String,
}

/// One stretch of the recording.
#[derive(Clone, Debug)]
struct Stretch {
    number: usize,
    lines: Vec<Line>,
}

/// A recording and where it plays.
#[derive(Clone, Debug)]
pub struct Tape {
    hello: String,
    length_ms: f64,
    /// When each stretch begins.
    begins: Vec<f64>,
    kept: VecDeque<Stretch>,
    at_ms: f64,
    /// The stretch and the line that come next.
    next: (usize, usize),
    told: u64,
    begun: u32,
    jumped: bool,
    speed: usize,
    playing: bool,
}

impl Tape {
    /// A recording that begins to play. `hello` is the JSON of its first event, `begins` when its stretches begin.
    pub fn new(hello: String, length_ms: f64, begins: Vec<f64>) -> Tape {
        Tape {
            hello,
            length_ms,
            begins,
            kept: VecDeque::new(),
            at_ms: 0.0,
            next: (0, 0),
            told: 0,
            begun: 0,
            jumped: true,
            speed: 1,
            playing: true,
        }
    }

    /// Where it is, in milliseconds.
    pub fn at_ms(&self) -> f64 {
        self.at_ms
    }

    /// How long it is, in milliseconds.
    pub fn length_ms(&self) -> f64 {
        self.length_ms
    }

    /// How often it was told anew: at the beginning and after each jump. Nothing of before counts then.
    pub fn begun(&self) -> u32 {
        self.begun
    }

    /// Whether it runs.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// How many times faster than the match was.
    pub fn speed(&self) -> f64 {
        SPEEDS.get(self.speed).map_or(1.0, |(times, _)| *times)
    }

    /// The same as a word.
    pub fn speed_word(&self) -> &'static str {
        SPEEDS.get(self.speed).map_or("", |(_, word)| word)
    }

    /// Plays or pauses; at the end it plays from the beginning.
    pub fn toggle(&mut self) {
        if !self.playing && self.at_ms >= self.length_ms {
            self.seek(0.0);
        }
        self.playing = !self.playing;
    }

    /// A faster or slower speed; with `round` the slowest follows the fastest.
    pub fn change_speed(&mut self, faster: bool, round: bool) {
        let last = SPEEDS.len() - 1;
        self.speed = match (faster, self.speed) {
            (true, speed) if speed == last => {
                if round {
                    0
                } else {
                    last
                }
            }
            (true, speed) => speed + 1,
            (false, speed) => speed.saturating_sub(1),
        };
    }

    /// Jumps to a moment.
    pub fn seek(&mut self, to_ms: f64) {
        self.at_ms = within(to_ms, 0.0, self.length_ms);
        let number = self.begins.partition_point(|begin| *begin <= self.at_ms).max(1) - 1;
        self.next = (number, 0);
        self.jumped = true;
    }

    /// The stretch to fetch now, by its number and beginning: the one that plays, else the one behind it.
    pub fn wanted(&self) -> Option<(usize, f64)> {
        let (number, _) = self.next;
        let missing = |number: &usize| self.kept.iter().all(|stretch| stretch.number != *number);
        let number = [number, number + 1].into_iter().find(missing)?;
        self.begins.get(number).map(|begin| (number, *begin))
    }

    /// A stretch came, as lines of JSON.
    pub fn keep(&mut self, number: usize, text: &str) {
        let lines: Vec<Line> = text.lines().filter_map(read).collect();
        self.kept.retain(|stretch| stretch.number != number);
        self.kept.push_back(Stretch { number, lines });
        if self.kept.len() > KEPT_MAX {
            let (playing, _) = self.next;
            let far = self.kept.iter().enumerate().max_by_key(|(_, s)| s.number.abs_diff(playing));
            if let Some((place, _)) = far {
                self.kept.remove(place);
            }
        }
    }

    /// Lets it run for `passed_ms` and tells `spectator` what is due; returns the spectator's time. It waits where a stretch
    /// is missing.
    pub fn run(&mut self, passed_ms: f64, spectator: &mut Spectator) -> f64 {
        if self.jumped && self.has_next() {
            self.begin_anew(spectator);
        }
        if self.playing && !self.jumped && self.has_next() {
            self.at_ms = (self.at_ms + passed_ms * self.speed()).min(self.length_ms);
            self.playing = self.at_ms < self.length_ms;
        }
        self.tell_due(spectator);
        BEGIN_MS + self.at_ms
    }

    fn has_next(&self) -> bool {
        self.next.0 >= self.begins.len() || self.kept.iter().any(|stretch| stretch.number == self.next.0)
    }

    /// After a jump nothing of before counts, but whom the camera follows.
    fn begin_anew(&mut self, spectator: &mut Spectator) {
        self.jumped = false;
        self.begun += 1;
        *spectator = spectator.anew();
        spectator.opened(BEGIN_MS);
        // A recording that this page can't read shows nothing.
        let _ = spectator.receive("hello", "", &self.hello, BEGIN_MS);
        self.tell_due(spectator);
        // What happened before this moment is not news.
        let _ = spectator.view(BEGIN_MS + self.at_ms);
    }

    fn tell_due(&mut self, spectator: &mut Spectator) {
        if self.jumped {
            return;
        }
        while let Some(stretch) = self.kept.iter().find(|stretch| stretch.number == self.next.0) {
            let Some(line) = stretch.lines.get(self.next.1) else {
                self.next = (self.next.0 + 1, 0);
                continue;
            };
            if line.at_ms > self.at_ms {
                return;
            }
            self.told += 1;
            let (cursor, arrived_ms) = (format!("1.{}", self.told), BEGIN_MS + line.at_ms);
            // One event that is not understood leaves a gap until the next keyframe.
            let _ = spectator.receive(&line.name, &cursor, &line.data, arrived_ms);
            self.next.1 += 1;
        }
    }
}

/// Reads `{"at_ms":N,"event":"NAME","data":{…}}`, which the server always writes in this order.
fn read(line: &str) -> Option<Line> {
    let rest = line.strip_prefix("{\"at_ms\":")?;
    let (at_ms, rest) = rest.split_once(",\"event\":\"")?;
    let (name, rest) = rest.split_once("\",\"data\":")?;
    let data = rest.strip_suffix('}')?;
    Some(Line { at_ms: at_ms.parse::<u32>().ok()?.into(), name: name.to_owned(), data: data.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> String {
        let arena = "{\"name\":\"o\",\"width\":900,\"height\":900,\"walls\":[],\"spawns\":[[0,0]]}";
        format!(
            "{{\"version\":1,\"match_id\":\"a\",\"match_name\":\"A\",\"tick_hz\":30,\"delay_ms\":0,\"arena\":{arena}}}"
        )
    }

    fn stretch(begin_ms: u32) -> String {
        let tick = begin_ms * 30 / 1000;
        let round = "{\"number\":1,\"phase\":\"playing\",\"ticks_left\":900}";
        let keyframe = format!("{{\"tick\":{tick},\"round\":{round},\"watching\":0,\"pilots\":[]}}");
        let first = format!("{{\"at_ms\":{begin_ms},\"event\":\"keyframe\",\"data\":{keyframe}}}\n");
        let delta = |step: u32| {
            let (at_ms, tick) = (begin_ms + step * 100, tick + step * 3);
            format!("{{\"at_ms\":{at_ms},\"event\":\"delta\",\"data\":{{\"tick\":{tick}}}}}\n")
        };
        std::iter::once(first).chain((1..100).map(delta)).collect()
    }

    fn newest(spectator: &Spectator) -> Option<u32> {
        spectator.watch()?.state().map(|state| state.tick.0)
    }

    #[test]
    fn it_waits_for_what_is_missing_and_plays_at_its_speed() {
        let mut tape = Tape::new(hello(), 20_000.0, vec![0.0, 10_000.0]);
        let mut spectator = Spectator::new();
        tape.run(500.0, &mut spectator);
        assert_eq!((tape.at_ms(), tape.wanted()), (0.0, Some((0, 0.0))));
        tape.keep(0, &stretch(0));
        assert_eq!(tape.wanted(), Some((1, 10_000.0)), "what comes next, early");
        for _ in 0..300 {
            tape.run(16.0, &mut spectator);
        }
        assert!((tape.at_ms() - 4800.0).abs() < 1e-6);
        assert_eq!(newest(&spectator), Some(144), "told up to now");
        tape.change_speed(true, false);
        for _ in 0..400 {
            tape.run(16.0, &mut spectator);
        }
        assert!(
            (9_900.0..10_032.0).contains(&tape.at_ms()),
            "it waits at the end of what is there: {}",
            tape.at_ms()
        );
        tape.seek(15_000.0);
        tape.keep(1, &stretch(10_000));
        tape.run(0.0, &mut spectator);
        assert_eq!(newest(&spectator), Some(450));
        tape.run(10_000.0, &mut spectator);
        assert!(!tape.is_playing() && tape.at_ms() == 20_000.0, "it stops at the end");
        tape.toggle();
        assert!(tape.is_playing() && tape.at_ms() == 0.0);
        tape.run(0.0, &mut spectator);
        assert_eq!(newest(&spectator), Some(0));
    }

    #[test]
    fn no_line_does_harm() {
        let mut tape = Tape::new("no hello".to_owned(), 1000.0, vec![0.0]);
        tape.keep(0, "{\"at_ms\":-1}\nrubbish\n{\"at_ms\":0,\"event\":\"delta\",\"data\":7}\n\n{}");
        tape.run(100.0, &mut Spectator::new());
        assert!((tape.at_ms() - 100.0).abs() < 1e-6);
        let mut none = Tape::new(hello(), 0.0, Vec::new());
        none.run(5.0, &mut Spectator::new());
        none.seek(f64::MAX);
        assert_eq!(none.wanted(), None);
    }
}
