//! Bots of different skill against each other, two at a time: the better one wins most duels, on maps with walls and without.

use server::bots::skill::Skill;
use shared::id::PlayerId;
use shared::mode::Mode;
use tests::patience::wants_long_tests;
use tests::skirmish::Skirmish;

/// Length of a duel.
const DUEL_S: u32 = 60;
const MAPS: [&str; 3] = ["lattice", "quarry", "open"];

/// How many of `count` duels `better` wins.
fn wins(better: Skill, worse: Skill, count: u64) -> u32 {
    let duel = |seed: u64| {
        let first = seed.is_multiple_of(2);
        let skills = if first { [better, worse] } else { [worse, better] };
        let map = MAPS[(seed / 2) as usize % MAPS.len()];
        let mut duel = Skirmish::new(map, Mode::Ffa, &skills, seed).unwrap();
        duel.play(DUEL_S);
        duel.winner() == Some(PlayerId(u16::from(!first)))
    };
    (0..count).map(|seed| u32::from(duel(seed))).sum()
}

/// Duels of one pair: each skill wins at least 70 of 100 against the next.
fn count() -> u64 {
    if wants_long_tests() { 100 } else { 40 }
}

#[test]
fn skill_3_beats_skill_1() {
    let won = wins(Skill::Ace, Skill::Novice, 100);
    assert!(won >= 70, "{won} of 100");
}

#[test]
fn skill_3_beats_skill_2() {
    let won = wins(Skill::Ace, Skill::Regular, count());
    assert!(u64::from(won) * 10 >= count() * 6, "{won} of {}", count());
}

#[test]
fn skill_2_beats_skill_1() {
    let won = wins(Skill::Regular, Skill::Novice, count());
    assert!(u64::from(won) * 10 >= count() * 6, "{won} of {}", count());
}
