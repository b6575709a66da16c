//! What the player's hands do: keyboard and mouse, or two thumbs on glass. Made into controls, once per question.
//! Everything is let go when the window loses the keyboard or the page is hidden, so that no key sticks.

pub mod keyboard;
pub mod pointer;
pub mod touch;

use std::cell::RefCell;
use std::rc::Rc;

use glam::Vec2;
use shared::angle::Angle;

use self::keyboard::Keyboard;
use self::pointer::Pointer;
use self::touch::Touch;
use crate::client::Controls;
use crate::web::dom::{Fault, document, listen, window};

/// Thrust directions of the keys.
const THRUST_KEYS: [(&str, Vec2); 8] = [
    ("KeyW", Vec2::NEG_Y),
    ("KeyS", Vec2::Y),
    ("KeyA", Vec2::NEG_X),
    ("KeyD", Vec2::X),
    ("ArrowUp", Vec2::NEG_Y),
    ("ArrowDown", Vec2::Y),
    ("ArrowLeft", Vec2::NEG_X),
    ("ArrowRight", Vec2::X),
];
/// The right stick fires when it is pushed farther than this share.
const FIRE_SHARE: f32 = 0.3;

/// Something that the player can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Move.
    Thrust,
    /// Aim.
    Aim,
    /// Fire.
    Fire,
    /// Fire the rail.
    Rail,
    /// Dash.
    Dash,
    /// Look at all scores.
    Scores,
}

/// Which of the controls the player has found already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found(u8);

impl Found {
    /// Whether `control` was found.
    pub fn has(self, control: Control) -> bool {
        self.0 & (1 << control as u8) != 0
    }

    fn note(&mut self, control: Control, used: bool) {
        self.0 |= u8::from(used) << control as u8;
    }
}

/// All devices of one page.
#[derive(Debug)]
pub struct Input {
    keyboard: Rc<RefCell<Keyboard>>,
    pointer: Rc<RefCell<Pointer>>,
    touch: Rc<RefCell<Touch>>,
    aim: Angle,
    found: Found,
}

impl Input {
    /// Listens to all devices.
    pub fn new() -> Result<Input, Fault> {
        let keyboard = keyboard::listen_to_keys()?;
        let pointer = pointer::listen_to_mouse()?;
        let touch = touch::listen_to_touch()?;
        let all = (Rc::clone(&keyboard), Rc::clone(&pointer), Rc::clone(&touch));
        let let_go = move || {
            all.0.borrow_mut().let_go();
            all.1.borrow_mut().let_go();
            all.2.borrow_mut().let_go();
        };
        let hidden = let_go.clone();
        listen(&window()?, "blur", move |_| let_go())?;
        listen(&document()?, "visibilitychange", move |_| hidden())?;
        Ok(Input { keyboard, pointer, touch, aim: Angle::default(), found: Found::default() })
    }

    /// What the player wants now; `own` is the own ship's place on the screen in CSS pixels.
    /// A press of dash counts once.
    pub fn controls(&mut self, own: Vec2) -> Controls {
        let mut keyboard = self.keyboard.borrow_mut();
        let pointer = self.pointer.borrow();
        let mut touch = self.touch.borrow_mut();
        let keys = THRUST_KEYS.iter().filter(|(code, _)| keyboard.holds(code));
        let keyed: Vec2 = keys.map(|(_, way)| *way).sum::<Vec2>().clamp(Vec2::NEG_ONE, Vec2::ONE);
        let thrust = (keyed + touch.left()).clamp_length_max(1.0);
        let pushed = touch.right();
        let pointed = pointer.place().map(|place| place - own);
        let way = if touch.in_use() { (pushed != Vec2::ZERO).then_some(pushed) } else { pointed };
        if let Some(way) = way.filter(|way| way.length() > 0.01) {
            self.aim = Angle::of(way);
        }
        let fire = pointer.presses() || pushed.length() > FIRE_SHARE;
        let rail = pointer.presses_right() || keyboard.holds("KeyE") || touch.rail();
        let dash = keyboard.take("Space")
            | keyboard.take("ShiftLeft")
            | keyboard.take("ShiftRight")
            | touch.take_dash();
        self.found.note(Control::Thrust, thrust != Vec2::ZERO);
        self.found.note(Control::Aim, pointer.moved() || pushed != Vec2::ZERO);
        self.found.note(Control::Fire, fire);
        self.found.note(Control::Rail, rail);
        self.found.note(Control::Dash, dash);
        self.found.note(Control::Scores, keyboard.holds("Tab"));
        Controls { thrust, aim: self.aim, fire, rail, dash }
    }

    /// Whether a key is held.
    pub fn holds(&self, code: &str) -> bool {
        self.keyboard.borrow().holds(code)
    }

    /// Whether a key was pressed since the last question.
    pub fn pressed(&self, code: &str) -> bool {
        self.keyboard.borrow_mut().take(code)
    }

    /// Whether thumbs are in use.
    pub fn by_touch(&self) -> bool {
        self.touch.borrow().in_use()
    }

    /// Which controls were found already.
    pub fn found(&self) -> Found {
        self.found
    }

    /// How far the mouse was dragged since the last question, in CSS pixels.
    pub fn take_drag(&self) -> Vec2 {
        self.pointer.borrow_mut().take_drag() + self.touch.borrow_mut().take_drag()
    }
}
