//! The modules of one crate and the paths that each of them names.
//! It resolves a path as far as modules go and follows re-exports; what lies behind a module does not matter.
//! Called by `imports`.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, Token};

/// Where a module is, from the crate's root: `["matches", "tick"]`. The root is empty.
pub(super) type Way = Vec<String>;

/// Re-exports of re-exports are followed this far; a ring of them would go on for ever.
const FOLLOW_MAX: usize = 8;

/// A path as it stands in a source.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    line: usize,
    segments: Way,
    /// Its name in the importing module, when it is imported.
    alias: Option<String>,
}

/// That one module names another.
#[derive(Debug)]
pub(super) struct Reference {
    /// The module that names.
    pub(super) from: Way,
    /// The module that is named.
    pub(super) to: Way,
    /// The file.
    pub(super) file: String,
    /// The line.
    pub(super) line: usize,
}

/// The modules of a crate.
#[derive(Debug, Default)]
pub(super) struct ModuleTree {
    modules: BTreeSet<Way>,
    imports: BTreeMap<Way, BTreeMap<String, Way>>,
}

/// Every reference between modules of the crate whose root lies in `folder` and whose files are `sources`.
/// What is compiled for tests only is left out.
pub(super) fn references(folder: &str, sources: &[&Source]) -> Vec<Reference> {
    let mut tree = ModuleTree::default();
    let mut named = Vec::new();
    for source in sources {
        let way = way_of(folder, &source.path);
        let tokens = source
            .tokens()
            .into_iter()
            .filter(|token| source.is_in_import_tree(token.line))
            .collect::<Vec<_>>();
        let paths = named_paths(&tokens);
        let imports = paths.iter().filter_map(|path| Some((path.alias.clone()?, path.segments.clone())));
        tree.imports.entry(way.clone()).or_default().extend(imports);
        // A folder without a file of its own name is a module too.
        tree.modules.extend((0..=way.len()).filter_map(|depth| way.get(..depth)).map(<[String]>::to_vec));
        named.push((way, source.path.clone(), paths));
    }
    let mut references = Vec::new();
    for (from, file, paths) in named {
        for path in paths {
            if let Some(to) = tree.resolve(&from, &path.segments, 0) {
                references.push(Reference { from: from.clone(), to, file: file.clone(), line: path.line });
            }
        }
    }
    references
}

/// The module that a file holds.
fn way_of(folder: &str, path: &str) -> Way {
    let inner = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/').trim_end_matches(".rs");
    let mut way: Way = inner.split('/').map(str::to_owned).collect();
    if way.last().is_some_and(|last| last == "mod") || way == ["lib"] || way == ["main"] {
        way.pop();
    }
    way
}

impl ModuleTree {
    /// The module where a path ends; `None` when it leaves the crate.
    fn resolve(&self, from: &Way, segments: &[String], followed: usize) -> Option<Way> {
        let (mut here, rest) = self.start(from, segments)?;
        let mut rest = rest.iter();
        while let Some(segment) = rest.next() {
            let mut inner = here.clone();
            inner.push(segment.clone());
            if self.modules.contains(&inner) {
                here = inner;
                continue;
            }
            let imported = self.imports.get(&here).and_then(|imports| imports.get(segment));
            let Some(target) = imported.filter(|target| followed < FOLLOW_MAX && *target != segments) else {
                break;
            };
            let onward: Way = target.iter().chain(rest).cloned().collect();
            return self.resolve(&here, &onward, followed + 1).or(Some(here));
        }
        Some(here)
    }

    /// The module where a path starts, and what is left of the path.
    fn start<'s>(&self, from: &Way, segments: &'s [String]) -> Option<(Way, &'s [String])> {
        let (first, mut rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => Some((Way::new(), rest)),
            "self" => Some((from.clone(), rest)),
            "super" => {
                let mut here = from.clone();
                here.pop()?;
                while let Some(after) = rest.strip_prefix(&["super".to_owned()]) {
                    here.pop()?;
                    rest = after;
                }
                Some((here, rest))
            }
            child => {
                let inner: Way = from.iter().cloned().chain([child.to_owned()]).collect();
                self.modules.contains(&inner).then(|| (from.clone(), segments))
            }
        }
    }
}

/// Every path of `use` items, and every path elsewhere that begins with `crate` or `super`.
fn named_paths(tokens: &[Token<'_>]) -> Vec<Named> {
    let mut named = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let (paths, next) = match token.text {
            "use" => use_tree(tokens, at + 1, &[]),
            "crate" | "super" => plain_path(tokens, at),
            _ => (Vec::new(), at + 1),
        };
        named.extend(paths);
        at = next.max(at + 1);
    }
    named
}

