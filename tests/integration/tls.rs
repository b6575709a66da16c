//! TLS by the server itself: everything works behind it, certificates are changed without a pause, and what is no TLS
//! is told so or cut.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use server::config::layer::Layer;
use tests::feed::FeedReader;
use tests::feed_ways::{WAYS, WayReader};
use tests::http::{get, host, metric};
use tests::http2::Http2;
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly};
use tests::server::{Program, Server, run_program};
use tests::steering::wander;
use tests::tls::{Certificate, Tunnel};
use tokio::runtime::Runtime;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn everybody_plays_and_watches_behind_it() {
    let certificate = Certificate::new().unwrap();
    let mut server = Server::with(certificate.layer()).unwrap();
    let tunnel = Tunnel::open(server.address, certificate).unwrap();
    let settings = json!({"map": "open", "max_players": 60, "bots": 20});
    let id = host(&tunnel.url(""), &settings).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(tunnel.address, &id, "Ann", wander(3)).unwrap()];
    let mut from = None;
    let flies = fly(&mut pilots, SOON, |p| {
        let Some(own) = &p[0].view.own else { return false };
        own.position.distance(*from.get_or_insert(own.position)) > 100.0
    });
    assert!(flies, "{:?} {:?}", pilots[0], pilots[0].complaint);
    let count = |name: &str| metric(&tunnel.url(""), name).unwrap();
    assert_eq!(count("starfray_connections{transport=\"websocket\"}"), Some(1.0));
    let mut states = Vec::new();
    let mut feeds: Vec<WayReader> =
        WAYS.iter().map(|way| WayReader::open(tunnel.address, &id, *way, "").unwrap()).collect();
    let mut last = None;
    for feed in &mut feeds {
        let mut reader = FeedReader::default();
        while last.map_or(reader.deltas < 20, |last| reader.cursor.is_none_or(|c| c.seq < last)) {
            reader.take(&feed.next(SOON).unwrap().unwrap()).unwrap();
        }
        last = last.or(reader.cursor.map(|c| c.seq));
        states.push((reader.cursor, reader.state));
    }
    states.windows(2).for_each(|pair| assert_eq!(pair[0], pair[1]));
    assert!(fly(&mut pilots, Duration::from_millis(300), |_| false) || pilots[0].is_connected());
    server.ask_to_stop();
    assert!(fly(&mut pilots, SOON, |p| p[0].closed.is_some()));
    assert_eq!(pilots[0].closed, Some((1012, "going_away".to_owned())), "the goodbye gets through");
}

#[test]
fn a_new_certificate_is_taken_without_a_pause() {
    let mut certificate = Certificate::new().unwrap();
    let (cert, key) = (certificate.cert_file(), certificate.key_file());
    let program =
        Program::serve(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]).unwrap();
    let runtime = Runtime::new().unwrap();
    let first = runtime.block_on(Http2::connect(program.address, &certificate));
    let mut first = first.unwrap();
    let hang_up = || {
        assert!(Command::new("kill").args(["-HUP", &program.pid().to_string()]).status().unwrap().success());
    };
    let reloads = |connection: &mut Http2, result: &str| {
        let wanted = format!("starfray_tls_reloads_total{{result=\"{result}\"}} 1");
        wait_for("the reload", SOON, || {
            let text = runtime.block_on(async {
                let answer = connection.send("GET", "/metrics", &[], Vec::new()).await?;
                anyhow::Ok(http_body_util::BodyExt::collect(answer.into_body()).await?.to_bytes())
            })?;
            Ok(String::from_utf8_lossy(&text).contains(&wanted).then_some(()))
        })
    };
    certificate.renew().unwrap();
    assert!(runtime.block_on(Http2::connect(program.address, &certificate)).is_err(), "it is not asked yet");
    hang_up();
    reloads(&mut first, "ok").unwrap();
    let mut second = runtime.block_on(Http2::connect(program.address, &certificate)).unwrap();
    std::fs::write(&key, "no key").unwrap();
    hang_up();
    reloads(&mut first, "failed").unwrap();
    assert!(runtime.block_on(Http2::connect(program.address, &certificate)).is_ok(), "the old one stays");
    for connection in [&mut first, &mut second] {
        let (status, _) = runtime.block_on(connection.json("GET", "/healthz", &[], "")).unwrap();
        assert_eq!(status, 200, "who is connected notices nothing");
    }
}

