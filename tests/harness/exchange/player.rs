//! One real client in an exchange: the netcode core, a link in memory, a network's delay, and somebody who steers.
//! It does what the page does: reads messages as they come, and draws a picture sixty times a second.

use std::fmt;

use client_web::client::{Client, SERVER_MESSAGE_BYTES_MAX};
use client_web::view::{Happening, View};
use glam::Vec2;
use shared::codec::{decode, encode};
use shared::id::PlayerId;
use shared::protocol::{CLIENT_MESSAGE_BYTES_MAX, ClientMessage, InputMessage, ServerMessage};
use shared::record::Reader;

use crate::lane::{Delay, Lane};
use crate::peer::Peer;
use crate::steering::Steering;

/// Time between two pictures.
const PICTURE_MS: f64 = 1000.0 / 60.0;

/// What is worth knowing about a drawn picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The moment of the past at which others are shown, in ticks.
    pub others_at: f64,
    /// Ticks by which that lies beyond the newest snapshot.
    pub beyond_ticks: f32,
    /// The delay behind the newest snapshot's expected arrival, in milliseconds.
    pub delay_ms: f32,
    /// Where the others are.
    pub ships: Vec<(PlayerId, Vec2)>,
}
/// A lie: changes an input message on its way out.
pub type Forge = fn(&mut InputMessage);

/// A client that plays.
pub struct Player {
    /// Its seat.
    pub id: PlayerId,
    /// The netcode core.
    pub client: Client,
    /// Its end of the link, while there is one.
    pub peer: Option<Peer>,
    /// A link beside it, until its first message comes.
    pub spare: Option<Peer>,
    older: Option<(Peer, Lane)>,
    delay: Delay,
    /// Times that a spare took over.
    pub moves: u32,
    /// Who steers.
    pub steering: Steering,
    /// The last picture.
    pub view: View,
    /// Everything that pictures showed once, in order; a test may empty it.
    pub seen: Vec<Happening>,
    /// Pictures since they were last taken, while they are kept.
    pub pictures: Option<Vec<Picture>>,
    /// Keyframes that came.
    pub keyframes: u32,
    /// Whether nobody looks: nothing is drawn, but messages come.
    pub hidden: bool,
    /// Why the client gave a link up, if it did.
    pub complaint: Option<String>,
    /// Changes each input message on its way out: a client that lies.
    pub forge: Option<Forge>,
    up: Lane,
    down: Lane,
    picture_at_ms: f64,
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("id", &self.id).field("client", &self.client).finish_non_exhaustive()
    }
}

impl Player {
    /// A player in the seat `id`; `seed` tells its network and its pictures' phase from others'.
    pub fn new(id: PlayerId, seed: u64, delay: Delay, steering: Steering) -> Player {
        Player {
            id,
            client: Client::new(),
            peer: None,
            spare: None,
            older: None,
            delay,
            moves: 0,
            steering,
            view: View::default(),
            seen: Vec::new(),
            pictures: None,
            keyframes: 0,
            hidden: false,
            complaint: None,
            forge: None,
            up: Lane::new(delay, seed * 2 + 1),
            down: Lane::new(delay, seed * 2 + 2),
            picture_at_ms: 3.0 + seed as f64 * 1.7,
        }
    }

    /// A new link stands.
    pub fn connect(&mut self, peer: Peer, now_ms: f64) {
        self.up.clear();
        self.down.clear();
        self.peer = Some(peer);
        self.client.link_opened(now_ms);
        self.picture_at_ms = self.picture_at_ms.max(now_ms + self.picture_at_ms % PICTURE_MS);
    }

    /// The link breaks without a word.
    pub fn drop_link(&mut self, now_ms: f64) {
        if self.peer.take().is_some() {
            self.client.link_lost(now_ms);
        }
    }

