//! One match followed over all seven transports at once: what each receiver decoded gives the same checksum at the same
//! tick, players and spectators alike.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use shared::codec::decode;
use shared::feed::STEPS_PER_UNIT;
use shared::feed_state::FeedState;
use shared::id::PlayerId;
use shared::protocol::ServerMessage;
use shared::snapshot::Snapshot;
use tests::feed::FeedReader;
use tests::feed_ways::{WAYS, WayReader};
use tests::http::host;
use tests::mail::Down;
use tests::peer::SnapshotReader;
use tests::pilot::{Pilot, fly};
use tests::server::Server;
use tests::steering::wander;

const WATCHED_FOR: Duration = Duration::from_secs(8);

/// A sum over where ships are, in steps of the feed: FNV-1a.
fn checksum(ships: impl Iterator<Item = (PlayerId, i32, i32)>) -> u64 {
    let mut sorted: Vec<_> = ships.collect();
    sorted.sort_unstable();
    let bytes = sorted.into_iter().flat_map(|(id, x, y)| [i32::from(id.0), x, y]).flat_map(i32::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What a player's snapshots say, from the raw messages.
fn snapshots(kept: &[Vec<u8>]) -> Vec<Snapshot> {
    let mut reader: Option<SnapshotReader> = None;
    let mut all = Vec::new();
    for bytes in kept {
        match decode::<ServerMessage>(bytes, 1 << 20).unwrap() {
            ServerMessage::Welcome(welcome) => {
                reader.get_or_insert_with(|| SnapshotReader::new(&welcome));
            }
            ServerMessage::Snapshot(packed) => {
                let reader = reader.as_mut().unwrap();
                all.push(reader.read(&packed.0).unwrap());
                assert_eq!(reader.mismatches(), 0, "the server's own checksum, once a second");
            }
            _ => {}
        }
    }
    all
}

#[test]
fn all_transports_tell_the_same_match() {
    let server = Server::start().unwrap();
    let settings = json!({"map": "open", "max_players": 30, "bots": 10});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let spectators = WAYS.map(|way| {
        let mut feed = WayReader::open(server.address, &id, way, "").unwrap();
        thread::spawn(move || {
            let (mut reader, mut states) = (FeedReader::default(), BTreeMap::new());
            let end = Instant::now() + WATCHED_FOR;
            while Instant::now() < end {
                let Some(event) = feed.next(Duration::from_millis(500)).unwrap() else { continue };
                reader.take(&event).unwrap();
                if event.name == "delta" {
                    states.insert(reader.tick(), reader.state.clone());
                }
            }
            states
        })
    });
    let seated = |name, seed| Pilot::seated(server.address, &id, name, wander(seed)).unwrap();
    let mut pilots = [seated("Socket", 1), seated("Stream", 2), seated("Poll", 3)];
    pilots.iter_mut().for_each(|pilot| pilot.kept = Some(Vec::new()));
    pilots[0].connect().unwrap();
    pilots[1].connect_by_mail(Down::Stream).unwrap();
    pilots[2].connect_by_mail(Down::Poll).unwrap();
    fly(&mut pilots, WATCHED_FOR, |_| false);
    let feeds = spectators.map(|reader| reader.join().unwrap());

    let whole = |state: &FeedState| checksum(state.ships.iter().map(|(id, ship)| (*id, ship.x, ship.y)));
    let common: Vec<_> = feeds[0].keys().filter(|tick| feeds.iter().all(|f| f.contains_key(tick))).collect();
    assert!(common.len() > 50, "{} ticks that all spectators have", common.len());
    for tick in &common {
        let sums = feeds.each_ref().map(|feed| whole(&feed[*tick]));
        assert!(sums.iter().all(|sum| *sum == sums[0]), "{tick:?}: {sums:?}");
    }
    for pilot in &pilots {
        let (mut compared, mut ships) = (0, 0);
        for snapshot in snapshots(pilot.kept.as_deref().unwrap()) {
            let Some(state) = feeds[0].get(&snapshot.tick) else { continue };
            let own = (snapshot.own.respawn_ticks == 0).then_some((pilot.id, snapshot.own.motion.position));
            let seen: BTreeMap<_, _> =
                snapshot.ships.iter().map(|ship| (ship.id, ship.position)).chain(own).collect();
            let steps = |units: f32| (units * STEPS_PER_UNIT).round() as i32;
            let mine = seen.iter().map(|(id, at)| (*id, steps(at.x), steps(at.y)));
            let theirs = seen.keys().filter_map(|id| Some((*id, state.ships.get(id)?)));
            let theirs = theirs.map(|(id, ship)| (id, ship.x, ship.y));
            assert_eq!(checksum(mine), checksum(theirs), "{:?} at {:?}", pilot.id, snapshot.tick);
            compared += 1;
            ships += seen.len();
        }
        assert!(compared > 50 && ships > compared, "{compared} ticks, {ships} ships");
    }
}
