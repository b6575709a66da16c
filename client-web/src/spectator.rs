//! The watch page's core: the public feed in, the same kind of picture out as for players.
//! It knows no `EventSource`; whoever reads the feed hands over each event's name, cursor and text.

use glam::Vec2;
use serde::de::DeserializeOwned;
use shared::arena::Arena;
use shared::feed::{FEED_VERSION, FeedBye, FeedEvent, Hello, Leave};
use shared::feed_state::ApplyError;
use shared::id::PlayerId;
use shared::mode::Team;
use shared::rule_book::Arms;
use shared::world::Hull;
use thiserror::Error;

use crate::feed_cursor::{Cursor, Step};
use crate::json_reader;
use crate::view::{Freshness, OwnView, Score, ShipView, View};
use crate::watch::Watch;

/// Longest event that is read, in bytes.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// Whom the camera follows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Follow {
    /// One player.
    Player(PlayerId),
    /// Nobody: the camera stands here, in units.
    Free(Vec2),
    /// Whoever leads.
    #[default]
    Leader,
}

/// Why the feed could not be read on: open it anew, without a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FeedError {
    /// Longer than any event.
    #[error("the event has {0} bytes")]
    TooLarge(usize),
    /// No event that this version knows, or not its JSON.
    #[error("the event is not one that this version knows")]
    Malformed,
    /// Events are missing before this one.
    #[error("the feed has a gap")]
    Gap,
    /// An event that does not fit what came before.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The feed has another version: only a newer page helps.
    #[error("the feed has version {0}, this client reads {FEED_VERSION}")]
    Version(u16),
}

/// A spectator's netcode.
#[derive(Clone, Debug, Default)]
pub struct Spectator {
    watch: Option<Watch>,
    linked: bool,
    cursor: Option<Cursor>,
    bye: Option<FeedBye>,
    follow: Follow,
    /// Whom `Follow::Leader` shows.
    leader: Option<PlayerId>,
    camera: Vec2,
}

impl Spectator {
    /// A spectator without a feed.
    pub fn new() -> Spectator {
        Spectator::default()
    }

    /// The same before it heard of anything: whom it follows, and where it looks.
    #[must_use]
    pub fn anew(&self) -> Spectator {
        Spectator { follow: self.follow, camera: self.camera, ..Spectator::default() }
    }

    /// The feed is open: a hello comes first.
    pub fn opened(&mut self, _now_ms: f64) {
        self.linked = true;
        if let Some(watch) = &mut self.watch {
            watch.reopened();
        }
    }

    /// The feed is gone.
    pub fn lost(&mut self, _now_ms: f64) {
        self.linked = false;
    }

    /// An event of the feed, with its cursor (empty for hello) and its JSON. After an error the feed is to be opened
    /// anew; the cursor is forgotten then.
    pub fn receive(&mut self, event_name: &str, id: &str, data: &str, now_ms: f64) -> Result<(), FeedError> {
        let read = self.read(event_name, id, data, now_ms);
        if read.is_err() {
            self.cursor = None;
            if let Some(watch) = &mut self.watch {
                watch.forget();
            }
        }
        read
    }

    fn read(&mut self, name: &str, id: &str, data: &str, now_ms: f64) -> Result<(), FeedError> {
        if data.len() > EVENT_BYTES_MAX {
            return Err(FeedError::TooLarge(data.len()));
        }
        if name == "hello" {
            return self.hello(parse(data)?);
        }
        if !FeedEvent::NAMES.contains(&name) {
            return Err(FeedError::Malformed);
        }
        if name == "bye" && id.is_empty() {
            // For this connection alone; the feed itself goes on.
            self.bye = Some(parse(data)?);
            return Ok(());
        }
        let cursor = Cursor::parse(id).ok_or(FeedError::Malformed)?;
        match self.cursor.as_ref().map(|before| cursor.after(before)) {
            Some(Step::Again) => return Ok(()),
            Some(Step::Next) => {}
            Some(Step::Gap) | None if name == "keyframe" || name == "bye" => {}
            Some(Step::Gap) | None => return Err(FeedError::Gap),
        }
        self.apply(name, data, now_ms)?;
        self.cursor = Some(cursor);
        Ok(())
    }

    fn hello(&mut self, hello: Hello) -> Result<(), FeedError> {
        // Older ones, of replays, say less but nothing else.
        if hello.version > FEED_VERSION {
            return Err(FeedError::Version(hello.version));
        }
        // The same match again: what is known goes on.
        if self.watch.as_ref().is_none_or(|watch| watch.hello != hello) {
            self.watch = Some(Watch::new(hello));
            self.cursor = None;
        }
        self.bye = None;
        Ok(())
    }

    fn apply(&mut self, name: &str, data: &str, now_ms: f64) -> Result<(), FeedError> {
        if name == "bye" {
            self.bye = Some(parse(data)?);
            return Ok(());
        }
        let watch = self.watch.as_mut().ok_or(FeedError::Gap)?;
        match name {
            "keyframe" => watch.keyframe(&parse(data)?, now_ms)?,
            "delta" => watch.delta(&parse(data)?, now_ms)?,
            "kill" => watch.kill(&parse(data)?)?,
            "join" => watch.join(&parse(data)?)?,
            "leave" => {
                let Leave { tick, id } = parse(data)?;
                watch.leave(tick, id)?;
            }
            "limbo" => watch.limbo(&parse(data)?)?,
            "team" => watch.set_team(&parse(data)?)?,
            "teams" => watch.set_team_scores(&parse(data)?)?,
            "core" => watch.core(&parse(data)?)?,
            "round" => watch.set_round(&parse(data)?)?,
            "say" => watch.say(&parse(data)?),
            "notice" => watch.notice(parse(data)?),
            "closing" => watch.closing(&parse(data)?),
            _ => return Err(FeedError::Malformed),
        }
        Ok(())
    }

