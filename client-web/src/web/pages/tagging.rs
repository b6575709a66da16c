//! Chooses whose names are worth showing now, for playing and for watching.
//! The order: the ship aimed at, threats, the leader, near ones by distance; nothing else is named. Whoever has just said something comes first,
//! with their words in place of the name.

use glam::Vec2;
use shared::id::PlayerId;

use crate::view::{ShipView, View};
use crate::web::cast::{Cast, hue, side_class};
use crate::web::hud::labels::{Candidate, Labels, Space, short};
use crate::web::hud::slots::{Rect, Slots};
use crate::web::hulls::HULL_UNITS;
use crate::web::palette::css;
use crate::web::picture::look::Class;
use crate::web::stage::Stage;

/// What is named on a page.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    /// Who leads.
    pub leader: Option<PlayerId>,
    /// Who plays here; `None` if somebody only watches.
    pub me: Option<PlayerId>,
    /// Whether the followed ship itself has a name, and everybody else's is worth showing.
    pub watching: bool,
    /// The page's clock.
    pub now_ms: f64,
}

/// Shows the names.
pub fn show(
    (labels, slots): (&mut Labels, &mut Slots),
    stage: &mut Stage,
    view: &View,
    cast: &dyn Cast,
    naming: Naming,
) {
    let camera = *stage.camera();
    let plates = slots.rects(naming.now_ms).to_vec();
    let mut taken = plates.clone();
    let ship_px = Vec2::splat(HULL_UNITS * camera.scale * 1.9);
    taken.extend(view.ships.iter().map(|s| Rect::around(camera.to_screen(s.position), ship_px)));
    let mut wanted: Vec<Candidate> = Vec::new();
    for ship in &view.ships {
        let seen = (stage.class_of(ship.id), labels.said_by(ship.id, naming.now_ms));
        wanted.extend(candidate(ship, seen, view, cast, naming).map(|c| Candidate {
            place: camera.to_screen(ship.position),
            reach: HULL_UNITS * camera.scale * 1.05 + 6.0,
            ..c
        }));
    }
    if let Some(own) = &view.own {
        let place = camera.to_screen(own.position);
        let radius = (HULL_UNITS * 2.15 * camera.scale).max(36.0);
        taken.push(Rect::around(place, Vec2::splat(radius * 2.0 + 8.0)));
        let said = labels.said_by(own.id, naming.now_ms).map(str::to_owned);
        if let Some(name) = said.or_else(|| cast.name_of(own.id).filter(|_| naming.watching).map(short)) {
            wanted.push(Candidate {
                id: own.id,
                name,
                place,
                reach: radius + 10.0,
                priority: f32::MAX,
                threat: false,
                leads: naming.leader == Some(own.id),
                mine: true,
                side: "",
                hurt_percent: None,
                colour: String::new(),
            });
        }
    }
    let most = match camera.size.x {
        _ if naming.watching => 12,
        x if x < 560.0 => 5,
        x if x < 900.0 => 6,
        _ => 9,
    };
    labels.show(wanted, Space { size: camera.size, taken: &taken, plates: &plates }, (most, naming.now_ms));
}

fn candidate(
    ship: &ShipView,
    (class, said): (Class, Option<&'static str>),
    view: &View,
    cast: &dyn Cast,
    naming: Naming,
) -> Option<Candidate> {
    let name = cast.name_of(ship.id)?;
    let way = ship.position - view.camera;
    let aimed = view.own.is_some_and(|own| {
        let aim = own.aim.direction();
        aim.dot(way) > 0.0 && aim.perp_dot(way).abs() < HULL_UNITS * 1.5
    });
    let leads = naming.leader == Some(ship.id);
    let threat = class == Class::Threat;
    let worth = said.is_some() || aimed || threat || leads || class == Class::Near || naming.watching;
    let rank = if said.is_some() { 3000.0 } else { 0.0 }
        + if aimed { 1500.0 } else { 0.0 }
        + if threat { 1000.0 } else { 0.0 }
        + if leads { 500.0 } else { 0.0 }
        + if class == Class::Near { 200.0 } else { 0.0 };
    let hurt = ship.hull_points < 100 && (threat || leads || aimed);
    worth.then(|| Candidate {
        id: ship.id,
        name: said.map_or_else(|| short(name), str::to_owned),
        place: Vec2::ZERO,
        reach: 0.0,
        priority: rank - way.length() / 10.0,
        threat: threat || aimed,
        leads,
        mine: false,
        side: side_class(cast.own_side(), cast.team_of(ship.id)),
        hurt_percent: hurt.then_some(u32::from(ship.hull_points)),
        colour: css(hue(cast, ship.id), 1.0),
    })
}
