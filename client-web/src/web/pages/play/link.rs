//! One seat's way to its server: take the seat, connect, and come back after every loss until somebody says stop.
//! It decides when and why; the page owns it, feeds it what happens, and shows what it says.

use shared::protocol::{Bye, CloseReason};

use crate::ladder::{Ladder, Transport};
use crate::session::Backoff;
use crate::web::net::api::Joined;
use crate::web::net::http::ApiError;
use crate::web::net::socket::{BROKEN, REFUSED};
use crate::web::net::way::Way;
use crate::web::storage::{self, Seat};

/// How long the server keeps a lost player's seat.
pub const SEAT_KEPT_MS: f64 = 30_000.0;

/// Where the seat stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Stand {
    /// The seat is being taken.
    Joining,
    /// A password is asked for; `wrong` if one was given and refused.
    Asking {
        /// Whether one was refused.
        wrong: bool,
    },
    /// The way is opening, or open without a message yet.
    Connecting,
    /// All is well.
    Open,
    /// The next attempt comes at this time of the page's clock.
    Waiting {
        /// When.
        until_ms: f64,
    },
    /// No more attempts by itself.
    Over(End),
}

/// Why there are no more attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The same seat is played elsewhere.
    Replaced,
    /// All seats are taken.
    Full,
    /// It has ended while it was played.
    Over,
    /// There is no such match, or it has ended.
    Gone,
    /// The host, or the server's operator, removed the player; with what they had to say, and whether for good.
    Removed {
        /// Their words; empty if none.
        words: String,
        /// Whether the player may join again.
        for_good: bool,
    },
    /// The player did nothing for too long.
    Inactive,
    /// The host lets nobody in.
    Locked,
    /// The server speaks a newer version, and reloading did not help.
    Version,
    /// Something else, in the server's words.
    Other(String),
}

/// What the page has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Nothing,
    /// Take a seat.
    Join,
    /// Open the way.
    Connect,
    /// Try again after so many milliseconds.
    Wait(u32),
    /// Load the page again.
    Reload,
}

/// A way that is tried beside the one in use.
#[derive(Debug)]
pub struct Spare {
    /// Tells it from other ways of the page.
    pub number: u32,
    /// What carries it.
    pub transport: Transport,
    /// The way.
    pub way: Way,
}

/// The wall clock in seconds.
fn now_s() -> u32 {
    (js_sys::Date::now() / 1000.0) as u32
}

/// A seat's link.
#[derive(Debug)]
pub struct Link {
    /// The match.
    pub match_id: String,
    /// The seat, once taken.
    pub seat: Option<Seat>,
    /// The way, while there is one.
    pub way: Option<Way>,
    /// Which transport to use.
    pub ladder: Ladder,
    /// Ways that were opened.
    pub tries: u32,
    /// The number of the way in use among them.
    pub number: u32,
    /// A way that is tried beside it.
    pub spare: Option<Spare>,
    /// Where it stands.
    pub stand: Stand,
    /// When the connection was lost.
    pub lost_ms: Option<f64>,
    /// Links that worked.
    pub generation: u32,
    backoff: Backoff,
    joined_anew: bool,
}

impl Link {
    /// A link to the match, with the seat that this tab may still have.
    pub fn new(match_id: String) -> Link {
        let seat = storage::seat(&match_id);
        let seed = (js_sys::Math::random() * 1e15) as u64;
        Link {
            match_id,
            seat,
            way: None,
            ladder: Ladder::new(&storage::way(), now_s()),
            tries: 0,
            number: 0,
            spare: None,
            stand: Stand::Joining,
            lost_ms: None,
            generation: 0,
            backoff: Backoff::new(seed),
            joined_anew: false,
        }
    }

    /// The first step.
    pub fn begin(&mut self) -> Next {
        if self.seat.is_some() { Next::Connect } else { Next::Join }
    }

    /// Attempts since the last success.
    pub fn attempt(&self) -> u32 {
        self.backoff.attempt()
    }

    /// The seat was taken, or refused.
    pub fn joined(&mut self, answer: Result<Joined, ApiError>, now_ms: f64) -> Next {
        match answer {
            Ok(joined) => {
                let seat = Seat { token: joined.token, base: joined.url };
                storage::set_seat(&self.match_id, Some(&seat));
                self.seat = Some(seat);
                Next::Connect
            }
            Err(error) => self.refused(error, now_ms),
        }
    }

