//! Replays: from what a match wrote down to a file that can be watched and verified, whoever came, left or crashed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use server::journal::disk::FolderDisk;
use server::journal::header::{Header, Origin};
use server::journal::port::{Message, Port, queue};
use server::journal::recorder::Recorder;
use server::journal::recovery::recover;
use server::journal::writer::Writer;
use server::matches::inbox::HostAct;
use server::replay::file::{ReadError, Replay, TICKS};
use server::replay::making::{Made, MakeError, make};
use server::replay::packing::{pack, unpack};
use server::replay::verify::{VerifyError, verify};
use shared::world::Phase;
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::steering::{hunt, wander};

const ID: &str = "2345678923";
const DELAY: Delay = Delay { fixed_ms: 30.0, jitter_ms: 10.0 };

/// A match and the thread that writes it down, into a folder.
struct Kept {
    exchange: Exchange,
    port: Port,
    writer: std::thread::JoinHandle<()>,
    _ended: std::sync::mpsc::Receiver<Arc<str>>,
}

fn setup(bots: u32, duration_s: u32) -> Setup {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(bots);
    setup.settings.duration_s = Some(duration_s);
    setup
}

impl Kept {
    fn begin(setup: Setup, folder: &std::path::Path) -> Kept {
        let settings = setup.settings.clone().check().unwrap();
        let origin = Origin {
            match_id: ID.to_owned(),
            seed: setup.seed,
            standing: setup.standing,
            hosted_at_ms: 0,
            feed_key: None,
        };
        let (port, desk) = queue();
        let writer = Writer::new(desk, Box::new(FolderDisk(folder.to_owned())), false);
        let writer = std::thread::spawn(move || writer.run());
        let (sender, ended) = std::sync::mpsc::sync_channel(4);
        port.ask(Message::KeepHistories(sender)).unwrap();
        let recorder = Recorder::new(Header::new(origin, &settings), port.clone(), Duration::from_secs(2));
        let journal = std::fs::read(folder.join(format!("{ID}.journal"))).ok();
        let resume = journal.map(|bytes| recover(&bytes).unwrap().checkpoint);
        let exchange = Exchange::with_journal(setup, Some(recorder), resume).unwrap();
        Kept { exchange, port, writer, _ended: ended }
    }

    /// What was handed over is written; the rest is lost, as when a process dies.
    fn crash(self) {
        self.port.ask(Message::Stop).unwrap();
        self.writer.join().unwrap();
    }

    fn end(mut self) {
        self.exchange.host(HostAct::End).unwrap();
        for _ in 0..5 {
            self.exchange.tick();
        }
        assert_eq!(self.exchange.game.world().round.phase, Phase::Ended);
        self.crash();
    }
}

/// The first round's replay.
fn replay_in(folder: &std::path::Path) -> Vec<u8> {
    replay_of(folder, 1).unwrap().bytes
}

fn replay_of(folder: &std::path::Path, round: u16) -> Result<Made, MakeError> {
    let history = std::fs::read(folder.join(format!("{ID}-{round}.history"))).unwrap();
    make(&history, 1_000_000, &|| true)
}

#[test]
fn ten_minutes_of_forty_bots_are_small_and_true() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = Kept::begin(setup(40, 600), folder.path());
    for _ in 0..600 * 30 {
        kept.exchange.tick();
        // The disk keeps up with any match, but not with thousands of ticks a second.
        if kept.exchange.game.world().tick.0.is_multiple_of(200) {
            flush(&kept.port);
        }
    }
    kept.end();
    let began = Instant::now();
    let bytes = replay_in(folder.path());
    let made = began.elapsed();
    let replay = Replay::read(&bytes).unwrap();
    let of = |kind| replay.records.iter().filter(|r| r.0 == kind).map(|r| r.1.len()).sum::<usize>();
    let feed = of(server::replay::file::FEED);
    assert!(bytes.len() < 3_000_000, "{} bytes: commands {}, feed {feed}", bytes.len(), of(TICKS));
    assert!(made < Duration::from_secs(60), "{made:?}");
    let verified = verify(&replay, &mut |_| {}).unwrap();
    assert!(verified.ticks >= 18_000 && verified.given_states == 0, "{verified:?}");
    let summary = &replay.summary;
    assert!(summary.kills.len() > 100 && summary.blocks.len() >= 59 && summary.rounds.len() == 1);
    assert_eq!((summary.first_tick, summary.length_ms / 1000), (0, 600));
}

