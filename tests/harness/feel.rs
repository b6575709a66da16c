//! How a network feels: the true client against the true match behind a link profile, on a fake clock, in figures.
//! Every run is the same for the same seed. It judges nothing; the tests and `cargo xtask bench feel` do.

use std::collections::VecDeque;

use anyhow::Result;
use glam::Vec2;
use shared::id::PlayerId;
use shared::link_profile::LinkProfile;
use shared::rules::SHIP_RADIUS;
use shared::world::World;

use crate::exchange::player::Picture;
use crate::exchange::{Exchange, Setup};
use crate::road::Traveller;
use crate::steering::wander;

/// Time before anything counts: the clocks learn the network.
const SETTLING_S: u32 = 5;
/// Bots that fly about and are looked at.
const BOTS: u32 = 7;
/// Ticks of which the server's positions are remembered.
const TRACK_TICKS: usize = 64;
/// A ship that is farther away a tick later was put elsewhere.
const JUMP_UNITS: f32 = 60.0;

/// Single values of one or more runs.
#[derive(Clone, Debug, Default)]
pub struct Feel {
    /// Round trip times that the client measured, in milliseconds, one for each run.
    pub rtts_ms: Vec<f32>,
    /// From sending a command to the first snapshot that says it was applied, in milliseconds.
    pub input_acks_ms: Vec<f32>,
    /// Snapshots of ticks for which the server had no command of the player.
    pub inputs_missing: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// How far the own ship was from where it had been predicted, in ship radii, snapshot by snapshot.
    pub corrections_radii: Vec<f32>,
    /// The interpolation delay at each picture, in milliseconds.
    pub delays_ms: Vec<f32>,
    /// For each picture how far others were shown beyond the newest snapshot, in ticks.
    pub beyond_ticks: Vec<f32>,
    /// How often others began to be shown beyond the newest snapshot.
    pub underruns: u64,
    /// How far each other ship in each picture was from where the server had it at the moment shown, in units.
    pub errors_units: Vec<f32>,
}

impl Feel {
    /// Plays for `seconds` behind `profile` once for each seed.
    pub fn of(profile: &LinkProfile, seeds: std::ops::Range<u64>, seconds: u32) -> Result<Feel> {
        let mut feel = Feel::default();
        for seed in seeds {
            feel.play(profile, seed, seconds)?;
        }
        for values in [
            &mut feel.rtts_ms,
            &mut feel.input_acks_ms,
            &mut feel.corrections_radii,
            &mut feel.delays_ms,
            &mut feel.beyond_ticks,
            &mut feel.errors_units,
        ] {
            values.sort_unstable_by(f32::total_cmp);
        }
        Ok(feel)
    }

    fn play(&mut self, profile: &LinkProfile, seed: u64, seconds: u32) -> Result<()> {
        let mut setup = Setup { seed, ..Setup::on("open") };
        setup.settings.bots = Some(BOTS);
        setup.settings.max_players = Some(30);
        let mut exchange = Exchange::new(setup)?;
        let mut traveller = Traveller::join(&mut exchange, profile, seed, wander(seed))?;
        let mut track = VecDeque::new();
        let mut before = traveller.player.client.instruments();
        let hz = exchange.game.rate_hz();
        for tick in 0..(SETTLING_S + seconds) * hz {
            exchange.tick();
            remember(&mut track, exchange.game.world());
            let now_ms = exchange.now_ms();
            traveller.live(now_ms, now_ms + 1000.0 / f64::from(hz));
            let (samples, pictures) =
                (traveller.player.client.take_samples(), &mut traveller.player.pictures);
            let pictures = pictures.replace(Vec::new()).unwrap_or_default();
            if tick < SETTLING_S * hz {
                before = traveller.player.client.instruments();
                continue;
            }
            self.input_acks_ms.extend(samples.input_acks_ms);
            self.corrections_radii.extend(samples.corrections_units.iter().map(|units| units / SHIP_RADIUS));
            pictures.iter().for_each(|picture| self.note(picture, &track));
        }
        let after = traveller.player.client.instruments();
        self.inputs_missing += after.inputs_missing - before.inputs_missing;
        self.snapshots += after.snapshots - before.snapshots;
        self.underruns += after.underruns - before.underruns;
        self.rtts_ms.push(f32::from(after.rtt_ms));
        Ok(())
    }

    fn note(&mut self, picture: &Picture, track: &VecDeque<Places>) {
        self.delays_ms.push(picture.delay_ms);
        self.beyond_ticks.push(picture.beyond_ticks);
        for (id, place) in &picture.ships {
            if let Some(truth) = true_place(track, *id, picture.others_at) {
                self.errors_units.push(place.distance(truth));
            }
        }
    }

    /// Share of pictures that show others beyond the newest snapshot by more than so many ticks, 0 to 1.
    pub fn beyond(&self, ticks: f32) -> f64 {
        let count = self.beyond_ticks.iter().filter(|beyond| **beyond > ticks).count();
        count as f64 / self.beyond_ticks.len().max(1) as f64
    }
}

/// The value that a share of the sorted `values` stays below; 0 of nothing.
pub fn quantile(values: &[f32], share: f64) -> f32 {
    let place = (values.len() as f64 * share) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// Where all living ships are at a tick.
type Places = (u32, Vec<(PlayerId, Vec2)>);

fn remember(track: &mut VecDeque<Places>, world: &World) {
    let alive = world.ships.iter().filter(|ship| ship.alive());
    track.push_back((world.tick.0, alive.map(|ship| (ship.id, ship.motion.position)).collect()));
    while track.len() > TRACK_TICKS {
        track.pop_front();
    }
}

/// Where the server had the ship at `moment`; `None` if it was dead, or was put elsewhere just then.
fn true_place(track: &VecDeque<Places>, id: PlayerId, moment: f64) -> Option<Vec2> {
    let at = |tick: u32| {
        let first = track.front()?.0;
        let (_, places) = track.get(tick.checked_sub(first)? as usize)?;
        places.iter().find(|(ship, _)| *ship == id).map(|(_, place)| *place)
    };
    let tick = moment.floor();
    let (from, to) = (at(tick as u32)?, at(tick as u32 + 1)?);
    (from.distance(to) < JUMP_UNITS).then(|| from.lerp(to, (moment - tick) as f32))
}
