//! A host's own map: put into the data folder of a running server, listed, played on, and played on still when its
//! file is gone, by the next process and by the replay.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::{get, host, post, post_json};
use tests::patience::wait_for;
use tests::server::{Program, run_program};

const SOON: Duration = Duration::from_secs(30);

/// A small yard with one wall in its middle.
const YARD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" width="60" height="40" tilewidth="20" tileheight="20" infinite="0">
 <properties><property name="title" value="The yard"/></properties>
 <objectgroup id="1" name="walls"><object id="1" x="500" y="300" width="200" height="200"/></objectgroup>
 <objectgroup id="2" name="spawns">
  <object id="2" x="100" y="100"><point/></object><object id="3" x="1100" y="100"><point/></object>
  <object id="4" x="100" y="700"><point/></object><object id="5" x="1100" y="700"><point/></object>
 </objectgroup>
</map>"#;

fn put(program: &Program, name: &str, text: &str) {
    let folder = program.data().join("maps");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

fn names(list: &Value) -> Vec<&str> {
    list["maps"].as_array().unwrap().iter().map(|map| map["name"].as_str().unwrap()).collect()
}

#[test]
fn maps_are_listed_with_a_tag_and_a_wrong_one_tells_its_host() {
    let program = Program::serve(&["--public-matches", "0"]).unwrap();
    let url = program.url("/api/maps");
    let list = get(&url, &[]).unwrap();
    assert_eq!(names(&list.json()), ["lattice", "quarry", "foundry", "open"]);
    let foundry = &list.json()["maps"][2];
    assert_eq!(
        (&foundry["width"], &foundry["teams"], &foundry["grows"]),
        (&json!(3000.0), &json!(true), &json!(false))
    );
    assert!(
        foundry["walls"].as_array().unwrap().len() > 10 && foundry["cores"].as_array().unwrap().len() == 2
    );
    let tag = list.header("etag").unwrap();
    assert_eq!(get(&url, &[("if-none-match", tag)]).unwrap().status, 304);

    put(&program, "yard.tmx", YARD);
    put(&program, "bad.tmx", &YARD.replace(r#"x="500""#, r#"x="5oo""#));
    let list = get(&url, &[("if-none-match", tag)]).unwrap();
    assert_eq!(
        (list.status, names(&list.json())),
        (200, vec!["lattice", "quarry", "foundry", "open", "yard"])
    );
    let refused = post_json(&program.url("/api/matches"), &json!({"map": "bad"})).unwrap();
    assert_eq!((refused.status, refused.error().as_str()), (400, "bad_settings"));
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(message, "map: bad.tmx: layer walls, object 1: x: must be a number, not \"5oo\"");
    let unknown = post_json(&program.url("/api/matches"), &json!({"map": "../../etc/passwd"})).unwrap();
    assert!(unknown.status == 400 && unknown.text.contains("there is no map"), "{unknown:?}");
}

#[test]
fn a_match_goes_on_where_its_map_has_gone() {
    let mut program = Program::serve(&["--public-matches", "0"]).unwrap();
    put(&program, "yard.tmx", YARD);
    let hosted = host(&program.url(""), &json!({"map": "Yard", "bots": 4})).unwrap();
    let (id, token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    let picture = |program: &Program| get(&program.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    assert_eq!(
        (&picture(&program)["name"], &picture(&program)["settings"]["map"]),
        (&json!("The yard"), &json!("yard"))
    );
    std::thread::sleep(Duration::from_secs(2));
    std::fs::remove_dir_all(program.data().join("maps")).unwrap();
    program.kill().unwrap();

    let program = program.successor(&["--public-matches", "0"]).unwrap();
    let after = picture(&program);
    assert!(after["tick"].as_u64() > Some(30) && after["settings"]["map"] == json!("yard"), "{after}");
    let feed = get(&program.url(&format!("/api/matches/{id}/feed/poll?wait=0")), &[]).unwrap();
    assert!(feed.text.contains("The yard"), "{}", feed.text);
    std::thread::sleep(Duration::from_secs(1));
    let bearer = format!("Bearer {token}");
    let end = program.url(&format!("/api/matches/{id}/host/end"));
    assert!(post(&end, &[("authorization", &bearer)], "").unwrap().status < 300);
    wait_for("a replay", SOON, || {
        let answer = get(&program.url(&format!("/api/replays/{id}")), &[])?;
        Ok((answer.status == 200).then_some(()))
    })
    .unwrap();
    let path = program.data().join(format!("replays/{id}-1.replay"));
    let outcome = run_program(&["replay", path.to_str().unwrap(), "--verify"], &[], SOON).unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("verified") && outcome.stdout.contains("from the start"), "{outcome:?}");
}
