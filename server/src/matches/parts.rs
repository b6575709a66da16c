//! What a match is made of: everything that comes to it from outside, before its first tick.
//! The pool makes it from a host's settings; tests make it from what they want to see.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use arc_swap::ArcSwap;

use crate::feed::log::FeedLog;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::recorder::Recorder;
use crate::matches::id::MatchId;
use crate::matches::inbox::MatchMessage;
use crate::matches::status::MatchStatus;
use crate::settings::MatchSettings;
use crate::timing::Timing;

/// What a match is made of; everything that comes from outside.
#[derive(Debug)]
pub struct MatchParts {
    /// What to call it in addresses.
    pub id: MatchId,
    /// How it was set up.
    pub settings: MatchSettings,
    /// Whether the server keeps it always: it sleeps while nobody is there, bots or not.
    pub standing: bool,
    /// Decides all its chances.
    pub seed: u64,
    /// What is asked of it.
    pub inbox: Receiver<MatchMessage>,
    /// Where its picture is shown.
    pub status: Arc<ArcSwap<MatchStatus>>,
    /// Where its events are shown.
    pub log: Arc<FeedLog>,
    /// Times and rates.
    pub timing: Timing,
    /// What writes it down, if it is to outlive its process.
    pub journal: Option<Recorder>,
    /// Where it goes on; a new match begins at the beginning.
    pub resume: Option<Checkpoint>,
}
