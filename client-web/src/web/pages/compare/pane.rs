//! One way of the feed on the page that compares them: its connection, what it has brought, a picture of that, figures.
//! Rings stand where ships are by the quickest way, so that being late can be seen.

use std::rc::Rc;

use shared::feed_state::FeedState;
use web_sys::{HtmlCanvasElement, HtmlElement};

use crate::feed_way::FeedWay;
use crate::shots::Path;
use crate::spectator::Spectator;
use crate::way_figures::{Quickest, WayFigures};
use crate::web::dom::{Fault, Text, add, style, toggle};
use crate::web::maps::{Dot, draw};
use crate::web::net::feed::SourceEvent;
use crate::web::net::feed_fetch::{self, AnyFeed};
use crate::web::palette::{HALO, WHITE, css, foe};

/// What `EventSource` reads beside an event's name, cursor and data: `event: `, `id: `, `data: ` and the ends of lines.
const SOURCE_FIELDS_BYTES: u64 = 20;
const SHIP_PX: f64 = 3.2;
const RING_PX: f64 = 6.0;
const SHOT_PX: f64 = 1.2;

/// What all panes are shown beside.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The newest state of any way.
    pub newest: Option<&'a FeedState>,
    /// How late the worst way is: the whole length of a bar.
    pub most_late_ms: f64,
    /// The page's clock.
    pub now_ms: f64,
}

/// A way.
#[derive(Debug)]
pub struct Pane {
    way: FeedWay,
    spectator: Spectator,
    feed: Option<AnyFeed>,
    figures: WayFigures,
    asked_ms: Option<f64>,
    box_: HtmlElement,
    canvas: HtmlCanvasElement,
    bar: HtmlElement,
    late: Text,
    most: Text,
    requests: Text,
    bytes: Text,
    events: Text,
}

impl Pane {
    /// The pane of a way, as the last in `list`.
    pub fn new(list: &HtmlElement, way: FeedWay, words: &str) -> Result<Pane, Fault> {
        use wasm_bindgen::JsCast as _;
        let box_ = add(list, "li", "", "")?;
        add(&box_, "h2", "", way.name())?;
        add(&box_, "p", "", words)?;
        let canvas = add(&box_, "canvas", "", "")?;
        canvas.set_attribute("aria-hidden", "true")?;
        let row = add(&box_, "div", "late", "")?;
        let late = Text::of(add(&row, "b", "", "")?);
        let most = Text::of(add(&row, "span", "", "")?);
        let bar = add(&add(&box_, "div", "tr", "")?, "u", "", "")?;
        let list = add(&box_, "dl", "", "")?;
        let figure = |name: &str| -> Result<Text, Fault> {
            let pair = add(&list, "div", "", "")?;
            add(&pair, "dt", "", name)?;
            Ok(Text::of(add(&pair, "dd", "", "0")?))
        };
        Ok(Pane {
            way,
            spectator: Spectator::new(),
            feed: None,
            figures: WayFigures::default(),
            asked_ms: None,
            requests: figure("Requests")?,
            bytes: figure("Received")?,
            events: figure("Events a second")?,
            canvas: canvas.unchecked_into(),
            box_,
            bar,
            late,
            most,
        })
    }

    /// Opens the match's feed behind what is known of it; without a match the feed is closed.
    pub fn open(&mut self, id: Option<&str>, tell: &Rc<dyn Fn(SourceEvent)>) {
        self.feed = None;
        let Some(id) = id else { return };
        if self.spectator.ended() {
            self.spectator = Spectator::new();
        }
        let cursor = self.spectator.last_cursor().unwrap_or_default().to_owned();
        self.feed = feed_fetch::open(self.way, (id, None, &cursor), tell).ok();
    }

    /// Takes in what the way told. False if it ended.
    pub fn heard(&mut self, event: SourceEvent, quickest: &mut Quickest, now_ms: f64) -> bool {
        match event {
            SourceEvent::Opened => {
                self.spectator.opened(now_ms);
                self.figures.opened(now_ms);
                // The others tell of each request.
                if matches!(self.way, FeedWay::EventSource | FeedWay::WebSocket) {
                    self.figures.requests += 1;
                }
                true
            }
            SourceEvent::Asked => {
                self.figures.requests += 1;
                self.asked_ms = Some(now_ms);
                true
            }
            SourceEvent::Bytes(count) => {
                self.figures.bytes += u64::from(count);
                if let Some(asked_ms) = self.asked_ms.take().filter(|_| self.way == FeedWay::Pull) {
                    quickest.note_round_trip(now_ms - asked_ms);
                }
                true
            }
            SourceEvent::Message { name, cursor, data } => {
                if self.way == FeedWay::EventSource {
                    self.figures.bytes +=
                        (name.len() + cursor.len() + data.len()) as u64 + SOURCE_FIELDS_BYTES;
                }
                self.take(name, (&cursor, &data), quickest, now_ms)
            }
            SourceEvent::Lost { retries } => {
                self.spectator.lost(now_ms);
                retries
            }
        }
    }

