//! The key of an account: a secret text that the player's browser makes and keeps. Only its hash is stored, so the
//! database opens no account. It knows no database; routes read keys, the store compares hashes.

use sha2::{Digest, Sha256};

/// Fewest letters and digits of a key: with 32 different signs these are 100 bits, which nobody guesses.
const SIGNS_MIN: usize = 20;
/// Longest key that is looked at, in bytes.
const BYTES_MAX: usize = 80;

/// The hash of a key. Keys are long and random, so that a plain hash is as good as a slow one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl std::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a player_key has at least {SIGNS_MIN} letters and digits, at most {BYTES_MAX} signs, hyphens between them or not"
)]
pub struct BadKey;

impl KeyHash {
    /// Reads a key as a person may have copied it: case, hyphens and spaces do not matter.
    pub fn of(text: &str) -> Result<KeyHash, BadKey> {
        if text.len() > BYTES_MAX {
            return Err(BadKey);
        }
        let mut plain = String::with_capacity(text.len());
        for sign in text.chars() {
            match sign {
                '-' | ' ' | '\t' | '\r' | '\n' => {}
                sign if sign.is_ascii_alphanumeric() => plain.push(sign.to_ascii_uppercase()),
                _ => return Err(BadKey),
            }
        }
        if plain.len() < SIGNS_MIN {
            return Err(BadKey);
        }
        Ok(KeyHash(Sha256::digest(plain.as_bytes()).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_however_it_was_copied() {
        let key = KeyHash::of("ABCDE-FGHJK-MNPQR-STVWX").unwrap();
        for text in ["abcde-fghjk-mnpqr-stvwx", " ABCDEFGHJKMNPQRSTVWX\n"] {
            assert_eq!(KeyHash::of(text), Ok(key));
        }
        assert_ne!(KeyHash::of("ABCDE-FGHJK-MNPQR-STVWY"), Ok(key));
    }

    #[test]
    fn nothing_short_long_or_strange_is_a_key() {
        for wrong in ["", "short", "-------------------------", "ÄBCDEFGHJKMNPQRSTVWX", &"A".repeat(81)] {
            assert_eq!(KeyHash::of(wrong), Err(BadKey), "{wrong}");
        }
        assert!(!format!("{:?}", KeyHash([7; 32])).contains('7'));
    }
}