    fn refused(&mut self, error: ApiError, now_ms: f64) -> Next {
        self.stand = match error.word.as_str() {
            "password_required" => Stand::Asking { wrong: false },
            "wrong_password" => Stand::Asking { wrong: true },
            "match_full" => Stand::Over(End::Full),
            "match_locked" => Stand::Over(End::Locked),
            "banned" => Stand::Over(End::Removed { words: error.message, for_good: true }),
            "match_not_found" | "match_ended" => Stand::Over(End::Gone),
            "network"
            | "answer"
            | "draining"
            | "server_full"
            | "too_many_requests"
            | "too_many_connections" => {
                return self.wait(now_ms, 0);
            }
            _ => Stand::Over(End::Other(error.message)),
        };
        Next::Nothing
    }

    /// The first message of a new link was understood.
    pub fn works(&mut self) {
        if self.stand != Stand::Open {
            self.stand = Stand::Open;
            self.generation += 1;
            self.lost_ms = None;
            self.joined_anew = false;
            self.backoff.succeeded();
            storage::version_fits();
            if let Some(memory) = self.ladder.worked(now_s()) {
                storage::set_way(&memory);
            }
        }
    }

    /// The better transport that is to be tried now, if one is.
    pub fn climb(&mut self) -> Option<Transport> {
        self.ladder.climb(now_s(), js_sys::Math::random())
    }

    /// A spare is the way from now on. Returns the older one.
    pub fn take_over(&mut self, spare: Spare) -> Option<Way> {
        self.number = spare.number;
        self.generation += 1;
        if let Some(memory) = self.ladder.moved(spare.transport, now_s()) {
            storage::set_way(&memory);
        }
        self.way.replace(spare.way)
    }

    /// The way is closed with `code`; `bye` is the server's last word, if there was one.
    pub fn closed(&mut self, code: u16, bye: Option<&Bye>, now_ms: f64) -> Next {
        self.way = None;
        if self.stand == Stand::Connecting && matches!(code, BROKEN | REFUSED) {
            // Only requests tell a server that is gone from a way that is closed.
            let unreachable = code == BROKEN && self.ladder.at() != Transport::WebSocket;
            return if self.ladder.failed(unreachable) { Next::Connect } else { self.wait(now_ms, 0) };
        }
        self.ladder.lost(now_s());
        let code = bye.map_or(code, |bye| bye.code);
        let is = |reason: CloseReason| reason.code() == code;
        self.lost_ms.get_or_insert(now_ms);
        if is(CloseReason::Replaced) {
            self.stand = Stand::Over(End::Replaced);
        } else if is(CloseReason::BadToken) {
            return self.join_anew();
        } else if is(CloseReason::ProtocolVersion) {
            if storage::may_reload() {
                return Next::Reload;
            }
            self.stand = Stand::Over(End::Version);
        } else if is(CloseReason::MatchEnded) {
            storage::set_seat(&self.match_id, None);
            self.stand = Stand::Over(End::Over);
        } else if is(CloseReason::Kicked) || is(CloseReason::Banned) {
            storage::set_seat(&self.match_id, None);
            let words = bye.map(|bye| bye.words.clone()).unwrap_or_default();
            self.seat = None;
            self.stand = Stand::Over(End::Removed { words, for_good: is(CloseReason::Banned) });
        } else if is(CloseReason::Inactive) {
            storage::set_seat(&self.match_id, None);
            self.seat = None;
            self.stand = Stand::Over(End::Inactive);
        } else if (4500..5000).contains(&code) {
            self.stand = Stand::Over(End::Other("The server ended this connection.".to_owned()));
        } else {
            return self.wait(now_ms, bye.map_or(0, |bye| bye.retry_ms));
        }
        Next::Nothing
    }

    /// The token is no longer good: a new seat, but only once.
    fn join_anew(&mut self) -> Next {
        storage::set_seat(&self.match_id, None);
        self.seat = None;
        if std::mem::replace(&mut self.joined_anew, true) {
            self.stand = Stand::Over(End::Other("Your seat in this match is gone.".to_owned()));
            return Next::Nothing;
        }
        self.stand = Stand::Joining;
        Next::Join
    }

    fn wait(&mut self, now_ms: f64, least_ms: u32) -> Next {
        self.lost_ms.get_or_insert(now_ms);
        let delay_ms = self.backoff.next_delay_ms().max(least_ms);
        self.stand = Stand::Waiting { until_ms: now_ms + f64::from(delay_ms) };
        Next::Wait(delay_ms)
    }
}