    fn take(
        &mut self,
        name: &str,
        (cursor, data): (&str, &str),
        quickest: &mut Quickest,
        now_ms: f64,
    ) -> bool {
        if self.spectator.receive(name, cursor, data, now_ms).is_err() {
            self.feed = None;
            return false;
        }
        let Some(watch) = self.spectator.watch().filter(|_| !cursor.is_empty()) else { return true };
        let tick_ms = watch
            .state()
            .filter(|_| name == "delta")
            .map(|state| f64::from(state.tick.0) * watch.hello.tick_hz.period_ms());
        let late_ms = tick_ms.and_then(|tick_ms| {
            quickest.note(tick_ms, now_ms);
            quickest.late_ms(tick_ms, now_ms)
        });
        self.figures.event(late_ms, now_ms);
        true
    }

    /// The newest state that the way has brought.
    pub fn state(&self) -> Option<&FeedState> {
        self.spectator.watch()?.state()
    }

    /// How late its news are on average.
    pub fn late_ms(&self) -> Option<f64> {
        self.figures.late_ms().map(|(mean, _)| mean)
    }

    /// The match's name; empty as long as nothing came.
    pub fn match_name(&self) -> &str {
        self.spectator.match_name()
    }

    /// Whether the match is over.
    pub fn ended(&self) -> bool {
        self.spectator.ended()
    }

    /// Shows picture and figures.
    pub fn show(&mut self, shown: Shown<'_>) -> Result<(), Fault> {
        self.figures.pass(shown.now_ms);
        let late = self.figures.late_ms();
        let whole = |ms: f64| format!("{} ms", ms.round() as u32);
        self.late
            .set(&late.map_or_else(|| "Waiting".to_owned(), |(mean, _)| format!("{} late", whole(mean))));
        self.most.set(&late.map_or_else(String::new, |(_, most)| format!("up to {}", whole(most))));
        let share = late.map_or(0.0, |(mean, _)| mean / shown.most_late_ms.max(1.0)) * 100.0;
        style(&self.bar, "width", &format!("{}%", share.round() as u32));
        toggle(&self.box_, "bad", late.is_some_and(|(mean, _)| mean > 250.0));
        self.requests.set(&self.figures.requests.to_string());
        self.bytes.set(&format!("{} kB", self.figures.bytes / 1000));
        let tenths = (self.figures.events_per_s() * 10.0).round() as u32;
        self.events.set(&format!("{}.{}", tenths / 10, tenths % 10));
        self.draw(shown.newest);
        // Nobody asks for the picture between events here, so what it would tell is only cleared away.
        let _ = self.spectator.view(shown.now_ms);
        Ok(())
    }

    fn draw(&self, newest: Option<&FeedState>) -> Option<()> {
        let watch = self.spectator.watch()?;
        let state = watch.state()?;
        let shots = state.shots.values().map(|shot| Dot {
            place: Path { from: shot.origin(), at: f64::from(shot.born.0), angle: shot.direction() }
                .place(f64::from(state.tick.0), watch.rules()),
            colour: WHITE,
            radius: SHOT_PX,
        });
        let ships = state.ships.iter().map(|(id, ship)| Dot {
            place: ship.position(),
            colour: foe(*id),
            radius: SHIP_PX,
        });
        let dots: Vec<Dot> = shots.chain(ships).collect();
        let (paper, fit) = draw(&self.canvas, watch.arena(), &dots)?;
        paper.pen.set_stroke_style_str(&css(HALO, 0.7));
        paper.pen.set_line_width(1.2);
        for ship in newest?.ships.values() {
            let (x, y) = fit.place(ship.position());
            paper.pen.begin_path();
            let _ = paper.pen.arc(x, y, RING_PX, 0.0, std::f64::consts::TAU);
            paper.pen.stroke();
        }
        Some(())
    }
}
