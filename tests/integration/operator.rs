//! The operator at work: the server seen live, and people who are spoken to, removed, banned, and told that it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use client_web::view::Happening;
use serde_json::{Value, json};
use server::config::layer::Layer;
use tests::feed_socket::FeedSocket;
use tests::http::{Answer, get, host, post};
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly};
use tests::server::{Program, Server};
use tests::steering::{idle, wander};

use crate::store::join;

const SOON: Duration = Duration::from_secs(20);
const WORD: &str = "a word for operators";
const ANN: &str = "ANN00-ANN00-ANN00-ANN00-ANN00";

fn server() -> Server {
    let layer = Layer {
        public_matches: Some(0),
        admin_token: Some(WORD.parse().unwrap()),
        trusted_proxy: Some(vec!["127.0.0.1/32".parse().unwrap()]),
        ..Layer::default()
    };
    Server::with(layer).unwrap()
}

fn act(base: &str, word: &str, path: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {word}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    post(&format!("{base}/admin/api/{path}"), &headers, &body.to_string()).unwrap()
}

#[test]
fn the_whole_server_is_seen_live() {
    let server = server();
    let base = server.url("");
    let unlisted = json!({"name": "Back room", "visibility": "unlisted", "bots": 3, "max_players": 8});
    let id = host(&base, &unlisted).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(server.address, &id, "Ann", wander(1)).unwrap()];
    let authorization = format!("Bearer {WORD}");
    let word = [("authorization", authorization.as_str())];
    let mut stream = FeedSocket::open(server.address, "/admin/events", &word).unwrap();
    assert!(stream.head.contains("text/event-stream") && stream.head.contains("no-store"), "{}", stream.head);
    // A link's own figures come every five seconds.
    assert!(fly(&mut pilots, Duration::from_secs(7), |p| p[0].now_ms() > 6500.0));
    let mut seen = Vec::new();
    while seen.last().is_none_or(|state: &Value| state["matches"][0]["players"][0]["net"].is_null()) {
        let event = stream.next_named("state", SOON).unwrap();
        seen.push(serde_json::from_str::<Value>(&event.data).unwrap());
        assert!(seen.len() < 20, "{:?}", seen.last());
    }
    assert!(seen.len() >= 5, "one a second: {}", seen.len());
    let state = seen.last().unwrap();
    assert_eq!((&state["figures"]["players"], &state["draining"]), (&json!(1.0), &json!(false)));
    let ticks = &state["figures"]["ticks"];
    assert!(ticks["duration_p50_ms"].as_f64().unwrap() <= ticks["duration_p99_ms"].as_f64().unwrap());
    assert!((10.0..50.0).contains(&ticks["per_s"].as_f64().unwrap()), "{ticks}");
    assert!(state["figures"]["sent_bytes_per_s"]["websocket"].as_f64().unwrap() > 100.0, "{state}");
    let game = &state["matches"][0];
    assert_eq!(
        (&game["name"], &game["kind"], &game["people"]),
        (&json!("Back room"), &json!("hosted"), &json!(1))
    );
    assert_eq!((&game["bots"], &game["players"][0]["address"]), (&json!(2), &json!("127.0.0.1")));
    let once = get(&format!("{base}/admin/api/state"), &word).unwrap();
    assert_eq!(once.json()["matches"][0]["id"], json!(id), "{}", once.text);
}

#[test]
fn a_notice_reaches_everybody() {
    let server = server();
    let base = server.url("");
    let id = host(&base, &json!({"spectator_delay_ms": 3000})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(server.address, &id, "Ann", idle()).unwrap()];
    let mut feed = FeedSocket::open(server.address, &format!("/api/matches/{id}/events"), &[]).unwrap();
    assert!(fly(&mut pilots, SOON, |p| p[0].view.own.is_some()));
    let said = act(&base, WORD, "broadcast", &json!({"text": "A new version\n comes at nine "}));
    assert_eq!((said.status, said.json()["matches"].clone()), (200, json!(1)));
    let told = Happening::Notice { text: "A new version comes at nine".to_owned() };
    assert!(fly(&mut pilots, SOON, |p| p[0].seen.contains(&told)));
    let event = feed.next_named("notice", Duration::from_secs(2)).unwrap();
    assert_eq!(event.data, r#"{"text":"A new version comes at nine"}"#);
    assert!(!event.id.is_empty());
}

#[test]
fn whoever_is_removed_sees_why() {
    let server = server();
    let base = server.url("");
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let mut pilots = [
        Pilot::join(server.address, &id, "Ann", idle()).unwrap(),
        Pilot::join(server.address, &id, "Bob", idle()).unwrap(),
    ];
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(|one| one.view.own.is_some())));
    let whom = json!({"player_id": pilots[0].id});
    assert_eq!(act(&base, WORD, &format!("matches/{id}/kick"), &whom).status, 200);
    assert!(fly(&mut pilots, SOON, |p| p[0].closed.is_some()));
    assert_eq!(pilots[0].closed, Some((4511, "kicked".to_owned())));
    assert!(pilots[0].client.bye().is_some_and(|bye| bye.retry_ms == 0), "and not to come back by itself");
    assert_eq!(join(&base, &id, "Ann", None).status, 200, "but they may");
    assert_eq!(pilots[1].closed, None);
    let end = act(&base, WORD, &format!("matches/{id}/end"), &json!({}));
    assert_eq!(end.status, 200);
    assert!(fly(&mut pilots[1..], SOON, |p| p[0].closed.is_some()));
    assert_eq!(pilots[1].closed, Some((4510, "match_ended".to_owned())));
}

