//! The HTTP routes as scripts use them: defaults, errors with their stable codes, who may do what.

use serde_json::{Value, json};
use tests::http::{get, host, post, post_json};
use tests::server::Server;

fn code(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[test]
fn a_hosted_match_has_the_defaults() {
    let server = Server::start().unwrap();
    let hosted = host(&server.url(""), &json!({})).unwrap();
    let id = hosted.word("id").unwrap();
    assert!(!hosted.word("host_token").unwrap().is_empty());
    assert_eq!(hosted.word("play_url").unwrap(), server.url(&format!("/play/{id}")));
    assert_eq!(hosted.word("watch_url").unwrap(), server.url(&format!("/watch/{id}")));
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap();
    assert_eq!(picture.status, 200);
    let settings = picture.json()["settings"].clone();
    let expected = json!({
        "mode": "ffa", "map": "lattice", "max_players": 16, "bots": 0, "bot_skill": 2, "duration_s": 600, "visibility": "public",
        "password": false, "tick_hz": 30, "start": "now", "spectator_delay_ms": 0,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(settings[key], *value, "{key}");
    }
    let list = get(&server.url("/api/matches"), &[]).unwrap().json();
    let listed = list["matches"].as_array().unwrap().iter().any(|m| m["id"] == id.as_str());
    assert!(listed, "{list}");
}

#[test]
fn an_unlisted_match_stands_in_no_list() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"visibility": "unlisted"})).unwrap().word("id").unwrap();
    let list = get(&server.url("/api/matches"), &[]).unwrap().json();
    assert!(list["matches"].as_array().unwrap().iter().all(|m| m["id"] != id.as_str()));
    assert_eq!(get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().status, 200);
}

#[test]
fn wrong_settings_name_their_field() {
    let server = Server::start().unwrap();
    let wrong = [
        ("tick_hz", json!({"tick_hz": 5})),
        ("tick_hz", json!({"tick_hz": 61})),
        ("max_players", json!({"max_players": 0})),
        ("max_players", json!({"max_players": 2001})),
        ("map", json!({"map": "atlantis"})),
        ("mode", json!({"mode": "chess"})),
        ("mode", json!({"mode": "ctc", "map": "open"})),
        ("visibility", json!({"visibility": "secret"})),
        ("spectator_delay_ms", json!({"spectator_delay_ms": 60_001})),
        ("start", json!({"start": "later"})),
        ("colour", json!({"colour": "red"})),
        ("bots", json!({"bots": -1})),
        ("bots", json!({"bots": "many"})),
    ];
    for (field, body) in wrong {
        let answer = post_json(&server.url("/api/matches"), &body).unwrap();
        assert_eq!((answer.status, answer.error()), code(400, "bad_settings"), "{body}");
        let message = answer.word("message").unwrap();
        assert!(message.contains(field), "{body}: {message}");
        assert_eq!(message.lines().count(), 1);
    }
}

#[test]
fn bad_requests_have_their_codes() {
    let server = Server::start().unwrap();
    let json_type = ("content-type", "application/json");
    let url = server.url("/api/matches");
    assert_eq!(post(&url, &[json_type], "{").unwrap().status, 400);
    assert_eq!(post(&url, &[("content-type", "text/plain")], "{}").unwrap().status, 415);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(post(&url, &[json_type], &large).unwrap().status, 413);
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(post(&url, &[json_type], &deep).unwrap().status, 400);
    let missing = get(&server.url("/api/matches/nosuchone"), &[]).unwrap();
    assert_eq!((missing.status, missing.error()), code(404, "match_not_found"));
    let nowhere = get(&server.url("/api/nowhere"), &[]).unwrap();
    assert_eq!((nowhere.status, nowhere.error()), code(404, "not_found"));
    let wrong_method = post_json(&server.url("/healthz"), &json!({})).unwrap();
    assert_eq!((wrong_method.status, wrong_method.error()), code(405, "method_not_allowed"));
    for answer in [missing, nowhere, wrong_method] {
        assert!(!answer.word("message").unwrap().is_empty());
    }
}

#[test]
fn a_known_picture_is_not_sent_again() {
    let server = Server::start().unwrap();
    // It sleeps after its first tick, since nobody is there: its picture stays as it is.
    let id = host(&server.url(""), &json!({})).unwrap().word("id").unwrap();
    let url = server.url(&format!("/api/matches/{id}"));
    let tag = tests::patience::wait_for("a resting picture", std::time::Duration::from_secs(5), || {
        let (one, other) = (get(&url, &[])?, get(&url, &[])?);
        let tags = (one.header("etag"), other.header("etag"));
        Ok(tags.0.filter(|_| tags.0 == tags.1 && one.json()["tick"] != 0).map(str::to_owned))
    })
    .unwrap();
    let again = get(&url, &[("if-none-match", &tag)]).unwrap();
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    assert!(again.header("cache-control").is_some());
    assert_eq!(get(&url, &[("if-none-match", "\"other\"")]).unwrap().status, 200);
}

