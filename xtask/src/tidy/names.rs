//! The rule on file names and heads: a file is named after what is in it, and opens by saying so.
//! It looks at the path and the first lines only. Called by `tidy` for every file.

use super::{Finding, source::Source};

/// Names that say nothing, and so gather everything.
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "types"];

/// The head says what the file is for, and what it must not know or who calls it. A test only says what must hold.
const HEAD_LINES_MIN: usize = 2;
const TEST_HEAD_LINES_MIN: usize = 1;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in source.path.split('/') {
        let stem = part.split('.').next().unwrap_or_default();
        if EMPTY_NAMES.contains(&stem) {
            let what = format!("the name `{stem}` says nothing: name it after what is in it");
            findings.push(Finding::new(&source.path, 1, what));
        }
    }
    let lines_min = if source.is_test_file() { TEST_HEAD_LINES_MIN } else { HEAD_LINES_MIN };
    if source.is_rust() && head_lines(&source.text) < lines_min {
        let what = "the file must begin with `//!` lines, at least two: what it is for, what it must not know, who calls it";
        findings.push(Finding::new(&source.path, 1, what));
    }
    findings
}

/// Lines of documentation at the very top; empty ones do not count.
fn head_lines(text: &str) -> usize {
    let head = text.lines().map_while(|line| line.strip_prefix("//!"));
    head.filter(|line| !line.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "//! What it is for.\n//! Who calls it.\n";

    fn findings(path: &str, text: &str) -> usize {
        check(&Source::new(path, text.as_bytes())).len()
    }

    #[test]
    fn empty_names_are_found_in_files_and_folders() {
        assert_eq!(findings("server/src/utils.rs", HEAD), 1);
        assert_eq!(findings("server/src/common/a.rs", HEAD), 1);
        assert_eq!(findings("client-web/page/helpers.css", ""), 1);
        assert_eq!(findings("server/src/utility_room.rs", HEAD), 0);
    }

    #[test]
    fn a_source_opens_with_two_lines_about_itself() {
        assert_eq!(findings("a/src/b.rs", HEAD), 0);
        assert_eq!(findings("a/src/b.rs", "//! One line.\n//!\nfn f() {}\n"), 1);
        assert_eq!(findings("a/src/b.rs", &format!("use a::b;\n{HEAD}")), 1);
        assert_eq!(findings("tests/browser/b.rs", "//! One line.\nfn f() {}\n"), 0);
        assert_eq!(findings("tests/browser/b.rs", "fn f() {}\n"), 1);
        assert_eq!(findings("README.md", "# Title"), 0);
    }
}
