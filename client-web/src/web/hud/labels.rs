//! Names beside ships: the few that matter, each in the first free place round its ship, or not at all.
//! A name keeps its place for a moment before it tries a better one, and never lies under a plate of the HUD.

use std::collections::VecDeque;

use glam::Vec2;
use shared::id::PlayerId;
use web_sys::HtmlElement;

use super::slots::Rect;
use crate::web::dom::{Changed, Fault, Text, add, by_id, find, style, tenths, toggle};

const TAGS_MAX: usize = 12;
const NAME_CHARS_MAX: usize = 12;
const KEEP_MS: f64 = 400.0;
/// For how long a phrase stands in place of a name, and how many do so.
const SAID_MS: f64 = 3000.0;
const SAID_MAX: usize = 8;
const LINE_PX: f32 = 17.0;
const BAR_PX: f32 = 6.0;

/// A ship that may get a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Whose ship.
    pub id: PlayerId,
    /// What to call them, or what they say.
    pub name: String,
    /// Where the ship is on the screen, in CSS pixels.
    pub place: Vec2,
    /// Distance between ship and name in CSS pixels.
    pub reach: f32,
    /// The highest get their names first.
    pub priority: f32,
    /// Whether the ship is a threat.
    pub threat: bool,
    /// Whether its player leads.
    pub leads: bool,
    /// Whether it is the watched ship.
    pub mine: bool,
    /// The class of the side: `t1`, `t2`, or empty.
    pub side: &'static str,
    /// Hull in percent, to be shown as a bar.
    pub hurt_percent: Option<u32>,
    /// The bar's colour as CSS.
    pub colour: String,
}

#[derive(Debug)]
struct Tag {
    element: HtmlElement,
    text: Text,
    bar: HtmlElement,
    id: Option<PlayerId>,
    width: f32,
    slot: usize,
    slot_ms: f64,
    on: bool,
    look: Changed<(bool, bool, bool, Option<u32>, &'static str)>,
}

/// All names on the screen.
#[derive(Debug)]
pub struct Labels {
    tags: Vec<Tag>,
    /// Who said what, and when.
    said: VecDeque<(PlayerId, &'static str, f64)>,
}

/// What a name must keep clear of.
#[derive(Clone, Copy, Debug)]
pub struct Space<'a> {
    /// Size of the screen in CSS pixels.
    pub size: Vec2,
    /// Plates, ships, reticle.
    pub taken: &'a [Rect],
    /// Plates alone: a ship under one has no name.
    pub plates: &'a [Rect],
}

impl Labels {
    /// Makes the tags.
    pub fn new() -> Result<Labels, Fault> {
        let layer: HtmlElement = by_id("labels")?;
        let tags: Result<Vec<Tag>, Fault> = (0..TAGS_MAX).map(|_| tag(&layer)).collect();
        Ok(Labels { tags: tags?, said: VecDeque::new() })
    }

    /// `player` says `text`; it is shown at their ship for a moment.
    pub fn say(&mut self, player: PlayerId, text: &'static str, now_ms: f64) {
        if self.said.len() >= SAID_MAX {
            self.said.pop_front();
        }
        self.said.push_back((player, text, now_ms));
    }

    /// What `player` has just said.
    pub fn said_by(&self, player: PlayerId, now_ms: f64) -> Option<&'static str> {
        let fresh = self.said.iter().rev().find(|(by, _, at)| *by == player && now_ms - at < SAID_MS);
        fresh.map(|(_, text, _)| *text)
    }

    /// Shows the names of the most important candidates that find a place, at most `most` of them.
    pub fn show(&mut self, mut wanted: Vec<Candidate>, space: Space<'_>, (most, now_ms): (usize, f64)) {
        let screen = Rect { low: Vec2::ZERO, high: space.size };
        wanted.retain(|c| inside(&screen, c.place));
        wanted.retain(|c| c.mine || !space.plates.iter().any(|plate| inside(plate, c.place)));
        let wanted = foremost(wanted, most.min(TAGS_MAX));
        let mut taken = space.taken.to_vec();
        self.release(&wanted);
        for candidate in &wanted {
            let Some(tag) = self.claim(candidate) else { continue };
            dress(tag, candidate);
            let size =
                Vec2::new(tag.width, LINE_PX + if candidate.hurt_percent.is_some() { BAR_PX } else { 0.0 });
            let places = places(candidate, size);
            let free = |slot: &usize| {
                let rect = places.get(*slot).map(|low| Rect { low: *low, high: *low + size });
                rect.is_some_and(|rect| within(&rect, space.size) && !taken.iter().any(|t| t.meets(&rect)))
            };
            let kept = tag.on && now_ms - tag.slot_ms < KEEP_MS && free(&tag.slot);
            let slot = if kept { Some(tag.slot) } else { (0..places.len()).find(free) };
            place(tag, slot.and_then(|slot| Some((slot, *places.get(slot)?))), now_ms);
            if let Some(low) = slot.and_then(|slot| places.get(slot)) {
                taken.push(Rect { low: *low, high: *low + size }.grown(4.0));
            }
        }
    }

