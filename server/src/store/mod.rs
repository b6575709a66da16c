//! What outlives every match: accounts, results, ratings and bans, in one SQLite file with one thread of its own.
//! Matches hand finished rounds in and never wait; routes ask and are answered or told to come back. It knows no HTTP
//! and no tick, and play goes on whatever becomes of it.

pub mod record;

pub mod desk;

pub mod key;
pub mod rating;

pub mod trouble;

pub mod schema;

pub mod accounts;
pub mod bans;
pub mod leaderboard;
pub mod results;

pub mod db;

pub mod worker;

pub mod handle;

pub mod backup;
