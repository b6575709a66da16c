//! The colours of the art direction as numbers, for whatever draws by itself. The style sheet holds the same values.
//! Cool is yours, warm hurts, slate is scenery.

use shared::id::PlayerId;

/// Red, green, blue, each 0 to 1 as the screen wants them (not linear light).
pub type Rgb = [f32; 3];

/// A colour from its usual six hexadecimal digits.
pub const fn rgb(hex: u32) -> Rgb {
    [((hex >> 16) & 255) as f32 / 255.0, ((hex >> 8) & 255) as f32 / 255.0, (hex & 255) as f32 / 255.0]
}

/// The own hull.
pub const YOU: Rgb = rgb(0x00f2_fcff);
/// The own glow, shots and shield.
pub const HALO: Rgb = rgb(0x007f_e0ff);
/// The own cockpit.
pub const COCKPIT: Rgb = rgb(0x000a_2230);
/// What every other hull is filled with before its tint.
pub const HULL_BASE: Rgb = rgb(0x0007_0a11);
/// Cockpit of a threat.
pub const HOT: Rgb = rgb(0x00ff_f1e2);
/// Lines and dots that read the map or an empty bar.
pub const SLATE: Rgb = rgb(0x008f_a5cc);
/// Damage.
pub const BAD: Rgb = rgb(0x00ff_5563);
/// A hull that is half gone.
pub const WARN: Rgb = rgb(0x00ff_cb57);
/// The grid.
pub const GRID: Rgb = rgb(0x007f_9ac8);
/// A blast's outer light.
pub const BLAST: Rgb = rgb(0x00ff_9a58);
/// What is to be taken.
pub const TAKE: Rgb = rgb(0x005f_f0b4);
/// The dark behind it.
pub const WELL: Rgb = rgb(0x0007_140f);
/// The own side, and the other one.
pub const SIDES: [Rgb; 2] = [rgb(0x004b_a3ff), rgb(0x00ff_8b3d)];
/// White.
pub const WHITE: Rgb = [1.0, 1.0, 1.0];
/// Black.
pub const BLACK: Rgb = [0.0, 0.0, 0.0];

const FOES: [Rgb; 4] = [rgb(0x00ff_6f4e), rgb(0x00ff_9d3b), rgb(0x00ff_6488), rgb(0x00f7_c26b)];

/// The colour of another player's ship.
pub fn foe(id: PlayerId) -> Rgb {
    FOES[usize::from(id.0) % FOES.len()]
}

/// A colour between `from` (0) and `to` (1).
pub fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    let parts = from.map(|part| part * (1.0 - share)).into_iter().zip(to);
    let mut mixed = parts.map(|(from, to)| from + to * share);
    std::array::from_fn(|_| mixed.next().unwrap_or(0.0))
}

/// The colour as CSS, with an alpha of 0 to 1.
pub fn css(colour: Rgb, alpha: f32) -> String {
    let [r, g, b] = colour.map(|part| (part * 255.0).round() as u8);
    format!("rgb({r} {g} {b} / {}%)", (alpha * 100.0).round() as u32)
}