#[test]
fn a_ban_removes_whoever_plays() {
    let server = server();
    let base = server.url("");
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let ann = join(&base, &id, "Ann", Some(ANN));
    let ann_id = ann.json()["player_id"].clone();
    let number = shared::id::PlayerId(u16::try_from(ann_id.as_u64().unwrap()).unwrap());
    let mut ann = [Pilot::with_token(server.address, &id, number, &ann.word("token").unwrap(), idle())];
    ann[0].connect().unwrap();
    assert!(fly(&mut ann, SOON, |p| p[0].view.own.is_some()));
    let wish = json!({"player_id": ann_id, "by": "account", "minutes": 5, "reason": "aims too well"});
    let ban = act(&base, WORD, &format!("matches/{id}/ban"), &wish);
    assert_eq!((ban.status, ban.json()["removed"].clone()), (201, json!(1)), "{}", ban.text);
    assert!(fly(&mut ann, SOON, |p| p[0].closed.is_some()));
    assert_eq!(ann[0].closed, Some((4512, "banned".to_owned())));
    assert_eq!(join(&base, &id, "Ann", Some(ANN)).error(), "banned");
    // Somebody behind the proxy is banned by address, and their neighbours in the same /64 with them.
    let from = |address: &str| {
        let headers = [("x-forwarded-for", address), ("content-type", "application/json")];
        post(&format!("{base}/api/matches/{id}/join"), &headers, "{}").unwrap()
    };
    let (eve, other) = (from("2001:db8::7"), from("2001:db8:0:1::7"));
    assert_eq!((eve.status, other.status), (200, 200));
    let ban = act(&base, WORD, &format!("matches/{id}/ban"), &json!({"player_id": eve.json()["player_id"]}));
    assert_eq!(
        (ban.json()["network"].clone(), ban.json()["removed"].clone()),
        (json!("2001:db8::/64"), json!(1))
    );
    assert_eq!((from("2001:db8::99").status, from("2001:db8:0:1::8").status), (403, 200));
}

#[test]
fn the_word_is_in_the_data_folder_and_never_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log", "debug"];
    let mut child = Program::command()
        .unwrap()
        .args(args)
        .args(["--log-format", "json", "--data-dir", data, "--drain-timeout", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut lines = Vec::new();
    let mut admin = None;
    while admin.is_none() {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "{lines:?}");
        let record: Value = serde_json::from_str(&line).unwrap();
        if record["message"] == "admin page and metrics" {
            admin = record["address"].as_str().map(|address| format!("http://{address}"));
        }
        lines.push(line);
    }
    let (admin, path) = (admin.unwrap(), folder.path().join("admin-token"));
    let word = std::fs::read_to_string(&path).unwrap().trim().to_owned();
    assert_eq!(act(&admin, "not the word at all", "drain", &json!({})).status, 401);
    assert_eq!(get(&format!("{admin}/metrics"), &[]).unwrap().status, 200, "metrics ask for a set word only");
    assert_eq!(act(&admin, &word, "broadcast", &json!({"text": "Bye"})).status, 200);
    assert_eq!(act(&admin, &word, "drain", &json!({})).status, 200);
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    let status = wait_for("the end", SOON, || Ok(child.try_wait()?)).unwrap();
    assert_eq!(status.code(), Some(0));
    lines.extend(rest.lines().map(str::to_owned));
    let text = lines.concat();
    assert!(text.contains(path.to_str().unwrap()) && !text.contains(&word), "{text}");
    let records: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().all(|record| record["timestamp"].is_string() && record["level"].is_string()));
    let acts: Vec<&str> = records.iter().filter_map(|record| record["act"].as_str()).collect();
    assert_eq!(acts, ["broadcast", "drain"]);
}

#[test]
fn a_ban_removes_whoever_came_before_a_crash() {
    let args = ["--public-matches", "0", "--admin-token", WORD];
    let mut program = Program::serve(&args).unwrap();
    let id = host(&program.url(""), &json!({})).unwrap().word("id").unwrap();
    let ann = join(&program.url(""), &id, "Ann", Some(ANN)).json();
    let guest = join(&program.url(""), &id, "Guest", None);
    assert_eq!(guest.status, 200);
    let people = |program: &Program| -> anyhow::Result<usize> {
        let picture = get(&program.url(&format!("/api/matches/{id}")), &[])?.json();
        Ok(picture["players"].as_array().map_or(0, Vec::len))
    };
    wait_for("both", SOON, || Ok((people(&program)? == 2).then_some(()))).unwrap();
    // Seats are written down by the store's thread.
    std::thread::sleep(Duration::from_secs(1));
    program.kill().unwrap();
    let program = program.successor(&args).unwrap();
    let bearer = format!("Bearer {WORD}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let wish = json!({"account_id": ann["account_id"]}).to_string();
    let ban = post(&program.url("/admin/api/bans"), &headers, &wish).unwrap();
    assert_eq!((ban.status, ban.json()["removed"].clone()), (201, json!(1)), "{}", ban.text);
    wait_for("one to be gone", SOON, || Ok((people(&program)? == 1).then_some(()))).unwrap();
}
