//! Matches outlive their process: after `kill -9`, after a stop, and when a next process takes over while this one is
//! still there. Players come back by themselves and find their seats and scores.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::journal::recovery::{Recovered, recover};
use tests::comeback::Comebacks;
use tests::feed::FeedReader;
use tests::feed_socket::FeedSocket;
use tests::http::{get, host, metric, post_json};
use tests::patience::{wait_for, wants_long_tests};
use tests::pilot::{Pilot, fly};
use tests::server::Program;
use tests::steering::{hunt, idle};

const SOON: Duration = Duration::from_secs(20);

/// Matches with players in them who fight.
fn crowd(program: &Program, matches: u32, players: u32) -> (Vec<String>, Comebacks) {
    let settings = json!({"max_players": players, "duration_s": 3600});
    let ids: Vec<String> =
        (0..matches).map(|_| host(&program.url(""), &settings).unwrap().word("id").unwrap()).collect();
    let join = |i: u32| {
        let id = &ids[(i % matches) as usize];
        Pilot::join(program.address, id, &format!("Pilot {i}"), hunt()).unwrap()
    };
    let mut comebacks = Comebacks::new((0..matches * players).map(join).collect());
    comebacks.all_back(SOON).unwrap();
    (ids, comebacks)
}

fn picture(program: &Program, id: &str) -> Value {
    get(&program.url(&format!("/api/matches/{id}")), &[]).unwrap().json()
}

/// What a dead process left of a match.
fn left_behind(program: &Program, id: &str) -> Recovered {
    recover(&std::fs::read(program.data().join(format!("journals/{id}.journal"))).unwrap()).unwrap()
}

/// Names and scores by seat, as everybody may read them.
fn board(picture: &Value) -> Vec<(u64, String, u64)> {
    let row = |p: &Value| {
        let name = p["name"].as_str().unwrap().to_owned();
        (p["player_id"].as_u64().unwrap(), name, p["score"].as_u64().unwrap())
    };
    let mut rows: Vec<_> = picture["players"].as_array().unwrap().iter().map(row).collect();
    rows.sort_unstable();
    rows
}

/// Everybody who was there is there with at least the same score, and nobody else.
fn assert_kept(before: &[(u64, String, u64)], after: &[(u64, String, u64)]) {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        assert_eq!((before.0, &before.1), (after.0, &after.1));
        assert!(after.2 >= before.2, "{before:?} became {after:?}");
    }
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() - 1) * 99 / 100]
}

#[test]
fn a_hundred_players_in_four_matches_are_back_after_each_crash() {
    let mut program = Program::serve(&[]).unwrap();
    let (ids, mut comebacks) = crowd(&program, 4, 25);
    for round in 0..if wants_long_tests() { 50 } else { 5 } {
        comebacks.play(Duration::from_millis(2500 + 37 * round), |_| false);
        let ticks: Vec<u64> = ids.iter().map(|id| picture(&program, id)["tick"].as_u64().unwrap()).collect();
        program.kill().unwrap();
        let left: Vec<Recovered> = ids.iter().map(|id| left_behind(&program, id)).collect();
        for (tick, left) in ticks.iter().zip(&left) {
            let lost = tick.saturating_sub(u64::from(left.checkpoint.world.tick.0));
            assert!(lost <= 30, "{lost} ticks of play are lost");
        }
        let restarted = Instant::now();
        program = program.successor(&[]).unwrap();
        let started = restarted.elapsed();
        comebacks.begin();
        comebacks.all_back(SOON).unwrap();
        let gaps = comebacks.gaps();
        assert!(started + p99(&gaps) < Duration::from_secs(2), "{started:?} {:?}", p99(&gaps));
        for (id, left) in ids.iter().zip(&left) {
            let pilots = &left.checkpoint.world.pilots;
            let before: Vec<_> = pilots
                .iter()
                .map(|p| (u64::from(p.id.0), p.name.as_str().to_owned(), u64::from(p.score)))
                .collect();
            assert_eq!(before.len(), 25);
            assert_kept(&before, &board(&picture(&program, id)));
        }
    }
    let scores: u64 = ids.iter().flat_map(|id| board(&picture(&program, id))).map(|row| row.2).sum();
    assert!(scores > 20, "only {scores} kills: too little happened to say anything");
    assert_eq!(metric(&program.url(""), "starfray_matches_recovered_total").unwrap(), Some(5.0));
    assert_eq!(metric(&program.url(""), "starfray_journals_aside_total").unwrap(), Some(0.0));
    assert!(comebacks.pilots.iter().all(|p| p.complaint.is_none()));
}

