//! What the server and the browser client have in common: the rules of the world and the words on the wire.
//! Sealed: no I/O, no clock, no thread, no randomness of its own; whatever it needs is an argument.
//!
//! The modules stand in reading order; each may import only those above it.

pub mod angle;
pub mod bounds;
pub mod id;
pub mod name;
pub mod phrases;
pub mod random;
pub mod tick;
pub mod wall;

pub mod arena;
pub mod input;
pub mod mode;
pub mod rule_book;

pub mod rules;

pub mod trail;
pub mod world;

pub mod grid;

pub mod command;
pub mod event;

pub mod collision;
pub mod targets;

pub mod combat;
pub mod movement;

pub mod mines;
pub mod pickups;
pub mod rail;
pub mod scatter;

pub mod arms;

pub mod cores;
pub mod teams;

pub mod round;
pub mod simulation;

pub mod by_id;
pub mod checksum;

pub mod quantise;
pub mod snapshot;

pub mod record;
pub mod replica;

pub mod unpack;

pub mod close_reason;
pub mod codec;
pub mod length_prefix;
pub mod protocol;

pub mod feed;

pub mod feed_records;

pub mod feed_state;

pub mod feed_encoder;

pub mod link_profile;
pub mod link_weather;

pub mod link_lane;
