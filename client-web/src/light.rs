//! A player without a picture: reads only what steering and acknowledging need, so that one core drives many.
//! It sends just what the true client sends; `starfray load` uses it, the page never does.

use std::collections::VecDeque;

use shared::codec;
use shared::id::PlayerId;
use shared::protocol::{Bye, ClientMessage, InputMessage, PROTOCOL_VERSION, ServerMessage};
use shared::record::{Head, Reader};
use shared::tick::TickRate;

use crate::client::{Controls, ReceiveError, SERVER_MESSAGE_BYTES_MAX};
use crate::client_clock::ClientClock;
use crate::input_buffer::InputBuffer;
use crate::instruments::{Instruments, Recorder, Samples};
use crate::server_clock::ServerClock;

/// Most messages that wait to be sent; beyond it the oldest is dropped.
const OUTBOX_MAX: usize = 8;
/// What a light client says about its picture: two ticks old.
const VIEW_LAG: u16 = 16;

/// One player who steers blindly.
#[derive(Debug, Default)]
pub struct LightClient {
    seat: Option<Seat>,
    buffer: InputBuffer,
    outbox: VecDeque<Vec<u8>>,
    bye: Option<Bye>,
    recorder: Recorder,
}

#[derive(Debug)]
struct Seat {
    player: PlayerId,
    clock: ServerClock,
    client_clock: ClientClock,
    head: Option<Head>,
}

impl LightClient {
    /// A player without a link.
    pub fn new() -> LightClient {
        LightClient::default()
    }

    /// A new link is open: a welcome comes first.
    pub fn link_opened(&mut self, _now_ms: f64) {
        self.link_lost(0.0);
        self.bye = None;
    }

    /// The link is gone.
    pub fn link_lost(&mut self, _now_ms: f64) {
        self.seat = None;
        self.outbox.clear();
        self.buffer.forget_sent();
    }

    /// A message from the server. After an error the link is to be closed.
    pub fn receive(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), ReceiveError> {
        self.recorder.figures.messages_in += 1;
        self.recorder.figures.bytes_in += bytes.len() as u64;
        if let Some(body) = snapshot_body(bytes) {
            return self.snapshot(body, now_ms);
        }
        if let [0x81, 0xa1, b'e' | b'r', ..] = bytes {
            return Ok(());
        }
        match codec::decode::<ServerMessage>(bytes, SERVER_MESSAGE_BYTES_MAX)? {
            ServerMessage::Welcome(welcome) => {
                if welcome.protocol != PROTOCOL_VERSION {
                    return Err(ReceiveError::Version(welcome.protocol));
                }
                if self.seat.is_none() {
                    self.seat = Some(Seat::new(welcome.player, welcome.rate));
                }
                Ok(())
            }
            ServerMessage::Bye(bye) => {
                self.bye = Some(bye);
                Ok(())
            }
            ServerMessage::Snapshot(packed) => self.snapshot(&packed.0, now_ms),
            ServerMessage::Events(..) | ServerMessage::Roster(_) | ServerMessage::Pong(_) => Ok(()),
        }
    }

    fn snapshot(&mut self, body: &[u8], now_ms: f64) -> Result<(), ReceiveError> {
        let seat = self.seat.as_mut().ok_or(ReceiveError::Early)?;
        let head = Reader::new(body).head()?;
        if seat.head.is_some_and(|newest| newest.tick >= head.tick) {
            return Ok(());
        }
        let recorder = &mut self.recorder;
        if let Some(gap_ms) = seat.clock.silence_ms(now_ms) {
            recorder.snapshot_gap(gap_ms);
        }
        seat.clock.arrived(head.tick, now_ms);
        seat.client_clock.report(head.tick, &head.report);
        if let Some(ago) = head.report.applied_ago {
            let applied = head.tick - u32::from(ago);
            self.buffer.applied(applied, now_ms).for_each(|ms| recorder.input_ack(ms));
        }
        recorder.figures.snapshots += 1;
        recorder.figures.slack_ticks = head.report.slack_ticks().unwrap_or_default() as f32;
        seat.head = Some(head);
        Ok(())
    }

    /// What the player holds now.
    pub fn control(&mut self, controls: Controls) {
        self.buffer.hold(controls.into());
    }

    /// Samples inputs for each client tick that is due, at most eight.
    pub fn advance(&mut self, now_ms: f64) {
        let Some(seat) = &mut self.seat else { return };
        let (Some(head), Some(arriving)) = (seat.head, seat.clock.tick_at(now_ms)) else { return };
        let Some(due) = seat.client_clock.advance(arriving, now_ms) else { return };
        let inputs: Vec<_> = (0..due.count).map(|_| self.buffer.sample()).collect();
        (0..due.count).for_each(|i| self.buffer.sent(due.first + i, now_ms));
        let figures = &mut self.recorder.figures;
        figures.lead_ticks = seat.client_clock.lead_ticks() as f32;
        let message = ClientMessage::Input(InputMessage::new(head.tick, VIEW_LAG, due.first, &inputs));
        let Ok(bytes) = codec::encode(&message) else { return };
        figures.messages_out += 1;
        figures.bytes_out += bytes.len() as u64;
        while self.outbox.len() >= OUTBOX_MAX {
            self.outbox.pop_front();
            figures.unsent += 1;
        }
        self.outbox.push_back(bytes);
    }

    /// The next message to send; call until `None` after each `advance`.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// The own seat, once welcomed.
    pub fn player(&self) -> Option<PlayerId> {
        self.seat.as_ref().map(|seat| seat.player)
    }

