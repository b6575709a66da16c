//! Two thumbs on glass: the left half moves, the right half aims and fires, one button dashes, one fires the rail. The sticks show the thumbs.
//! A watcher's finger drags the camera instead.

use std::cell::RefCell;
use std::rc::Rc;

use glam::Vec2;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, PointerEvent};

use crate::web::dom::{Fault, by_id, document, find, listen, media, style, tenths, toggle, window};

/// A thumb this far from the middle pushes fully, in CSS pixels.
const REACH_PX: f32 = 52.0;
/// Pushes shorter than this share are none.
const DEAD_SHARE: f32 = 0.12;

/// One stick and the finger on it.
#[derive(Debug)]
struct Stick {
    circle: HtmlElement,
    thumb: HtmlElement,
    finger: Option<i32>,
    origin: Vec2,
    push: Vec2,
}

impl Stick {
    fn new(id: &str) -> Result<Stick, Fault> {
        let circle: HtmlElement = by_id(id)?;
        let thumb = find(&circle, "u")?;
        Ok(Stick { circle, thumb, finger: None, origin: Vec2::ZERO, push: Vec2::ZERO })
    }

    fn begin(&mut self, finger: i32, place: Vec2) {
        let rect = self.circle.get_bounding_client_rect();
        let middle =
            Vec2::new((rect.left() + rect.width() / 2.0) as f32, (rect.top() + rect.height() / 2.0) as f32);
        let outside = middle.distance(place) > rect.width() as f32 * 0.75;
        self.origin = if outside { place } else { middle };
        self.finger = Some(finger);
        self.follow(place);
    }

    fn follow(&mut self, place: Vec2) {
        self.push = ((place - self.origin) / REACH_PX).clamp_length_max(1.0);
        self.show();
    }

    fn end(&mut self) {
        self.finger = None;
        self.push = Vec2::ZERO;
        self.show();
    }

    fn show(&self) {
        let Vec2 { x, y } = self.push * 36.0;
        style(&self.thumb, "transform", &format!("translate({}px,{}px)", tenths(x), tenths(y)));
    }

    fn value(&self) -> Vec2 {
        if self.push.length() < DEAD_SHARE { Vec2::ZERO } else { self.push }
    }
}

/// The state of all fingers.
#[derive(Debug)]
pub struct Touch {
    left: Stick,
    right: Stick,
    dash: bool,
    /// The finger on the rail's button.
    rail: Option<i32>,
    used: bool,
    drag: Option<(i32, Vec2)>,
    dragged: Vec2,
}

impl Touch {
    /// Thrust of the left thumb.
    pub fn left(&self) -> Vec2 {
        self.left.value()
    }

    /// Aim of the right thumb.
    pub fn right(&self) -> Vec2 {
        self.right.value()
    }

    /// Whether this device is played by touch.
    pub fn in_use(&self) -> bool {
        self.used
    }

    /// Whether the dash button was pressed since the last question.
    pub fn take_dash(&mut self) -> bool {
        std::mem::take(&mut self.dash)
    }

    /// Whether the rail's button is down.
    pub fn rail(&self) -> bool {
        self.rail.is_some()
    }

    /// How far a finger has dragged since the last question.
    pub fn take_drag(&mut self) -> Vec2 {
        std::mem::take(&mut self.dragged)
    }

    /// Lets everything go.
    pub fn let_go(&mut self) {
        self.left.end();
        self.right.end();
        (self.rail, self.drag) = (None, None);
    }

    fn down(&mut self, finger: i32, place: Vec2, width: f32) {
        self.drag = Some((finger, place));
        let stick = if place.x < width / 2.0 { &mut self.left } else { &mut self.right };
        if stick.finger.is_none() {
            stick.begin(finger, place);
        }
    }

    fn moved(&mut self, finger: i32, place: Vec2) {
        for stick in [&mut self.left, &mut self.right] {
            if stick.finger == Some(finger) {
                stick.follow(place);
            }
        }
        if let Some((_, before)) = self.drag.filter(|(id, _)| *id == finger) {
            self.dragged += place - before;
            self.drag = Some((finger, place));
        }
    }

    fn up(&mut self, finger: i32) {
        for stick in [&mut self.left, &mut self.right] {
            if stick.finger == Some(finger) {
                stick.end();
            }
        }
        self.rail = self.rail.filter(|id| *id != finger);
        self.drag = self.drag.filter(|(id, _)| *id != finger);
    }
}

/// Starts to listen.
pub fn listen_to_touch() -> Result<Rc<RefCell<Touch>>, Fault> {
    // A machine without any pointer calls itself coarse too; only one with fingers gets sticks.
    let coarse = media("(pointer: coarse)") && window().is_ok_and(|w| w.navigator().max_touch_points() > 0);
    let (left, right) = (Stick::new("stick-l")?, Stick::new("stick-r")?);
    let touch = Touch { left, right, dash: false, rail: None, used: coarse, drag: None, dragged: Vec2::ZERO };
    mark(coarse);
    let touch = Rc::new(RefCell::new(touch));
    let (downs, moves) = (Rc::clone(&touch), Rc::clone(&touch));
    listen(&window()?, "pointerdown", move |event| {
        let Some(pressed) = finger(&event).filter(|_| !on_control(&event)) else { return };
        let mut touch = downs.borrow_mut();
        if !touch.used {
            touch.used = true;
            mark(true);
        }
        let width = window().ok().and_then(|w| w.inner_width().ok()?.as_f64()).unwrap_or(0.0) as f32;
        touch.down(pressed.pointer_id(), place(pressed), width);
    })?;
    listen(&window()?, "pointermove", move |event| {
        let mut touch = moves.borrow_mut();
        if let Some(event) = finger(&event) {
            touch.moved(event.pointer_id(), place(event));
        } else if touch.used {
            // A device with both: who moves the mouse plays by it.
            touch.used = false;
            mark(false);
        }
    })?;
    for ending in ["pointerup", "pointercancel"] {
        let ups = Rc::clone(&touch);
        listen(&window()?, ending, move |event| {
            if let Some(event) = finger(&event) {
                ups.borrow_mut().up(event.pointer_id());
            }
        })?;
    }
    let dash = Rc::clone(&touch);
    listen(&by_id::<Element>("dash-btn")?, "pointerdown", move |_| dash.borrow_mut().dash = true)?;
    let rail = Rc::clone(&touch);
    listen(&by_id::<Element>("rail-btn")?, "pointerdown", move |event| {
        rail.borrow_mut().rail = finger(&event).map(PointerEvent::pointer_id);
    })?;
    Ok(touch)
}

fn mark(on: bool) {
    if let Some(body) = document().ok().and_then(|d| d.body()) {
        toggle(&body, "touch", on);
    }
}

fn finger(event: &Event) -> Option<&PointerEvent> {
    event.dyn_ref::<PointerEvent>().filter(|event| event.pointer_type() != "mouse")
}

fn place(event: &PointerEvent) -> Vec2 {
    Vec2::new(event.client_x() as f32, event.client_y() as f32)
}

/// Whether the finger presses a button or stands in a dialogue.
fn on_control(event: &Event) -> bool {
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    target.is_some_and(|t| t.closest("button, a, input, .notice, .list").ok().flatten().is_some())
}
