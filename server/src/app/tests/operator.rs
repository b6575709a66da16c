//! The operator's routes: who gets in, and what each says to a mistake. What they do to people who play is shown over
//! real sockets, in the integration tests.

use super::*;
use crate::state::sample::WORD;

/// Every route that the operator's word opens.
const ROUTES: [&str; 12] = [
    "GET /admin/api/state",
    "GET /admin/events",
    "GET /admin/api/matches/x",
    "POST /admin/api/matches/x/end",
    "POST /admin/api/matches/x/kick",
    "POST /admin/api/matches/x/ban",
    "POST /admin/api/broadcast",
    "POST /admin/api/drain",
    "GET /admin/api/bans",
    "POST /admin/api/bans",
    "DELETE /admin/api/bans/1",
    "GET /api/admin/bans",
];

fn bearer() -> String {
    format!("Bearer {WORD}")
}

impl Site {
    async fn act(&self, line: &str, body: Value) -> Answer {
        self.ask(line, &[("authorization", &bearer())], &body.to_string()).await
    }
}

#[tokio::test]
async fn without_the_word_nobody_sees_or_does_anything() {
    let site = Site::new(Layer::default());
    let long = format!("Bearer {}", "x".repeat(9000));
    for line in ROUTES {
        for wrong in ["", "Bearer", "Bearer x", "Basic dGhlLW9wZXJhdG9y", &bearer()[..20], &long] {
            let answer = site.ask(line, &[("authorization", wrong)], "").await;
            assert_eq!(answer.error(), (401, "unauthorized"), "{line} with {wrong:.40}");
        }
        let in_line = format!("{line}?token={WORD}");
        assert_eq!(site.ask(&in_line, &[], "").await.status, 401, "{line}: the word counts as a header only");
    }
}

#[tokio::test]
async fn strangers_and_other_pages_stay_out_even_with_the_word() {
    let site = Site::new(Layer::default());
    let authorization = ("authorization", &*bearer());
    for line in ROUTES.into_iter().chain(["GET /admin", "GET /admin/admin.js"]) {
        assert_eq!(site.ask_from(STRANGER, line, &[authorization], "").await.status, 403, "{line}");
        let passed_on = [authorization, ("x-forwarded-for", STRANGER)];
        assert_eq!(site.ask(line, &passed_on, "").await.status, 403, "{line} through a proxy");
    }
    let page = [authorization, ("origin", "https://evil.example")];
    let answer = site.ask("POST /admin/api/drain", &page, "").await;
    assert_eq!(answer.error(), (403, "origin_not_allowed"));
    let asked = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let preflight = site.ask("OPTIONS /admin/api/drain", &asked, "").await;
    assert!(preflight.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none(), "{}", preflight.status);
}

#[tokio::test]
async fn with_an_address_of_its_own_it_is_nowhere_else() {
    let elsewhere = Layer { admin_listen: Some("127.0.0.1:1".parse().unwrap()), ..Layer::default() };
    let site = Site::new(elsewhere);
    for line in ROUTES.into_iter().chain(["GET /admin", "GET /admin/admin.js", "GET /admin/index.html"]) {
        let answer = site.ask(line, &[("authorization", &bearer())], "").await;
        assert_eq!(answer.error(), (404, "not_found"), "{line}");
    }
}

#[tokio::test]
async fn mistakes_are_named() {
    let site = Site::new(Layer::default());
    let here = format!("/admin/api/matches/{}", site.match_id());
    for (line, body, status, error) in [
        ("POST /admin/api/matches/nothing/end", json!({}), 404, "match_not_found"),
        ("GET /admin/api/matches/nothing", json!({}), 404, "match_not_found"),
        (&format!("POST {here}/kick"), json!({}), 400, "bad_request"),
        (&format!("POST {here}/kick"), json!({"player_id": 70_000}), 400, "bad_request"),
        (&format!("POST {here}/kick"), json!({"player_id": 9}), 404, "player_not_found"),
        (&format!("POST {here}/ban"), json!({"player_id": 9}), 404, "player_not_found"),
        (&format!("POST {here}/ban"), json!({"player_id": 9, "by": "name"}), 400, "bad_ban"),
        (&format!("POST {here}/ban"), json!({"player_id": 9, "for": 3}), 400, "bad_ban"),
        ("POST /admin/api/broadcast", json!({}), 400, "bad_request"),
        ("POST /admin/api/broadcast", json!({"text": "\u{202e} \n"}), 400, "bad_request"),
        ("POST /admin/api/bans", json!({}), 400, "bad_ban"),
        ("PUT /admin/api/drain", json!({}), 405, "method_not_allowed"),
    ] {
        assert_eq!(site.act(line, body).await.error(), (status, error), "{line}");
    }
    let large = json!({"text": "x".repeat(70_000)});
    assert_eq!(site.act("POST /admin/api/broadcast", large).await.error(), (413, "body_too_large"));
    let said = site.act("POST /admin/api/broadcast", json!({"text": " a\u{202e}  b<i>\n"})).await;
    assert_eq!((said.status, said.text("text"), &said.body["matches"]), (200, "a b<i>", &json!(1)));
}

#[tokio::test]
async fn guests_of_this_machine_are_kicked_and_not_banned() {
    let site = Site::new(Layer::default());
    let id = site.match_id();
    let joined = site.post(&format!("/api/matches/{id}/join"), json!({"name": "Ann"})).await;
    let whom = json!({"player_id": joined.body["player_id"]});
    let shown = site.act(&format!("GET /admin/api/matches/{id}"), json!({})).await;
    assert_eq!((shown.text("kind"), &shown.body["settings"]["map"]), ("standing", &json!("lattice")));
    let ban = site.act(&format!("POST /admin/api/matches/{id}/ban"), whom.clone()).await;
    assert_eq!(ban.error(), (400, "bad_ban"));
    assert!(ban.text("message").contains("trusted_proxy"), "{}", ban.body);
    let account = json!({"player_id": joined.body["player_id"], "by": "account"});
    assert_eq!(
        site.act(&format!("POST /admin/api/matches/{id}/ban"), account).await.error(),
        (400, "bad_ban")
    );
    let kicked = site.act(&format!("POST /admin/api/matches/{id}/kick"), whom.clone()).await;
    assert_eq!((kicked.status, kicked.text("action")), (200, "kick"));
    let again = site.act(&format!("POST /admin/api/matches/{id}/kick"), whom).await;
    assert_eq!(again.error(), (404, "player_not_found"));
}

#[tokio::test]
async fn the_operator_stops_the_server() {
    let site = Site::new(Layer::default());
    assert_eq!(site.act("POST /admin/api/drain", json!({})).await.status, 200);
    let asked = tokio::time::timeout(std::time::Duration::from_secs(2), site.0.asked_to_stop());
    assert!(asked.await.is_ok());
    site.0.board.close();
    assert_eq!(site.act("GET /admin/api/state", json!({})).await.status, 503);
}
