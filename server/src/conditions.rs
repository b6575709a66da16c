//! What a playground's visitor asks for: the JSON body of `POST /api/playground/{id}`, checked field by field.
//! It makes a link profile of the network; what carries bytes by that is in `link`.

use serde::{Deserialize, Serialize};
use shared::link_profile::{CLEAN, LinkProfile, Losses, Way};

use crate::settings::{SettingsError, refuse, within};

const DELAY_MS_MAX: u32 = 1000;
const JITTER_MS_MAX: u32 = 500;
const LOSS_PERCENT_MAX: f32 = 30.0;
const CAP_KBIT: (u32, u32) = (8, 100_000);
/// Bytes that the network holds; more waits at the writer.
const BUFFER_BYTES: usize = 16 * 1024;
/// A state of the channel that no playground outlives: its losses are even, not in spells.
const ALWAYS_MS: f64 = 1e12;

/// The conditions of a playground; all values work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The network before its player's link.
    pub network: LinkProfile,
    /// Whether shots count where their shooter saw the target.
    pub lag_compensation: bool,
}

impl Default for Conditions {
    fn default() -> Conditions {
        Conditions { network: CLEAN, lag_compensation: true }
    }
}

/// The conditions as a visitor writes them; whatever is missing is as in a match on a perfect line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConditions {
    /// What is added to the round trip, half of it each way: 0 to 1,000 ms.
    #[serde(default)]
    pub delay_ms: u32,
    /// What chance adds each way: 0 to 500 ms.
    #[serde(default)]
    pub jitter_ms: u32,
    /// Segments that are lost each way: 0 to 30 %.
    #[serde(default)]
    pub loss_percent: f32,
    /// Most that passes each way: 8 to 100,000 kbit/s; none or 0 is no limit.
    #[serde(default)]
    pub cap_kbit: Option<u32>,
    /// Whether shots count where their shooter saw the target; they do by default.
    #[serde(default)]
    pub lag_compensation: Option<bool>,
}

impl RawConditions {
    /// Checks every field.
    pub fn check(self) -> Result<Conditions, SettingsError> {
        let delay_ms = within("delay_ms", self.delay_ms, 0, DELAY_MS_MAX)?;
        let jitter_ms = within("jitter_ms", self.jitter_ms, 0, JITTER_MS_MAX)?;
        if !(0.0..=LOSS_PERCENT_MAX).contains(&self.loss_percent) {
            let message = format!("must be 0 to {LOSS_PERCENT_MAX}, not {}", self.loss_percent);
            return refuse("loss_percent", message);
        }
        let cap = self.cap_kbit.filter(|kbit| *kbit > 0);
        let cap = cap.map(|kbit| within("cap_kbit", kbit, CAP_KBIT.0, CAP_KBIT.1)).transpose()?;
        let way = Way {
            delay_ms: f64::from(delay_ms) / 2.0,
            jitter_ms: f64::from(jitter_ms),
            bits_per_s: cap.map(|kbit| kbit * 1000),
            buffer_bytes: BUFFER_BYTES,
        };
        let loss = self.loss_percent / 100.0;
        let even = Losses { good_ms: ALWAYS_MS, bad_ms: 1.0, good_loss: loss, bad_loss: loss };
        let losses = (loss > 0.0).then_some(even);
        let network = LinkProfile { name: "playground", down: way, up: way, losses };
        Ok(Conditions { network, lag_compensation: self.lag_compensation.unwrap_or(true) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<Conditions, String> {
        let raw: RawConditions = serde_json::from_str(json).map_err(|e| e.to_string())?;
        raw.check().map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_asked_for_is_made() {
        assert!(check("{}").unwrap().lag_compensation);
        assert!(!check(r#"{"lag_compensation":false}"#).unwrap().lag_compensation);
        let still = check("{}").unwrap().network;
        assert_eq!((still.round_trip_ms(), still.losses, still.up.bits_per_s), (0.0, None, None));
        let bad =
            check(r#"{"delay_ms":150,"jitter_ms":30,"loss_percent":2.5,"cap_kbit":64}"#).unwrap().network;
        assert_eq!((bad.down.delay_ms, bad.up.jitter_ms, bad.up.bits_per_s), (75.0, 30.0, Some(64_000)));
        assert_eq!(bad.losses.map(|l| (l.good_loss, l.bad_loss)), Some((0.025, 0.025)));
        assert_eq!(check(r#"{"cap_kbit":0}"#).unwrap().network.down.bits_per_s, None);
    }

    #[test]
    fn each_refusal_names_its_field() {
        for (json, starts) in [
            (r#"{"delay_ms":1001}"#, "delay_ms: must be 0 to 1000"),
            (r#"{"jitter_ms":501}"#, "jitter_ms: "),
            (r#"{"loss_percent":31}"#, "loss_percent: must be 0 to 30, not 31"),
            (r#"{"loss_percent":-1}"#, "loss_percent: "),
            (r#"{"cap_kbit":7}"#, "cap_kbit: must be 8 to 100000"),
            (r#"{"delay_ms":-5}"#, "invalid value"),
            (r#"{"weather":1}"#, "unknown field"),
        ] {
            assert!(check(json).unwrap_err().starts_with(starts), "{json}: {:?}", check(json));
        }
    }
}
