//! What an ended match leaves: it stands in the list, its feed and file can be fetched, and `starfray replay` says whether
//! it is true. Also after a crash, and for matches that not everybody may see.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::http::{Answer, download, get, host, post};
use tests::patience::wait_for;
use tests::server::{Outcome, Program, run_program};

const SOON: Duration = Duration::from_secs(30);

fn open(program: &Program, settings: &Value) -> (String, String) {
    let hosted = host(&program.url(""), settings).unwrap();
    (hosted.word("id").unwrap(), hosted.word("host_token").unwrap())
}

fn end(program: &Program, id: &str, token: &str) {
    let bearer = format!("Bearer {token}");
    let url = program.url(&format!("/api/matches/{id}/host/end"));
    let answer = post(&url, &[("authorization", &bearer)], "").unwrap();
    assert!(answer.status < 300, "{answer:?}");
}

fn replay(program: &Program, path: &str) -> Answer {
    get(&program.url(&format!("/api/replays{path}")), &[]).unwrap()
}

/// Waits until the match has left its replay.
fn left(program: &Program, path: &str) -> Value {
    wait_for("a replay", SOON, || {
        let answer = replay(program, path);
        Ok((answer.status == 200).then(|| answer.json()))
    })
    .unwrap()
}

fn verify(path: &std::path::Path) -> Outcome {
    run_program(&["replay", path.to_str().unwrap(), "--verify"], &[], SOON).unwrap()
}

#[test]
fn a_match_of_bots_leaves_a_replay_that_is_true_and_a_flipped_byte_is_found() {
    let program = Program::serve(&["--public-matches", "0"]).unwrap();
    let (id, token) = open(&program, &json!({"name": "Bots", "bots": 8, "map": "lattice"}));
    std::thread::sleep(Duration::from_secs(4));
    end(&program, &id, &token);
    let summary = left(&program, &format!("/{id}"));
    let own = json!(format!("{id}-1"));
    assert_eq!((&summary["id"], &summary["match_id"]), (&own, &json!(id)));
    assert_eq!((&summary["round"], &summary["first_tick"]), (&json!(1), &json!(0)));
    assert_eq!(summary["players"].as_array().unwrap().len(), 8);
    let list = replay(&program, "?limit=10").json();
    assert_eq!((&list["replays"][0]["id"], &list["replays"][0]["bots"]), (&own, &json!(8)));
    assert_eq!(list["replays"].as_array().unwrap().len(), 1);

    let began = Instant::now();
    let feed = replay(&program, &format!("/{id}/feed?from_ms=2000"));
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    let lines: Vec<Value> = feed.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["event"], "keyframe");
    assert!(lines.len() > 30 && lines.last().unwrap()["event"] == "bye", "{} lines", lines.len());

    let path = program.data().join(format!("replays/{id}-1.replay"));
    let (file, length) = download(&program.url(&format!("/api/replays/{id}/file"))).unwrap();
    assert!(file == std::fs::read(&path).unwrap() && length == Some(file.len()), "{} bytes came", file.len());
    let outcome = verify(&path);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("verified") && outcome.stdout.contains("from the start"), "{outcome:?}");
    let mut bytes = std::fs::read(&path).unwrap();
    let place = bytes.len() - 200;
    bytes[place] ^= 1;
    let changed = program.data().join("changed.replay");
    std::fs::write(&changed, &bytes).unwrap();
    let outcome = verify(&changed);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("damaged at byte") && outcome.stderr.contains("record"), "{outcome:?}");
    let none = verify(std::path::Path::new("Cargo.toml"));
    assert!(none.code == Some(3) && none.stderr.contains("no replay"), "{none:?}");
    assert_eq!(verify(std::path::Path::new("nowhere.replay")).code, Some(1));
    for (path, status) in [("/nothere", 404), ("/..%2Fsecret", 404), ("?limit=many", 400)] {
        assert_eq!(replay(&program, path).status, status, "{path}");
    }
    assert_eq!(replay(&program, &format!("/{id}/feed?from_ms=-1")).status, 400);
    assert_eq!(replay(&program, &format!("/{id}/feed?from_ms=99999999")).status, 200, "the last stretch");
}

#[test]
fn a_match_that_crashed_leaves_a_whole_replay() {
    let mut program = Program::serve(&["--public-matches", "0"]).unwrap();
    let (id, token) = open(&program, &json!({"bots": 5, "visibility": "unlisted"}));
    std::thread::sleep(Duration::from_secs(2));
    program.kill().unwrap();
    let program = program.successor(&["--public-matches", "0"]).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    end(&program, &id, &token);
    let summary = left(&program, &format!("/{id}"));
    assert_eq!((&summary["first_tick"], &summary["jumps_ms"]), (&json!(0), &json!([])));
    assert!(summary["length_ms"].as_u64().unwrap() > 3000, "{}", summary["length_ms"]);
    assert_eq!(replay(&program, "").json()["replays"], json!([]), "it is unlisted");
    let outcome = verify(&program.data().join(format!("replays/{id}-1.replay")));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn a_password_stays_and_zero_keeps_none() {
    let program = Program::serve(&["--public-matches", "0"]).unwrap();
    let settings = json!({"bots": 3, "password": "hush"});
    let hosted = host(&program.url(""), &settings).unwrap();
    let (id, token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    let key = hosted.word("watch_url").unwrap().split_once("?key=").unwrap().1.to_owned();
    std::thread::sleep(Duration::from_secs(1));
    end(&program, &id, &token);
    left(&program, &format!("/{id}?key={key}"));
    assert_eq!(replay(&program, &format!("/{id}")).status, 401);
    assert_eq!(replay(&program, &format!("/{id}/file?key=wrong")).status, 403);
    assert_eq!(replay(&program, "").json()["replays"], json!([]));

    let program = Program::serve(&["--public-matches", "0", "--replays-max-mb", "0"]).unwrap();
    let (id, token) = open(&program, &json!({"bots": 3}));
    std::thread::sleep(Duration::from_secs(1));
    end(&program, &id, &token);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(replay(&program, &format!("/{id}")).status, 404);
    let left = std::fs::read_dir(program.data().join("journals")).unwrap();
    let left: Vec<String> = left.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(left, ["lock"], "nothing is left of it");
}
