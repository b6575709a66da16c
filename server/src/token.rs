//! Tokens: who may sit in a seat and who may act as a match's host, signed so that nothing has to be remembered.
//! They are checked in constant time and say nothing secret. It knows no match; the routes call it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::id::PlayerId;

/// How long a seat's token is good for; longer than any evening.
pub const SEAT_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Longest token that is looked at, in characters.
const TOKEN_CHARS_MAX: usize = 256;

const SECRET_FILE: &str = "token-secret";
const SECRET_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
const SEAT: u8 = b'g';
/// A seat's token of versions that knew no generations.
const OLD_SEAT: u8 = b's';
const HOST: u8 = b'h';
const LATER_HOST: u8 = b'H';

/// Why the secret is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The data folder or the file in it can't be made or read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The file does not hold a secret.
    #[error("{}: must hold {SECRET_BYTES} bytes; take it away and a new one is made, which ends all seats", .0.display())]
    Damaged(PathBuf),
    /// The file does not hold the operator's word.
    #[error("{}: must hold a word of 16 characters or more; take it away and a new one is made", .0.display())]
    NoWord(PathBuf),
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// What a valid token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// To sit in a seat.
    Seat {
        /// The match's id.
        match_id: String,
        /// The seat.
        player: PlayerId,
        /// Which life of the match gave it; 0 in tokens of versions that knew no generations.
        generation: u32,
    },
    /// To act as the host.
    Host {
        /// The match's id.
        match_id: String,
        /// How often the host's rights had been handed over by then.
        turn: u32,
    },
}

/// Makes and reads tokens with the server's secret.
#[derive(Clone)]
pub struct Signer {
    mac: Hmac<Sha256>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer with a secret of the caller's.
    pub fn new(secret: &[u8; SECRET_BYTES]) -> Signer {
        // A short key is filled with zeros to the hash's block; doing it here leaves nothing that could fail.
        let mut block = [0; 2 * SECRET_BYTES];
        block[..SECRET_BYTES].copy_from_slice(secret);
        Signer { mac: Hmac::new(&block.into()) }
    }

    /// The signer of a data folder: reads its secret, or makes folder and secret if they are missing.
    /// The file is for its owner only.
    pub fn open(data_dir: &Path) -> Result<Signer, SecretError> {
        let at = |path: &Path, error| SecretError::File { path: path.to_owned(), error };
        fs::create_dir_all(data_dir).map_err(|error| at(data_dir, error))?;
        let path = data_dir.join(SECRET_FILE);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                let mut secret = [0; SECRET_BYTES];
                getrandom::fill(&mut secret)?;
                file.write_all(&secret).and_then(|()| file.sync_all()).map_err(|error| at(&path, error))?;
                Ok(Signer::new(&secret))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => read_secret(&path),
            Err(error) => Err(at(&path, error)),
        }
    }

    /// A token for a seat and its generation, good from `now` for [`SEAT_TOKEN_LIFE`].
    pub fn seat(&self, match_id: &str, (player, generation): (PlayerId, u32), now: SystemTime) -> String {
        let (player, generation) = (player.0.to_be_bytes(), generation.to_be_bytes());
        let expiry_s = seconds(now + SEAT_TOKEN_LIFE).to_be_bytes();
        self.sign([&[SEAT][..], &generation, &player, &expiry_s, match_id.as_bytes()].concat())
    }

    /// A token for the host of a match, good as long as the match.
    pub fn host(&self, match_id: &str) -> String {
        self.sign([&[HOST], match_id.as_bytes()].concat())
    }

    /// A token for whoever is the host of a match after its rights were handed over `turn` times.
    pub fn later_host(&self, match_id: &str, turn: u32) -> String {
        self.sign([&[LATER_HOST], &turn.to_be_bytes()[..], match_id.as_bytes()].concat())
    }

    /// What `token` allows at `now`; `None` if it is not ours, was changed, or is too old.
    pub fn read(&self, token: &str, now: SystemTime) -> Option<Claim> {
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, mac) = bytes.split_last_chunk::<MAC_BYTES>()?;
        self.mac.clone().chain_update(body).verify_slice(mac).ok()?;
        let (kind, rest) = body.split_first()?;
        match *kind {
            HOST => Some(Claim::Host { match_id: String::from_utf8(rest.to_vec()).ok()?, turn: 0 }),
            LATER_HOST => {
                let (turn, match_id) = rest.split_first_chunk::<4>()?;
                let match_id = String::from_utf8(match_id.to_vec()).ok()?;
                Some(Claim::Host { match_id, turn: u32::from_be_bytes(*turn) })
            }
            SEAT => {
                let (generation, rest) = rest.split_first_chunk::<4>()?;
                read_seat(rest, u32::from_be_bytes(*generation), now)
            }
            OLD_SEAT => read_seat(rest, 0, now),
            _ => None,
        }
    }

    fn sign(&self, mut body: Vec<u8>) -> String {
        let mac = self.mac.clone().chain_update(&body).finalize().into_bytes();
        body.extend_from_slice(&mac);
        BASE64_URL_SAFE_NO_PAD.encode(body)
    }
}

