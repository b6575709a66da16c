//! A player's place in a match: it outlives the connection. What comes over the link is decoded and limited here,
//! once; behind this nothing has to be doubted.

use std::time::Duration;

use shared::codec::decode;
use shared::id::PlayerId;
use shared::protocol::{
    CLIENT_MESSAGE_BYTES_MAX, ClientFigures, ClientMessage, CloseReason, InputMessage, PlayerEvent,
};
use shared::snapshot::InputReport;
use shared::tick::{Tick, TickRate};

use crate::link::frame_reader::Incoming;
use crate::link::websocket::{ReadRoom, Sent, WebSocketLink};
use crate::matches::allowance::Allowance;
use crate::matches::credit::{Credit, Stage};
use crate::matches::input_queue::{InputQueue, Pushed};
use crate::matches::known::Known;
use crate::matches::net_figures::NetFigures;
use crate::matches::view_claims::ViewClaims;
use crate::telemetry::{Counted, desynced, link_stage};
use crate::timing::Timing;

/// Personal events that wait for the link; they are for the eye, so the oldest goes first when there are more.
const PERSONAL_MAX: usize = 16;

/// Time without room in the socket after which a link is given up.
const BLOCKED_AFTER: Duration = Duration::from_secs(15);
/// Phrases that a player may say in one go, and how long it takes until there is another one to say.
const PHRASES_BURST: u32 = 3;
const PHRASE_EVERY: Duration = Duration::from_secs(3);
/// Time between two keyframes that a client asks for.
const KEYFRAME_EVERY: Duration = Duration::from_secs(1);

/// A player's place.
#[derive(Debug)]
pub struct Seat {
    /// Whose it is.
    pub player: PlayerId,
    /// Input commands that wait for their tick.
    pub queue: InputQueue,
    /// The way to the client, if there is one.
    pub link: Option<SeatLink>,
    /// When the seat becomes free, while there is no link.
    pub free_at: Duration,
    /// Counts the links that this seat had.
    pub generation: u32,
    /// What only this player is told, until the link takes it.
    pub personal: Vec<PlayerEvent>,
    /// The last tick in which the player did something, or had nothing to do.
    pub acted_at: Tick,
    /// What the player wants to say.
    pub phrase: Option<u8>,
    /// How many phrases they may send, over all their links.
    talk: Allowance,
    /// What the player is told when the link ends.
    pub last_words: String,
    _counted: Counted,
}

/// One link of a seat, and what is known of its other end.
#[derive(Debug)]
pub struct SeatLink {
    /// The link.
    pub socket: WebSocketLink,
    /// When something came last.
    pub heard_at: Duration,
    /// When it was last asked whether it is there.
    pub pinged_at: Duration,
    /// Whether the answer to that is still under way.
    pub ping_flies: bool,
    /// Whether the client still needs its welcome.
    pub welcome_due: bool,
    /// The first entry of the event ring that was not sent.
    pub event_cursor: u64,
    /// Where the next page of the roster begins; `None` once all were sent.
    pub pages_from: Option<PlayerId>,
    /// The place on the score board that the client was told last.
    pub place_told: u16,
    /// What the client holds.
    pub known: Known,
    /// How much more it may be sent.
    pub credit: Credit,
    /// What the client says that its player saw when acting.
    pub claims: ViewClaims,
    /// Since when the socket takes nothing.
    pub blocked_since: Option<Duration>,
    /// A client's stamp that is to be sent back.
    pub pong_due: Option<u32>,
    /// Whether the client said that nobody looks: it gets pings alone, and owes nothing.
    pub hidden: bool,
    /// How it does.
    pub figures: NetFigures,
    keyframe_at: Duration,
    /// The token of the host's rights that the player got, until it is told.
    pub host_token_due: Option<String>,
    stage: Stage,
    allowance: Allowance,
    _counted: Counted,
}

impl SeatLink {
    /// A link that has just arrived, in a match of `rate`.
    pub fn new(socket: WebSocketLink, rate: TickRate, timing: &Timing, now: Duration) -> SeatLink {
        let transport = socket.transport();
        SeatLink {
            socket,
            heard_at: now,
            pinged_at: now,
            ping_flies: false,
            welcome_due: true,
            event_cursor: 0,
            pages_from: Some(PlayerId(0)),
            place_told: 0,
            known: Known::default(),
            credit: Credit::new(Duration::from_secs_f32(rate.period_s()), now),
            claims: ViewClaims::new(rate),
            blocked_since: None,
            pong_due: None,
            hidden: false,
            figures: NetFigures::new(now),
            keyframe_at: Duration::ZERO,
            host_token_due: None,
            stage: Stage::Healthy,
            allowance: Allowance::new(timing.messages_per_s, now),
            _counted: Counted::connection(transport),
        }
    }

