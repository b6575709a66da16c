//! A match, in the order of its tick: inbox, input queues, step, replication, feed. A match is a plain struct that
//! one thread owns; everybody else holds a handle. It knows no runtime, no HTTP and no clock but the one it is given.

pub mod allowance;

pub mod inbox;
pub mod playground;
pub mod status;

pub mod input_queue;
pub mod net_figures;
pub mod seat;
pub mod view_claims;

pub mod nearby;

pub mod things;

pub mod columns;
pub mod credit;
mod sections;

pub mod known;

pub mod event_ring;
pub mod goodbye;
pub mod moves;
pub mod publisher;
pub mod replication;
pub mod roster;
pub mod roster_pages;
pub mod scores;

pub mod personal;

pub mod id;
pub mod round_book;

pub mod callers;

pub mod parts;

pub mod frames;
pub mod tick;

pub mod handle;
pub mod runner;

pub mod pool;
