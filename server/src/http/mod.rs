//! The routes: each turns a request into a call of the lobby, of a match or of nobody, and the answer into HTTP.
//! No route holds state or waits for a tick; a WebSocket or a feed leaves HTTP by a `Handover`.

pub mod problem;

pub mod body;
pub mod visit;

pub mod origin;

pub mod bearer;
pub mod handover;

pub mod files;
pub mod health;
pub mod tagged;

pub mod bans;
pub mod operator_acts;
pub mod operator_pass;
pub mod operator_watch;

pub mod host;
pub mod invite;
pub mod join;
pub mod lobby_live;
pub mod maps;
pub mod matches;
pub mod players;
pub mod playground;
pub mod quick;
pub mod replays;
pub mod results;
pub mod socket;

pub mod feed_ask;
pub mod media;
pub mod pour;

pub mod held;

pub mod events;
pub mod feed_poll;
pub mod feed_socket;

pub mod seated;

pub mod input;
pub mod poll;
pub mod stream;

pub mod gate;
