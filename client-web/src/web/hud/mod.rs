//! What stands over the arena in the page: scores, clock, bars, names, notices. Each part changes the page only when
//! what it shows has changed. They know views and scores; they never send anything.

pub mod bars;
pub mod callout;
pub mod clock;
pub mod figures;
pub mod hints;
pub mod kills;
pub mod labels;
pub mod menu;
pub mod minimap;
pub mod net;
pub mod notice;
pub mod score;
pub mod sides;
pub mod slots;
pub mod table;
pub mod wheel;
