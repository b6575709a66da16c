//! The ways to the server that a browser has: requests, the players' WebSocket or its
//! substitutes, the spectators' `EventSource`.
//! Each only carries; what the bytes mean is the netcode's.

pub mod api;
pub mod feed;
pub mod json;

pub mod raw_socket;

pub mod feed_socket;

pub mod feed_fetch;
pub mod http;
pub mod socket;

pub mod mail;

pub mod way;
