//! The rule on imports: modules beside each other import only one way, at every depth of a crate.
//! It works on references between modules and knows no syntax. Called by `tidy` once, with all sources.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Finding,
    module_tree::{Reference, Way, references},
    source::Source,
};

/// Between modules with one parent: who names whom, and where for the first time.
type Graph = BTreeMap<String, BTreeMap<String, (String, usize)>>;

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (folder, files) in crates(sources) {
        let mut levels: BTreeMap<Way, Graph> = BTreeMap::new();
        for reference in references(folder, &files) {
            if let Some((parent, from, to)) = siblings(&reference) {
                let places = levels.entry(parent).or_default().entry(from).or_default();
                places.entry(to).or_insert((reference.file, reference.line));
            }
        }
        findings.extend(levels.values().flat_map(rings));
    }
    findings
}

/// The sources of each crate by the folder of its root, which is where a `lib.rs` or `main.rs` lies.
fn crates(sources: &[Source]) -> BTreeMap<&str, Vec<&Source>> {
    let folder_of = |source: &Source| {
        let path = source.path.strip_suffix("/lib.rs").or(source.path.strip_suffix("/main.rs"))?;
        Some(path.len())
    };
    let roots: BTreeSet<&str> =
        sources.iter().filter_map(|source| source.path.get(..folder_of(source)?)).collect();
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let within =
            |root: &&&str| source.path.strip_prefix(**root).is_some_and(|rest| rest.starts_with('/'));
        if let Some(root) = roots.iter().filter(within).max_by_key(|root| root.len()) {
            crates.entry(root).or_default().push(source);
        }
    }
    crates
}

/// Where the ways of a reference part: the common parent and the two modules below it.
/// `None` between a module and what lies above or below it.
fn siblings(reference: &Reference) -> Option<(Way, String, String)> {
    let (from, to) = (&reference.from, &reference.to);
    let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let parent = from.get(..shared)?.to_vec();
    Some((parent, from.get(shared)?.clone(), to.get(shared)?.clone()))
}

/// One finding for each ring of modules.
fn rings(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for name in graph.keys() {
        let Some(ring) = shortest_ring(graph, name) else { continue };
        let mut members = ring.clone();
        members.sort();
        if seen.insert(members) {
            findings.extend(describe(graph, &ring));
        }
    }
    findings
}

/// The shortest way from a module over others back to itself; without the repeated end.
fn shortest_ring(graph: &Graph, start: &str) -> Option<Way> {
    let mut ways = VecDeque::from([vec![start.to_owned()]]);
    let mut visited = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| graph.get(last)).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                return Some(way);
            }
            if visited.insert(next.clone()) {
                ways.push_back(way.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}

fn describe(graph: &Graph, ring: &[String]) -> Option<Finding> {
    let nexts = ring.iter().cycle().skip(1);
    let places: Vec<&(String, usize)> =
        ring.iter().zip(nexts).filter_map(|(from, to)| graph.get(from)?.get(to)).collect();
    let (file, line) = places.first()?;
    let others: Vec<String> = places.iter().skip(1).map(|(file, line)| format!("{file}:{line}")).collect();
    let what = format!(
        "modules import each other in a ring: {} -> {} (also {}): let one of them take what it needs as an argument, or move it",
        ring.join(" -> "),
        ring.first()?,
        others.join(", ")
    );
    Some(Finding::new(file, *line, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(*path, text.as_bytes())).collect();
        check(&sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_way_is_fine() {
        let files =
            [("a/src/lib.rs", "mod x; mod y;"), ("a/src/x.rs", ""), ("a/src/y.rs", "use crate::x::X;")];
        assert_eq!(findings(&files), Vec::<String>::new());
    }

    #[test]
    fn two_modules_that_import_each_other_are_a_ring() {
        let files = [
            ("a/src/lib.rs", ""),
            ("a/src/x.rs", "\nuse super::y::Y;"),
            ("a/src/y.rs", "fn f() { crate::x::g() }"),
        ];
        let found = findings(&files);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a/src/x.rs:2: "), "{found:?}");
        assert!(found[0].contains("x -> y -> x (also a/src/y.rs:1)"), "{found:?}");
    }

    #[test]
    fn longer_rings_and_nested_modules_are_found() {
        let files = [
            ("a/src/main.rs", ""),
            ("a/src/m/p.rs", "use super::q::Q;"),
            ("a/src/m/q.rs", "use super::r::R;"),
            ("a/src/m/r.rs", "use crate::m::p::P;"),
        ];
        let found = findings(&files);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("p -> q -> r -> p"), "{found:?}");
    }

    #[test]
    fn a_ring_between_folders_is_found_by_their_files() {
        let files = [
            ("a/src/lib.rs", ""),
            ("a/src/m/one.rs", "use crate::n::Two;"),
            ("a/src/n.rs", "pub mod two;"),
            ("a/src/n/two.rs", "use crate::m::one::One;"),
        ];
        assert_eq!(findings(&files).len(), 1);
    }

    #[test]
    fn parent_and_child_are_no_ring() {
        let files =
            [("a/src/lib.rs", ""), ("a/src/m.rs", "mod p; use p::P;"), ("a/src/m/p.rs", "use super::M;")];
        assert_eq!(findings(&files), Vec::<String>::new());
    }

    #[test]
    fn crates_with_the_same_module_names_stay_apart() {
        let files = [
            ("a/src/lib.rs", ""),
            ("a/src/x.rs", "use crate::y::Y;"),
            ("b/src/lib.rs", ""),
            ("b/src/y.rs", "use crate::x::X;"),
        ];
        assert_eq!(findings(&files), Vec::<String>::new());
    }
}
