//! Starfray's server: matches on simulation threads, and HTTP, limits and settings round them.
//! The program `starfray` and the tests call it; the browser client and it never meet but on a socket.

pub mod telemetry;