#[test]
fn a_next_process_takes_over_while_this_one_is_still_there() {
    let args = ["--share-port", "--drain-timeout", "2"];
    let mut old = Program::serve(&args).unwrap();
    let (ids, mut comebacks) = crowd(&old, 4, 25);
    comebacks.play(Duration::from_secs(3), |_| false);
    old.terminate().unwrap();
    let url = old.url("");
    let not_ready = || Ok((get(&format!("{url}/readyz"), &[])?.status == 503).then_some(()));
    wait_for("the server to be not ready", SOON, not_ready).unwrap();
    let refused = post_json(&format!("{url}/api/matches/{}/join", ids[0]), &json!({"name": "Late"})).unwrap();
    assert_eq!((refused.status, refused.error().as_str()), (503, "draining"));
    let before: Vec<_> = ids.iter().map(|id| board(&picture(&old, id))).collect();
    comebacks.begin();
    let new = std::thread::scope(|scope| {
        let started = scope.spawn(|| old.successor(&args));
        // The old one lets them play on for a second and closes; the new one goes on.
        let moved = comebacks.play(SOON, |_| started.is_finished());
        assert!(moved);
        started.join().unwrap().unwrap()
    });
    comebacks.all_back(SOON).unwrap();
    let gaps = comebacks.gaps();
    assert!(p99(&gaps) < Duration::from_millis(1500), "{:?}", p99(&gaps));
    for (id, before) in ids.iter().zip(&before) {
        assert_kept(before, &board(&picture(&new, id)));
    }
    assert!(comebacks.pilots.iter().all(|p| p.complaint.is_none()));
    assert!(old.wait(SOON).unwrap().success());
    assert_eq!(get(&new.url("/readyz"), &[]).unwrap().status, 200);
}

