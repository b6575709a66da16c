//! What plays a replay on the watch page: it fetches the recording stretch by stretch, and its plate has a timeline
//! with a mark for each kill, play and pause, and the speed. The page asks it what time it is.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;

use js_sys::futures::spawn_local;
use web_sys::{HtmlElement, HtmlInputElement};

use crate::spectator::Spectator;
use crate::tape::Tape;
use crate::web::dom::{Changed, Fault, Text, by_id, listen};
use crate::web::input::Input;
use crate::web::net::http::{ApiError, get, get_text};
use crate::web::net::json::Json;

/// How far a key jumps.
const JUMP_MS: f64 = 5000.0;
/// Width of the timeline's marks in their own steps.
const MARKS_WIDTH: f64 = 1000.0;

/// What is known of the recording.
#[derive(Debug)]
enum State {
    Loading,
    Failed,
    Ready(Box<Tape>),
}

/// The player of a replay.
#[derive(Debug)]
pub(super) struct Deck {
    id: String,
    key: String,
    state: Rc<RefCell<State>>,
    fetching: Rc<Cell<bool>>,
    sought: Rc<Cell<Option<f64>>>,
    pressed: Rc<Cell<(bool, bool)>>,
    ran_ms: f64,
    play: Text,
    speed: Text,
    time: Text,
    track: HtmlInputElement,
    drawn: Changed<u32>,
}

impl Deck {
    /// Finds its plate and begins to fetch.
    pub(super) fn new(id: &str, key: Option<&str>, now_ms: f64) -> Result<Deck, Fault> {
        let track: HtmlInputElement = by_id("track")?;
        let sought: Rc<Cell<Option<f64>>> = Rc::default();
        let (seek, element) = (Rc::clone(&sought), track.clone());
        listen(&track, "input", move |_| seek.set(Some(element.value_as_number())))?;
        let pressed: Rc<Cell<(bool, bool)>> = Rc::default();
        for (id, mark) in [("tape-play", (true, false)), ("tape-speed", (false, true))] {
            let (press, button) = (Rc::clone(&pressed), by_id::<HtmlElement>(id)?);
            listen(&button.clone(), "click", move |_| {
                let (played, sped) = press.get();
                press.set((played | mark.0, sped | mark.1));
                // The keys are the page's again.
                let _ = button.blur();
            })?;
        }
        let element = track.clone();
        listen(&track, "change", move |_| drop(element.blur()))?;
        let deck = Deck {
            id: id.to_owned(),
            key: key.map_or_else(String::new, |key| format!("key={key}")),
            state: Rc::new(RefCell::new(State::Loading)),
            fetching: Rc::default(),
            sought,
            pressed,
            ran_ms: now_ms,
            play: Text::by_id("tape-play")?,
            speed: Text::by_id("tape-speed")?,
            time: Text::by_id("tape-time")?,
            track,
            drawn: Changed::default(),
        };
        deck.load();
        Ok(deck)
    }

    fn load(&self) {
        let (state, url) = (Rc::clone(&self.state), format!("/api/replays/{}?{}", self.id, self.key));
        spawn_local(async move {
            *state.borrow_mut() = match load(&url).await {
                Ok(tape) => State::Ready(Box::new(tape)),
                Err(_) => State::Failed,
            };
        });
    }

    /// Whether there is nothing to play.
    pub(super) fn failed(&self) -> bool {
        matches!(*self.state.borrow(), State::Failed)
    }

    /// Steers by keys and presses, tells `spectator` what is due and returns its time.
    pub(super) fn run(&mut self, input: &Input, spectator: &mut Spectator, now_ms: f64) -> f64 {
        let passed_ms = (now_ms - self.ran_ms).clamp(0.0, 250.0);
        self.ran_ms = now_ms;
        let mut state = self.state.borrow_mut();
        let State::Ready(tape) = &mut *state else { return 0.0 };
        let (played, sped) = self.pressed.take();
        if played || input.pressed("Space") {
            tape.toggle();
        }
        if sped {
            tape.change_speed(true, true);
        }
        for (code, faster) in [("Comma", false), ("Period", true)] {
            if input.pressed(code) {
                tape.change_speed(faster, false);
            }
        }
        if let Some(to_ms) = self.sought.take() {
            tape.seek(to_ms);
        }
        for (code, by_ms) in [("ArrowLeft", -JUMP_MS), ("ArrowRight", JUMP_MS)] {
            if input.pressed(code) {
                tape.seek(tape.at_ms() + by_ms);
            }
        }
        let time = tape.run(passed_ms, spectator);
        let wanted = tape.wanted();
        drop(state);
        if let Some((number, begin_ms)) = wanted {
            self.fetch(number, begin_ms);
        }
        time
    }

    /// Fetches a stretch, one at a time.
    fn fetch(&self, number: usize, begin_ms: f64) {
        if self.fetching.replace(true) {
            return;
        }
        let url = format!("/api/replays/{}/feed?from_ms={begin_ms}&{}", self.id, self.key);
        let (state, fetching) = (Rc::clone(&self.state), Rc::clone(&self.fetching));
        spawn_local(async move {
            let text = get_text(&url).await;
            let mut state = state.borrow_mut();
            match (text, &mut *state) {
                (Ok(text), State::Ready(tape)) => tape.keep(number, &text),
                _ => *state = State::Failed,
            }
            fetching.set(false);
        });
    }

    /// Shows where it is.
    pub(super) fn show(&mut self) {
        let state = self.state.borrow();
        let State::Ready(tape) = &*state else { return };
        let (at_s, length_s) = ((tape.at_ms() / 1000.0) as u32, (tape.length_ms() / 1000.0) as u32);
        self.play.set(if tape.is_playing() { "Pause" } else { "Play" });
        self.speed.set(&format!("{}×", tape.speed()));
        self.time.set(&format!("{} of {}", clock(at_s), clock(length_s)));
        if self.drawn.is_new((tape.at_ms() / 100.0) as u32) {
            self.track.set_value_as_number(tape.at_ms());
            let share = tape.at_ms() / tape.length_ms().max(1.0) * 100.0;
            // A timeline that shows no progress still seeks.
            let _ = self.track.style().set_property("--at", &format!("{share:.2}%"));
        }
    }
}

fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Fetches what the replay is, and draws its marks.
async fn load(url: &str) -> Result<Tape, ApiError> {
    let replay = get(url).await?;
    let length_ms = replay.get("length_ms").number().unwrap_or(0.0);
    let first = |entry: &Json| entry.entries().first().and_then(Json::number);
    let begins = replay.get("blocks").entries().iter().filter_map(first).collect();
    let hello = replay.get("hello").to_text().unwrap_or_default();
    let mut marks = String::new();
    for at_ms in replay.get("kills").entries().iter().filter_map(first) {
        // A string takes everything.
        let _ = write!(marks, "M{:.1} 3v9", at_ms / length_ms.max(1.0) * MARKS_WIDTH);
    }
    let shown = by_id::<web_sys::Element>("tape-marks").and_then(|e| Ok(e.set_attribute("d", &marks)?));
    let track = by_id::<HtmlInputElement>("track").map(|track| track.set_max(&length_ms.to_string()));
    // Without its plate the replay plays all the same.
    let _ = (shown, track);
    Ok(Tape::new(hello, length_ms, begins))
}
