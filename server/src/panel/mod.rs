//! What operators watch: one picture of the whole server, made once a second for all who look, and not at all when
//! nobody does. It reads metrics and the matches' own pictures and changes nothing; the admin routes hand it out.

pub mod figures;
pub mod picture;

pub mod board;

pub use board::{Board, keep};
