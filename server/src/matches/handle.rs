//! What everybody but its thread holds of a match: a cheap clone that asks and is answered.
//! No game state is behind it but the match's own public picture.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

use arc_swap::ArcSwap;
use shared::id::PlayerId;
use tokio::sync::oneshot;

use crate::conditions::Conditions;
use crate::feed::cursor::Cursor;
use crate::feed::form::Form;
use crate::feed::log::FeedLog;
use crate::journal::generations::Generations;
use crate::journal::run::HOST_TURNS_MAX;
use crate::link::Arrival;
use crate::link::mailboxes::Mailboxes;
use crate::matches::callers::Callers;
use crate::matches::id::MatchId;
use crate::matches::inbox::{
    Busy, Dismissal, HostAct, JoinError, JoinRequest, MatchMessage, SeatGrant, WrongPhase,
};
use crate::matches::status::MatchStatus;
use crate::settings::MatchSettings;
use crate::spectators::parked::Parked;
use crate::spectators::thread::Ticket;
use crate::spectators::watcher::Newcomer;

/// A match, from outside.
#[derive(Clone)]
pub struct MatchHandle(Arc<Shared>);

/// What all handles of a match share.
pub(crate) struct Shared {
    pub(crate) id: MatchId,
    pub(crate) settings: MatchSettings,
    pub(crate) inbox: SyncSender<MatchMessage>,
    pub(crate) spectators: SyncSender<Ticket>,
    pub(crate) status: Arc<ArcSwap<MatchStatus>>,
    pub(crate) log: Arc<FeedLog>,
    pub(crate) feed_key: Option<String>,
    pub(crate) thread: Thread,
    pub(crate) asleep: Arc<AtomicBool>,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) callers: Callers,
    pub(crate) generations: Generations,
    pub(crate) host_turn: AtomicU16,
    pub(crate) host_turns_given: AtomicU16,
    pub(crate) next: Mutex<Option<MatchSettings>>,
}

/// Somebody who wants to watch.
#[derive(Debug)]
pub struct WatchRequest {
    /// The connection; the response's head is written.
    pub arrival: Arrival,
    /// The event that was seen last.
    pub resume: Option<Cursor>,
    /// The form of the events.
    pub form: Form,
    /// Whether an HTTP body is chunked (HTTP/1.1); else it ends with the connection.
    pub chunked: bool,
}

impl fmt::Debug for MatchHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MatchHandle").field(&self.0.id.as_str()).finish()
    }
}

impl MatchHandle {
    pub(crate) fn new(shared: Shared) -> MatchHandle {
        MatchHandle(Arc::new(shared))
    }

    /// The match's id.
    pub fn id(&self) -> &MatchId {
        &self.0.id
    }

    /// How it was set up.
    pub fn settings(&self) -> &MatchSettings {
        &self.0.settings
    }

    /// Its newest public picture, at most a quarter of a second old while it is awake.
    pub fn status(&self) -> Arc<MatchStatus> {
        self.0.status.load_full()
    }

    /// A seat, answered within a tick or two.
    pub async fn join(&self, request: JoinRequest) -> Result<SeatGrant, JoinError> {
        let (reply, answer) = oneshot::channel();
        self.send(MatchMessage::Join(request, reply)).map_err(|Busy| JoinError::Busy)?;
        answer.await.unwrap_or(Err(JoinError::Gone))
    }

    /// What a token for the seat of `player` must say, so that it is not of somebody who had that number before a crash.
    pub fn generation_of(&self, player: PlayerId) -> u32 {
        self.0.generations.of(player)
    }

    /// Whether `player` has a seat.
    pub async fn has_seat(&self, player: PlayerId) -> bool {
        let (reply, answer) = oneshot::channel();
        self.send(MatchMessage::HasSeat(player, reply)).is_ok() && answer.await.unwrap_or(false)
    }

    /// A link for the seat of `player`, its handshake done. Without a seat it is closed with `bad_token`.
    pub fn attach(&self, player: PlayerId, arrival: Arrival) -> Result<(), Busy> {
        self.send(MatchMessage::Attach(player, arrival))
    }

    /// A spare link for the seat of `player`: the one that it has goes on until the spare has answered a ping.
    pub fn attach_spare(&self, player: PlayerId, arrival: Arrival) -> Result<(), Busy> {
        self.send(MatchMessage::Spare(player, arrival))
    }

    /// The mailboxes of players without a WebSocket.
    pub fn mailboxes(&self) -> &Mailboxes {
        &self.0.mailboxes
    }

    /// Where its people call from.
    pub fn callers(&self) -> &Callers {
        &self.0.callers
    }