    /// Chooses whom to follow.
    pub fn follow(&mut self, target: Follow) {
        self.follow = target;
    }

    /// Whom the camera follows.
    pub fn following(&self) -> Follow {
        self.follow
    }

    /// The player whom the camera follows now, if any.
    pub fn target(&self) -> Option<PlayerId> {
        match self.follow {
            Follow::Player(id) => Some(id),
            Follow::Free(_) => None,
            Follow::Leader => self.leader,
        }
    }

    /// What to draw now; once for each drawn picture, because each happening is told once. All ships and shots of the
    /// arena are in it, not only those near the camera.
    pub fn view(&mut self, now_ms: f64) -> View {
        self.choose_leader();
        let target = self.target();
        let Some(watch) = &mut self.watch else {
            return View { freshness: Freshness::Waiting, camera: self.camera, ..View::default() };
        };
        let last = target.and_then(|id| watch.last_seen(id));
        let mut view = watch.view(self.linked, now_ms);
        let place = target.and_then(|id| view.ships.iter().position(|s| s.id == id));
        view.own = place.map(|index| followed(&view.ships.remove(index)));
        if let Follow::Free(camera) = self.follow {
            self.camera = camera;
        } else if let Some(own) = view.own {
            self.camera = own.position;
        } else if let Some(place) = last {
            self.camera = place;
        }
        view.camera = self.camera;
        view
    }

    /// Stays with a leader as long as nobody has more kills.
    fn choose_leader(&mut self) {
        let Some(watch) = &self.watch else { return };
        let best = watch.roster.leader();
        let kills = |id: Option<PlayerId>| id.and_then(|id| watch.roster.score_of(id));
        if kills(self.leader).is_none() || kills(best) > kills(self.leader) {
            self.leader = best;
        }
    }

    /// The score board, best first.
    pub fn scores(&self) -> Vec<Score> {
        self.watch.as_ref().map(|watch| watch.roster.scores()).unwrap_or_default()
    }

    /// What to call a player.
    pub fn name_of(&self, id: PlayerId) -> Option<&str> {
        self.watch.as_ref()?.roster.name_of(id)
    }

    /// A player's side; nobody's for strangers.
    pub fn team_of(&self, id: PlayerId) -> Team {
        self.watch.as_ref().map(|watch| watch.roster.team_of(id)).unwrap_or_default()
    }

    /// The shape of a player's ship; the plain one for strangers.
    pub fn hull_of(&self, id: PlayerId) -> Hull {
        self.watch.as_ref().map(|watch| watch.roster.hull_of(id)).unwrap_or_default()
    }

    /// Where it happens; changes only with a hello.
    pub fn arena(&self) -> Option<&Arena> {
        self.watch.as_ref().map(Watch::arena)
    }

    /// The match's name; empty before the hello.
    pub fn match_name(&self) -> &str {
        self.watch.as_ref().map_or("", |watch| watch.hello.match_name.as_str())
    }

    /// By how much the match delays its feed on purpose, in milliseconds.
    pub fn delay_ms(&self) -> u32 {
        self.watch.as_ref().map_or(0, |watch| watch.hello.delay_ms)
    }

    /// Spectators, this one included, as of the last keyframe.
    pub fn watching(&self) -> u32 {
        self.watch.as_ref().map_or(0, Watch::watching)
    }

    /// The cursor of the last event: where to go on after a lost connection. `None` asks for a keyframe.
    pub fn last_cursor(&self) -> Option<&str> {
        self.cursor.as_ref().map(Cursor::as_str)
    }

    /// Whether the feed is over for good.
    pub fn ended(&self) -> bool {
        self.bye.as_ref().is_some_and(|bye| bye.retry_ms == 0)
    }

    /// The feed's last word, if it said one.
    pub fn bye(&self) -> Option<&FeedBye> {
        self.bye.as_ref()
    }

    /// The match as known from the feed, for tests and tools.
    pub fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }
}

fn parse<T: DeserializeOwned>(data: &str) -> Result<T, FeedError> {
    json_reader::read(data).map_err(|_| FeedError::Malformed)
}

/// The followed ship. What only its player knows is not in the feed: no dashes are shown, and the shield is whole or
/// gone.
fn followed(ship: &ShipView) -> OwnView {
    let push = ship.velocity.try_normalize().unwrap_or_else(|| ship.aim.direction());
    OwnView {
        id: ship.id,
        position: ship.position,
        velocity: ship.velocity,
        aim: ship.aim,
        thrust: if ship.thrusting { push } else { Vec2::ZERO },
        hull_points: ship.hull_points,
        guard: if ship.guarded { 1.0 } else { 0.0 },
        dashes: 0.0,
        arms: Arms::default(),
        second: 0.0,
        shield: if ship.shielded { 1.0 } else { 0.0 },
        carries: ship.carries,
        dashing: ship.dashing,
    }
}
