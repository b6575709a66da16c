//! How the game feels behind each kind of network: what the netcode promises, exact because time and chance are made up.
//! The figures themselves are printed by `cargo xtask bench feel`.

use shared::link_profile::{BAD_WIFI, CLEAN, LinkProfile, WIFI};
use tests::feel::{Feel, quantile};

fn feel(profile: &LinkProfile) -> Feel {
    let feel = Feel::of(profile, 1..4, 60).unwrap();
    assert!(feel.snapshots > 4_000 && feel.errors_units.len() > 10_000, "{}", profile.name);
    feel
}

#[test]
fn a_clean_link_needs_no_correction_and_little_delay() {
    let feel = feel(&CLEAN);
    assert_eq!((quantile(&feel.corrections_radii, 1.0), feel.inputs_missing, feel.underruns), (0.0, 0, 0));
    assert!(quantile(&feel.delays_ms, 0.5) < 60.0, "{} ms", quantile(&feel.delays_ms, 0.5));
    assert!(quantile(&feel.input_acks_ms, 0.99) < 36.0, "{} ms", quantile(&feel.input_acks_ms, 0.99));
}

#[test]
fn wifi_feels_local() {
    let feel = feel(&WIFI);
    let (correction, error) = (quantile(&feel.corrections_radii, 0.99), quantile(&feel.errors_units, 0.95));
    assert!(correction < 0.1, "{correction} ship radii");
    assert!(error < 2.0, "{error} units");
    assert!(quantile(&feel.delays_ms, 0.5) < 75.0, "{} ms", quantile(&feel.delays_ms, 0.5));
}

/// An underrun begins when others have to be shown beyond the newest snapshot. How long that lasts is the network's
/// doing: a segment lost twice stalls this one for 0.8 s, and the delay is at most 0.25 s.
#[test]
fn bad_wifi_is_bearable() {
    let feel = feel(&BAD_WIFI);
    let correction = quantile(&feel.corrections_radii, 0.99);
    assert!(correction < 0.5, "{correction} ship radii");
    let underruns = feel.underruns as f64 / feel.delays_ms.len() as f64;
    assert!(underruns < 0.01, "{underruns} of pictures began an underrun");
}
