//! What to tell the player about the link or the machine, in plain words: seldom, and never flickering.
//! It judges one second at a time; two bad ones of the same kind speak, three good ones fall silent again.

/// Seconds of one kind that begin a word.
const BAD_SECONDS: u8 = 2;
/// Good seconds that end it.
const GOOD_SECONDS: u8 = 3;
/// Fewer pictures in a second are no longer a game.
const PICTURES_MIN: f32 = 20.0;
/// Ticks of a second without an input in time, from which on the player should know.
const UNHEARD_SHARE: f32 = 0.12;
/// Ticks of a second without a snapshot, from which on the player should know.
const SKIPPED_SHARE: f32 = 0.25;
/// Times in a second that others were drawn beyond what is known, from which on it is seen.
const UNDERRUNS_MIN: u64 = 2;
/// Unevenness of snapshots that no delay hides well, in milliseconds.
const JITTER_MS: f32 = 60.0;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Too few pictures are drawn.
    Machine,
    /// Snapshots are left out because the line is full.
    Narrow,
    /// Inputs come too late.
    Unheard,
    /// Snapshots come unevenly.
    Unsteady,
}

impl Trouble {
    /// What to tell the player.
    pub fn words(self) -> &'static str {
        match self {
            Trouble::Machine => "This computer cannot keep up",
            Trouble::Narrow => "Your connection is too slow",
            Trouble::Unheard => "The server did not hear you in time",
            Trouble::Unsteady => "Your connection is unsteady",
        }
    }
}

/// One second of play.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Second {
    /// Pictures drawn in a second.
    pub pictures: f32,
    /// Share of the snapshots that told of a missing input, 0 to 1.
    pub unheard: f32,
    /// Share of the ticks that had no snapshot, 0 to 1.
    pub skipped: f32,
    /// Times that others were drawn beyond the newest snapshot.
    pub underruns: u64,
    /// Unevenness of snapshots in milliseconds.
    pub jitter_ms: f32,
}

impl Second {
    /// What is wrong with it; the cause comes before what follows from it.
    fn verdict(&self) -> Option<Trouble> {
        if self.pictures < PICTURES_MIN {
            Some(Trouble::Machine)
        } else if self.skipped > SKIPPED_SHARE {
            Some(Trouble::Narrow)
        } else if self.unheard > UNHEARD_SHARE {
            Some(Trouble::Unheard)
        } else if self.underruns >= UNDERRUNS_MIN || self.jitter_ms > JITTER_MS {
            Some(Trouble::Unsteady)
        } else {
            None
        }
    }
}

/// Decides what is said.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    said: Option<Trouble>,
    /// What the last seconds were, and how many of them.
    run: (Option<Trouble>, u8),
}

impl Judge {
    /// Takes in a second.
    pub fn pass(&mut self, second: &Second) {
        let verdict = second.verdict();
        let seconds = if self.run.0 == verdict { self.run.1.saturating_add(1) } else { 1 };
        self.run = (verdict, seconds);
        let needed = if verdict.is_none() { GOOD_SECONDS } else { BAD_SECONDS };
        if seconds >= needed {
            self.said = verdict;
        }
    }

    /// What is wrong, if the player should know.
    pub fn said(&self) -> Option<Trouble> {
        self.said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Second = Second { pictures: 60.0, unheard: 0.0, skipped: 0.0, underruns: 0, jitter_ms: 5.0 };

    fn said(seconds: &[Second]) -> Vec<Option<Trouble>> {
        let mut judge = Judge::default();
        let mut said = Vec::new();
        for second in seconds {
            judge.pass(second);
            said.push(judge.said());
        }
        said
    }

    #[test]
    fn one_bad_second_is_no_word_and_one_good_second_ends_none() {
        let bad = Second { unheard: 0.5, ..GOOD };
        assert_eq!(said(&[GOOD, bad, GOOD, bad, GOOD]), [None; 5]);
        let unheard = Some(Trouble::Unheard);
        let all = [bad, bad, GOOD, bad, GOOD, GOOD, GOOD, bad];
        assert_eq!(said(&all), [None, unheard, unheard, unheard, unheard, unheard, None, None]);
    }

    #[test]
    fn the_cause_is_named() {
        for (second, trouble) in [
            (Second { pictures: 12.0, unheard: 0.6, ..GOOD }, Trouble::Machine),
            (Second { skipped: 0.5, underruns: 9, ..GOOD }, Trouble::Narrow),
            (Second { unheard: 0.2, underruns: 9, ..GOOD }, Trouble::Unheard),
            (Second { underruns: 3, ..GOOD }, Trouble::Unsteady),
            (Second { jitter_ms: 90.0, ..GOOD }, Trouble::Unsteady),
        ] {
            assert_eq!(said(&[second, second])[1], Some(trouble));
        }
    }
}
