//! What becomes of results when the database is locked, damaged or of another time, and when the process is killed while
//! it writes: play goes on, nothing that somebody has seen is lost, and nothing is half there.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use server::config::layer::Layer;
use tests::http::{get, host, metric, post};
use tests::patience::{wait_for, wants_long_tests};
use tests::server::{Program, Server};

use crate::store::{SOON, join, play, result};

const ANN: &str = "ANN00-ANN00-ANN00-ANN00-ANN00";
/// Matches whose results are written when the process is killed.
const MATCHES: usize = 24;

fn server_in(folder: &Path) -> Server {
    let data_dir = Some(folder.to_owned());
    Server::with(Layer { public_matches: Some(0), data_dir, ..Layer::default() }).unwrap()
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("starfray.db")).unwrap()
}

#[test]
fn results_wait_for_a_locked_database() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let base = server.url("");
    result(&base, &play(&base, &json!({}), &[("Ann", Some(ANN))]));
    let lock = database(folder.path());
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let id = play(&base, &json!({}), &[("Ann", Some(ANN)), ("Bob", None)]);
    let value = |name: &str| metric(&base, name).unwrap().unwrap_or_default();
    wait_for("a failure to be counted", SOON, || {
        Ok((value("starfray_store_errors_total{reason=\"locked\"}") > 0.0).then_some(()))
    })
    .unwrap();
    assert!(value("starfray_store_queue") >= 1.0);
    assert_eq!(get(&format!("{base}/api/results/{id}-1"), &[]).unwrap().status, 404, "not written yet");
    assert_eq!(get(&format!("{base}/readyz"), &[]).unwrap().status, 200);
    lock.execute_batch("ROLLBACK").unwrap();
    let page = result(&base, &id);
    assert!(page["rows"].as_array().unwrap().iter().any(|row| row["account_id"].is_string()), "{page}");
    assert_eq!((value("starfray_store_queue"), value("starfray_store_dropped_total")), (0.0, 0.0));
}

#[test]
fn a_damaged_database_is_put_aside_and_a_newer_one_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("starfray.db"), vec![0x5a; 40_000]).unwrap();
    let server = server_in(folder.path());
    let base = server.url("");
    result(&base, &play(&base, &json!({}), &[("Ann", Some(ANN))]));
    let names =
        || std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    assert!(
        names().any(|name| name.starts_with("starfray.db.damaged-")),
        "{:?}",
        names().collect::<Vec<_>>()
    );
    drop(server);

    database(folder.path()).pragma_update(None, "user_version", 99).unwrap();
    let server = server_in(folder.path());
    let base = server.url("");
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let seat = join(&base, &id, "Ann", Some(ANN));
    assert_eq!(
        (seat.status, seat.json()["account_id"].is_null()),
        (200, true),
        "play goes on: {}",
        seat.text
    );
    let board = get(&format!("{base}/api/leaderboard"), &[]).unwrap();
    assert_eq!((board.status, board.error().as_str()), (503, "store_unavailable"));
    assert!(board.header("retry-after").is_some());
    assert_eq!(names().filter(|name| name.contains("damaged")).count(), 1);
}

/// Everything that a reader was told is there.
fn confirmed(base: &str) -> BTreeSet<String> {
    let list =
        get(&format!("{base}/api/results?limit=100"), &[]).map(|answer| answer.json()).unwrap_or_default();
    let results = list["results"].as_array().cloned().unwrap_or_default();
    results.iter().filter_map(|line| line["id"].as_str().map(str::to_owned)).collect()
}

/// The whole results of a database; none may be half there.
fn written(folder: &Path) -> BTreeSet<String> {
    let database = database(folder);
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let text = "SELECT match_id || '-' || round, (SELECT count(*) FROM result_rows WHERE result = number) FROM results";
    let mut found = database.prepare(text).unwrap();
    let rows = found.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let results: Vec<(String, i64)> = rows.collect::<Result<_, _>>().unwrap();
    assert!(results.iter().all(|(_, rows)| *rows == 2), "{results:?}");
    let counted: i64 =
        database.query_row("SELECT sum(rounds) FROM accounts", [], |row| row.get(0)).unwrap_or(0);
    assert_eq!(counted, results.len() as i64, "an account counts just the results that are there");
    results.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn what_was_confirmed_survives_a_kill_while_results_are_written() {
    let runs: u32 = if wants_long_tests() { 100 } else { 10 };
    let folder = tempfile::tempdir().unwrap();
    let (mut all, mut cut_short, mut confirmations) = (BTreeSet::new(), 0, 0);
    for run in 0..runs {
        // Without journals, so that no match comes back and ends once more.
        let args = ["--public-matches", "0", "--simulation-threads", "2", "--journal", "off"];
        let mut program = Program::serve_in(folder.path(), &args).unwrap();
        let base = program.url("");
        let hosted: Vec<(String, String)> = (0..MATCHES)
            .map(|_| {
                let hosted = host(&base, &json!({})).unwrap();
                let id = hosted.word("id").unwrap();
                join(&base, &id, "Ann", Some(ANN));
                join(&base, &id, "Guest", None);
                (id, hosted.word("host_token").unwrap())
            })
            .collect();
        let ending = base.clone();
        let ends = thread::spawn(move || {
            for (id, token) in hosted {
                let auth = format!("Bearer {token}");
                // The last ones find a server that is gone.
                drop(post(&format!("{ending}/api/matches/{id}/host/end"), &[("authorization", &auth)], ""));
            }
        });
        let kill_at = Instant::now() + Duration::from_millis(10 + u64::from(run % 10) * 8);
        let (before, mut told) = (all.len(), BTreeSet::new());
        while Instant::now() < kill_at {
            told.extend(confirmed(&base));
        }
        program.kill().unwrap();
        ends.join().unwrap();
        let there = written(folder.path());
        let lost: Vec<_> = told.union(&all).filter(|id| !there.contains(*id)).collect();
        assert!(lost.is_empty(), "run {run} lost {lost:?}");
        confirmations += told.difference(&all).count();
        cut_short += u32::from(there.len() - before < MATCHES);
        all = there;
    }
    assert!(confirmations > 0, "nobody was ever told of a result before the kill");
    assert!(cut_short * 4 >= runs, "only {cut_short} of {runs} kills came while results were written");
}
