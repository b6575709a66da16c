//! The maps that a host put into `DATA/maps`: each `.tmx` file there, read when it is new or has changed.
//! Nothing that lies there stops the server: what can't be played is logged once and refused by name. It knows nothing of
//! the maps that come with the program but their names, which are taken.

use std::collections::{BTreeMap, btree_map::Entry};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::tmx::{self, Drawn, FILE_BYTES_MAX};

/// Most files that are looked at; the first ones by name count.
const FILES_MAX: usize = 64;
/// Most entries of the folder that are listed to find them.
const ENTRIES_MAX: usize = 4096;
const NAME_CHARS_MAX: usize = 32;

/// What makes a file another one than before.
type Stamp = (Option<SystemTime>, u64);

/// A file as it was last read.
#[derive(Clone, Debug)]
struct Sheet {
    stamp: Stamp,
    outcome: Result<Drawn, String>,
}

/// The folder of a server's own maps.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    taken: Vec<&'static str>,
    sheets: Mutex<BTreeMap<String, Sheet>>,
}

impl Folder {
    /// The folder at `path`, which need not exist; names of `taken` are not read.
    pub fn new(path: PathBuf, taken: Vec<&'static str>) -> Folder {
        Folder { path, taken, sheets: Mutex::default() }
    }

    /// All maps that can be played, by name. It looks at the disk, and may wait for it.
    pub fn list(&self) -> Vec<(String, Drawn)> {
        let mut sheets = self.sheets.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut sheets);
        sheets.iter().filter_map(|(name, sheet)| Some((name.clone(), sheet.outcome.clone().ok()?))).collect()
    }

    /// The map `name`, or what is wrong with its file; `None` if there is no such file. It may wait for the disk.
    pub fn find(&self, name: &str) -> Option<Result<Drawn, String>> {
        if !is_name(name) {
            return None;
        }
        let mut sheets = self.sheets.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut sheets);
        sheets.get(name).map(|sheet| sheet.outcome.clone())
    }

    /// Reads what is new or has changed, and forgets what is gone.
    fn look(&self, sheets: &mut BTreeMap<String, Sheet>) {
        let files = self.files();
        sheets.retain(|name, _| files.contains_key(name));
        for (name, (path, stamp)) in files {
            if sheets.get(&name).is_some_and(|sheet| sheet.stamp == stamp) {
                continue;
            }
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let outcome = self.read(&name, &path).map_err(|error| format!("{file}: {error}"));
            match &outcome {
                Ok(_) => tracing::info!(map = name, "a map of the data folder"),
                Err(error) => tracing::warn!(%error, "a map of the data folder can't be played"),
            }
            sheets.insert(name, Sheet { stamp, outcome });
        }
    }

    /// The files that are maps by their names. Of several of one name a .tmx goes before a .tmj, then the first by its
    /// path, in whatever order the folder has them. A folder that is missing or can't be listed has none.
    fn files(&self) -> BTreeMap<String, (PathBuf, Stamp)> {
        let mut files = BTreeMap::new();
        let Ok(entries) = fs::read_dir(&self.path) else { return files };
        for entry in entries.take(ENTRIES_MAX).flatten() {
            let path = entry.path();
            let named = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_lowercase);
            let (Some(name), Some(_)) = (named, Format::of(&path)) else { continue };
            // A link may name a file elsewhere; what is no file at all, such as a pipe, is not touched.
            if let Ok(about) = fs::metadata(&path)
                && about.is_file()
            {
                let stamp = (about.modified().ok(), about.len());
                match files.entry(name) {
                    Entry::Vacant(free) => {
                        free.insert((path, stamp));
                    }
                    Entry::Occupied(mut kept) if rank(&path) < rank(&kept.get().0) => {
                        kept.insert((path, stamp));
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        while files.len() > FILES_MAX {
            files.pop_last();
        }
        files
    }

    fn read(&self, name: &str, path: &Path) -> Result<Drawn, String> {
        if self.taken.contains(&name) {
            return Err("a map of this name comes with the program; choose another".to_owned());
        }
        if !is_name(name) {
            return Err(format!("the name must be 1 to {NAME_CHARS_MAX} letters a to z, digits, - and _"));
        }
        if Format::of(path) == Some(Format::Json) {
            return Err("only .tmx is read; save the map in Tiled as .tmx".to_owned());
        }
        let bytes = bytes(path).map_err(|error| error.to_string())?;
        tmx::read(name, &bytes).map_err(|error| error.to_string())
    }
}

/// Which of several files of one name is meant: the lowest.
fn rank(path: &Path) -> (Option<Format>, &Path) {
    (Format::of(path), path)
}

/// What a file's ending says; what can be read goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    Xml,
    Json,
}

impl Format {
    fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "tmx" => Some(Format::Xml),
            "tmj" => Some(Format::Json),
            _ => None,
        }
    }
}

/// A file's bytes, no more than one too many.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(plain)
}
