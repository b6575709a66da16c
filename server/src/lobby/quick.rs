//! Which public match a newcomer is put into: one with people and a free seat, among equals, that is not about to end.
//! It only compares; the route asks it and hosts a new match when there is none.

use shared::world::Phase;

use crate::matches::status::MatchStatus;

/// A round with less time left is about to end.
const END_NEAR_S: u32 = 30;
/// Share of taken seats up to which more people are better; the last seats are left for friends of those who play.
const FULL_ENOUGH: f64 = 0.8;
/// A difference of ratings that weighs as much as an empty match against a full one.
const RATING_STEP: f64 = 400.0;

/// How good `status` is for a newcomer of `rating` among people of the average `others`; `None` if it takes nobody.
pub fn value(status: &MatchStatus, rating: Option<i64>, others: Option<f64>) -> Option<f64> {
    let (people, seats) = (status.people(), status.settings.max_players as usize);
    let open = status.settings.password.is_none() && !status.locked && status.phase != Phase::Ended;
    if !open || people >= seats {
        return None;
    }
    let full = people as f64 / seats.max(1) as f64;
    let company = if people == 0 { 0.0 } else { 1.0 + full.min(FULL_ENOUGH) };
    let near = match (rating, others) {
        (Some(own), Some(others)) => -((own as f64 - others).abs() / RATING_STEP).min(1.0),
        _ => 0.0,
    };
    let ends = status.phase == Phase::Playing && status.phase_left_s.is_some_and(|left| left < END_NEAR_S);
    let paused = status.phase == Phase::Paused;
    Some(company + near - if ends || paused { 0.9 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use shared::id::PlayerId;
    use shared::name::PlayerName;
    use shared::world::World;

    use super::*;
    use crate::matches::status::PlayerStatus;
    use crate::settings::RawSettings;

    fn status(people: u16, phase: Phase, left_s: u32) -> MatchStatus {
        let settings = RawSettings { max_players: Some(10), ..RawSettings::default() }.check().unwrap();
        let mut world = World::new(1);
        (world.round.phase, world.round.ticks_left) = (phase, left_s * 30);
        let player = |id| PlayerStatus {
            player_id: PlayerId(id),
            name: PlayerName::sanitise("Ann"),
            score: 0,
            bot: false,
            connected: true,
            team: None,
            net: None,
        };
        let mut status = MatchStatus::new("a", &settings, &world, 0, 0);
        status.players = (0..people).map(player).collect();
        status
    }

    #[test]
    fn company_counts_most_then_ratings_and_an_end_that_is_near_counts_against() {
        let of = |people, left_s| value(&status(people, Phase::Playing, left_s), None, None);
        assert!(of(5, 300) > of(2, 300) && of(1, 300) > of(0, 300));
        assert!(of(2, 300) > of(8, 10), "a round that is nearly over is worse");
        assert_eq!(of(10, 300), None);
        let rated = |others| value(&status(4, Phase::Playing, 300), Some(1200), Some(others));
        assert!(rated(1190.0) > rated(1500.0) && rated(1500.0) > rated(700.0));
        let locked = status(3, Phase::Playing, 300).with_lock(true);
        assert_eq!(value(&locked, None, None), None);
        assert_eq!(value(&status(3, Phase::Ended, 0), None, None), None);
    }
}
