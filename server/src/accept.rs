//! The way in: listens, admits connections within limits, and drives hyper on each until it ends or a route takes
//! the socket. It knows a router that answers requests and a stop signal, but no route.

mod body;
mod connection;
mod door;
mod held;
mod http2;
mod line;
mod listener;
mod opening;
mod pace;
mod turned_away;
mod watched;
mod wire;

#[cfg(test)]
mod tests;

pub use door::Door;
pub use listener::{bind, serve};
