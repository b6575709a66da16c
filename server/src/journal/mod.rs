//! What a match leaves on disk while it runs, so that it outlives its process: every command as it was applied, and the
//! whole match every few seconds. Matches hand their part over and never wait; one thread writes. It knows no network
//! and no runtime, and nothing of a match but plain data; the matches call it, and the lobby at the start.
//!
//! A journal is a file of framed records: a header, then checkpoints and the commands between them. When it has grown
//! it is replaced by one that begins with the newest checkpoint, so it stays small and always holds a whole match.

pub mod record;
pub mod run;

pub mod attendance;
pub mod generations;

pub mod checkpoint;
pub mod header;

pub mod recovery;

pub mod disk;

pub mod port;
pub mod recorder;

pub mod folder;

pub mod history;
pub mod writer;

pub mod keeper;

#[cfg(test)]
pub(crate) mod sample {
    //! Small matches for the tests of this room.

    use shared::world::World;

    use super::{
        attendance::Attendance,
        checkpoint::Checkpoint,
        generations::Generations,
        header::{Header, Origin},
        run::Desk,
    };
    use crate::{
        bots::{Bots, skill::Skill},
        settings::RawSettings,
    };

    pub(crate) fn header(id: &str) -> Header {
        let settings = RawSettings::default().check().unwrap();
        let origin =
            Origin { match_id: id.to_owned(), seed: 7, standing: false, hosted_at_ms: 0, feed_key: None };
        Header::new(origin, &settings)
    }

    /// An empty match at `tick`.
    pub(crate) fn checkpoint(tick: u32) -> Checkpoint {
        let mut world = World::new(7);
        world.tick.0 = tick;
        let desk = Desk { next_player: 1, ..Desk::default() };
        let attendance = Attendance::default();
        let generations = Generations::default();
        let bots = Bots::new(7, Skill::default());
        Checkpoint { world, commands: Vec::new(), bots, desk, attendance, generations }
    }
}
