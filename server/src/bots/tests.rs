//! Tests of what is written down of bots: it comes back as it was, and older versions' is understood.
//! How they play is tested where whole matches are played.

use serde_json::json;
use shared::input::ShipInput;

use super::*;

#[test]
fn bots_come_back_as_they_were_written() {
    let mut bots = Bots::new(4, Skill::Ace);
    bots.add(PlayerId(3));
    let bytes = rmp_serde::to_vec_named(&bots).unwrap();
    assert_eq!(rmp_serde::from_slice::<Bots>(&bytes).unwrap(), bots);
}

#[test]
fn bots_of_the_first_version_go_on_as_regular_ones() {
    let mind = json!({
        "player": 3, "decides_at": 70, "goal": [10.0, -20.0], "goal_until": 200, "circles_right": false,
        "input": ShipInput::default(),
    });
    let old = json!({ "minds": [mind], "random": Random::new(1), "named": 1 });
    let bots: Bots = rmp_serde::from_slice(&rmp_serde::to_vec_named(&old).unwrap()).unwrap();
    assert_eq!(bots.minds, [Mind::new(PlayerId(3), Skill::Regular)]);
}
