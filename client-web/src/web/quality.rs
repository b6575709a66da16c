//! How sharp the arena is drawn: full, three quarters or half of the screen's pixels, by how long pictures take.
//! A machine without a graphics card gets a soft picture that moves instead of a sharp one that does not.

use super::dom::window;

const SCALES: [f32; 3] = [1.0, 0.75, 0.5];
const PICTURES: u32 = 40;
/// Slower than this on average: fewer pixels.
const SLOW_MS: f64 = 25.0;
/// Faster than this for long: more pixels.
const FAST_MS: f64 = 17.6;
const FAST_WINDOWS: u32 = 12;
/// A longer pause is a hidden tab, not a slow machine.
const PAUSE_MS: f64 = 400.0;

/// Measures pictures and chooses the sharpness.
#[derive(Debug)]
pub struct Quality {
    level: usize,
    fixed: bool,
    last_ms: Option<f64>,
    sum_ms: f64,
    pictures: u32,
    fast_windows: u32,
    raises_left: u32,
}

impl Default for Quality {
    fn default() -> Quality {
        Quality::new()
    }
}

impl Quality {
    /// Full sharpness at first. `?sharp=1` in the address keeps it, for pictures of the page.
    pub fn new() -> Quality {
        let search = window().ok().and_then(|w| w.location().search().ok()).unwrap_or_default();
        Quality {
            level: 0,
            fixed: search.contains("sharp=1"),
            last_ms: None,
            sum_ms: 0.0,
            pictures: 0,
            fast_windows: 0,
            raises_left: 2,
        }
    }

    /// Device pixels are multiplied by this.
    pub fn scale(&self) -> f32 {
        SCALES.get(self.level).copied().unwrap_or(0.5)
    }

    /// Notes a picture's time; true when the sharpness has changed.
    pub fn measure(&mut self, picture_ms: f64) -> bool {
        let Some(last_ms) = self.last_ms.replace(picture_ms) else { return false };
        let interval_ms = picture_ms - last_ms;
        if self.fixed || !(0.0..PAUSE_MS).contains(&interval_ms) {
            return false;
        }
        self.sum_ms += interval_ms;
        self.pictures += 1;
        if self.pictures < PICTURES {
            return false;
        }
        let mean_ms = self.sum_ms / f64::from(self.pictures);
        (self.sum_ms, self.pictures) = (0.0, 0);
        self.choose(mean_ms)
    }

    fn choose(&mut self, mean_ms: f64) -> bool {
        self.fast_windows = if mean_ms < FAST_MS { self.fast_windows + 1 } else { 0 };
        if mean_ms > SLOW_MS && self.level + 1 < SCALES.len() {
            self.level += 1;
            return true;
        }
        if self.fast_windows >= FAST_WINDOWS && self.level > 0 && self.raises_left > 0 {
            self.level -= 1;
            self.raises_left -= 1;
            self.fast_windows = 0;
            return true;
        }
        false
    }
}
