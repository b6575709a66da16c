//! Real clients over real sockets: commands move the right ship, two fight to a kill, and matches keep apart.

use std::time::Duration;

use client_web::client::Controls;
use client_web::view::Happening;
use glam::Vec2;
use serde_json::json;
use tests::http::{get, host};
use tests::pilot::{Pilot, fly};
use tests::server::Server;
use tests::steering::{hold, hunt, idle, wander};

const SOON: Duration = Duration::from_secs(10);

fn is_live(pilot: &Pilot) -> bool {
    pilot.view.own.is_some() && pilot.client.instruments().snapshots > 10
}

#[test]
fn a_command_is_reflected_in_snapshots() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"map": "open", "max_players": 200})).unwrap().word("id").unwrap();
    let mut pilots = [
        Pilot::join(server.address, &id, "Mover", idle()).unwrap(),
        Pilot::join(server.address, &id, "Rest", idle()).unwrap(),
    ];
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(is_live)));
    let place = |p: &Pilot| p.view.own.unwrap().position;
    let (from, rest) = (place(&pilots[0]), place(&pilots[1]));
    // Towards the middle there is room.
    let way = if from.x > 0.0 { Vec2::NEG_X } else { Vec2::X };
    pilots[0].steering = hold(Controls { thrust: way, ..Controls::default() });
    assert!(fly(&mut pilots, SOON, |p| (place(&p[0]) - from).dot(way) > 200.0));
    assert!((place(&pilots[0]) - from).y.abs() < 0.1);
    assert!(place(&pilots[1]).distance(rest) < 0.1, "the other ship rests");
    let figures = pilots[0].client.instruments();
    assert!(figures.input_ack_ms > 0.0 && figures.input_ack_ms < 1000.0, "{figures:?}");
    assert!(pilots.iter().all(|p| p.complaint.is_none()));
}

#[test]
fn two_clients_fight_to_a_kill() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"map": "open", "max_players": 2})).unwrap().word("id").unwrap();
    let mut pilots = [
        Pilot::join(server.address, &id, "Hunter", hunt()).unwrap(),
        Pilot::join(server.address, &id, "Victim", idle()).unwrap(),
    ];
    let (hunter, victim) = (pilots[0].id, pilots[1].id);
    let kill =
        |h: &Happening| matches!(h, Happening::Killed { victim: v, by, .. } if (*v, *by) == (victim, hunter));
    let both_heard = fly(&mut pilots, Duration::from_secs(40), |p| p.iter().all(|p| p.seen.iter().any(kill)));
    assert!(both_heard, "no kill in forty seconds");
    for pilot in &pilots {
        assert_eq!(pilot.client.scores().first().map(|s| (s.id, s.score)), Some((hunter, 1)));
    }
    let shown = fly(&mut pilots, SOON, |_| {
        let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
        picture["players"][0]["name"] == "Hunter" && picture["players"][0]["score"] == 1
    });
    assert!(shown, "the match's picture has the score");
}

#[test]
fn two_matches_do_not_disturb_each_other() {
    let server = Server::start().unwrap();
    let base = server.url("");
    let open = json!({"map": "open", "max_players": 50});
    let (one, other) =
        (host(&base, &open).unwrap().word("id").unwrap(), host(&base, &open).unwrap().word("id").unwrap());
    let mut pilots: Vec<Pilot> = (0..8)
        .map(|i| {
            let id = if i % 2 == 0 { &one } else { &other };
            Pilot::join(server.address, id, &format!("Pilot {i}"), wander(i)).unwrap()
        })
        .collect();
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(is_live)));
    fly(&mut pilots, Duration::from_secs(1), |_| false);
    for (i, pilot) in pilots.iter().enumerate() {
        let names: Vec<_> = pilot.client.scores().into_iter().map(|s| s.name).collect();
        let expected: Vec<_> = (0..8).filter(|n| n % 2 == i % 2).map(|n| format!("Pilot {n}")).collect();
        assert!(names.len() == 4 && expected.iter().all(|n| names.contains(n)), "{i}: {names:?}");
        assert_eq!(pilot.client.match_name(), "Open");
    }
    // One ends; the other goes on.
    pilots.retain(|p| p.match_id == other);
    let before: Vec<u64> = pilots.iter().map(|p| p.client.instruments().snapshots).collect();
    let go_on =
        |p: &mut [Pilot]| p.iter().zip(&before).all(|(p, b)| p.client.instruments().snapshots > b + 20);
    assert!(fly(&mut pilots, SOON, go_on));
}
