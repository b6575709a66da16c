//! Tests of the routes without sockets: what each answers, and above all what it answers to a mistake.
//! Requests go straight into the router, as the accept loop would bring them.

mod operator;

use std::net::IpAddr;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, Version, header},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    config::layer::Layer,
    http::{handover::Handover, visit::Visit},
    state::sample,
};

const HOST: &str = "play.example:7777";
const LOCAL: &str = "127.0.0.1";
const STRANGER: &str = "203.0.113.7";

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
    handover: Option<Handover>,
}

impl Answer {
    fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or("-"))
    }

    fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }
}

struct Site(Arc<State>);

impl Site {
    fn new(layer: Layer) -> Site {
        Site(sample::state(layer))
    }

    fn match_id(&self) -> String {
        self.0.lobby.public()[0].id.clone()
    }

    async fn ask_from(&self, peer: &str, line: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path).version(Version::HTTP_11);
        if !fields.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, HOST);
        }
        if !body.is_empty() && !fields.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        let peer: IpAddr = peer.parse().unwrap();
        let visit = Visit::read(peer, request.headers(), &self.0.admission);
        request.extensions_mut().insert(visit);
        let mut response = public(&self.0).oneshot(request).await.unwrap();
        let handover = response.extensions_mut().remove();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::String(text));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body, handover }
    }

    async fn ask(&self, line: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        self.ask_from(LOCAL, line, fields, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], "").await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(&format!("POST {path}"), &[], &body.to_string()).await
    }

    async fn upgrade(&self, path: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (name, value) in more {
            fields.retain(|(kept, _)| kept != name);
            fields.push((name, value));
        }
        self.ask(&format!("GET {path}"), &fields, "").await
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.0.lobby.stop(std::time::Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_match_is_hosted_joined_and_ended() {
    let site = Site::new(Layer::default());
    let hosted =
        site.post("/api/matches", json!({"name": "Evening", "bots": 2, "visibility": "unlisted"})).await;
    assert_eq!(hosted.status, 201, "{}", hosted.body);
    let id = hosted.text("id").to_owned();
    assert_eq!(hosted.text("play_url"), format!("http://{HOST}/play/{id}"));
    assert_eq!(hosted.text("watch_url"), format!("http://{HOST}/watch/{id}"));
    let list = site.get("/api/matches").await;
    assert_eq!(list.body["matches"].as_array().unwrap().len(), 1, "unlisted matches stay out of the list");

    let joined =
        site.post(&format!("/api/matches/{id}/join"), json!({"name": "Wren", "hull": "lance"})).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    assert_eq!((joined.text("url"), &joined.body["tick_hz"]), (&*format!("http://{HOST}"), &json!(30)));
    assert_eq!(joined.body["transports"], json!(["websocket", "stream", "poll"]));
    assert!(joined.body["player_id"].is_u64());

    let act = format!("/api/matches/{id}/host");
    let bearer = |token: &str| format!("Bearer {token}");
    let end = format!("POST {act}/end");
    assert_eq!(site.ask(&end, &[], "").await.error(), (401, "unauthorized"));
    assert_eq!(site.ask(&end, &[("authorization", "Bearer ")], "").await.error(), (401, "unauthorized"));
    assert_eq!(site.ask(&end, &[("authorization", "Bearer x")], "").await.error(), (401, "unauthorized"));
    let seat = bearer(joined.text("token"));
    assert_eq!(site.ask(&end, &[("authorization", &seat)], "").await.error(), (403, "forbidden"));
    let host = bearer(hosted.text("host_token"));
    let odd = site.ask(&format!("POST {act}/explode"), &[("authorization", &host)], "").await;
    assert_eq!(odd.error(), (404, "unknown_action"));
    for action in ["add_bot", "remove_bot", "start", "end"] {
        let done = site.ask(&format!("POST {act}/{action}"), &[("authorization", &host)], "").await;
        assert_eq!((done.status, done.text("action")), (200, action));
    }
}

#[tokio::test]
async fn mistakes_have_stable_codes() {
    let site = Site::new(Layer { matches_max: Some(1), ..Layer::default() });
    let id = site.match_id();
    assert_eq!(site.get("/api/matches/nothing").await.error(), (404, "match_not_found"));
    assert_eq!(site.post("/api/matches/nothing/join", json!({})).await.error(), (404, "match_not_found"));
    assert_eq!(site.get("/api/nothing").await.error(), (404, "not_found"));
    assert_eq!(site.get("/nothing.js").await.error(), (404, "not_found"));
    let wrong = site.ask(&format!("DELETE /api/matches/{id}"), &[], "").await;
    assert_eq!(wrong.error(), (405, "method_not_allowed"));
    assert!(wrong.headers.contains_key(header::ALLOW));
    assert_eq!(site.get(&format!("/api/matches/{id}/join")).await.error(), (405, "method_not_allowed"));

    let create = "POST /api/matches";
    assert_eq!(site.ask(create, &[], "{\"bots\":").await.error(), (400, "bad_json"));
    let unknown = site.ask(create, &[], "{\"colour\":1}").await;
    assert_eq!(unknown.error(), (400, "bad_settings"));
    assert!(unknown.text("message").contains("colour"));
    let range = site.post("/api/matches", json!({"tick_hz": 99})).await;
    assert!(range.error() == (400, "bad_settings") && range.text("message").starts_with("tick_hz: "));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(site.ask(create, &form, "a=b").await.error(), (415, "unsupported_media_type"));
    assert_eq!(
        site.ask(create, &[("content-encoding", "gzip")], "{}").await.error(),
        (415, "unsupported_media_type")
    );
    assert_eq!(site.ask(create, &[], &" ".repeat(70_000)).await.error(), (413, "body_too_large"));
    let full = site.ask(create, &[], "").await;
    assert_eq!(full.error(), (503, "too_many_matches"));
    assert!(full.headers.contains_key(header::RETRY_AFTER));
    let join = format!("/api/matches/{id}/join");
    assert_eq!(site.post(&join, json!({"hull": "brick"})).await.error(), (400, "bad_hull"));
    assert_eq!(site.post(&join, json!({"name": 5})).await.error(), (400, "bad_request"));
}

#[tokio::test]
async fn a_password_guards_seats_and_feed() {
    let site = Site::new(Layer::default());
    let hosted = site.post("/api/matches", json!({"password": "hush"})).await;
    let id = hosted.text("id");
    let join = format!("/api/matches/{id}/join");
    assert_eq!(site.post(&join, json!({})).await.error(), (401, "password_required"));
    assert_eq!(site.post(&join, json!({"password": "no"})).await.error(), (403, "wrong_password"));
    assert_eq!(site.post(&join, json!({"password": "hush"})).await.status, 200);
    let feed = format!("/api/matches/{id}/events");
    assert_eq!(site.get(&feed).await.error(), (401, "unauthorized"));
    assert_eq!(site.get(&format!("{feed}?key=no")).await.error(), (403, "forbidden"));
    let (_, key) = hosted.text("watch_url").split_once("?key=").unwrap();
    let watched = site.get(&format!("{feed}?key={key}")).await;
    assert!(watched.status == 200 && watched.handover.is_some());
}

#[tokio::test]
async fn the_feed_is_open_to_every_page_and_takes_a_cursor_from_three_places() {
    let site = Site::new(Layer::default());
    let feed = format!("GET /api/matches/{}/events", site.match_id());
    let cursor = |answer: &Answer| match &answer.handover {
        Some(Handover::Watch { resume, .. }) => resume.map(|cursor| cursor.to_string()),
        other => panic!("{other:?}"),
    };
    let plain = site.ask(&feed, &[("origin", "https://evil.example")], "").await;
    assert_eq!(plain.headers[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    assert_eq!(plain.headers[header::CACHE_CONTROL], "no-store, no-transform");
    assert_eq!(plain.headers["x-accel-buffering"], "no");
    assert_eq!(plain.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(cursor(&plain), None);
    assert_eq!(cursor(&site.ask(&feed, &[("last-event-id", "3.8")], "").await).as_deref(), Some("3.8"));
    for parameter in ["last_event_id", "cursor"] {
        let answer = site.ask(&format!("{feed}?{parameter}=3.8"), &[], "").await;
        assert_eq!(cursor(&answer).as_deref(), Some("3.8"), "{parameter}");
    }
    assert_eq!(cursor(&site.ask(&feed, &[("last-event-id", "garbage")], "").await), None);
    let head = site.ask(&feed.replace("GET", "HEAD"), &[], "").await;
    assert!(head.status == 200 && head.handover.is_none());
}

#[tokio::test]
async fn only_known_pages_may_act() {
    let site = Site::new(Layer {
        allowed_origins: Some(vec!["https://friend.example".parse().unwrap()]),
        public_url: Some("https://game.example".parse().unwrap()),
        trusted_proxy: Some(vec!["10.0.0.1/32".parse().unwrap()]),
        ..Layer::default()
    });
    let create = "POST /api/matches";
    let own = format!("http://{HOST}");
    for good in ["https://friend.example", "https://game.example", &own, &own.to_uppercase()] {
        assert_eq!(site.ask(create, &[("origin", good)], "").await.status, 201, "{good}");
    }
    let port = own.replace("7777", "7778");
    let suffix = own.replace(":7777", ".evil.example:7777");
    for bad in [
        "null",
        "",
        "http://evil.example",
        &port,
        &suffix,
        "http://friend.example",
        "https://friend.example:444",
    ] {
        assert_eq!(
            site.ask(create, &[("origin", bad)], "").await.error(),
            (403, "origin_not_allowed"),
            "{bad}"
        );
    }
    let proxied = [("origin", own.as_str()), ("x-forwarded-proto", "https"), ("x-forwarded-for", STRANGER)];
    assert_eq!(site.ask_from("10.0.0.1", create, &proxied, "").await.error(), (403, "origin_not_allowed"));
    assert_eq!(
        site.ask(create, &[("origin", "https://game.example")], "")
            .await
            .text("play_url")
            .find("https://game.example/play/"),
        Some(0)
    );

    let asked = [("origin", "https://friend.example"), ("access-control-request-method", "POST")];
    let preflight = site.ask("OPTIONS /api/matches", &asked, "").await;
    assert_eq!(
        (preflight.status, &preflight.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN]),
        (204, &"https://friend.example".parse().unwrap())
    );
    let evil = site.ask("OPTIONS /api/matches", &[("origin", "https://evil.example")], "").await;
    assert_eq!(evil.status, 403);
    let path = format!("/api/matches/{}/ws", site.match_id());
    let socket = site.upgrade(&path, &[("origin", "https://evil.example")]).await;
    assert_eq!(socket.error(), (403, "origin_not_allowed"));
}

#[tokio::test]
async fn a_handshake_is_checked_before_a_match_hears_of_it() {
    let site = Site::new(Layer::default());
    let id = site.match_id();
    let path = format!("/api/matches/{id}/ws");
    let joined = site.post(&format!("/api/matches/{id}/join"), json!({"name": "Wren"})).await;
    let token = joined.text("token");
    let ours = ("sec-websocket-protocol", "chat, starfray.v1");
    let good = site.upgrade(&format!("{path}?token={token}"), &[ours]).await;
    assert_eq!(good.status, 101, "{}", good.body);
    assert_eq!(good.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(good.headers["sec-websocket-protocol"], "starfray.v1");
    assert!(matches!(good.handover, Some(Handover::Play(..))));
    let bearer = format!("Bearer {token}");
    assert_eq!(site.upgrade(&path, &[ours, ("authorization", &bearer)]).await.status, 101);

    let with_token = format!("{path}?token={token}");
    assert_eq!(site.get(&with_token).await.error(), (426, "upgrade_required"));
    assert_eq!(site.upgrade(&with_token, &[]).await.error(), (400, "protocol_version"));
    assert_eq!(site.upgrade(&path, &[ours]).await.error(), (401, "unauthorized"));
    assert_eq!(site.upgrade(&format!("{path}?token="), &[ours]).await.error(), (401, "unauthorized"));
    for (field, value, error) in [
        ("sec-websocket-version", "8", (426, "bad_handshake")),
        ("sec-websocket-key", "c2hvcnQ=", (400, "bad_handshake")),
        ("sec-websocket-key", "", (400, "bad_handshake")),
        ("content-length", "5", (400, "bad_handshake")),
        ("transfer-encoding", "chunked", (400, "bad_handshake")),
        ("upgrade", "h2c", (426, "upgrade_required")),
        ("connection", "close", (426, "upgrade_required")),
    ] {
        assert_eq!(
            site.upgrade(&with_token, &[ours, (field, value)]).await.error(),
            error,
            "{field}: {value}"
        );
    }
    let refused = |answer: &Answer| match &answer.handover {
        Some(Handover::Refuse(reason)) => (answer.status, reason.word()),
        other => panic!("{other:?}"),
    };
    let forged = format!("{path}?token={}", &token[1..]);
    assert_eq!(site.upgrade(&forged, &[ours]).await.error(), (401, "unauthorized"));
    let page = format!("http://{HOST}");
    let seen = site.upgrade(&forged, &[ours, ("origin", page.as_str())]).await;
    assert_eq!(refused(&seen), (101, "bad_token"));
    let old = site.upgrade(&with_token, &[("sec-websocket-protocol", "starfray.v999")]).await;
    assert_eq!(refused(&old), (101, "protocol_version"));
    assert_eq!(old.headers["sec-websocket-protocol"], "starfray.v999");
    let hosted = site.post("/api/matches", json!({})).await;
    let other = format!("/api/matches/{}/ws?token={token}", hosted.text("id"));
    assert_eq!(site.upgrade(&other, &[ours]).await.error(), (403, "forbidden"));
    let host_token = format!("{path}?token={}", hosted.text("host_token"));
    assert_eq!(site.upgrade(&host_token, &[ours]).await.error(), (403, "forbidden"));
}

#[tokio::test]
async fn strangers_have_turns_and_no_metrics() {
    let site = Site::new(Layer {
        hosts_per_minute: Some(1),
        joins_per_minute: Some(1),
        trusted_proxy: Some(vec!["127.0.0.1/32".parse().unwrap()]),
        ..Layer::default()
    });
    let join = format!("POST /api/matches/{}/join", site.match_id());
    for line in ["POST /api/matches", &join] {
        assert!(site.ask_from(STRANGER, line, &[], "").await.status < 300);
        let second = site.ask_from(STRANGER, line, &[], "").await;
        assert_eq!(second.error(), (429, "too_many_requests"));
        let wait: u32 = second.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((50..=60).contains(&wait), "{wait}");
        let named = [("x-forwarded-for", STRANGER)];
        assert_eq!(site.ask(line, &named, "").await.status, 429, "the same stranger behind the proxy");
        assert!(site.ask(line, &[], "").await.status < 300, "this machine is free");
    }
    assert_eq!(site.ask_from(STRANGER, "GET /metrics", &[], "").await.error(), (403, "forbidden"));
    assert_eq!(
        site.ask("GET /metrics", &[("x-forwarded-for", STRANGER)], "").await.error(),
        (403, "forbidden")
    );
    assert_eq!(site.ask("GET /metrics", &[("via", "1.1 p")], "").await.error(), (403, "forbidden"));
    assert_eq!(site.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn a_draining_server_says_so() {
    let site = Site::new(Layer::default());
    let id = site.match_id();
    assert_eq!((site.get("/healthz").await.status, site.get("/readyz").await.status), (200, 200));
    site.0.drain();
    assert_eq!(
        (site.get("/healthz").await.status, site.get("/readyz").await.error()),
        (200, (503, "draining"))
    );
    assert_eq!(site.post("/api/matches", json!({})).await.error(), (503, "draining"));
    assert_eq!(site.post(&format!("/api/matches/{id}/join"), json!({})).await.error(), (503, "draining"));
}

#[tokio::test]
async fn pictures_of_matches_and_pages_are_cached_by_tag() {
    let site = Site::new(Layer::default());
    let path = format!("GET /api/matches/{}", site.match_id());
    let first = site.ask(&path, &[], "").await;
    assert_eq!(first.headers[header::CACHE_CONTROL], "no-cache");
    assert_eq!(first.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let tag = first.headers[header::ETAG].to_str().unwrap().to_owned();
    assert_eq!(site.ask(&path, &[("if-none-match", &tag)], "").await.status, 304);
    assert_eq!(site.ask(&path, &[("if-none-match", "\"x\"")], "").await.status, 200);
    for page in ["/", "/play/abc", "/watch/abc?overlay=1"] {
        let answer = site.get(page).await;
        match answer.status {
            503 => assert!(answer.body.as_str().unwrap().contains("cargo xtask build")),
            status => assert_eq!(
                (status, &answer.headers[header::VARY]),
                (200, &"Accept-Encoding".parse().unwrap())
            ),
        }
    }
}
