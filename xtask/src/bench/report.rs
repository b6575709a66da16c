//! Where figures go: a JSON file and drawings, with the machine that they were taken on.
//! It knows no figure's meaning. Called by the benchmarks and, for `--json`, by their registry.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{bench::machine::Machine, progress::say};

/// The folder for what a benchmark leaves behind.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Files go to `folder`, which is made if it is not there.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Writes `content` to the file `name` and says so.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn put(&self, name: &str, content: &str) -> Result<()> {
        let file = self.0.join(name);
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))?;
        put(&file, content)?;
        say(&format!("      wrote {}", file.display()));
        Ok(())
    }
}

/// Writes `content` to `file`.
///
/// # Errors
/// When it cannot be written.
pub(super) fn put(file: &Path, content: &str) -> Result<()> {
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

/// A benchmark's figures with all that they mean nothing without.
pub(super) fn document(bench: &str, machine: &Machine, settings: &Value, figures: &Value) -> Value {
    json!({ "bench": bench, "machine": machine.to_json(), "settings": settings, "figures": figures })
}

/// JSON of an object as people like to compare it: a line for each of its keys, and for each item of a list.
pub(super) fn lined(object: &Value) -> String {
    let entries = object.as_object().into_iter().flatten();
    let lines: Vec<String> =
        entries.map(|(key, value)| format!("  {}: {}", json!(key), item_lines(value))).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn item_lines(value: &Value) -> String {
    let Some(items) = value.as_array() else { return value.to_string() };
    let lines: Vec<String> = items.iter().map(|item| format!("    {item}")).collect();
    format!("[\n{}\n  ]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_all_the_same() {
        let value = json!({ "a": { "b": [1] }, "runs": [{ "x": 1.5 }, { "x": 2.5 }] });
        let text = lined(&value);
        assert_eq!(text.lines().count(), 7, "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }
}