fn plain_path(tokens: &[Token<'_>], at: usize) -> (Vec<Named>, usize) {
    let (segments, next) = path(tokens, at);
    let line = tokens.get(at).map_or(0, |token| token.line);
    // `pub(crate)` and `pub(super)` are no paths.
    let named = (segments.len() > 1).then_some(Named { line, segments, alias: None });
    (named.into_iter().collect(), next)
}

/// Reads `a::b::c` from `at`; also says where it ends.
fn path(tokens: &[Token<'_>], at: usize) -> (Way, usize) {
    let mut segments = Way::new();
    let mut next = at;
    while let Some(word) = tokens.get(next).filter(|token| is_word(token.text)) {
        segments.push(word.text.to_owned());
        next += 1;
        if !is_colons(tokens, next) {
            break;
        }
        next += 2;
    }
    (segments, next)
}

/// Reads a tree of imports such as `a::{b, c::d as e}` from `at`; also says where it ends.
fn use_tree(tokens: &[Token<'_>], at: usize, prefix: &[String]) -> (Vec<Named>, usize) {
    let (segments, mut next) = path(tokens, at);
    let line = tokens.get(at).map_or(0, |token| token.line);
    let anything = !segments.is_empty();
    let mut whole: Way = prefix.iter().cloned().chain(segments).collect();
    if tokens.get(next).is_some_and(|token| token.text == "{") {
        let mut named = Vec::new();
        while tokens.get(next).is_some_and(|token| token.text != "}" && token.text != ";") {
            let (inner, after) = use_tree(tokens, next + 1, &whole);
            named.extend(inner);
            next = after.max(next + 1);
        }
        return (named, next + 1);
    }
    if whole.len() > 1 && whole.last().is_some_and(|last| last == "self") {
        whole.pop();
    }
    let mut alias = whole.last().cloned();
    if tokens.get(next).is_some_and(|token| token.text == "as") {
        alias = tokens.get(next + 1).map(|token| token.text.to_owned());
        next += 2;
    }
    let named = anything.then_some(Named { line, segments: whole, alias });
    (named.into_iter().collect(), next)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text != "as"
}

fn is_colons(tokens: &[Token<'_>], at: usize) -> bool {
    let colon = |index: usize| tokens.get(index).is_some_and(|token| token.text == ":");
    colon(at) && colon(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::new("a/src/b.rs", text.as_bytes());
        named_paths(&source.tokens()).into_iter().map(|named| named.segments.join("::")).collect()
    }

    #[test]
    fn imports_are_read_as_trees() {
        assert_eq!(
            paths("use crate::{a::{self, B}, c as d};\nfn f() {}"),
            ["crate::a", "crate::a::B", "crate::c"]
        );
        assert_eq!(paths("pub(crate) use super::x::Y;"), ["super::x::Y"]);
        assert_eq!(paths("use std::fmt::Write as _;"), ["std::fmt::Write"]);
    }

    #[test]
    fn paths_within_code_are_read_too() {
        assert_eq!(
            paths("fn f(a: crate::a::A) -> super::b::B { crate::c::go() }"),
            ["crate::a::A", "super::b::B", "crate::c::go"]
        );
        assert_eq!(paths("pub(crate) struct A; pub(super) fn f() {}"), Vec::<String>::new());
    }

    #[test]
    fn a_file_knows_its_module() {
        assert_eq!(way_of("server/src", "server/src/lib.rs"), Way::new());
        assert_eq!(way_of("server/src", "server/src/matches/mod.rs"), ["matches"]);
        assert_eq!(way_of("server/src", "server/src/matches/tick.rs"), ["matches", "tick"]);
    }

    fn named_modules(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(format!("a/src/{path}"), text.as_bytes())).collect();
        let references = references("a/src", &sources.iter().collect::<Vec<_>>());
        references
            .iter()
            .map(|reference| format!("{}->{}", reference.from.join("/"), reference.to.join("/")))
            .collect()
    }

    #[test]
    fn re_exports_are_followed_to_their_module() {
        let files =
            [("lib.rs", "mod a; mod b; pub use a::Thing;"), ("a.rs", ""), ("b.rs", "use crate::Thing;")];
        assert_eq!(named_modules(&files), ["->a", "b->a"]);
    }

    #[test]
    fn a_ring_of_re_exports_ends() {
        let files = [("lib.rs", ""), ("a.rs", "pub use crate::b::X;"), ("b.rs", "pub use crate::a::X;")];
        assert_eq!(named_modules(&files).len(), 2);
    }

    #[test]
    fn other_crates_and_tests_do_not_count() {
        let files = [
            ("lib.rs", ""),
            ("a.rs", "use std::fmt;\n#[cfg(test)]\nmod tests { use crate::b::X; }"),
            ("b.rs", ""),
        ];
        assert_eq!(named_modules(&files), Vec::<String>::new());
    }
}