    /// The newest snapshot but for its records.
    pub fn head(&self) -> Option<&Head> {
        self.seat.as_ref()?.head.as_ref()
    }

    /// Why the server ended this link, if it said so.
    pub fn bye(&self) -> Option<&Bye> {
        self.bye.as_ref()
    }

    /// Figures so far; those about pictures and predictions stay 0.
    pub fn instruments(&self) -> Instruments {
        self.recorder.figures.clone()
    }

    /// Single values since the last call, for percentiles.
    pub fn take_samples(&mut self) -> Samples {
        self.recorder.take_samples()
    }
}

impl Seat {
    fn new(player: PlayerId, rate: TickRate) -> Seat {
        let clock = ServerClock::new(rate.period_ms());
        Seat { player, clock, client_clock: ClientClock::new(rate), head: None }
    }
}

/// The bytes of a snapshot in its envelope, without copying them. `None` for any other message.
fn snapshot_body(bytes: &[u8]) -> Option<&[u8]> {
    let (&kind, rest) = bytes.strip_prefix(&[0x81, 0xa1, b's'])?.split_first()?;
    let (length, body) = match kind {
        0xc4 => rest.split_first_chunk().map(|(n, body)| (usize::from(u8::from_be_bytes(*n)), body))?,
        0xc5 => rest.split_first_chunk().map(|(n, body)| (usize::from(u16::from_be_bytes(*n)), body))?,
        _ => return None,
    };
    (body.len() == length).then_some(body)
}

#[cfg(test)]
mod tests {
    use shared::arena::Arena;
    use shared::codec::Packed;
    use shared::mode::{Mode, Team};
    use shared::name::PlayerName;
    use shared::protocol::Welcome;
    use shared::rule_book::RuleBook;
    use shared::rules::Rules;
    use shared::snapshot::InputReport;
    use shared::tick::Tick;
    use shared::world::{Hull, Pilot, Round};

    use super::*;

    fn welcome() -> ServerMessage {
        ServerMessage::Welcome(Box::new(Welcome {
            protocol: PROTOCOL_VERSION,
            match_id: "m".to_owned(),
            match_name: "Test".to_owned(),
            player: PlayerId(3),
            generation: 1,
            tick: Tick(0),
            rate: TickRate::DEFAULT,
            round_ticks: 100,
            mode: Mode::Ffa,
            goal: 0,
            rules: RuleBook::STANDARD,
            rules_hash: Rules::new(TickRate::DEFAULT, 1).hash(),
            arena: Arena::open(4),
            pilot: Pilot {
                id: PlayerId(3),
                name: PlayerName::sanitise("Wren"),
                hull: Hull::Wedge,
                bot: false,
                limbo: false,
                score: 0,
                deaths: 0,
                team: Team::None,
            },
            round: Round::default(),
            team_scores: Vec::new(),
            cores: Vec::new(),
        }))
    }

    fn snapshot(tick: u32, applied: Option<u8>, records: usize) -> ServerMessage {
        let report = InputReport { applied_ago: applied, ..InputReport::default() };
        let mut bytes = Vec::new();
        Head { tick: Tick(tick), report, ..Head::default() }.put(&mut bytes);
        bytes.resize(bytes.len() + records, 0);
        ServerMessage::Snapshot(Packed(bytes))
    }

    fn input_of(bytes: &[u8]) -> InputMessage {
        match codec::decode(bytes, 4096).unwrap() {
            ClientMessage::Input(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_acks_and_sends_a_command_for_each_tick() {
        let mut client = LightClient::new();
        client.link_opened(0.0);
        client.receive(&codec::encode(&welcome()).unwrap(), 0.0).unwrap();
        let (mut sent, mut ticks) = (0, Vec::new());
        for tick in 1..60u32 {
            let now = f64::from(tick) * 100.0 / 3.0;
            let applied = (tick > 20).then_some(0);
            let records = if tick % 2 == 0 { 0 } else { 300 };
            client.receive(&codec::encode(&snapshot(tick, applied, records)).unwrap(), now).unwrap();
            client.advance(now + 1.0);
            while let Some(bytes) = client.poll_send() {
                sent += bytes.len() as u64;
                let message = input_of(&bytes);
                assert_eq!(message.ack, Tick(tick));
                ticks.extend(message.commands().unwrap().map(|c| c.tick));
            }
        }
        assert!(ticks.len() > 55 && ticks.windows(2).all(|w| w[1] == w[0].next()));
        let figures = client.instruments();
        assert_eq!((figures.snapshots, figures.bytes_out), (59, sent));
        let samples = client.take_samples();
        assert_eq!(samples.snapshot_gaps_ms.len(), 58);
        assert!(samples.input_acks_ms.len() > 30);
        assert_eq!(client.head().unwrap().tick, Tick(59));
    }

    #[test]
    fn garbage_and_early_news_are_errors() {
        let mut client = LightClient::new();
        assert!(client.receive(&codec::encode(&snapshot(1, None, 0)).unwrap(), 0.0).is_err());
        assert!(client.receive(&[0xc1], 0.0).is_err());
        client.receive(&codec::encode(&welcome()).unwrap(), 0.0).unwrap();
        assert!(client.receive(&[0x81, 0xa1, b's', 0xc4, 0x02, 1, 2], 0.0).is_err());
        assert!(client.receive(&[0x81, 0xa1, b's', 0xc5, 0x02], 0.0).is_err());
    }
}