    /// Frees the tags of ships that are no longer wanted.
    fn release(&mut self, wanted: &[Candidate]) {
        for tag in &mut self.tags {
            if tag.id.is_some_and(|id| !wanted.iter().any(|c| c.id == id)) {
                tag.id = None;
                place(tag, None, 0.0);
            }
        }
    }

    fn claim(&mut self, candidate: &Candidate) -> Option<&mut Tag> {
        let own = self.tags.iter().position(|tag| tag.id == Some(candidate.id));
        let index = own.or_else(|| self.tags.iter().position(|tag| tag.id.is_none()))?;
        let tag = self.tags.get_mut(index)?;
        if tag.id != Some(candidate.id) {
            tag.id = Some(candidate.id);
            tag.slot_ms = f64::NEG_INFINITY;
        }
        Some(tag)
    }
}

/// What a tag calls somebody.
pub fn short(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// The `most` candidates of the highest priority, in its order.
fn foremost(mut candidates: Vec<Candidate>, most: usize) -> Vec<Candidate> {
    let mut out = Vec::new();
    while out.len() < most {
        let best = (0..candidates.len()).max_by(|a, b| {
            let priority = |i: usize| candidates.get(i).map_or(f32::MIN, |c| c.priority);
            priority(*a).total_cmp(&priority(*b))
        });
        let Some(best) = best else { break };
        out.push(candidates.swap_remove(best));
    }
    out
}

fn tag(layer: &HtmlElement) -> Result<Tag, Fault> {
    let element = add(layer, "div", "label", "")?;
    let text = Text::of(add(&element, "span", "", "")?);
    add(&add(&element, "i", "", "")?, "u", "", "")?;
    let bar = find(&element, "i")?;
    Ok(Tag {
        element,
        text,
        bar,
        id: None,
        width: 0.0,
        slot: 0,
        slot_ms: f64::NEG_INFINITY,
        on: false,
        look: Changed::default(),
    })
}

fn dress(tag: &mut Tag, candidate: &Candidate) {
    let look = (candidate.threat, candidate.leads, candidate.mine, candidate.hurt_percent, candidate.side);
    let renamed = tag.text.element().text_content().as_deref() != Some(&*candidate.name);
    if !tag.look.is_new(look) && !renamed {
        return;
    }
    tag.text.set(&candidate.name);
    toggle(&tag.element, "threat", candidate.threat);
    toggle(&tag.element, "lead", candidate.leads);
    toggle(&tag.element, "t1", candidate.side == "t1");
    toggle(&tag.element, "t2", candidate.side == "t2");
    toggle(&tag.element, "mine", candidate.mine);
    toggle(&tag.element, "hurt", candidate.hurt_percent.is_some());
    style(&tag.bar, "--h", &format!("{}%", candidate.hurt_percent.unwrap_or(100)));
    style(&tag.bar, "--c", &candidate.colour);
    tag.width = tag.element.offset_width() as f32;
}

fn place(tag: &mut Tag, found: Option<(usize, Vec2)>, now_ms: f64) {
    if let Some((slot, low)) = found {
        if slot != tag.slot || !tag.on {
            tag.slot = slot;
            tag.slot_ms = now_ms;
        }
        style(&tag.element, "transform", &format!("translate({}px,{}px)", tenths(low.x), tenths(low.y)));
    }
    if tag.on != found.is_some() {
        tag.on = found.is_some();
        toggle(&tag.element, "on", tag.on);
    }
}

/// The places round a ship, the best first, as the tag's top left corner.
fn places(candidate: &Candidate, size: Vec2) -> Vec<Vec2> {
    let Candidate { place, reach, .. } = candidate;
    let at = |x: f32, y: f32| *place + Vec2::new(x, y);
    let below = at(-size.x / 2.0, *reach);
    if candidate.mine {
        return vec![below];
    }
    vec![
        at(-size.x / 2.0, -reach - size.y),
        below,
        at(*reach, -size.y / 2.0),
        at(-reach - size.x, -size.y / 2.0),
        at(-size.x / 2.0, -reach * 2.0 - size.y),
        at(-size.x / 2.0, reach * 2.0),
    ]
}

fn within(rect: &Rect, size: Vec2) -> bool {
    rect.low.cmpgt(Vec2::splat(4.0)).all() && rect.high.cmplt(size - 4.0).all()
}

fn inside(rect: &Rect, point: Vec2) -> bool {
    rect.low.cmple(point).all() && rect.high.cmpge(point).all()
}
