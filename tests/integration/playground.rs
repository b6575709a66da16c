//! Playgrounds over HTTP: who opens them, who changes their network, and that the real link feels it. And how the host
//! of any match is told of its players' links.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::{get, host, metric, post, post_json};
use tests::pilot::{Pilot, fly};
use tests::server::Server;
use tests::steering::wander;

fn with_token(token: &str) -> [(&'static str, String); 2] {
    [("content-type", "application/json".to_owned()), ("authorization", format!("Bearer {token}"))]
}

fn change(url: &str, token: &str, body: &Value) -> (u16, String) {
    let headers = with_token(token);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = post(url, &headers, &body.to_string()).unwrap();
    (answer.status, answer.error())
}

#[test]
fn the_network_of_a_playground_is_its_visitor_s_to_set() {
    let server = Server::start().unwrap();
    let opened = post_json(&server.url("/api/playground"), &json!({})).unwrap();
    assert_eq!(opened.status, 201, "{}", opened.text);
    let (id, token) = (opened.word("id").unwrap(), opened.word("host_token").unwrap());
    let list = get(&server.url("/api/matches"), &[]).unwrap();
    assert!(!list.text.contains(&id), "it is unlisted");

    let mut pilots = [Pilot::join(server.address, &id, "Ann", wander(1)).unwrap()];
    let second = post_json(&server.url(&format!("/api/matches/{id}/join")), &json!({})).unwrap();
    assert_eq!((second.status, second.error()), (409, "match_full".to_owned()));
    let rtt = |pilots: &[Pilot]| pilots[0].client.instruments().rtt_ms;
    assert!(fly(&mut pilots, Duration::from_secs(5), |p| (1..100).contains(&rtt(p))));

    let url = server.url(&format!("/api/playground/{id}"));
    let other = host(&server.url(""), &json!({})).unwrap();
    let others = other.word("host_token").unwrap();
    let body = json!({"delay_ms": 150, "jitter_ms": 20, "cap_kbit": 512, "lag_compensation": false});
    assert_eq!(change(&url, "nonsense", &body), (401, "unauthorized".to_owned()));
    assert_eq!(change(&url, &others, &body), (403, "forbidden".to_owned()));
    assert_eq!(change(&url, &token, &json!({"delay_ms": 9999})), (400, "bad_settings".to_owned()));
    let of_a_match = server.url(&format!("/api/playground/{}", other.word("id").unwrap()));
    assert_eq!(change(&of_a_match, &others, &body), (404, "match_not_found".to_owned()));
    assert_eq!(change(&url, &token, &body), (200, String::new()));
    let now_ms = pilots[0].now_ms();
    pilots[0].client.measure_anew(now_ms);
    assert!(fly(&mut pilots, Duration::from_secs(5), |p| (150..500).contains(&rtt(p))), "{}", rtt(&pilots));
    assert_eq!(pilots[0].complaint, None);
}

#[test]
fn the_host_is_told_of_links_and_metrics_count_them() {
    let server = Server::start().unwrap();
    let hosted = host(&server.url(""), &json!({"map": "open"})).unwrap();
    let (id, token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    let url = server.url(&format!("/api/matches/{id}"));
    let mut pilots = [Pilot::join(server.address, &id, "Ann", wander(1)).unwrap()];
    let bearer = format!("Bearer {token}");
    let shown = |token: &str| get(&url, &[("authorization", token)]).unwrap();
    let seen = fly(&mut pilots, Duration::from_secs(15), |_| {
        !shown(&bearer).json()["players"][0]["net"]["jitter_ms"].is_null()
    });
    assert!(seen, "{}", shown(&bearer).text);
    let picture = shown(&bearer);
    assert_eq!(picture.header("cache-control"), Some("no-store"));
    assert!(picture.json()["players"][0]["net"]["bytes_per_s"].as_u64() > Some(100), "{}", picture.text);
    for token in ["Bearer nonsense", &format!("Bearer {}", pilots[0].token)] {
        let public = shown(token);
        assert_eq!(public.status, 200);
        assert!(!public.text.contains("\"net\""), "{}", public.text);
    }
    for name in ["rtt_seconds", "slack_ticks", "late_inputs_ratio", "jitter_seconds", "bytes_per_second"] {
        let count = metric(&server.url(""), &format!("starfray_player_{name}_count")).unwrap();
        assert!(count >= Some(1.0), "{name}: {count:?}");
    }
}
