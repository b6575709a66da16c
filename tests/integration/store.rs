//! Accounts, results, leaderboards, bans and backups, as a browser, a script and an operator use them.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use server::config::layer::Layer;
use tests::http::{Answer, delete, get, host, post, post_json};
use tests::patience::wait_for;
use tests::server::{Program, Server, run_program};

pub(crate) const SOON: Duration = Duration::from_secs(20);
const ANN: &str = "ANN00-ANN00-ANN00-ANN00-ANN00";
const BOB: &str = "BOB00-BOB00-BOB00-BOB00-BOB00";
const OPERATOR: &str = "a word for operators";

fn server() -> Server {
    Server::with(Layer { public_matches: Some(0), ..Layer::default() }).unwrap()
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

pub(crate) fn join(base: &str, id: &str, name: &str, key: Option<&str>) -> Answer {
    post_json(&format!("{base}/api/matches/{id}/join"), &json!({"name": name, "player_key": key})).unwrap()
}

/// Hosts a match with these players, and ends it; returns its id.
pub(crate) fn play(base: &str, settings: &Value, players: &[(&str, Option<&str>)]) -> String {
    let hosted = host(base, settings).unwrap();
    let id = hosted.word("id").unwrap();
    for (name, key) in players {
        let answer = join(base, &id, name, *key);
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    end(base, &id, &hosted.word("host_token").unwrap());
    id
}

fn end(base: &str, id: &str, host_token: &str) {
    let ended =
        post(&format!("{base}/api/matches/{id}/host/end"), &[("authorization", &bearer(host_token))], "");
    assert_eq!(ended.unwrap().status, 200);
}

/// The result of a match's first round, as soon as it is there.
pub(crate) fn result(base: &str, match_id: &str) -> Value {
    wait_for("the result", SOON, || {
        let answer = get(&format!("{base}/api/results/{match_id}-1"), &[])?;
        Ok((answer.status == 200).then(|| answer.json()))
    })
    .unwrap()
}

#[test]
fn a_whole_round_is_a_result_a_rating_and_a_place() {
    let server = server();
    let base = server.url("");
    let hosted = host(&base, &json!({"name": "Sunday", "duration_s": 10, "tick_hz": 60, "bots": 4})).unwrap();
    let id = hosted.word("id").unwrap();
    let ann = join(&base, &id, "Ann", Some(ANN)).word("account_id").unwrap();
    let bob = join(&base, &id, "Bob", Some(BOB)).word("account_id").unwrap();
    assert!(join(&base, &id, "Guest", None).json()["account_id"].is_null());
    let page = result(&base, &id);
    assert_eq!((page["name"].as_str(), page["whole"].as_bool()), (Some("Sunday"), Some(true)));
    assert_eq!(page["ended_at"].as_i64().unwrap() - page["started_at"].as_i64().unwrap(), 10);
    let rows = page["rows"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["bot"] == true).count(), 1, "bots gave way: {page}");
    let of = |account: &str| rows.iter().find(|row| row["account_id"] == account).unwrap();
    assert!(of(&ann)["rating_change"].is_i64() && of(&bob)["rating_change"].is_i64(), "{page}");
    for period in ["all", "week"] {
        let board = get(&format!("{base}/api/leaderboard?period={period}"), &[]).unwrap();
        let players = board.json()["players"].clone();
        assert_eq!((board.status, players.as_array().unwrap().len()), (200, 2), "{}", board.text);
        assert_eq!((players[0]["place"].as_i64(), players[1]["place"].as_i64()), (Some(1), Some(2)));
        let known = [("if-none-match", board.header("etag").unwrap())];
        let again = get(&format!("{base}/api/leaderboard?period={period}"), &known).unwrap();
        assert_eq!((again.status, again.text.as_str()), (304, ""));
    }
    let profile = get(&format!("{base}/api/players/{ann}"), &[]).unwrap().json();
    assert_eq!((profile["name"].as_str(), profile["rounds"].as_i64()), (Some("Ann"), Some(1)));
    assert_eq!(profile["results"][0]["id"], page["id"]);
    let listed = get(&format!("{base}/api/results?player={bob}&limit=5"), &[]).unwrap().json();
    assert_eq!(listed["results"][0]["id"], page["id"]);
}

#[test]
fn an_account_is_renamed_and_deleted_with_its_key_alone() {
    let server = server();
    let base = server.url("");
    let own = format!("{base}/api/player");
    let auth = bearer(ANN);
    let key = [("authorization", auth.as_str()), ("content-type", "application/json")];
    assert_eq!(get(&own, &key).unwrap().error(), "player_not_found");
    let id = play(&base, &json!({}), &[("Ann", Some(ANN)), ("Guest", None)]);
    let page = result(&base, &id);
    assert_eq!(page["whole"], false);
    let account = get(&own, &key).unwrap().word("account_id").unwrap();
    assert_eq!(post(&own, &key, r#"{"name": "Annabel"}"#).unwrap().word("name").unwrap(), "Annabel");
    let public = get(&format!("{base}/api/players/{account}"), &[]).unwrap();
    assert_eq!(public.word("name").unwrap(), "Annabel");
    assert!(!public.text.contains(ANN));
    assert_eq!(delete(&own, &[]).unwrap().status, 401);
    assert_eq!(delete(&own, &[("authorization", "Bearer short")]).unwrap().error(), "bad_player_key");
    assert_eq!(delete(&own, &key).unwrap().status, 204);
    assert_eq!(delete(&own, &key).unwrap().error(), "player_not_found");
    assert_eq!(get(&format!("{base}/api/players/{account}"), &[]).unwrap().status, 404);
    let names: Vec<Value> =
        result(&base, &id)["rows"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert!(names.contains(&json!("Deleted player")) && names.contains(&json!("Guest")), "{names:?}");
}

#[test]
fn private_rounds_stand_in_no_list_and_wrong_questions_are_refused() {
    let server = server();
    let base = server.url("");
    let unlisted = play(&base, &json!({"visibility": "unlisted"}), &[("Ann", Some(ANN))]);
    result(&base, &unlisted);
    assert_eq!(
        get(&format!("{base}/api/results"), &[]).unwrap().json(),
        json!({"results": [], "next": null})
    );
    assert_eq!(get(&format!("{base}/api/leaderboard"), &[]).unwrap().json()["total"], 0);
    for (path, status, error) in [
        ("/api/leaderboard?period=year", 400, "bad_query"),
        ("/api/leaderboard?limit=0", 400, "bad_query"),
        ("/api/results?limit=101", 400, "bad_query"),
        ("/api/results?before=x", 400, "bad_query"),
        ("/api/results/nothing", 404, "result_not_found"),
        ("/api/results/nothing-99999", 404, "result_not_found"),
        ("/api/players/nobody", 404, "player_not_found"),
    ] {
        let answer = get(&format!("{base}{path}"), &[]).unwrap();
        assert_eq!((answer.status, answer.error().as_str()), (status, error), "{path}");
    }
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    assert_eq!(join(&base, &id, "Ann", Some("too short")).error(), "bad_player_key");
}

#[test]
fn whoever_is_banned_may_not_join() {
    let layer = Layer {
        public_matches: Some(0),
        admin_token: Some(OPERATOR.parse().unwrap()),
        trusted_proxy: Some(vec!["127.0.0.1/32".parse().unwrap()]),
        ..Layer::default()
    };
    let server = Server::with(layer).unwrap();
    let base = server.url("");
    let bans = format!("{base}/api/admin/bans");
    let auth = bearer(OPERATOR);
    let operator = [("authorization", auth.as_str()), ("content-type", "application/json")];
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let account = join(&base, &id, "Ann", Some(ANN)).word("account_id").unwrap();
    assert_eq!(post_json(&bans, &json!({"account_id": account})).unwrap().status, 401);
    assert_eq!(post(&bans, &operator, r#"{"network": "nonsense"}"#).unwrap().error(), "bad_ban");
    let wish = json!({"account_id": account, "minutes": 5, "reason": "aims too well"}).to_string();
    let ban = post(&bans, &operator, &wish).unwrap();
    assert_eq!(ban.status, 201, "{}", ban.text);
    let refused = join(&base, &id, "Ann", Some(ANN));
    assert_eq!((refused.status, refused.error().as_str()), (403, "banned"));
    assert!(refused.text.contains("aims too well") && refused.text.contains("GMT"), "{}", refused.text);
    assert_eq!(join(&base, &id, "Guest", None).status, 200);
    let from = |address: &str| {
        let headers = [("x-forwarded-for", address), ("content-type", "application/json")];
        post(&format!("{base}/api/matches/{id}/join"), &headers, "{}").unwrap().status
    };
    assert_eq!(post(&bans, &operator, r#"{"network": "2001:db8::7"}"#).unwrap().status, 201);
    assert_eq!((from("2001:db8::99"), from("2001:db8:0:1::7")), (403, 200));
    assert_eq!(get(&bans, &operator).unwrap().json()["bans"].as_array().unwrap().len(), 2);
    let number = ban.json()["id"].as_i64().unwrap();
    assert_eq!(delete(&format!("{bans}/{number}"), &operator).unwrap().status, 204);
    assert_eq!(delete(&format!("{bans}/{number}"), &operator).unwrap().error(), "ban_not_found");
    assert_eq!(join(&base, &id, "Ann", Some(ANN)).status, 200);
}

#[test]
fn without_an_operators_word_nobody_bans() {
    let server = server();
    let answer = post_json(&server.url("/api/admin/bans"), &json!({"network": "10.0.0.1"})).unwrap();
    assert_eq!(answer.status, 401);
}

#[test]
fn a_backup_of_a_running_server_is_a_database_to_start_from() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.db"));
    let program = Program::serve_in(&data, &["--public-matches", "0"]).unwrap();
    let base = program.url("");
    let first = play(&base, &json!({}), &[("Ann", Some(ANN))]);
    result(&base, &first);
    std::fs::write(&copy, "an older copy").unwrap();
    let backup = |to: &Path, from: &Path| {
        let args = ["backup", to.to_str().unwrap(), "--data-dir", from.to_str().unwrap()];
        run_program(&args, &[], SOON).unwrap()
    };
    let outcome = backup(&copy, &data);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let later = play(&base, &json!({}), &[("Ann", Some(ANN))]);
    result(&base, &later);
    drop(program);

    let restored = folder.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(&copy, restored.join("starfray.db")).unwrap();
    let program = Program::serve_in(&restored, &["--public-matches", "0"]).unwrap();
    let base = program.url("");
    assert_eq!(result(&base, &first)["rows"][0]["name"], "Ann");
    assert_eq!(get(&format!("{base}/api/results/{later}-1"), &[]).unwrap().status, 404);
    let outcome = backup(&copy, folder.path());
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("there is no database in"), "{outcome:?}");
    let nowhere = backup(&folder.path().join("no/such/folder.db"), &data);
    assert_eq!((nowhere.code, nowhere.stderr.trim_end().lines().count()), (Some(1), 1), "{nowhere:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing half is left behind");
}
