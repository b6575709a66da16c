//! The way in: listens, admits connections within limits, and drives hyper on each until it ends or a route takes
//! the socket. It knows a router that answers requests and a stop signal, but no route.

mod connection;
mod listener;
mod pace;
mod turned_away;
mod watched;

#[cfg(test)]
mod tests;

pub use connection::Door;
pub use listener::{bind, serve};