#[test]
fn who_joins_gets_a_token() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"max_players": 1})).unwrap().word("id").unwrap();
    let url = server.url(&format!("/api/matches/{id}/join"));
    let joined = post_json(&url, &json!({"name": "Ann"})).unwrap();
    assert_eq!(joined.status, 200, "{}", joined.text);
    let body = joined.json();
    assert!(body["player_id"].is_u64() && body["token"].is_string());
    assert_eq!(
        (&body["tick_hz"], &body["transports"]),
        (&json!(30), &json!(["websocket", "stream", "poll"]))
    );
    assert_eq!(body["url"], server.url(""));
    let full = post_json(&url, &json!({"name": "Ben"})).unwrap();
    assert_eq!(full.error(), "match_full");
    assert!((400..600).contains(&full.status));
}

#[test]
fn a_password_is_asked_for() {
    let server = Server::start().unwrap();
    let hosted = host(&server.url(""), &json!({"password": "sesame"})).unwrap();
    let id = hosted.word("id").unwrap();
    assert!(hosted.word("watch_url").unwrap().contains("?key="));
    let url = server.url(&format!("/api/matches/{id}/join"));
    let join = |body: Value| {
        let answer = post_json(&url, &body).unwrap();
        (answer.status, answer.error())
    };
    assert_eq!(join(json!({"name": "Ann"})), code(401, "password_required"));
    assert_eq!(join(json!({"name": "Ann", "password": "simsim"})), code(403, "wrong_password"));
    assert_eq!(join(json!({"name": "Ann", "password": "sesame"})), code(200, ""));
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap();
    assert_eq!(picture.json()["settings"]["password"], json!(true));
    assert!(!picture.text.contains("sesame"));
    let feed = get(&server.url(&format!("/api/matches/{id}/events")), &[]).unwrap();
    assert_eq!(feed.status, 401);
    let feed = get(&server.url(&format!("/api/matches/{id}/events?key=wrong")), &[]).unwrap();
    assert_eq!(feed.status, 403);
}

#[test]
fn only_the_host_acts_as_the_host() {
    let server = Server::start().unwrap();
    let base = server.url("");
    let mine = host(&base, &json!({})).unwrap();
    let other = host(&base, &json!({})).unwrap();
    let (id, token) = (mine.word("id").unwrap(), mine.word("host_token").unwrap());
    let seat = post_json(&server.url(&format!("/api/matches/{id}/join")), &json!({"name": "Ann"})).unwrap();
    let act = |action: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("authorization", &bearer)] };
        let answer = post(&server.url(&format!("/api/matches/{id}/host/{action}")), headers, "").unwrap();
        (answer.status, answer.error())
    };
    assert_eq!(act("add_bot", ""), code(401, "unauthorized"));
    assert_eq!(act("add_bot", "nonsense"), code(401, "unauthorized"));
    assert_eq!(act("add_bot", &other.word("host_token").unwrap()), code(403, "forbidden"));
    assert_eq!(act("add_bot", &seat.word("token").unwrap()), code(403, "forbidden"));
    assert_eq!(act("dance", &token), code(404, "unknown_action"));
    assert_eq!(act("add_bot", &token), code(200, ""));
    let skilled = |skill: u8| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = json!({"skill": skill}).to_string();
        let answer = post(&server.url(&format!("/api/matches/{id}/host/add_bot")), &headers, &body).unwrap();
        (answer.status, answer.error())
    };
    assert_eq!(skilled(3), code(200, ""));
    assert_eq!(skilled(4), code(400, "bad_request"));
    assert_eq!(act("end", &token), code(200, ""));
    let gone = tests::patience::wait_for("the end of the match", std::time::Duration::from_secs(5), || {
        Ok(Some(get(&server.url(&format!("/api/matches/{id}")), &[])?.status).filter(|status| *status == 404))
    });
    assert!(gone.is_ok());
}

#[test]
fn pages_of_strangers_may_not_act() {
    let server = Server::start().unwrap();
    let own = server.url("");
    let suffix = format!("{own}.evil.example");
    let post_from = |origin: &str| {
        let headers = [("content-type", "application/json"), ("origin", origin)];
        let answer = post(&server.url("/api/matches"), &headers, "{}").unwrap();
        (answer.status, answer.error())
    };
    assert_eq!(post_from(&own), code(201, ""));
    for stranger in ["http://evil.example", "null", &suffix, "http://127.0.0.1:1"] {
        assert_eq!(post_from(stranger), code(403, "origin_not_allowed"), "{stranger}");
    }
    let list = get(&server.url("/api/matches"), &[("origin", "http://evil.example")]).unwrap();
    assert_eq!((list.status, list.header("access-control-allow-origin")), (200, Some("*")));
    assert_eq!(list.header("access-control-allow-credentials"), None);
}

#[test]
fn health_and_the_page_answer() {
    let server = Server::start().unwrap();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&server.url(path), &[]).unwrap().status, 200, "{path}");
    }
    for path in ["/", "/play/abc", "/watch/abc", "/playground"] {
        let page = get(&server.url(path), &[]).unwrap();
        // Without a built client the page says how to build it.
        let built = page.status == 200 && page.text.contains("<html");
        assert!(built || (page.status == 503 && page.text.contains("cargo xtask build")), "{path}: {page:?}");
    }
}