    /// The host's act; inside is whether it was the time for it.
    pub async fn host_act(&self, act: HostAct) -> Result<Result<(), WrongPhase>, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(MatchMessage::Host(act, reply))?;
        answer.await.map_err(|_| Busy)
    }

    /// Ends the match, whatever it does.
    pub fn end(&self) -> Result<(), Busy> {
        self.send(MatchMessage::Host(HostAct::End, oneshot::channel().0))
    }

    /// Its settings from the next round on, which is on another map; inside is whether that can be.
    pub async fn move_to(&self, next: MatchSettings) -> Result<Result<(), WrongPhase>, Busy> {
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
        self.host_act(HostAct::Move).await
    }

    /// The settings with which it goes on on another map, if its host wants that.
    pub fn take_next(&self) -> Option<MatchSettings> {
        self.0.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The same match goes on here: what stood beside the older one counts.
    pub fn follow(&self, older: &MatchHandle) {
        self.callers().take_over(older.callers());
    }

    /// Which host's token counts: each that was handed over makes the older ones void.
    pub fn host_turn(&self) -> u16 {
        self.0.host_turn.load(Ordering::Acquire)
    }

    /// A turn that nobody else gets; `None` if the host has changed too often.
    pub fn next_host_turn(&self) -> Option<u16> {
        let given = self.0.host_turns_given.fetch_update(Ordering::AcqRel, Ordering::Acquire, |given| {
            (given < HOST_TURNS_MAX).then_some(given + 1)
        });
        given.ok().map(|before| before + 1)
    }

    /// Tells `player` the token of a turn, by which they are the host from now on and nobody with an older one; false if
    /// they are not there to hear it.
    pub async fn hand_over(&self, player: PlayerId, (turn, token): (u16, String)) -> Result<bool, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(MatchMessage::HandOver(player, (turn, token), reply))?;
        let done = answer.await.unwrap_or(false);
        if done {
            self.0.host_turn.fetch_max(turn, Ordering::AcqRel);
        }
        Ok(done)
    }

    /// Removes `player`, who is told why; false if they have no seat.
    pub async fn remove(&self, player: PlayerId, dismissal: Dismissal) -> Result<bool, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(MatchMessage::Remove(player, dismissal, reply))?;
        Ok(answer.await.unwrap_or(false))
    }

    /// Tells everybody who plays or watches what the server's operator has to say.
    pub fn tell_notice(&self, text: &str) -> Result<(), Busy> {
        self.send(MatchMessage::Notice(text.to_owned()))
    }

    /// Makes it a playground, under these conditions from now on.
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), Busy> {
        self.send(MatchMessage::Conditions(conditions))
    }

    /// Somebody watches: what follows `resume` exactly, or the newest keyframe and what follows it.
    pub fn watch(&self, request: WatchRequest) -> Result<(), Busy> {
        let WatchRequest { arrival, resume, form, chunked } = request;
        let (log, watching) = (Arc::clone(&self.0.log), self.0.log.watch());
        let newcomer = Newcomer { arrival, log, watching, resume, form, chunked };
        self.0.spectators.try_send(Ticket::Watch(Box::new(newcomer))).map_err(|_| Busy)?;
        // Or the greeting would wait for the thread's next look.
        self.0.log.nudge();
        if self.0.log.ended() { Ok(()) } else { self.send(MatchMessage::Watched) }
    }

    /// The match's feed, for who reads it without staying.
    pub fn feed(&self) -> &FeedLog {
        &self.0.log
    }

    /// The same, for who keeps it.
    pub fn feed_log(&self) -> Arc<FeedLog> {
        Arc::clone(&self.0.log)
    }

    /// Somebody pulls: wakes the match if it sleeps, and keeps its feed going for a while.
    pub fn pull(&self) -> Result<(), Busy> {
        self.0.log.ask();
        self.send(MatchMessage::Watched)
    }

    /// Waits for the event `next` of the feed: the receiver is told when it is there, or nothing will follow.
    pub fn park(&self, next: u64) -> Result<oneshot::Receiver<()>, Busy> {
        let (parked, told) = Parked::new(Arc::clone(&self.0.log), next);
        self.0.spectators.try_send(Ticket::Park(parked)).map_err(|_| Busy)?;
        self.0.log.nudge();
        Ok(told)
    }

    /// Whether `key` opens the feed; matches without a password have none.
    pub fn feed_key_fits(&self, key: Option<&str>) -> bool {
        match (&self.0.feed_key, key) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(right), Some(guess)) => {
                let same_length = right.len() == guess.len();
                let differs = right.bytes().zip(guess.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
                same_length && differs == 0
            }
        }
    }

    /// The key of the feed, if the match has a password.
    pub fn feed_key(&self) -> Option<&str> {
        self.0.feed_key.as_deref()
    }

    /// Whether the match still runs.
    pub(crate) fn is_alive(&self) -> bool {
        !self.0.log.ended()
    }

    /// The server stops in so many seconds: players are told.
    pub(crate) fn tell_closing(&self, in_s: u16) {
        // Who misses this sees the link end, and comes back all the same.
        let _ = self.send(MatchMessage::Closing(in_s));
    }

    /// The match panics, as by a bug.
    #[cfg(test)]
    pub(crate) fn break_down(&self) {
        self.send(MatchMessage::Break).unwrap();
    }

    /// The server stops: the match says goodbye to everybody.
    pub(crate) fn stop(&self) {
        // A full inbox is emptied within a tick; a match that is gone needs no goodbye.
        let _ = self.send(MatchMessage::Stop);
    }

    fn send(&self, message: MatchMessage) -> Result<(), Busy> {
        self.0.inbox.try_send(message).map_err(|_| Busy)?;
        if self.0.asleep.load(Ordering::Acquire) {
            self.0.thread.unpark();
        }
        Ok(())
    }
}
