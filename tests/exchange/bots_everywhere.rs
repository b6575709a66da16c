//! Every map in every mode, played by bots for five minutes each: they fight, bring cores home, and none stays where it is.
//! All three skills play; fifteen minutes of a match take a second or less.

use server::bots::skill::Skill;
use server::maps;
use shared::mode::Mode;
use tests::skirmish::Skirmish;

/// Simulated length of a match.
const MATCH_S: u32 = 300;
/// Bots of a match.
const BOTS: usize = 8;
/// Kills of a match at least: scores move.
const KILLS_MIN: u32 = 25;
/// No bot stays so long at one place.
const REST_S: u32 = 20;

/// Cores that the bots of all skills bring home on a map at least.
const CAPTURES_MIN: u32 = 3;

fn play_everywhere(mode: Mode) {
    for map in maps::names() {
        if mode == Mode::Ctc && maps::find(map).unwrap().arena(1).cores().is_none() {
            continue;
        }
        let mut captures = 0;
        for skill in [Skill::Novice, Skill::Regular, Skill::Ace] {
            let outcome = Skirmish::new(map, mode, &[skill; BOTS], 11).unwrap().play(MATCH_S);
            let said = format!("{map}, {mode:?}, {skill:?}: {outcome:?}");
            assert!(outcome.kills >= KILLS_MIN, "{said}");
            assert!(outcome.longest_rest_s < REST_S, "{said}");
            captures += outcome.captures;
        }
        assert!(mode != Mode::Ctc || captures >= CAPTURES_MIN, "{map}: {captures} captures");
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
