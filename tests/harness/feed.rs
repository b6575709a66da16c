//! A reader of the public feed that trusts nothing: it holds what the events say and complains about every gap,
//! duplicate, contradiction and unknown name. The product's own reader is `client_web::spectator`.

use anyhow::{Context, Result, bail, ensure};
use server::feed::cursor::Cursor;
use shared::event::Beam;
use shared::feed::{
    BEAM_NUMBERS, Closing, Delta, FeedBye, Hello, Join, Keyframe, Kill, Leave, Limbo, Notice, RoundSet,
    SHOT_NUMBERS,
};
use shared::feed_state::{FeedShot, FeedState, read_beam, read_shot, records};
use shared::id::ShotId;
use shared::tick::Tick;

use crate::sse::SseEvent;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct FeedReader {
    /// What never changes, once it was said.
    pub hello: Option<Hello>,
    /// What the events so far amount to.
    pub state: FeedState,
    /// The last cursor.
    pub cursor: Option<Cursor>,
    /// Keyframes so far.
    pub keyframes: u32,
    /// Deltas so far.
    pub deltas: u32,
    /// All kills so far.
    pub kills: Vec<Kill>,
    /// All births of shots that deltas told of.
    pub fired: Vec<(ShotId, FeedShot)>,
    /// All beams of the rail that were told.
    pub beams: Vec<(Tick, Beam)>,
    /// What the server's operator had to say.
    pub notices: Vec<String>,
    /// In how many seconds the server stops, each time that it was said.
    pub closing: Vec<u16>,
    /// The goodbye.
    pub bye: Option<FeedBye>,
}

impl FeedReader {
    /// A reader that stands at `cursor` with `state`, as one that comes back does.
    pub fn resumed(cursor: Cursor, state: FeedState) -> FeedReader {
        FeedReader { cursor: Some(cursor), state, keyframes: 1, ..FeedReader::default() }
    }

    /// Takes in an event.
    ///
    /// # Errors
    /// When the event is not one that may come here.
    pub fn take(&mut self, event: &SseEvent) -> Result<()> {
        let about = || format!("{} {}: {}", event.name, event.id, event.data);
        ensure!(self.bye.is_none(), "something after the goodbye: {}", about());
        if event.name == "hello" {
            ensure!(self.hello.is_none(), "a second hello");
            self.hello = Some(serde_json::from_str(&event.data).with_context(about)?);
            return Ok(());
        }
        let cursor = Cursor::parse(&event.id).with_context(|| format!("no cursor: {}", about()))?;
        if let Some(last) = self.cursor {
            let follows = cursor.epoch == last.epoch && cursor.seq == last.seq + 1;
            ensure!(follows || event.name == "keyframe", "{last} is followed by {}", about());
        }
        ensure!(self.keyframes > 0 || event.name == "keyframe", "no keyframe before {}", about());
        self.apply(event).with_context(about)?;
        self.cursor = Some(cursor);
        Ok(())
    }

    fn apply(&mut self, event: &SseEvent) -> Result<()> {
        let data = event.data.as_str();
        match event.name.as_str() {
            "keyframe" => self.keyframe(&serde_json::from_str(data)?)?,
            "delta" => self.delta(&serde_json::from_str(data)?)?,
            "kill" => {
                let kill: Kill = serde_json::from_str(data)?;
                self.state.kill(&kill);
                self.kills.push(kill);
            }
            "join" => self.state.join(&serde_json::from_str::<Join>(data)?),
            "leave" => {
                let leave: Leave = serde_json::from_str(data)?;
                self.state.leave(leave.tick, leave.id);
            }
            "limbo" => self.state.limbo(&serde_json::from_str::<Limbo>(data)?),
            "round" => self.state.set_round(&serde_json::from_str::<RoundSet>(data)?),
            "notice" => self.notices.push(serde_json::from_str::<Notice>(data)?.text),
            "closing" => self.closing.push(serde_json::from_str::<Closing>(data)?.in_s),
            "bye" => self.bye = Some(serde_json::from_str(data)?),
            other => bail!("an unknown name: {other}"),
        }
        Ok(())
    }

    fn keyframe(&mut self, keyframe: &Keyframe) -> Result<()> {
        let state = FeedState::of_keyframe(keyframe)?;
        if self.keyframes > 0 && self.state.tick == state.tick {
            ensure!(self.state == state, "the keyframe differs from what the deltas said: {:?}", self.state);
        }
        self.state = state;
        self.keyframes += 1;
        Ok(())
    }

    fn delta(&mut self, delta: &Delta) -> Result<()> {
        for &record in records::<BEAM_NUMBERS>(&delta.beams)? {
            self.beams.push(read_beam(record, delta.tick)?);
        }
        for &record in records::<SHOT_NUMBERS>(&delta.fired)? {
            self.fired.push(read_shot(record, delta.tick)?);
        }
        self.state.apply(delta)?;
        self.deltas += 1;
        Ok(())
    }

    /// The tick of the last event.
    pub fn tick(&self) -> Tick {
        self.state.tick
    }
}