    /// The way to the client has changed: its credit begins anew.
    pub fn measure_anew(&mut self, rate: TickRate, now: Duration) {
        self.credit = Credit::new(Duration::from_secs_f32(rate.period_s()), now);
    }

    /// Sends what an earlier write left, and notes since when the socket has no room.
    pub fn clear_the_way(&mut self, now: Duration) -> Sent {
        if !self.socket.owes() {
            return Sent::Taken;
        }
        let way = self.socket.pay();
        self.note_room(way, now);
        way
    }

    /// Sends whole frames: all of them, or nothing if there is no room; and notes since when.
    pub fn send(&mut self, frames: &[u8], now: Duration) -> Sent {
        let sent = self.socket.send(frames);
        self.note_room(sent, now);
        sent
    }

    fn note_room(&mut self, sent: Sent, now: Duration) {
        if sent == Sent::Skipped {
            self.blocked_since.get_or_insert(now);
        } else {
            self.blocked_since = None;
        }
    }

    /// Whether the client was given up: it answers nothing, or its socket takes nothing.
    pub fn is_lost(&self, now: Duration) -> bool {
        let blocked = self.blocked_since.is_some_and(|since| now.saturating_sub(since) >= BLOCKED_AFTER);
        blocked || self.credit.stage(now) == Stage::Lost
    }

    /// Counts a change of the link's stage.
    fn note_stage(&mut self, now: Duration) {
        let stage = self.credit.stage(now);
        if stage != self.stage {
            self.stage = stage;
            link_stage(stage.word());
        }
    }

    /// The client could not follow: it gets a keyframe, at most one a second. What is under way is of no use to it and
    /// will not be answered, so it must not stand in the keyframe's way.
    fn ask_keyframe(&mut self, now: Duration) {
        if now.saturating_sub(self.keyframe_at) >= KEYFRAME_EVERY {
            self.keyframe_at = now;
            self.known.forget();
            self.credit.rest(now);
            desynced();
        }
    }
}

impl Seat {
    /// A new seat without a link; it becomes free at `free_at`.
    pub fn new(player: PlayerId, rate: TickRate, free_at: Duration) -> Seat {
        Seat {
            player,
            queue: InputQueue::new(rate),
            link: None,
            free_at,
            generation: 0,
            personal: Vec::new(),
            acted_at: Tick::default(),
            phrase: None,
            talk: Allowance::of_one(PHRASES_BURST, PHRASE_EVERY, Duration::ZERO),
            last_words: String::new(),
            _counted: Counted::player(),
        }
    }

    /// Reads what came over the link. `tick` is the last one that was stepped. `Err` is the end of the link.
    pub fn read(&mut self, room: &mut ReadRoom, tick: Tick, now: Duration) -> Result<(), CloseReason> {
        let Seat { link, queue, personal, phrase, talk, .. } = self;
        let Some(link) = link else { return Ok(()) };
        let SeatLink { socket, heard_at, allowance, claims, .. } = link;
        let mut notes = Notes::default();
        let end = socket.read(room, |incoming| {
            *heard_at = now;
            if !allowance.take(now) {
                return Err(CloseReason::TooMany);
            }
            match incoming {
                Incoming::Message(bytes) => {
                    take_message(bytes, (&mut *queue, &mut *claims), tick, &mut notes)
                }
                Incoming::Pong => {
                    notes.ponged = true;
                    Ok(())
                }
                Incoming::Ping => Ok(()),
            }
        });
        notes.tell_slack(queue, link.socket.age(now));
        if notes.ponged && std::mem::take(&mut link.ping_flies) {
            let took = now.saturating_sub(link.pinged_at);
            link.credit.note_ping(took);
            link.figures.note_round_trip(took);
        }
        link.figures.note_late(notes.late_inputs);
        if let Some(figures) = notes.figures {
            link.figures.tell(figures, now);
        }
        if let Some(took) = link.credit.acknowledge(notes.ack, now) {
            link.claims.measure(took);
        }
        link.note_stage(now);
        if notes.lost {
            link.ask_keyframe(now);
        }
        if let Some(said) = notes.phrase.filter(|_| talk.take(now)) {
            *phrase = Some(said);
        }
        link.pong_due = notes.stamp.or(link.pong_due);
        if let Some(hidden) = notes.hidden {
            link.hidden = hidden;
            link.credit.rest(now);
            // What happened meanwhile is no news to somebody who looks again.
            personal.clear();
        }
        end
    }

