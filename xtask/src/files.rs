//! Lists what lies below a folder.
//! It reads names and never content. Called by `client` for the page and by `tidy` for the whole project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// The paths of all files below `folder`, relative to it, with `/`, sorted. Folders that `skip` names are left out.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn below(folder: &Path, skip: impl Fn(&Path) -> bool) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true if skip(&entry.path()) => {}
                true => folders.push(entry.path()),
                false => paths.push(relative(folder, &entry.path())),
            }
        }
    }
    paths.sort();
    Ok(paths)
}

fn relative(folder: &Path, path: &Path) -> String {
    let inner: PathBuf = path.strip_prefix(folder).unwrap_or(path).to_owned();
    inner.to_string_lossy().replace('\\', "/")
}
