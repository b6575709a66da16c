//! One file of the project, read once and cut into what the rules look at.
//! It states facts and judges nothing. Called by `tidy` for every file; used by every rule.

use std::{ops::RangeInclusive, path::Path};

use super::lexer;

/// A file with what can be said about it.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Its path relative to the root, with `/`.
    pub(super) path: String,
    /// Its text; empty when it is no UTF-8.
    pub(super) text: String,
    /// Its code without comments and literals, line by line as in the text; empty unless it is Rust.
    pub(super) code: String,
    /// Its string literals with their lines; none unless it is Rust.
    pub(super) literals: Vec<(usize, String)>,
    /// Line ranges that are compiled for tests only.
    test_lines: Vec<RangeInclusive<usize>>,
}

/// One word or sign of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'c> {
    /// The line, from 1.
    pub(super) line: usize,
    /// A whole word, or one sign.
    pub(super) text: &'c str,
}

impl Source {
    /// Reads a file's content.
    pub(super) fn new(path: impl Into<String>, content: &[u8]) -> Self {
        let path = path.into();
        let text = std::str::from_utf8(content).unwrap_or_default().to_owned();
        let lexed = if is_rust(&path) { lexer::lex(&text) } else { lexer::Lexed::default() };
        let test_lines = test_ranges(&tokens(&lexed.code));
        Self { path, text, code: lexed.code, literals: lexed.literals, test_lines }
    }

    /// Whether it is a Rust source.
    pub(super) fn is_rust(&self) -> bool {
        is_rust(&self.path)
    }

    /// Whether it belongs to the tests as a whole.
    pub(super) fn is_test_file(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// Whether a line is compiled for tests only.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// Whether a line takes part in its crate's import tree: tests may look everywhere, but the package of tests is
    /// a crate like the others.
    pub(super) fn is_in_import_tree(&self, line: usize) -> bool {
        let behind_cfg = self.test_lines.iter().any(|lines| lines.contains(&line));
        !behind_cfg && (self.path.starts_with("tests/") || !self.is_test_file())
    }

    /// How many lines are compiled outside tests too; in a file of tests, all.
    pub(super) fn lines_outside_tests(&self) -> usize {
        let inside = |line: &usize| self.test_lines.iter().any(|lines| lines.contains(line));
        (1..=self.text.lines().count()).filter(|line| !inside(line)).count()
    }

    /// Its code, word by word.
    pub(super) fn tokens(&self) -> Vec<Token<'_>> {
        tokens(&self.code)
    }
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "rs")
}

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (index, mut rest) in code.lines().enumerate() {
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (text, after) = rest.split_at(word.max(first.len_utf8()));
            if !first.is_whitespace() {
                tokens.push(Token { line: index + 1, text });
            }
            rest = after;
        }
    }
    tokens
}

/// The index of the sign that closes what opens at `open`; the last index when nothing does.
pub(super) fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len().saturating_sub(1)
}

/// The index of the `{` or `;` that ends the head of the item that begins at `from`.
pub(super) fn end_of_head(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match tokens.get(at)?.text {
            "{" | ";" => return Some(at),
            "(" | "[" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
}

fn test_ranges(tokens: &[Token<'_>]) -> Vec<RangeInclusive<usize>> {
    let mut ranges = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if !is_test_attribute(tokens.get(index..).unwrap_or_default()) {
            continue;
        }
        let end = end_of_head(tokens, closing(tokens, index + 1) + 1).map(|head| closing(tokens, head));
        let last = end.or(tokens.len().checked_sub(1)).and_then(|end| tokens.get(end));
        ranges.push(token.line..=last.map_or(token.line, |last| last.line));
    }
    ranges
}

fn is_test_attribute(tokens: &[Token<'_>]) -> bool {
    let begins =
        |words: &[&str]| tokens.len() >= words.len() && tokens.iter().zip(words).all(|(t, w)| t.text == *w);
    begins(&["#", "[", "cfg", "(", "test", ")"]) || begins(&["#", "[", "cfg", "(", "all", "(", "test"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("server/src/a.rs", text.as_bytes())
    }

    #[test]
    fn code_is_cut_into_words_and_signs() {
        let source = source("fn go(a: u8) // x\n{}");
        let texts: Vec<&str> = source.tokens().iter().map(|token| token.text).collect();
        assert_eq!(texts, ["fn", "go", "(", "a", ":", "u8", ")", "{", "}"]);
        assert_eq!(source.tokens().last().map(|token| token.line), Some(2));
    }

    #[test]
    fn test_items_are_found_by_their_braces() {
        let source = source(
            "a();\n#[cfg(test)]\nmod tests {\n  fn f() { \"}\" }\n}\nb();\n#[cfg(test)]\nuse x;\nc();",
        );
        let test_lines: Vec<usize> = (1..=9).filter(|line| source.is_test_line(*line)).collect();
        assert_eq!(test_lines, [2, 3, 4, 5, 7, 8]);
        assert_eq!(source.lines_outside_tests(), 3);
    }

    #[test]
    fn a_file_of_tests_is_one_as_a_whole() {
        assert!(Source::new("tests/integration/join.rs", b"").is_test_line(1));
        assert!(Source::new("server/src/matches/tests.rs", b"").is_test_line(1));
        assert!(!Source::new("server/src/contests.rs", b"").is_test_line(1));
    }

    #[test]
    fn the_package_of_tests_has_an_import_tree_too() {
        assert!(Source::new("tests/harness/link.rs", b"").is_in_import_tree(1));
        assert!(!Source::new("server/src/matches/tests.rs", b"").is_in_import_tree(1));
        assert!(!source("#[cfg(test)]\nuse x;").is_in_import_tree(2));
    }

    #[test]
    fn bytes_that_are_no_text_have_no_lines() {
        assert_eq!(Source::new("a.png", &[0xff, 0xfe]).lines_outside_tests(), 0);
    }
}