fn flush(port: &Port) {
    let (sender, done) = std::sync::mpsc::sync_channel(1);
    port.ask(Message::Flush(sender)).unwrap();
    let _ = done.recv_timeout(Duration::from_secs(20));
}

#[test]
fn what_was_changed_is_refused_and_a_wrong_command_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = Kept::begin(setup(4, 60), folder.path());
    kept.exchange.player("Ann", DELAY, hunt()).unwrap();
    for _ in 0..600 {
        kept.exchange.tick();
    }
    kept.end();
    let bytes = replay_in(folder.path());
    let whole = Replay::read(&bytes).unwrap();
    for place in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        match Replay::read(&changed) {
            Err(ReadError::Damaged { offset, .. }) => assert!(offset <= place, "{offset} {place}"),
            Err(ReadError::Magic) => assert!(place < 8),
            other => panic!("at {place}: {other:?}"),
        }
    }
    for length in (0..bytes.len()).step_by(1009) {
        assert!(Replay::read(&bytes[..length]).is_err(), "{length}");
    }
    // Somebody who also sets the checksums right: another seed is another match from the first bot on.
    let mut forged = Replay::read(&bytes).unwrap();
    forged.header.seed += 1;
    assert!(matches!(verify(&forged, &mut |_| {}), Err(VerifyError::Differs { tick: 1, .. })));
    let mut forged = Replay::read(&bytes).unwrap();
    let block = forged.records.iter_mut().find(|(kind, ..)| *kind == TICKS).unwrap();
    let mut ticks = unpack(&block.1).unwrap();
    // From tick 101 on the file says that bots did nothing.
    ticks[4 + 100..4 + 400].fill(0);
    block.1 = pack(&ticks);
    match verify(&forged, &mut |_| {}) {
        Err(VerifyError::Differs { tick, .. }) => assert!((101..110).contains(&tick), "{tick}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(verify(&whole, &mut |_| {}).unwrap().given_states, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn whoever_comes_leaves_or_crashes_the_replay_is_true(
        acts in prop::collection::vec((0..7_u8, 1..90_u32), 1..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::begin(setup(5, 15), folder.path());
        for (act, ticks) in acts {
            match act {
                0 => drop(kept.exchange.player("Ann", DELAY, wander(1))),
                1 => drop(kept.exchange.player("Ben", DELAY, hunt())),
                2 => if let Some(player) = kept.exchange.players.first_mut() { player.drop_link(0.0) },
                3 => drop(kept.exchange.host(HostAct::AddBot(None))),
                4 => drop(kept.exchange.host(HostAct::RemoveBot)),
                5 => {
                    kept.crash();
                    kept = Kept::begin(setup(5, 15), folder.path());
                }
                _ => {}
            }
            for _ in 0..ticks {
                kept.exchange.tick();
            }
        }
        for _ in 0..3 {
            kept.exchange.tick();
        }
        if kept.exchange.game.world().round.phase == Phase::Ended {
            return Ok(());
        }
        let rounds = kept.exchange.game.world().round.number;
        kept.end();
        for round in 1..=rounds {
            let made = replay_of(folder.path(), round).unwrap();
            let replay = Replay::read(&made.bytes).unwrap();
            let verified = verify(&replay, &mut |_| {}).unwrap();
            let summary = &replay.summary;
            prop_assert_eq!((made.id, summary.round), (format!("{ID}-{round}"), round));
            prop_assert_eq!(verified.given_states, u32::from(round > 1));
            prop_assert_eq!(summary.first_tick == 0, round == 1);
            prop_assert!(summary.whole && summary.jumps_ms.is_empty());
            prop_assert!(summary.length_ms <= 17_200, "{}", summary.length_ms);
        }
        let left = folder.path().join(format!("{ID}.history"));
        prop_assert!(!left.exists());
    }
}

#[test]
fn a_hosted_match_that_nobody_joined_leaves_no_replay_and_one_of_bots_does() {
    for (bots, leaves) in [(0, false), (3, true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::begin(setup(bots, 60), folder.path());
        kept.exchange.ticks(60);
        kept.end();
        let made = replay_of(folder.path(), 1);
        assert_eq!(made.is_ok(), leaves, "{bots} bots: {:?}", made.map(|made| made.id));
    }
}

#[test]
fn a_replay_of_a_mode_with_sides_tells_what_they_reached_and_who_was_on_which() {
    let folder = tempfile::tempdir().unwrap();
    let mut setup = setup(6, 60);
    setup.settings.mode = Some("tdm".to_owned());
    let mut kept = Kept::begin(setup, folder.path());
    while kept.exchange.game.world().team_scores == [0, 0] {
        kept.exchange.tick();
    }
    let world = kept.exchange.game.world();
    let (team_scores, pilots) = (world.team_scores, world.pilots.clone());
    kept.end();
    let summary = Replay::read(&replay_in(folder.path())).unwrap().summary;
    let round = &summary.rounds[0];
    assert_eq!(round.team_scores, Some(team_scores));
    let told: Vec<_> = round.results.iter().map(|row| row.0).zip(round.teams.iter().copied()).collect();
    assert_eq!(told.len(), 6);
    assert!(pilots.iter().all(|pilot| told.contains(&(pilot.id, pilot.team))), "{told:?}");
    let side = if team_scores[0] > team_scores[1] { "Azure" } else { "Amber" };
    assert_eq!(summary.winner(), Some((side, *team_scores.iter().max().unwrap())));
}

#[test]
fn every_round_of_a_standing_match_in_which_a_person_played_leaves_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = Kept::begin(Setup { standing: true, ..setup(5, 15) }, folder.path());
    kept.exchange.player("Ann", DELAY, hunt()).unwrap();
    let mut left_at = None;
    while kept.exchange.game.world().round.number < 6 {
        kept.exchange.tick();
        let world = kept.exchange.game.world();
        if world.tick.0.is_multiple_of(200) {
            flush(&kept.port);
        }
        if world.round.number == 2 && left_at.is_none() {
            left_at = Some(world.tick);
            kept.exchange.players.clear();
        }
    }
    kept.end();
    for round in [1, 2] {
        let replay = Replay::read(&replay_of(folder.path(), round).unwrap().bytes).unwrap();
        assert_eq!(verify(&replay, &mut |_| {}).unwrap().given_states, u32::from(round > 1));
        let summary = replay.summary;
        assert!(summary.whole && summary.round == round);
        // The end of the round, and a little more.
        let ended_ms = summary.rounds[0].ended_ms;
        assert!((14_900..15_100).contains(&ended_ms), "{ended_ms}");
        assert!((1_900..2_100).contains(&(summary.length_ms - ended_ms)), "{}", summary.length_ms);
        assert_eq!(summary.ended_at_ms, 1_000_000 - (summary.length_ms - ended_ms));
        // The best one's score over time ends with what the result says.
        let (best, score, _) = summary.rounds[0].results[0];
        let last = summary.scores.iter().rev().find(|at| at.1 == best && at.0 <= ended_ms);
        assert_eq!(last.map_or(0, |at| at.2), score);
    }
    assert!(matches!(replay_of(folder.path(), 5), Err(MakeError::Nobody)));
}