    /// Lives from a tick of the match to the next one: messages come, pictures are drawn, commands go.
    pub fn live(&mut self, from_ms: f64, until_ms: f64) {
        if let Some(peer) = &mut self.peer {
            for message in peer.receive() {
                self.down.send(message, from_ms);
            }
        }
        self.try_spare(from_ms);
        loop {
            let arrival = self.down.next_due_ms().filter(|due| *due <= self.picture_at_ms);
            if let Some((at, message)) = arrival.and_then(|_| self.down.receive(until_ms)) {
                self.take(&message, at);
            } else if self.picture_at_ms < until_ms && arrival.is_none() {
                let at = self.picture_at_ms;
                if !self.hidden {
                    self.draw(at);
                }
                self.picture_at_ms = at + PICTURE_MS;
            } else {
                break;
            }
        }
        if let Some((peer, up)) = &mut self.older {
            while let Some((at_ms, message)) = up.receive(until_ms) {
                peer.set_now(at_ms);
                peer.send(message);
            }
        }
        while let Some((at_ms, message)) = self.up.receive(until_ms) {
            if let Some(peer) = &mut self.peer {
                peer.set_now(at_ms);
                peer.send(message);
            }
        }
        if self.peer.as_ref().is_some_and(|p| p.closed.is_some()) {
            self.drop_link(until_ms);
        }
    }

    /// As the page does: the first message on the spare makes it the link.
    fn try_spare(&mut self, now_ms: f64) {
        let Some(spare) = &mut self.spare else { return };
        let messages = spare.receive();
        if messages.is_empty() {
            return;
        }
        // What was sent on the older one still arrives there.
        let up = std::mem::replace(&mut self.up, Lane::new(self.delay, 77));
        self.older = self.peer.take().map(|peer| (peer, up));
        self.peer = self.spare.take();
        self.moves += 1;
        self.client.link_moved(now_ms);
        for message in messages {
            self.down.send(message, now_ms);
        }
    }

    /// The page is hidden from now on, or shown again.
    pub fn set_hidden(&mut self, hidden: bool, now_ms: f64) {
        self.hidden = hidden;
        self.picture_at_ms = self.picture_at_ms.max(now_ms);
        self.client.set_hidden(hidden, now_ms);
        self.dispatch(now_ms);
    }

    fn take(&mut self, message: &[u8], at_ms: f64) {
        self.keyframes += u32::from(is_keyframe(message));
        if let Err(error) = self.client.receive(message, at_ms) {
            self.complaint.get_or_insert(error.to_string());
            self.drop_link(at_ms);
            return;
        }
        self.client.advance(at_ms);
        self.dispatch(at_ms);
    }

    /// One picture, in the page's order.
    pub fn draw(&mut self, at_ms: f64) {
        let controls = (self.steering)(&self.view, at_ms);
        self.client.control(controls);
        self.client.advance(at_ms);
        self.dispatch(at_ms);
        self.view = self.client.view(at_ms);
        self.seen.append(&mut self.view.happenings);
        if let Some(pictures) = &mut self.pictures {
            pictures.push(Picture {
                others_at: self.view.others_at,
                beyond_ticks: self.view.beyond_ticks,
                delay_ms: self.client.instruments().interpolation_delay_ms,
                ships: self.view.ships.iter().map(|ship| (ship.id, ship.position)).collect(),
            });
        }
    }

    fn dispatch(&mut self, at_ms: f64) {
        while let Some(message) = self.client.poll_send() {
            let forged = self.forge.and_then(|forge| forged(&message, forge));
            self.up.send(forged.unwrap_or(message), at_ms);
        }
    }
}

fn is_keyframe(message: &[u8]) -> bool {
    let Ok(ServerMessage::Snapshot(body)) = decode(message, SERVER_MESSAGE_BYTES_MAX) else { return false };
    Reader::new(&body.0).head().is_ok_and(|head| head.since == 0)
}

/// An input message with another content; other messages are left alone.
fn forged(message: &[u8], forge: Forge) -> Option<Vec<u8>> {
    let Ok(ClientMessage::Input(mut input)) = decode(message, CLIENT_MESSAGE_BYTES_MAX) else { return None };
    forge(&mut input);
    encode(&ClientMessage::Input(input)).ok()
}
