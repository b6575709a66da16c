//! Every map in every mode, played by bots for five minutes each: they fight, bring cores home, and none stays where it is.
//! The plain run plays the regular ones only; the long one every skill.

use server::bots::skill::Skill;
use server::maps;
use shared::mode::Mode;
use tests::patience::wants_long_tests;
use tests::skirmish::Skirmish;

/// Simulated length of a match.
const MATCH_S: u32 = 300;
/// Bots of a match.
const BOTS: usize = 8;
/// Kills of a match at least: scores move.
const KILLS_MIN: u32 = 25;
/// No bot stays so long at one place.
const REST_S: u32 = 20;

fn play_everywhere(mode: Mode) {
    let skills: &[Skill] = if wants_long_tests() {
        &[Skill::Novice, Skill::Regular, Skill::Ace]
    } else {
        &[Skill::Regular]
    };
    for map in maps::names() {
        let has_cores = maps::find(map).unwrap().arena(1).cores().is_some();
        if mode == Mode::Ctc && !has_cores {
            continue;
        }
        for skill in skills {
            let outcome = Skirmish::new(map, mode, &[*skill; BOTS], 11).unwrap().play(MATCH_S);
            let said = format!("{map}, {mode:?}, {skill:?}: {outcome:?}");
            assert!(outcome.kills >= KILLS_MIN, "{said}");
            assert!(outcome.longest_rest_s < REST_S, "{said}");
            assert!(mode != Mode::Ctc || outcome.captures > 0, "{said}");
        }
    }
}

#[test]
fn ffa_is_played_on_every_map() {
    play_everywhere(Mode::Ffa);
}

#[test]
fn tdm_is_played_on_every_map() {
    play_everywhere(Mode::Tdm);
}

#[test]
fn ctc_is_played_on_every_map_with_cores() {
    play_everywhere(Mode::Ctc);
}
