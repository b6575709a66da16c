//! Disks that are full or hang, as the program meets them: matches go on at their pace, results wait, and what could
//! not be written is made up for as soon as there is room.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use server::journal::recovery::{Recovered, recover};
use tests::http::{Buckets, get, host, metric};
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly};
use tests::server::Program;
use tests::steering::wander;

use crate::store::{SOON, play, result};

/// For how long the disk hangs.
const HANGS: Duration = Duration::from_secs(10);
const OFTEN: [&str; 4] = ["--checkpoint-every", "0.3", "--public-matches", "0"];

fn value(program: &Program, name: &str) -> f64 {
    metric(&program.url(""), name).unwrap().unwrap_or_default()
}

fn journal(program: &Program, id: &str) -> Recovered {
    recover(&std::fs::read(program.data().join(format!("journals/{id}.journal"))).unwrap()).unwrap()
}

/// Somebody who plays in a match that has just been hosted, and its id.
fn somebody(program: &Program) -> (String, [Pilot; 1]) {
    let id = host(&program.url(""), &json!({"bots": 3})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(program.address, &id, "Ann", wander(1)).unwrap()];
    assert!(fly(&mut pilots, SOON, |p| p[0].view.own.is_some()));
    (id, pilots)
}

/// The tick that a match has reached.
fn tick(program: &Program, id: &str) -> u64 {
    get(&program.url(&format!("/api/matches/{id}")), &[]).unwrap().json()["tick"].as_u64().unwrap()
}

fn call(program: &str, args: &[&str]) {
    assert!(Command::new(program).args(args).status().unwrap().success(), "{program} {args:?}");
}

/// From now on no file of the program may grow beyond so many bytes.
fn limit_files(program: &Program, bytes: &str) {
    call("prlimit", &["--pid", &program.pid().to_string(), &format!("--fsize={bytes}:")]);
}

#[test]
fn on_a_full_disk_matches_go_on_and_results_wait() {
    let mut program = Program::serve_without_file_signal(&OFTEN).unwrap();
    let base = program.url("");
    let (id, mut pilots) = somebody(&program);
    limit_files(&program, "0");
    let before = pilots[0].client.instruments().snapshots;
    let ended = play(&base, &json!({}), &[("Bob", None)]);
    let failed = |name: &'static str| {
        let program = &program;
        wait_for(name, SOON, move || Ok((value(program, name) > 0.0).then_some(()))).unwrap();
    };
    failed("starfray_journals_behind");
    failed("starfray_journal_errors_total");
    failed("starfray_store_queue");
    assert_ne!(get(&format!("{base}/api/results/{ended}-1"), &[]).unwrap().status, 200, "not written yet");
    assert!(fly(&mut pilots, SOON, |p| p[0].client.instruments().snapshots > before + 60));
    assert!(pilots[0].is_connected() && pilots[0].complaint.is_none());
    let stands = tick(&program, &id);
    assert!(u64::from(journal(&program, &id).checkpoint.world.tick.0) < stands, "the journal stands still");
    limit_files(&program, "unlimited");
    result(&base, &ended);
    wait_for("the journals", SOON, || Ok((value(&program, "starfray_journals_behind") == 0.0).then_some(())))
        .unwrap();
    program.kill().unwrap();
    assert!(u64::from(journal(&program, &id).checkpoint.world.tick.0) > stands);
}

/// Makes the next journal that is begun anew hang, for the match that is hosted here: it opens a pipe that nobody reads.
fn hang(program: &Program) -> std::path::PathBuf {
    let (folder, away) = (program.data().join("journals"), program.data().join("away"));
    std::fs::rename(&folder, &away).unwrap();
    let id = host(&program.url(""), &json!({"bots": 3})).unwrap().word("id").unwrap();
    wait_for("a journal that failed", SOON, || {
        Ok((value(program, "starfray_journals_behind") > 0.0).then_some(()))
    })
    .unwrap();
    let name = format!("{id}.journal.new");
    call("mkfifo", &[away.join(&name).to_str().unwrap()]);
    std::fs::rename(&away, &folder).unwrap();
    folder.join(name)
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).unwrap().len()
}

#[test]
fn a_disk_that_hangs_for_ten_seconds_makes_no_tick_late() {
    let mut program = Program::serve(&OFTEN).unwrap();
    let (id, mut pilots) = somebody(&program);
    let pipe = hang(&program);
    // The writer comes to it within a checkpoint's time.
    fly(&mut pilots, Duration::from_secs(1), |_| false);
    let file = program.data().join(format!("journals/{id}.journal"));
    let lateness = || Buckets::read(&program.url(""), "starfray_tick_lateness_seconds").unwrap();
    let (written, skipped) = (length(&file), value(&program, "starfray_ticks_skipped_total"));
    let (ticks, snapshots, began) = (lateness(), pilots[0].client.instruments().snapshots, Instant::now());
    fly(&mut pilots, HANGS, |_| false);
    let got = pilots[0].client.instruments().snapshots - snapshots;
    let late = lateness().since(&ticks);
    assert_eq!(length(&file), written, "the disk hung all the time");
    assert!(late.count() > 500.0 && late.quantile(0.99) < 0.016, "p99 {} s", late.quantile(0.99));
    assert_eq!(value(&program, "starfray_ticks_skipped_total"), skipped);
    assert!(f64::from(got as u32) > began.elapsed().as_secs_f64() * 28.0, "{got} snapshots");
    // Somebody reads the pipe and lets go of it: an error, as of a disk that breaks.
    let reader = std::fs::File::open(&pipe).unwrap();
    std::fs::remove_file(&pipe).unwrap();
    drop(reader);
    wait_for("the journals", SOON, || Ok((value(&program, "starfray_journals_behind") == 0.0).then_some(())))
        .unwrap();
    let stands = tick(&program, &id);
    wait_for("the journal to go on", SOON, || {
        Ok((u64::from(journal(&program, &id).checkpoint.world.tick.0) + 30 > stands).then_some(()))
    })
    .unwrap();
    program.kill().unwrap();
}
