//! The word by which the server knows its operator: the setting's, or else that of a file in the data folder, which is
//! made at the first start. The word itself is never logged; where it stands is.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    config::{ADMIN_TOKEN_CHARS_MIN, Secret},
    token::SecretError,
};

const FILE: &str = "admin-token";
const RANDOM_BYTES: usize = 24;

/// The operator's word: `given`, or that of the data folder. Fails if the file can't be made or read, or holds no word.
pub fn find(given: Option<&Secret>, data_dir: &Path) -> Result<Secret, SecretError> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    let path = data_dir.join(FILE);
    let at = |error| SecretError::File { path: path.clone(), error };
    if !path.exists() {
        make(data_dir, &path)?;
    }
    let text = fs::read_to_string(&path).map_err(at)?;
    tracing::info!(path = %path.display(), "the admin page asks for the word in this file");
    let word = text.trim();
    if word.len() < ADMIN_TOKEN_CHARS_MIN {
        return Err(SecretError::NoWord(path));
    }
    word.parse().map_err(|_| SecretError::NoWord(path))
}

/// Makes a word and its file, for its owner only. The file gets its name when it is whole; where another process was
/// quicker, its word holds.
fn make(data_dir: &Path, path: &Path) -> Result<(), SecretError> {
    let draft = data_dir.join(format!("{FILE}.{}", std::process::id()));
    let at = |error| SecretError::File { path: draft.clone(), error };
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(at)?;
    let word = BASE64_URL_SAFE_NO_PAD.encode(random);
    writeln!(file, "{word}").and_then(|()| file.sync_all()).map_err(at)?;
    let named = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(at)?;
    match named {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let word = find(None, folder.path()).unwrap();
        assert!(word.reveal().len() >= 32);
        assert_eq!(find(None, folder.path()).unwrap(), word);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        fs::write(folder.path().join(FILE), "short\n").unwrap();
        assert!(matches!(find(None, folder.path()), Err(SecretError::NoWord(_))));
        let given: Secret = "0123456789abcdef".parse().unwrap();
        assert_eq!(find(Some(&given), folder.path()).unwrap(), given);
    }
}
