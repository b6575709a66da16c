//! Where the HUD's plates are on the screen, so that names keep out of their way.
//! Measured a few times a second, not in every picture, because the browser must lay out the page for it.

use glam::Vec2;
use web_sys::HtmlElement;

use crate::web::dom::{document, find_all};

const EVERY_MS: f64 = 400.0;
const MARGIN_PX: f32 = 6.0;

/// A rectangle on the screen in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Top left.
    pub low: Vec2,
    /// Bottom right.
    pub high: Vec2,
}

impl Rect {
    /// A rectangle of `size` round `middle`.
    pub fn around(middle: Vec2, size: Vec2) -> Rect {
        Rect { low: middle - size / 2.0, high: middle + size / 2.0 }
    }

    /// Whether the two have a point in common.
    pub fn meets(&self, other: &Rect) -> bool {
        self.low.cmplt(other.high).all() && self.high.cmpgt(other.low).all()
    }

    /// The rectangle with `margin` more on every side.
    #[must_use]
    pub fn grown(&self, margin: f32) -> Rect {
        Rect { low: self.low - margin, high: self.high + margin }
    }
}

/// The plates' places.
#[derive(Debug, Default)]
pub struct Slots {
    rects: Vec<Rect>,
    measured_ms: Option<f64>,
}

impl Slots {
    /// The places, measured anew when they are old.
    pub fn rects(&mut self, now_ms: f64) -> &[Rect] {
        if self.measured_ms.is_none_or(|at| now_ms - at > EVERY_MS) {
            self.measured_ms = Some(now_ms);
            self.rects.clear();
            let body = document().ok().and_then(|d| d.body());
            let plates = body.map_or_else(Vec::new, |body| find_all(&body, "[data-slot], .call.on"));
            self.rects.extend(plates.iter().filter_map(rect));
        }
        &self.rects
    }
}

fn rect(plate: &HtmlElement) -> Option<Rect> {
    let r = plate.get_bounding_client_rect();
    let low = Vec2::new(r.left() as f32, r.top() as f32);
    let size = Vec2::new(r.width() as f32, r.height() as f32);
    (size.min_element() > 8.0).then(|| Rect { low, high: low + size }.grown(MARGIN_PX))
}
