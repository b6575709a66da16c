//! Writes the built client to its folder, with a compressed copy beside every file that gains from it.
//! A file that is already right is not touched, since the server is built again when its time changes. Knows nothing
//! of what the files are. Called by `client`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// Brotli's highest quality: slow to write, nothing to pay when read.
const BROTLI_QUALITY: i32 = 11;

/// The base-2 logarithm of brotli's window in bytes, its largest that every browser takes.
const BROTLI_WINDOW_LOG: i32 = 22;

const TEXT_ENDINGS: [&str; 10] =
    ["html", "css", "js", "mjs", "json", "svg", "txt", "xml", "webmanifest", "md"];

/// Files by name, relative to the web root, with `/`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What became of one file.
#[derive(Debug)]
pub(crate) struct Written {
    /// Its name, relative to the web root.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) bytes: usize,
    /// The size in bytes as sent to a browser.
    pub(crate) bytes_sent: usize,
    /// Whether it had to be written.
    pub(crate) changed: bool,
}

/// Whether a file is text by its name.
pub(crate) fn is_text(name: &str) -> bool {
    ending(name).is_some_and(|ending| TEXT_ENDINGS.contains(&ending))
}

/// What stands after the last point of a file's name.
pub(crate) fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

fn is_compressed_here(name: &str) -> bool {
    is_text(name) || ending(name) == Some("wasm")
}

/// Makes `folder` hold `files` with their compressed copies, and nothing else.
///
/// # Errors
/// When a file cannot be read, written or removed.
pub(crate) fn write(folder: &Path, files: &Files) -> Result<Vec<Written>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut kept = BTreeSet::new();
    let mut written = Vec::new();
    for (name, content) in files {
        let path = folder.join(name);
        written.push(
            write_one(&path, name, content).with_context(|| format!("cannot write {}", path.display()))?,
        );
        if is_compressed_here(name) {
            kept.extend([beside(&path, "br"), beside(&path, "gz")]);
        }
        kept.insert(path);
    }
    remove_strays(folder, &kept).with_context(|| format!("cannot tidy {}", folder.display()))?;
    Ok(written)
}

fn write_one(path: &Path, name: &str, content: &[u8]) -> Result<Written> {
    let compressed = is_compressed_here(name);
    let (br, gz) = (beside(path, "br"), beside(path, "gz"));
    let whole = !compressed || (br.is_file() && gz.is_file());
    let changed = !whole || fs::read(path).ok().as_deref() != Some(content);
    if changed {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        // The file itself goes first and comes last: one that is there has its true copies beside it.
        if path.exists() {
            fs::remove_file(path)?;
        }
        if compressed {
            fs::write(&br, brotli(content)?)?;
            fs::write(&gz, gzip(content)?)?;
        }
        fs::write(path, content)?;
    }
    let sent = if compressed { &br } else { path };
    let bytes_sent = usize::try_from(fs::metadata(sent)?.len())?;
    Ok(Written { name: name.to_owned(), bytes: content.len(), bytes_sent, changed })
}

/// `client.js` and `br` give `client.js.br`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_LOG,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

/// Removes every file that is not in `kept`, and folders left empty.
fn remove_strays(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            remove_strays(&path, kept)?;
            if fs::read_dir(&path)?.next().is_none() {
                fs::remove_dir(&path)?;
            }
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn folder_for(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-dist-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn files(entries: &[(&str, &str)]) -> Files {
        entries.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn compressed_copies_hold_the_same_text() {
        let folder = folder_for("copies");
        let text = "ship ".repeat(400);
        write(&folder, &files(&[("a/client.js", &text)])).expect("a write");
        let mut unpacked = Vec::new();
        let br = fs::read(folder.join("a/client.js.br")).expect("the brotli copy");
        brotli::BrotliDecompress(&mut &*br, &mut unpacked).expect("brotli");
        assert_eq!(unpacked, text.as_bytes());
        let gz = fs::read(folder.join("a/client.js.gz")).expect("the gzip copy");
        let mut again = String::new();
        flate2::read::GzDecoder::new(&*gz).read_to_string(&mut again).expect("gzip");
        assert_eq!(again, text);
        fs::remove_dir_all(folder).expect("the folder to go");
    }

    #[test]
    fn only_what_changed_is_written_and_strays_go() {
        let folder = folder_for("strays");
        let first = files(&[("index.html", "one"), ("old/gone.svg", "x"), ("font.woff2", "f")]);
        assert!(write(&folder, &first).expect("a write").iter().all(|file| file.changed));
        assert!(write(&folder, &first).expect("a write").iter().all(|file| !file.changed));
        let second = files(&[("index.html", "two"), ("font.woff2", "f")]);
        let written = write(&folder, &second).expect("a write");
        let changed: Vec<&str> = written.iter().filter(|file| file.changed).map(|file| &*file.name).collect();
        assert_eq!(changed, ["index.html"]);
        assert!(!folder.join("old").exists());
        assert!(!folder.join("font.woff2.br").exists(), "fonts are compressed already");
        fs::remove_dir_all(folder).expect("the folder to go");
    }

    #[test]
    fn a_lost_copy_is_made_again() {
        let folder = folder_for("lost");
        let page = files(&[("index.html", "one")]);
        write(&folder, &page).expect("a write");
        fs::remove_file(folder.join("index.html.gz")).expect("the copy to go");
        write(&folder, &page).expect("a write");
        assert!(folder.join("index.html.gz").exists());
        fs::remove_dir_all(folder).expect("the folder to go");
    }
}
