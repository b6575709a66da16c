//! The browser's side of the client: pages, HUD, renderer, input, connections. The only place that touches `web-sys`.
//! It draws views and carries messages; what they mean is the netcode's, which never imports anything from here.
//!
//! The modules stand in reading order; each may import only those above it. Tests reach in through `window.starfray`,
//! which [`hooks`] puts there: `state()` tells where the own ship is and how the link stands, `drop()` breaks the link.

pub mod animation;
pub mod dom;
pub mod palette;

pub mod hulls;
pub mod storage;

pub mod cast;
pub mod net;

pub mod maps;

pub mod input;

pub mod renderer;

pub mod picture;
pub mod quality;

pub mod stage;

pub mod checksum;
pub mod hooks;
pub mod hud;

pub mod pages;

pub mod start;