    /// What the next snapshot says of the inputs.
    pub fn report(&self, tick: Tick) -> InputReport {
        let applied_ago = self.queue.applied().map(|t| tick.since(t)).filter(|&ago| ago < 255);
        let ahead = self.queue.newest().map(|t| t.distance(tick).clamp(-127, 127) as i8);
        InputReport {
            applied_ago: applied_ago.map(|ago| ago as u8),
            received_ahead: ahead,
            waiting: self.queue.waiting(),
            slack: self.queue.slack(),
        }
    }

    /// A tick was made; its input was taken from the queue.
    pub fn note_tick(&mut self, tick: Tick) {
        let (applied, began) = (self.queue.applied() == Some(tick), self.queue.applied().is_some());
        if let Some(link) = self.link.as_mut().filter(|link| !link.hidden) {
            link.figures.note_tick(applied, began);
        }
    }

    /// What became of this tick's bytes for the link.
    pub fn note_written(&mut self, outcome: Option<Sent>, bytes: usize) {
        let Some(link) = &mut self.link else { return };
        match outcome {
            Some(Sent::Taken) => link.figures.note_sent(bytes),
            Some(Sent::Skipped) => link.figures.note_skipped(),
            Some(Sent::Gone) | None => {}
        }
    }

    /// Remembers something that only this player is told.
    pub fn tell(&mut self, event: PlayerEvent) {
        if self.personal.len() >= PERSONAL_MAX {
            self.personal.remove(0);
        }
        self.personal.push(event);
    }
}

/// What messages said beside inputs.
#[derive(Default)]
struct Notes {
    ack: Tick,
    stamp: Option<u32>,
    lost: bool,
    ponged: bool,
    late_inputs: u32,
    figures: Option<ClientFigures>,
    hidden: Option<bool>,
    phrase: Option<u8>,
    /// Whole ticks to spare of the newest message's first command.
    spare: Option<i64>,
    /// The worst of the messages before it that were too late.
    late: Option<i64>,
}

impl Notes {
    /// Tells the queue how early or late the messages of one read were; the last of them is `age` old. An earlier one
    /// came some time before, so it says nothing unless it was too late.
    fn tell_slack(&self, queue: &mut InputQueue, age: Option<Duration>) {
        for spare in self.late.into_iter().chain(self.spare) {
            queue.note_slack(spare, age);
        }
    }
}

fn take_message(
    bytes: &[u8],
    desk: (&mut InputQueue, &mut ViewClaims),
    tick: Tick,
    notes: &mut Notes,
) -> Result<(), CloseReason> {
    match decode::<ClientMessage>(bytes, CLIENT_MESSAGE_BYTES_MAX) {
        Ok(ClientMessage::Input(message)) => take_input(&message, desk, tick, notes),
        Ok(ClientMessage::Ping(stamp)) => {
            notes.stamp = Some(stamp);
            Ok(())
        }
        Ok(ClientMessage::Keyframe(_)) => {
            notes.lost = true;
            Ok(())
        }
        Ok(ClientMessage::Hidden(hidden)) => {
            notes.hidden = Some(hidden);
            Ok(())
        }
        Ok(ClientMessage::Say(phrase)) => {
            notes.phrase = Some(phrase);
            Ok(())
        }
        Ok(ClientMessage::Figures(figures)) => {
            notes.figures = Some(figures);
            Ok(())
        }
        Ok(ClientMessage::Leave(_)) => Err(CloseReason::Left),
        Err(_) => Err(CloseReason::BadMessage),
    }
}

fn take_input(
    message: &InputMessage,
    (queue, claims): (&mut InputQueue, &mut ViewClaims),
    tick: Tick,
    notes: &mut Notes,
) -> Result<(), CloseReason> {
    let commands = message.commands().ok_or(CloseReason::BadMessage)?;
    if !message.inputs.as_slice().is_empty() {
        let late = notes.spare.filter(|spare| *spare < 0);
        notes.late = notes.late.into_iter().chain(late).min();
        notes.spare = Some(message.first.distance(tick.next()));
    }
    // Nobody has seen the future: a larger claim counts as the newest tick.
    let ack = message.ack.min(tick);
    let claim = claims.claim(ack, message.view_lag);
    for command in commands {
        match queue.push(tick, command) {
            Pushed::Accepted => claims.note(claim, command.tick, tick),
            Pushed::Late => notes.late_inputs += 1,
            Pushed::Repeated | Pushed::TooEarly => {}
        }
    }
    notes.ack = notes.ack.max(ack);
    Ok(())
}
