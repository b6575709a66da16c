//! The list of everybody in pages of a few neighbouring ids, for those who are new. A page is made at most once in a
//! tick, whoever needs it, and tells all that is true of its range; events go on from there.
//! It knows no link: frames decides who gets the next page when.

use shared::codec::encode;
use shared::id::PlayerId;
use shared::protocol::{RosterPage, ServerMessage};
use shared::tick::Tick;
use shared::world::World;

use crate::link::frame::{Opcode, write_frame};

/// Ids of one page: small enough that a narrow line takes it between two snapshots.
const IDS_IN_PAGE: u16 = 8;

/// The pages that somebody needed in this tick.
#[derive(Debug, Default)]
pub struct RosterPages {
    tick: Tick,
    made: Vec<Made>,
    /// Frames of earlier ticks, to be written over.
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Made {
    block: u16,
    frame: Vec<u8>,
    next: Option<PlayerId>,
}

impl RosterPages {
    /// Appends the frame with the first page that has somebody at or above `from`, and returns where the next page
    /// begins; `None` behind the last page. Everybody below `from` must have been told.
    pub fn append(&mut self, world: &World, from: PlayerId, out: &mut Vec<u8>) -> Option<PlayerId> {
        if self.tick != world.tick {
            self.tick = world.tick;
            self.spare.extend(self.made.drain(..).map(|made| made.frame));
        }
        let place = world.find(from).unwrap_or_else(|place| place);
        let block = world.pilots.get(place).map_or(from, |p| p.id).0 / IDS_IN_PAGE;
        if !self.made.iter().any(|made| made.block == block) {
            let frame = self.spare.pop().unwrap_or_default();
            self.made.push(make(world, block, frame));
        }
        let made = self.made.iter().find(|made| made.block == block)?;
        out.extend_from_slice(&made.frame);
        made.next
    }
}

/// The page of a block of ids. It begins behind the page before it and ends before the next one, so that ids between
/// them are known to be free.
fn make(world: &World, block: u16, mut frame: Vec<u8>) -> Made {
    let lowest = block * IDS_IN_PAGE;
    let highest = lowest.saturating_add(IDS_IN_PAGE - 1);
    let start = world.pilots.partition_point(|p| p.id.0 < lowest);
    let end = world.pilots.partition_point(|p| p.id.0 <= highest);
    let before = start.checked_sub(1).and_then(|place| world.pilots.get(place));
    let first = before.map_or(0, |p| p.id.0 / IDS_IN_PAGE * IDS_IN_PAGE + IDS_IN_PAGE);
    let is_last = end >= world.pilots.len();
    let page = RosterPage {
        first: PlayerId(first),
        last: PlayerId(if is_last { u16::MAX } else { highest }),
        pilots: world.pilots.get(start..end).unwrap_or_default().to_vec(),
    };
    frame.clear();
    if let Ok(message) = encode(&ServerMessage::Roster(page)) {
        write_frame(&mut frame, Opcode::Binary, &message);
    }
    Made { block, frame, next: (!is_last).then(|| PlayerId(highest.saturating_add(1))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::codec::decode;
    use shared::mode::Team;
    use shared::name::PlayerName;
    use shared::world::{Hull, Pilot};

    fn world(ids: &[u16]) -> World {
        let pilot = |id: &u16| Pilot {
            id: PlayerId(*id),
            name: PlayerName::sanitise("Wren"),
            hull: Hull::Wedge,
            bot: false,
            limbo: false,
            score: 0,
            deaths: 0,
            team: Team::None,
        };
        World { pilots: ids.iter().map(pilot).collect(), ..World::new(1) }
    }

    fn read(pages: &mut RosterPages, world: &World, from: u16) -> ((u16, u16, usize), Option<u16>) {
        let mut out = Vec::new();
        let next = pages.append(world, PlayerId(from), &mut out);
        let head = if out[1] == 126 { 4 } else { 2 };
        let Ok(ServerMessage::Roster(page)) = decode(&out[head..], 4096) else { panic!("{out:?}") };
        ((page.first.0, page.last.0, page.pilots.len()), next.map(|id| id.0))
    }

    #[test]
    fn pages_cover_all_ids_without_a_gap() {
        let world = world(&[1, 5, 7, 8, 40, 41, 65_535]);
        let mut pages = RosterPages::default();
        assert_eq!(read(&mut pages, &world, 0), ((0, 7, 3), Some(8)));
        assert_eq!(read(&mut pages, &world, 8), ((8, 15, 1), Some(16)));
        assert_eq!(read(&mut pages, &world, 16), ((16, 47, 2), Some(48)));
        assert_eq!(read(&mut pages, &world, 48), ((48, 65_535, 1), None));
        assert_eq!(read(&mut pages, &world, 48), ((48, 65_535, 1), None));
    }

    #[test]
    fn who_comes_back_after_all_left_is_told_so() {
        let mut pages = RosterPages::default();
        assert_eq!(read(&mut pages, &world(&[3]), 16), ((8, 65_535, 0), None));
        assert_eq!(read(&mut pages, &World { tick: Tick(1), ..world(&[]) }, 16), ((0, 65_535, 0), None));
    }
}