#[test]
fn files_that_do_not_work_are_one_line_and_exit_code_two() {
    let (ours, theirs) = (Certificate::new().unwrap(), Certificate::new().unwrap());
    let (cert, key, other) = (ours.cert_file(), ours.key_file(), theirs.key_file());
    let (cert, key, other) = (cert.to_str().unwrap(), key.to_str().unwrap(), other.to_str().unwrap());
    for (args, says) in [
        (vec!["--tls-cert", cert], "tls_key: set tls_cert and tls_key"),
        (vec!["--tls-cert", "gone.pem", "--tls-key", key], "tls_cert: gone.pem: "),
        (vec!["--tls-cert", cert, "--tls-key", cert], "holds no private key"),
        (vec!["--tls-cert", cert, "--tls-key", other], "is not the key of the certificate"),
    ] {
        let args = [&["serve", "--listen", "127.0.0.1:0"], args.as_slice()].concat();
        let outcome = run_program(&args, &[], SOON).unwrap();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{outcome:?}");
        assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{outcome:?}");
        assert!(outcome.stderr.contains(says), "{outcome:?}");
    }
}

/// Sends `bytes` and reads to the end; what came, and how long that took.
fn say(server: &Server, bytes: &[u8]) -> (String, Duration) {
    let (mut socket, began) = (TcpStream::connect(server.address).unwrap(), Instant::now());
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.write_all(bytes).unwrap();
    let mut heard = Vec::new();
    // A connection that is cut may end with an error.
    drop(socket.read_to_end(&mut heard));
    (String::from_utf8_lossy(&heard).into_owned(), began.elapsed())
}

#[test]
fn what_is_no_tls_is_told_so_or_cut() {
    let certificate = Certificate::new().unwrap();
    let layer = Layer { header_timeout_s: Some("0.5".parse().unwrap()), ..certificate.layer() };
    let server = Server::with(layer).unwrap();
    let tunnel = Tunnel::open(server.address, certificate).unwrap();
    let count = |reason: &str| {
        metric(&tunnel.url(""), &format!("starfray_rejected_total{{reason=\"{reason}\"}}")).unwrap().unwrap()
    };
    let before = ["https_required", "tls_handshake", "header_timeout"].map(count);
    let (answer, _) = say(&server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https_required"), "{answer}");
    let (_, took) = say(&server, b"\x16\x03\x01\x00\x08no hello");
    assert!(took < SOON, "{took:?}");
    for slow in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00"] {
        let (answer, took) = say(&server, slow);
        assert_eq!(answer, "");
        assert!((Duration::from_millis(400)..Duration::from_secs(3)).contains(&took), "{slow:?}: {took:?}");
    }
    let after = ["https_required", "tls_handshake", "header_timeout"].map(count);
    assert_eq!([0, 1, 2].map(|i| after[i] - before[i]), [1.0, 1.0, 3.0]);
    assert_eq!(get(&tunnel.url("/healthz"), &[]).unwrap().status, 200);
}

#[test]
fn it_stops_at_once_with_a_silent_connection_of_http2() {
    let certificate = Certificate::new().unwrap();
    let (cert, key) = (certificate.cert_file(), certificate.key_file());
    let mut program =
        Program::serve(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]).unwrap();
    let runtime = Runtime::new().unwrap();
    let mut connection = runtime.block_on(Http2::connect(program.address, &certificate)).unwrap();
    assert_eq!(runtime.block_on(connection.json("GET", "/readyz", &[], "")).unwrap().0, 200);
    let began = Instant::now();
    program.terminate().unwrap();
    assert_eq!(program.wait(SOON).unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
