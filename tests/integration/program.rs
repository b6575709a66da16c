//! The program as a process: its first line, its exit codes, its complaints, and how it stops.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::http::{get, host};
use tests::pilot::{Pilot, fly};
use tests::server::{Program, run_program};
use tests::steering::idle;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn it_stops_at_once_when_nobody_is_there() {
    let mut program = Program::serve(&[]).unwrap();
    assert_eq!(get(&program.url("/readyz"), &[]).unwrap().status, 200);
    let began = Instant::now();
    program.terminate().unwrap();
    assert_eq!(program.wait(SOON).unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn it_says_goodbye_to_players_and_exits() {
    let mut program = Program::serve(&["--drain-timeout", "3"]).unwrap();
    let id = host(&program.url(""), &json!({})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(program.address, &id, "Ann", idle()).unwrap()];
    assert!(fly(&mut pilots, SOON, |p| p[0].view.own.is_some()));
    let began = Instant::now();
    program.terminate().unwrap();
    assert!(fly(&mut pilots, SOON, |p| p[0].closed.is_some()));
    assert_eq!(pilots[0].closed, Some((1012, "going_away".to_owned())));
    assert!(pilots[0].client.bye().is_some_and(|bye| bye.retry_ms > 0), "and when to come back");
    assert_eq!(program.wait(SOON).unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// Arguments, variables, and what the complaint has to name.
type Mistake<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn a_wrong_setting_is_one_line_and_exit_code_two() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("starfray.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:0\"\nlisten_on = 5\n").unwrap();
    let file = file.to_str().unwrap();
    let wrong: [Mistake<'_>; 6] = [
        (&["serve", "--listen", "nowhere"], &[], "--listen"),
        (&["serve", "--no-such-flag"], &[], "--no-such-flag"),
        (&["serve", "--max-connections", "0"], &[], "max_connections"),
        (&["serve", "--config", file], &[], "listen_on"),
        (&["serve"], &[("STARFRAY_MAX_CONNECTIONS", "many")], "STARFRAY_MAX_CONNECTIONS"),
        (&["serve"], &[("STARFRAY_NO_SUCH_KEY", "1")], "STARFRAY_NO_SUCH_KEY"),
    ];
    for (args, variables, name) in wrong {
        let outcome = run_program(args, variables, SOON).unwrap();
        assert_eq!(outcome.code, Some(2), "{args:?}: {outcome:?}");
        assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{outcome:?}");
        assert!(outcome.stderr.contains(name), "{outcome:?}");
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_busy_port_is_one_line() {
    let program = Program::serve(&[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (address, data) = (program.address.to_string(), folder.path().to_str().unwrap().to_owned());
    let outcome = run_program(&["serve", "--listen", &address, "--data-dir", &data], &[], SOON).unwrap();
    assert!(outcome.code.is_some_and(|code| code != 0), "{outcome:?}");
    assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{outcome:?}");
    assert!(outcome.stderr.contains(&address), "{outcome:?}");
}

#[test]
fn settings_are_shown_and_help_is_there() {
    let shown = run_program(&["config", "--limbo", "12"], &[("STARFRAY_MATCHES_MAX", "33")], SOON).unwrap();
    assert_eq!(shown.code, Some(0));
    assert!(
        shown.stdout.contains("limbo_s = 12") && shown.stdout.contains("matches_max = 33"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("# STARFRAY_MATCHES_MAX") && shown.stdout.contains("# flag"), "{shown:?}");
    for args in [&["--help"][..], &["serve", "--help"], &["load", "--help"], &["--version"]] {
        let outcome = run_program(args, &[], SOON).unwrap();
        assert_eq!((outcome.code, outcome.stdout.is_empty()), (Some(0), false), "{args:?}");
    }
}

#[test]
fn the_unit_is_one_that_systemd_understands() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("starfray.service");
    let text = include_str!("../../deploy/starfray.service");
    let program = Program::path().unwrap();
    // It checks that the program is there, so it is shown where that is.
    std::fs::write(&unit, text.replace("/usr/local/bin/starfray", program.to_str().unwrap())).unwrap();
    let checked = std::process::Command::new("systemd-analyze").arg("verify").arg(&unit).output();
    // Without systemd there is nobody to ask.
    let Ok(checked) = checked else { return };
    let complaints = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && !complaints.contains("starfray.service"), "{complaints}");
}
