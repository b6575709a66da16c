//! Bots of different skill against each other, two at a time: the better one wins most duels, on maps with walls and without.

use server::bots::skill::Skill;
use shared::id::PlayerId;
use shared::mode::Mode;
use tests::skirmish::Skirmish;

/// Length of a duel.
const DUEL_S: u32 = 60;
const DUELS: u64 = 100;
const MAPS: [&str; 3] = ["lattice", "quarry", "open"];

/// How many duels `better` wins; the others are lost or undecided.
fn wins(better: Skill, worse: Skill) -> u32 {
    let duel = |seed: u64| {
        let first = seed.is_multiple_of(2);
        let skills = if first { [better, worse] } else { [worse, better] };
        let map = MAPS[(seed / 2) as usize % MAPS.len()];
        let mut duel = Skirmish::new(map, Mode::Ffa, &skills, seed).unwrap();
        duel.play(DUEL_S);
        duel.winner() == Some(PlayerId(u16::from(!first)))
    };
    (0..DUELS).map(|seed| u32::from(duel(seed))).sum()
}

#[test]
fn skill_3_beats_skill_1() {
    let won = wins(Skill::Ace, Skill::Novice);
    assert!(won >= 90, "{won} of {DUELS}");
}

#[test]
fn skill_3_beats_skill_2() {
    let won = wins(Skill::Ace, Skill::Regular);
    assert!(won >= 60, "{won} of {DUELS}");
}

#[test]
fn skill_2_beats_skill_1() {
    let won = wins(Skill::Regular, Skill::Novice);
    assert!(won >= 70, "{won} of {DUELS}");
}