#[test]
fn everything_of_a_match_outlives_a_restart() {
    let mut program = Program::serve(&["--public-matches", "1"]).unwrap();
    let url = program.url("");
    let settings =
        json!({"name": "Friday", "password": "hush", "visibility": "unlisted", "bots": 3, "start": "host"});
    let hosted = host(&url, &settings).unwrap();
    let (id, token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    let key = hosted.word("watch_url").unwrap().split_once("?key=").unwrap().1.to_owned();
    let listed = get(&format!("{url}/api/matches"), &[]).unwrap().json();
    let first_poll = get(&format!("{url}/api/matches/{id}/feed/poll?wait=2&key={key}"), &[]).unwrap();
    let epoch = |answer: &tests::http::Answer| {
        answer.json()["cursor"].as_str().unwrap().split_once('.').unwrap().0.to_owned()
    };
    program.terminate().unwrap();
    assert!(program.wait(SOON).unwrap().success());
    let next = program.successor(&[]).unwrap();
    let again = picture(&next, &id);
    assert_eq!((again["name"].as_str(), again["phase"].as_str()), (Some("Friday"), Some("lobby")));
    assert_eq!(again["settings"]["password"], json!(true));
    let ids = |list: &Value| list["matches"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ids(&get(&format!("{url}/api/matches"), &[]).unwrap().json()),
        ids(&listed),
        "the standing match too"
    );
    let join = |password: &str| {
        let wish = json!({"name": "Ann", "password": password});
        post_json(&format!("{url}/api/matches/{id}/join"), &wish).unwrap().status
    };
    assert_eq!((join("wrong"), join("hush")), (403, 200));
    let second_poll = get(&format!("{url}/api/matches/{id}/feed/poll?wait=2&key={key}"), &[]).unwrap();
    assert_ne!(epoch(&first_poll), epoch(&second_poll), "a new epoch");
    let act = |action: &str| {
        let (url, header) = (format!("{url}/api/matches/{id}/host/{action}"), format!("Bearer {token}"));
        tests::http::post(&url, &[("authorization", &header)], "").unwrap().status
    };
    assert_eq!(act("start"), 200);
    wait_for("the round", SOON, || Ok((picture(&next, &id)["phase"] == "playing").then_some(()))).unwrap();
    assert_eq!(act("end"), 200);
    let file = next.data().join(format!("journals/{id}.journal"));
    wait_for("the journal to go", SOON, || Ok((!file.exists()).then_some(()))).unwrap();
}

#[test]
fn a_journal_that_cannot_be_read_is_put_aside_and_the_others_go_on() {
    let mut program = Program::serve(&[]).unwrap();
    let ids = [(); 3].map(|()| host(&program.url(""), &json!({"bots": 2})).unwrap().word("id").unwrap());
    let file = |program: &Program, id: &str| program.data().join(format!("journals/{id}.journal"));
    wait_for(
        "ten ticks",
        SOON,
        || Ok((picture(&program, &ids[2])["tick"].as_u64() > Some(10)).then_some(())),
    )
    .unwrap();
    program.kill().unwrap();
    // A torn end, and a file without anything whole in it.
    let bytes = std::fs::read(file(&program, &ids[0])).unwrap();
    std::fs::write(file(&program, &ids[0]), &bytes[..bytes.len() - 3]).unwrap();
    std::fs::write(file(&program, &ids[1]), &bytes[..40]).unwrap();
    let next = program.successor(&[]).unwrap();
    for (id, status) in ids.iter().zip([200, 404, 200]) {
        assert_eq!(get(&next.url(&format!("/api/matches/{id}")), &[]).unwrap().status, status);
    }
    assert!(next.data().join(format!("journals/aside/{}.journal", ids[1])).exists());
    assert_eq!(metric(&next.url(""), "starfray_journals_aside_total").unwrap(), Some(1.0));
}

#[test]
fn a_data_folder_has_one_owner() {
    let program = Program::serve(&[]).unwrap();
    let outcome = tests::server::run_program(
        &["serve", "--listen", "127.0.0.1:0", "--data-dir", program.data().to_str().unwrap()],
        &[],
        SOON,
    )
    .unwrap();
    assert_eq!(outcome.code, Some(1));
    let last = outcome.stderr.trim_end().lines().last().unwrap();
    assert!(last.contains("another starfray") && last.contains("--data-dir"), "{outcome:?}");
}

#[test]
fn a_stopped_process_goes_on_without_losing_anybody() {
    let program = Program::serve(&[]).unwrap();
    let id = host(&program.url(""), &json!({"bots": 3})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(program.address, &id, "Ann", idle()).unwrap()];
    assert!(fly(&mut pilots, SOON, |p| p[0].view.own.is_some()));
    program.signal("STOP").unwrap();
    fly(&mut pilots, Duration::from_secs(3), |_| false);
    program.signal("CONT").unwrap();
    let before = pilots[0].client.instruments().snapshots;
    assert!(fly(&mut pilots, Duration::from_secs(3), |p| p[0].client.instruments().snapshots > before + 45));
    assert!(pilots[0].is_connected() && pilots[0].complaint.is_none());
    let skipped = metric(&program.url(""), "starfray_ticks_skipped_total").unwrap().unwrap();
    assert!(skipped > 60.0, "{skipped} ticks were left out instead of made up for");
}

#[test]
fn a_folder_that_cannot_be_written_stops_nobody_from_playing() {
    let mut program = Program::serve(&["--checkpoint-every", "0.3"]).unwrap();
    let id = host(&program.url(""), &json!({"bots": 3})).unwrap().word("id").unwrap();
    let folder = program.data().join("journals");
    wait_for("the journal", SOON, || Ok(folder.join(format!("{id}.journal")).exists().then_some(())))
        .unwrap();
    let elsewhere = program.data().join("elsewhere");
    std::fs::rename(&folder, &elsewhere).unwrap();
    let behind = |program: &Program| metric(&program.url(""), "starfray_journals_behind").unwrap();
    let other = host(&program.url(""), &json!({"bots": 3})).unwrap().word("id").unwrap();
    wait_for("the figure", SOON, || Ok((behind(&program) == Some(1.0)).then_some(()))).unwrap();
    let tick = |id: &str| picture(&program, id)["tick"].as_u64().unwrap();
    let before = tick(&other);
    wait_for("the match to go on", SOON, || Ok((tick(&other) > before + 30).then_some(()))).unwrap();
    std::fs::rename(&elsewhere, &folder).unwrap();
    wait_for("the journals to be whole", SOON, || Ok((behind(&program) == Some(0.0)).then_some(()))).unwrap();
    program.kill().unwrap();
    assert!(left_behind(&program, &other).checkpoint.world.tick.0 > 30);
}

#[test]
fn without_free_file_descriptors_matches_and_journals_go_on() {
    let program = Program::serve(&["--checkpoint-every", "0.3"]).unwrap();
    let id = host(&program.url(""), &json!({"bots": 3})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(program.address, &id, "Ann", idle()).unwrap()];
    assert!(fly(&mut pilots, SOON, |p| p[0].view.own.is_some()));
    let limit = |files: &str| {
        let pid = program.pid().to_string();
        let set = std::process::Command::new("prlimit")
            .args(["--pid", &pid, &format!("--nofile={files}:")])
            .status();
        assert!(set.unwrap().success());
    };
    let journal =
        || recover(&std::fs::read(program.data().join(format!("journals/{id}.journal"))).unwrap()).unwrap();
    limit("8");
    let refused = std::net::TcpStream::connect(program.address).unwrap();
    let (snapshots, tick) = (pilots[0].client.instruments().snapshots, journal().checkpoint.world.tick.0);
    assert!(fly(&mut pilots, SOON, |p| p[0].client.instruments().snapshots > snapshots + 60));
    assert!(journal().checkpoint.world.tick.0 > tick + 45, "the journal goes on");
    limit("4096");
    drop(refused);
    assert!(pilots[0].is_connected());
    let url = program.url("");
    let counted =
        || Ok(metric(&url, "starfray_rejected_total{reason=\"accept_failed\"}")?.filter(|n| *n > 0.0));
    wait_for("the figure", SOON, counted).unwrap();
}

#[test]
fn a_second_signal_is_quick_and_loses_nothing() {
    let mut program = Program::serve(&["--drain-timeout", "30"]).unwrap();
    let id = host(&program.url(""), &json!({})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(program.address, &id, "Ann", idle()).unwrap()];
    let mut feed = FeedSocket::open(program.address, &format!("/api/matches/{id}/events"), &[]).unwrap();
    let mut reader = FeedReader::default();
    // Whether somebody plays is looked up in the match's picture.
    assert!(fly(&mut pilots, SOON, |_| picture(&program, &id)["players"][0]["connected"] == true));
    program.terminate().unwrap();
    let told = |p: &mut [Pilot]| {
        p[0].seen.iter().any(|h| matches!(h, client_web::view::Happening::Closing { in_s } if *in_s > 20))
    };
    assert!(fly(&mut pilots, SOON, told), "players see how long they can play");
    while reader.closing.is_empty() {
        let event = feed.next(SOON).unwrap().unwrap();
        reader.take(&event).unwrap();
    }
    assert!(reader.closing[0] > 20, "spectators see it too: {:?}", reader.closing);
    let tick = picture(&program, &id)["tick"].as_u64().unwrap();
    let began = Instant::now();
    program.terminate().unwrap();
    assert!(fly(&mut pilots, SOON, |p| p[0].closed.is_some()));
    assert!(program.wait(SOON).unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(u64::from(left_behind(&program, &id).checkpoint.world.tick.0) >= tick);
}

#[test]
fn a_seat_that_a_crash_has_undone_is_nobody_elses() {
    let mut program = Program::serve(&["--public-matches", "0"]).unwrap();
    let id = host(&program.url(""), &json!({})).unwrap().word("id").unwrap();
    let join = |program: &Program, name: &str| {
        let answer =
            post_json(&program.url(&format!("/api/matches/{id}/join")), &json!({"name": name})).unwrap();
        (answer.json()["player_id"].as_u64().unwrap(), answer.word("token").unwrap())
    };
    // Without anything in it an input is refused in any case, but for another reason.
    let may_sit = |program: &Program, token: &str| {
        let (url, header) = (program.url(&format!("/api/matches/{id}/input")), format!("Bearer {token}"));
        tests::http::post(&url, &[("authorization", &header)], "").unwrap().status != 401
    };
    let journal = program.data().join(format!("journals/{id}.journal"));
    let (_, first) = join(&program, "Ann");
    let seated = || {
        let bytes = std::fs::read(&journal).unwrap_or_default();
        Ok(recover(&bytes).ok().filter(|left| left.checkpoint.world.pilots.len() == 1).map(|_| bytes))
    };
    let before = wait_for("the first seat to be written down", SOON, seated).unwrap();
    let (number, lost) = join(&program, "Ben");
    assert!(may_sit(&program, &first) && may_sit(&program, &lost));
    program.kill().unwrap();
    // As if the process had ended before the journal heard of the second seat.
    std::fs::write(&journal, before).unwrap();
    let next = program.successor(&["--public-matches", "0"]).unwrap();
    let (again, new) = join(&next, "Cleo");
    assert_eq!(again, number, "the next comer gets the number");
    assert!(!may_sit(&next, &lost));
    assert!(may_sit(&next, &first) && may_sit(&next, &new), "everybody else goes on");
}
