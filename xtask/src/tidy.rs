//! The house rules that no compiler checks: sizes, imports, names, words, and who may depend on whom.
//! Each rule is a function from the sources to findings and reads no file itself. Called by `lint`.

mod imports;
mod layers;
mod lexer;
mod module_tree;
mod names;
mod sizes;
mod source;
mod words;

use std::{fmt, fs, path::Path};

use anyhow::{Context as _, Result, bail};

use crate::{files, progress::say, tidy::source::Source, workspace::Workspace};

/// Folders that hold nothing written by hand.
const SKIPPED_FOLDERS: [&str; 5] = [".git", "target", "dist", "output", "node_modules"];

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// The file, relative to the root.
    file: String,
    /// The line, from 1.
    line: usize,
    /// What is wrong, and what to do.
    what: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Checks the whole project and prints every finding.
///
/// # Errors
/// When there is a finding, or a file cannot be read.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let sources = read_sources(&workspace.root, &workspace.target)?;
    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(names::check(source));
        findings.extend(sizes::check(source));
        findings.extend(words::check(source));
    }
    findings.extend(imports::check(&sources));
    findings.extend(layers::check(&workspace.packages, &sources));
    findings.sort();
    findings.dedup();
    for finding in &findings {
        say(&finding.to_string());
    }
    if !findings.is_empty() {
        bail!("{} broken house rules", findings.len());
    }
    say(&format!("      {} files keep the house rules", sources.len()));
    Ok(())
}

/// Every file of the project, sorted by path.
fn read_sources(root: &Path, target: &Path) -> Result<Vec<Source>> {
    let skip = |folder: &Path| {
        folder == target
            || folder.file_name().is_some_and(|name| SKIPPED_FOLDERS.iter().any(|skipped| name == *skipped))
    };
    let paths = files::below(root, skip)?;
    let read = |path: String| {
        let content = fs::read(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
        Ok(Source::new(path, &content))
    };
    paths.into_iter().map(read).collect()
}
