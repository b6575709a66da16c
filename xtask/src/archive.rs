//! One archive of files under one folder, with a list of their checksums: what somebody else unpacks and runs.
//! It knows names and bytes; what belongs into a delivery is `delivery`'s to say. The same files give the same bytes.

use std::{fmt::Write as _, fs, io::Write as _, path::Path};

use anyhow::{Context as _, Result};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

/// The list of checksums, as `sha256sum --check` reads it.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// One file of an archive.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Its name below the archive's folder, with `/`.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) content: Vec<u8>,
    /// Whether it is a program.
    pub(crate) runs: bool,
}

impl Packed {
    /// A file to be read.
    pub(crate) fn text(name: &str, content: impl Into<Vec<u8>>) -> Packed {
        Packed { name: name.to_owned(), content: content.into(), runs: false }
    }
}

/// Writes `files` and their checksums under `folder` into the compressed archive at `path`; all are of the second
/// `time_s` since 1970.
///
/// # Errors
/// When the archive cannot be written.
pub(crate) fn write(path: &Path, folder: &str, mut files: Vec<Packed>, time_s: u64) -> Result<()> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.push(Packed::text(SUMS, sums(&files)?));
    let file = fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    for Packed { name, content, runs } in &files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(if *runs { 0o755 } else { 0o644 });
        header.set_mtime(time_s);
        tar.append_data(&mut header, format!("{folder}/{name}"), content.as_slice())?;
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(())
}

fn sums(files: &[Packed]) -> Result<String> {
    let mut lines = String::new();
    for Packed { name, content, .. } in files {
        writeln!(lines, "{}  {name}", hex(content)?)?;
    }
    Ok(lines)
}

/// The SHA-256 of some bytes, in hex.
///
/// # Errors
/// Never; writing into a text has a result.
pub(crate) fn hex(bytes: &[u8]) -> Result<String> {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let folder = std::env::temp_dir().join(format!("xtask-archive-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let files = || vec![Packed::text("b/c.txt", "two"), Packed::text("a.txt", "one")];
        let pack = |name: &str, files| {
            let path = folder.join(name);
            write(&path, "it-1", files, 1_700_000_000).expect("an archive");
            fs::read(path).expect("the archive")
        };
        let mut other_order = files();
        other_order.reverse();
        let packed = pack("one", files());
        assert_eq!(packed, pack("two", other_order));
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let names: Vec<String> = archive
            .entries()
            .expect("entries")
            .map(|entry| entry.expect("an entry").path().expect("a path").display().to_string())
            .collect();
        assert_eq!(names, ["it-1/a.txt", "it-1/b/c.txt", "it-1/SHA256SUMS"]);
        fs::remove_dir_all(folder).expect("the folder to go");
    }
}
