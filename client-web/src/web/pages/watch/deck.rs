//! What plays a replay on the watch page: it fetches the recording stretch by stretch, and its plate has a timeline
//! with a mark for each kill, play and pause, and the speed. The page asks it what time it is.

use shared::bounds::within;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;

use js_sys::futures::spawn_local;
use web_sys::{HtmlElement, HtmlInputElement};

use crate::spectator::Spectator;
use crate::tape::Tape;
use crate::web::dom::{Changed, Fault, Text, after, by_id, document, listen, tenths, toggle};
use crate::web::input::Input;
use crate::web::net::http::{ApiError, get, get_text};
use crate::web::net::json::Json;

const KEYS: &str =
    "Space pauses, left and right jump 5 s, up and down change ship, comma and period set the speed";
/// Time between two looks for a recording that is not there yet, and how often that is done.
const LOOK_EVERY_MS: u32 = 2000;
const LOOKS_MAX: u32 = 15;
/// How far a key jumps.
const JUMP_MS: f64 = 5000.0;
/// Width of the timeline's marks in their own steps.
const MARKS_WIDTH: f64 = 1000.0;

/// What is known of the recording.
#[derive(Debug)]
enum State {
    Loading,
    /// There is none, or not yet.
    Failed,
    /// Its id and the recording.
    Ready(String, Box<Tape>),
}

/// The player of a replay.
#[derive(Debug)]
pub(super) struct Deck {
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
    begun: Changed<u32>,
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
        if let Some(body) = document()?.body() {
            toggle(&body, "replay", true);
        }
        by_id::<HtmlElement>("watch-keys")?.set_text_content(Some(KEYS));
        let deck = Deck {
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
            begun: Changed::default(),
        };
        look(&deck.state, id.to_owned(), deck.key.clone(), LOOKS_MAX);
        Ok(deck)
    }

    /// Whether it was told anew since the last question: after a jump.
    pub(super) fn has_begun_anew(&mut self) -> bool {
        let State::Ready(_, tape) = &*self.state.borrow() else { return false };
        self.begun.is_new(tape.begun())
    }

    /// Whether there is nothing to play.
    pub(super) fn failed(&self) -> bool {
        matches!(*self.state.borrow(), State::Failed)
    }

    /// Steers by keys and presses, tells `spectator` what is due and returns its time.
    pub(super) fn run(&mut self, input: &Input, spectator: &mut Spectator, now_ms: f64) -> f64 {
        let passed_ms = within(now_ms - self.ran_ms, 0.0, 250.0);
        self.ran_ms = now_ms;
        let mut state = self.state.borrow_mut();
        let State::Ready(id, tape) = &mut *state else { return 0.0 };
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
        if let Some((number, begin_ms)) = tape.wanted() {
            let url = format!("/api/replays/{id}/feed?from_ms={}&{}", begin_ms as u64, self.key);
            self.fetch(number, url);
        }
        time
    }

    /// Fetches a stretch, one at a time. After a failure the picture waits, and it is fetched again.
    fn fetch(&self, number: usize, url: String) {
        if self.fetching.replace(true) {
            return;
        }
        let (state, fetching) = (Rc::clone(&self.state), Rc::clone(&self.fetching));
        spawn_local(async move {
            let text = get_text(&url).await;
            match (text, &mut *state.borrow_mut()) {
                (Ok(text), State::Ready(_, tape)) => {
                    tape.keep(number, &text);
                    fetching.set(false);
                }
                _ => after(LOOK_EVERY_MS, move || fetching.set(false)),
            }
        });
    }

    /// Shows where it is.
    pub(super) fn show(&mut self) {
        let state = self.state.borrow();
        let State::Ready(_, tape) = &*state else { return };
        let (at_s, length_s) = ((tape.at_ms() / 1000.0) as u32, (tape.length_ms() / 1000.0) as u32);
        self.play.set(if tape.is_playing() { "Pause" } else { "Play" });
        self.speed.set(&format!("{}×", tape.speed_word()));
        self.time.set(&format!("{} of {}", clock(at_s), clock(length_s)));
        if self.drawn.is_new((tape.at_ms() / 100.0) as u32) {
            self.track.set_value_as_number(tape.at_ms());
            let share = tape.at_ms() / tape.length_ms().max(1.0) * 100.0;
            // A timeline that shows no progress still seeks.
            let _ = self.track.style().set_property("--at", &format!("{}%", tenths(share as f32)));
        }
    }
}

fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Fetches what the recording is. One that is not there may be so soon: a round's is made when the round is over.
fn look(state: &Rc<RefCell<State>>, id: String, key: String, looks: u32) {
    let state = Rc::clone(state);
    spawn_local(async move {
        if let Ok((id, tape)) = load(&id, &key).await {
            *state.borrow_mut() = State::Ready(id, Box::new(tape));
            return;
        }
        *state.borrow_mut() = State::Failed;
        if looks > 1 {
            after(LOOK_EVERY_MS, move || look(&state, id, key, looks - 1));
        }
    });
}

/// Fetches what the replay is, its id above all, and draws its marks.
async fn load(id: &str, key: &str) -> Result<(String, Tape), ApiError> {
    let replay = get(&format!("/api/replays/{id}?{key}")).await?;
    let id = replay.get("id").text().unwrap_or_else(|| id.to_owned());
    let length_ms = replay.get("length_ms").number().unwrap_or(0.0);
    let first = |entry: &Json| entry.entries().first().and_then(Json::number);
    let begins = replay.get("blocks").entries().iter().filter_map(first).collect();
    let hello = replay.get("hello").to_text().unwrap_or_default();
    let mut marks = String::new();
    for at_ms in replay.get("kills").entries().iter().filter_map(first) {
        // A string takes everything.
        let _ = write!(marks, "M{} 3v9", tenths((at_ms / length_ms.max(1.0) * MARKS_WIDTH) as f32));
    }
    let shown = by_id::<web_sys::Element>("tape-marks").and_then(|e| Ok(e.set_attribute("d", &marks)?));
    let track =
        by_id::<HtmlInputElement>("track").map(|track| track.set_max(&(length_ms as u32).to_string()));
    let results = by_id::<HtmlElement>("watch-join").and_then(|link| {
        link.set_text_content(Some("Results"));
        Ok(link.set_attribute("href", &format!("/results/{id}?{key}"))?)
    });
    // Without its plate the replay plays all the same.
    let _ = (shown, track, results);
    Ok((id, Tape::new(hello, length_ms, begins)))
}