/// What a seat's token says behind its generation.
fn read_seat(bytes: &[u8], generation: u32, now: SystemTime) -> Option<Claim> {
    let (player, rest) = bytes.split_first_chunk::<2>()?;
    let (expiry_s, match_id) = rest.split_first_chunk::<8>()?;
    if u64::from_be_bytes(*expiry_s) < seconds(now) {
        return None;
    }
    let match_id = String::from_utf8(match_id.to_vec()).ok()?;
    Some(Claim::Seat { match_id, player: PlayerId(u16::from_be_bytes(*player)), generation })
}

/// Reads a secret that exists, waiting a moment for another process that is just writing it.
fn read_secret(path: &Path) -> Result<Signer, SecretError> {
    const LOOKS: u32 = 20;
    for _ in 0..LOOKS {
        let bytes = fs::read(path).map_err(|error| SecretError::File { path: path.to_owned(), error })?;
        match <[u8; SECRET_BYTES]>::try_from(bytes) {
            Ok(secret) => return Ok(Signer::new(&secret)),
            Err(bytes) if bytes.is_empty() => thread::sleep(Duration::from_millis(25)),
            Err(_) => break,
        }
    }
    Err(SecretError::Damaged(path.to_owned()))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_as_what_they_were_made_for() {
        let (signer, now) = (Signer::new(&[7; 32]), SystemTime::now());
        let seat = signer.seat("m1", (PlayerId(300), 70_000), now);
        assert_eq!(
            signer.read(&seat, now),
            Some(Claim::Seat { match_id: "m1".into(), player: PlayerId(300), generation: 70_000 })
        );
        let host = signer.host("m1");
        assert_eq!(signer.read(&host, now), Some(Claim::Host { match_id: "m1".into(), turn: 0 }));
        let later = signer.read(&signer.later_host("m1", 70_000), now);
        assert_eq!(later, Some(Claim::Host { match_id: "m1".into(), turn: 70_000 }));
        assert!(seat.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    }

    #[test]
    fn a_token_of_an_older_version_has_no_generation() {
        let (signer, now) = (Signer::new(&[7; 32]), SystemTime::now());
        let expiry_s = seconds(now + SEAT_TOKEN_LIFE).to_be_bytes();
        let old = signer.sign([&[OLD_SEAT][..], &300_u16.to_be_bytes(), &expiry_s, b"m1"].concat());
        let claim = Claim::Seat { match_id: "m1".into(), player: PlayerId(300), generation: 0 };
        assert_eq!(signer.read(&old, now), Some(claim));
    }

    #[test]
    fn a_clock_that_jumps_an_hour_takes_no_seat() {
        let (signer, now) = (Signer::new(&[7; 32]), SystemTime::now());
        let seat = signer.seat("m1", (PlayerId(1), 9), now);
        let hour = Duration::from_secs(3600);
        assert!(signer.read(&seat, now - hour).is_some() && signer.read(&seat, now + hour).is_some());
        assert!(signer.read(&signer.host("m1"), UNIX_EPOCH).is_some());
    }

    #[test]
    fn nothing_else_is_a_token() {
        let (signer, now) = (Signer::new(&[7; 32]), SystemTime::now());
        let seat = signer.seat("m1", (PlayerId(1), 9), now);
        assert_eq!(Signer::new(&[8; 32]).read(&seat, now), None);
        assert_eq!(signer.read(&seat, now + SEAT_TOKEN_LIFE + Duration::from_secs(2)), None);
        for wrong in ["", "x", "ÿ", &"A".repeat(300), &seat[1..], &format!("{seat}A")] {
            assert_eq!(signer.read(wrong, now), None, "{wrong}");
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&seat).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(signer.read(&BASE64_URL_SAFE_NO_PAD.encode(changed), now), None, "byte {at}");
        }
    }

    #[test]
    fn the_secret_stays_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("deep/er");
        let token = Signer::open(&data).unwrap().host("m");
        let now = SystemTime::now();
        assert!(Signer::open(&data).unwrap().read(&token, now).is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(data.join(SECRET_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(data.join(SECRET_FILE), "short").unwrap();
        assert!(matches!(Signer::open(&data), Err(SecretError::Damaged(_))));
    }
}
