//! The door for tests: `window.starfray` with `state()`, which gives plain numbers, and `drop()`, which breaks the
//! connection as if the network had failed. Nothing else may be done from outside; players have no use for it.

use js_sys::{Array, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::dom::{Fault, window};
use super::net::json::Json;
use crate::view::{Freshness, View};

/// What `state()` gives.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// "lobby", "play", "watch" or "compare".
    pub page: &'static str,
    /// The own or followed seat.
    pub player: Option<u16>,
    /// Units.
    pub x: Option<f32>,
    /// Units.
    pub y: Option<f32>,
    /// Units per second.
    pub vx: Option<f32>,
    /// Units per second.
    pub vy: Option<f32>,
    /// Radians.
    pub aim: Option<f32>,
    /// 0 to 100.
    pub hull_points: Option<u8>,
    /// Whether the own or followed ship flies.
    pub alive: bool,
    /// Other ships in view.
    pub ships: usize,
    /// Shots in view.
    pub shots: usize,
    /// Those of the own or followed ship.
    pub own_shots: usize,
    /// Snapshots read, or 0 when watching.
    pub snapshots: u64,
    /// The newest tick that the client knows.
    pub tick: u32,
    /// `waiting`, `live`, `catching_up` or `lost`.
    pub freshness: &'static str,
    /// Round trip time in milliseconds.
    pub rtt_ms: Option<u16>,
    /// Attempts to reconnect since the last success.
    pub attempt: u32,
    /// What carries the messages; empty when watching.
    pub transport: &'static str,
    /// Links that the seat has had; 0 before the first.
    pub generation: u32,
    /// Where all other ships are: seat, x, y.
    pub others: Vec<(u16, f32, f32)>,
}

impl State {
    /// The part of a state that a view has.
    pub fn of(page: &'static str, view: &View) -> State {
        let own = view.own.as_ref();
        let own_shots = |o: &crate::view::OwnView| view.shots.iter().filter(|s| s.owner == o.id).count();
        State {
            page,
            player: own.map(|o| o.id.0),
            x: own.map(|o| o.position.x),
            y: own.map(|o| o.position.y),
            vx: own.map(|o| o.velocity.x),
            vy: own.map(|o| o.velocity.y),
            aim: own.map(|o| o.aim.radians()),
            hull_points: own.map(|o| o.hull_points),
            alive: own.is_some(),
            ships: view.ships.len(),
            shots: view.shots.len(),
            own_shots: own.map_or(0, own_shots),
            freshness: match view.freshness {
                Freshness::Waiting => "waiting",
                Freshness::Live => "live",
                Freshness::CatchingUp => "catching_up",
                Freshness::Lost => "lost",
            },
            rtt_ms: view.rtt_ms,
            others: view.ships.iter().map(|s| (s.id.0, s.position.x, s.position.y)).collect(),
            ..State::default()
        }
    }
}

/// Puts `window.starfray` there.
pub fn install<S, D>(state: S, drop: D) -> Result<(), Fault>
where
    S: Fn() -> State + 'static,
    D: Fn() + 'static,
{
    let state = Closure::<dyn Fn() -> JsValue>::new(move || plain(&state()));
    let drop = Closure::<dyn Fn()>::new(drop);
    let door = Json::object().with("state", state.into_js_value()).with("drop", drop.into_js_value());
    let window = window()?;
    Reflect::set(&window, &"starfray".into(), &door.into_js())?;
    Ok(())
}

/// The state as a plain object.
fn plain(state: &State) -> JsValue {
    let number = |value: Option<f32>| value.map_or(JsValue::NULL, JsValue::from);
    let whole = |value: Option<u16>| value.map_or(JsValue::NULL, JsValue::from);
    let others: Array =
        state.others.iter().map(|(id, x, y)| Array::of3(&(*id).into(), &(*x).into(), &(*y).into())).collect();
    Json::object()
        .with("page", state.page)
        .with("player", whole(state.player))
        .with("x", number(state.x))
        .with("y", number(state.y))
        .with("vx", number(state.vx))
        .with("vy", number(state.vy))
        .with("aim", number(state.aim))
        .with("hull_points", whole(state.hull_points.map(u16::from)))
        .with("alive", state.alive)
        .with("ships", state.ships as u32)
        .with("shots", state.shots as u32)
        .with("own_shots", state.own_shots as u32)
        .with("snapshots", state.snapshots as f64)
        .with("tick", state.tick)
        .with("freshness", state.freshness)
        .with("rtt_ms", whole(state.rtt_ms))
        .with("attempt", state.attempt)
        .with("transport", state.transport)
        .with("generation", state.generation)
        .with("others", others)
        .into_js()
}
