//! The writer against disks that hang, are full, and come back.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use shared::tick::Tick;

use super::*;
use crate::journal::port::{Port, queue};
use crate::journal::record::Records;
use crate::journal::recorder::{Due, Recorder};
use crate::journal::recovery::recover;
use crate::journal::run::{Desk as MatchDesk, Run};
use crate::journal::sample;

/// A disk in memory that can be full or hang.
#[derive(Clone, Debug, Default)]
struct TestDisk {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    full: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
    /// How long a sync takes.
    sync_ms: Arc<AtomicU64>,
    /// Files whose newest bytes survive a power cut; the folder's name is empty.
    synced: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Debug)]
struct TestSheet(TestDisk, String);

impl TestDisk {
    fn pass(&self) -> io::Result<()> {
        while self.hangs.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(1));
        }
        if self.full.load(Ordering::Acquire) { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn note_sync(&self, name: &str) {
        thread::sleep(Duration::from_millis(self.sync_ms.load(Ordering::Acquire)));
        self.synced.lock().unwrap().insert(name.to_owned());
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl Disk for TestDisk {
    fn replace(&mut self, name: &str, bytes: &[u8], sync: bool) -> io::Result<Box<dyn Sheet>> {
        self.pass()?;
        if sync {
            self.note_sync(name);
            self.note_sync("");
        }
        self.files.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
        Ok(Box::new(TestSheet(self.clone(), name.to_owned())))
    }

    fn extend(
        &mut self,
        name: &str,
        head: &[u8],
        sound: fn(&[u8]) -> usize,
    ) -> io::Result<(Box<dyn Sheet>, usize)> {
        self.pass()?;
        let mut files = self.files.lock().unwrap();
        let file = files.entry(name.to_owned()).or_default();
        file.truncate(sound(file));
        if file.is_empty() {
            file.extend_from_slice(head);
        }
        let length = file.len();
        drop(files);
        Ok((Box::new(TestSheet(self.clone(), name.to_owned())), length))
    }

    fn give_name(&mut self, name: &str, to: &str) -> io::Result<()> {
        self.pass()?;
        let mut files = self.files.lock().unwrap();
        let file = files.remove(name).ok_or(ErrorKind::NotFound)?;
        files.entry(to.to_owned()).or_insert(file);
        Ok(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.note_sync("");
        self.pass()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.pass()?;
        self.files.lock().unwrap().remove(name);
        Ok(())
    }
}

impl Sheet for TestSheet {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        // A full disk takes the beginning.
        let taken = if self.0.pass().is_ok() { bytes.len() } else { bytes.len() / 2 };
        let mut files = self.0.files.lock().unwrap();
        files.get_mut(&self.1).unwrap().extend_from_slice(&bytes[..taken]);
        if taken == bytes.len() { Ok(()) } else { Err(ErrorKind::StorageFull.into()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.note_sync(&self.1);
        self.0.pass()
    }
}

/// A match that nobody plays, its recorder, and the thread that writes its journal.
struct Scene {
    disk: TestDisk,
    port: Port,
    recorder: Recorder,
    tick: u32,
    _ended: std::sync::mpsc::Receiver<Arc<str>>,
}

impl Scene {
    fn new() -> Scene {
        let (port, desk) = queue();
        let disk = TestDisk::default();
        let writer = Writer::new(desk, Box::new(disk.clone()), true);
        thread::spawn(move || writer.run());
        let (sender, ended) = std::sync::mpsc::sync_channel(4);
        port.ask(Message::KeepHistories(sender)).unwrap();
        let mut recorder = Recorder::new(sample::header("a"), port.clone(), Duration::from_secs(2));
        recorder.open(sample::checkpoint(0));
        Scene { disk, port, recorder, tick: 0, _ended: ended }
    }

    /// Ticks of a match at 30 Hz; returns the longest that one took.
    fn play(&mut self, ticks: u32) -> Duration {
        let mut longest = Duration::ZERO;
        for _ in 0..ticks {
            self.tick += 1;
            let began = Instant::now();
            self.recorder.note(Tick(self.tick), &[]);
            let mut checkpoint = sample::checkpoint(self.tick);
            checkpoint.desk = MatchDesk { bots_wanted: self.tick, next_player: 1, ..MatchDesk::default() };
            match self.recorder.due(Duration::from_millis(u64::from(self.tick) * 1000 / 30), false) {
                Due::Nothing => {}
                // The commands of a world without anybody, whose checksum nobody looks at here.
                Due::Run => self.recorder.hand_over(checkpoint.desk, 0),
                Due::Checkpoint => self.recorder.checkpoint(checkpoint, 0),
            }
            longest = longest.max(began.elapsed());
        }
        longest
    }

    fn flush(&self) {
        let (sender, done) = std::sync::mpsc::sync_channel(1);
        self.port.ask(Message::Flush(sender)).unwrap();
        let _ = done.recv_timeout(Duration::from_secs(10));
    }

    /// The tick of the newest checkpoint on the disk.
    fn on_disk(&self) -> u32 {
        recover(&self.disk.file("a.journal").unwrap()).unwrap().checkpoint.desk.bots_wanted
    }
}

#[test]
fn a_disk_that_hangs_makes_no_tick_late() {
    let mut scene = Scene::new();
    scene.play(70);
    scene.flush();
    scene.disk.hangs.store(true, Ordering::Release);
    let longest = scene.play(30 * 600);
    assert!(longest < Duration::from_millis(20), "{longest:?}");
    scene.disk.hangs.store(false, Ordering::Release);
    scene.play(70);
    scene.flush();
    assert!(scene.on_disk() > 30 * 600, "{}", scene.on_disk());
}

#[test]
fn a_full_disk_keeps_the_last_whole_match_and_gets_a_new_one_when_there_is_room() {
    let mut scene = Scene::new();
    scene.play(200);
    scene.flush();
    let before = scene.on_disk();
    assert!(before > 100);
    scene.disk.full.store(true, Ordering::Release);
    scene.play(300);
    scene.flush();
    assert_eq!(scene.on_disk(), before);
    scene.disk.full.store(false, Ordering::Release);
    scene.play(100);
    scene.flush();
    assert!(scene.on_disk() > 500, "{}", scene.on_disk());
}

#[test]
fn files_stay_small_and_go_with_the_match() {
    let mut scene = Scene::new();
    for _ in 0..40 {
        scene.play(30 * 60);
        scene.flush();
    }
    let bytes = scene.disk.file("a.journal").unwrap().len();
    assert!(bytes < GROWTH_BYTES + 64 * 1024, "{bytes}");
    scene.disk.files.lock().unwrap().insert(attempts_name("a"), b"1".to_vec());
    scene.recorder.remove(1, MatchDesk::default(), 0);
    scene.flush();
    let names: Vec<String> = scene.disk.files.lock().unwrap().keys().cloned().collect();
    assert_eq!(names, ["a-1.history"], "only what a replay is made of stays");
}

/// First ticks of the runs of a history, and where its checkpoints stand among them.
fn history(scene: &Scene) -> (Vec<u32>, Vec<usize>) {
    let file = scene.disk.file("a.history").unwrap();
    let (mut firsts, mut checkpoints) = (Vec::new(), Vec::new());
    for (kind, body) in Records::of(&file).unwrap() {
        match kind {
            Kind::Run => firsts.push(Run::read(body).unwrap().first.0),
            Kind::Checkpoint => checkpoints.push(firsts.len()),
            _ => {}
        }
    }
    (firsts, checkpoints)
}

#[test]
fn a_history_holds_every_run_and_shows_where_the_match_went_on_elsewhere() {
    let mut scene = Scene::new();
    scene.play(30 * 20);
    scene.flush();
    let (firsts, checkpoints) = history(&scene);
    assert!(firsts.len() > 60 && firsts[0] == 1 && checkpoints == [0], "{firsts:?} {checkpoints:?}");
    // The process ends in the middle of a record; another one goes on.
    scene.disk.files.lock().unwrap().get_mut("a.history").unwrap().extend_from_slice(&[3, 200, 0]);
    let tick = scene.tick;
    let mut recorder = Recorder::new(sample::header("a"), scene.port.clone(), Duration::from_secs(2));
    recorder.open(sample::checkpoint(tick));
    scene.recorder = recorder;
    scene.play(30);
    scene.flush();
    let (after, checkpoints) = history(&scene);
    assert_eq!((&after[..firsts.len()], checkpoints), (&firsts[..], vec![0, firsts.len()]));
    assert!(after[firsts.len()] == tick + 1 && after.len() > firsts.len() + 2);
}

#[test]
fn a_burst_of_new_matches_waits_for_no_sync_and_is_synced_soon() {
    let scene = Scene::new();
    scene.flush();
    scene.disk.sync_ms.store(20, Ordering::Release);
    let names: Vec<String> = (0..100).map(|number| format!("m{number}")).collect();
    let began = Instant::now();
    for name in &names {
        let mut recorder = Recorder::new(sample::header(name), scene.port.clone(), Duration::from_secs(2));
        recorder.open(sample::checkpoint(0));
    }
    scene.flush();
    let took = began.elapsed();
    // Two syncs for each of them were four seconds.
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(names.iter().all(|name| scene.disk.file(&journal_name(name)).is_some()));
    let all = |synced: &BTreeSet<String>| {
        synced.contains("") && names.iter().all(|name| synced.contains(&journal_name(name)))
    };
    while !all(&scene.disk.synced.lock().unwrap()) {
        assert!(began.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_replays_there_are_no_histories() {
    let (port, desk) = queue();
    let disk = TestDisk::default();
    let writer = Writer::new(desk, Box::new(disk.clone()), false);
    let thread = thread::spawn(move || writer.run());
    let mut recorder = Recorder::new(sample::header("a"), port.clone(), Duration::from_secs(2));
    recorder.open(sample::checkpoint(0));
    recorder.note(Tick(1), &[]);
    recorder.begin_round(sample::checkpoint(1), 0);
    recorder.end_round(1, MatchDesk::default(), 0);
    port.ask(Message::Stop).unwrap();
    thread.join().unwrap();
    let names: Vec<String> = disk.files.lock().unwrap().keys().cloned().collect();
    assert_eq!(names, [journal_name("a")]);
}
