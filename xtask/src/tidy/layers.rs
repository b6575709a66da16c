//! The rule on who may depend on whom: `shared` is sealed, and server and client never meet.
//! It looks at manifests as cargo reads them, so that no way of writing one escapes. Called by `tidy` once.

use super::{Finding, source::Source};
use crate::workspace::Package;

/// What `shared` uses, no more and no less: data, numbers that agree between platforms, and errors. Nothing with a
/// clock, a thread, a random source or a socket.
const SHARED_USES: [&str; 5] = ["glam", "libm", "rmp-serde", "serde", "thiserror"];

/// Pairs that never meet: the first must not use the second, in its tests neither.
const STRANGERS: [(&str, &str); 6] = [
    ("server", "client-web"),
    ("client-web", "server"),
    ("client-web", "starfray"),
    ("shared", "server"),
    ("shared", "client-web"),
    ("server", "tests"),
];

pub(super) fn check(packages: &[Package], sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        if package.name == "shared" {
            findings.extend(unsealed(package, sources));
        }
        let all = package.dependencies.iter().chain(&package.test_dependencies);
        findings.extend(all.filter(|name| are_strangers(&package.name, name)).map(|name| {
            let what =
                format!("`{}` must not know `{name}`: what both need belongs in `shared`", package.name);
            finding(package, name, sources, what)
        }));
    }
    findings
}

/// Where the packages that `shared` uses differ from the agreed list.
fn unsealed(shared: &Package, sources: &[Source]) -> Vec<Finding> {
    let new = shared.dependencies.iter().filter(|name| !SHARED_USES.contains(&name.as_str()));
    let gone = SHARED_USES.iter().filter(|name| !shared.dependencies.iter().any(|used| used == *name));
    let list = "xtask/src/tidy/layers.rs";
    let new = new.map(|name| {
        let what = format!("`shared` may not use `{name}`: pass in what it gives, or agree on it in {list}");
        finding(shared, name, sources, what)
    });
    let gone = gone.map(|name| {
        let what = format!("`shared` no longer uses `{name}`: take it off the list in {list}");
        finding(shared, name, sources, what)
    });
    new.chain(gone).collect()
}

fn are_strangers(one: &str, other: &str) -> bool {
    STRANGERS.contains(&(one, other))
}

fn finding(package: &Package, dependency: &str, sources: &[Source], what: String) -> Finding {
    let manifest = sources.iter().find(|source| source.path == package.manifest);
    let line = manifest
        .and_then(|source| source.text.lines().position(|line| line.trim_start().starts_with(dependency)));
    Finding::new(&package.manifest, line.map_or(1, |index| index + 1), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str], test_dependencies: &[&str]) -> Package {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Package {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies: owned(dependencies),
            test_dependencies: owned(test_dependencies),
            test_targets: Vec::new(),
        }
    }

    #[test]
    fn shared_uses_only_what_was_agreed() {
        let sealed = package("shared", &SHARED_USES, &["proptest"]);
        assert_eq!(check(std::slice::from_ref(&sealed), &[]), []);
        let manifest = Source::new("shared/Cargo.toml", b"[dependencies]\nrand = \"1\"\n");
        let mut opened = sealed;
        opened.dependencies.push("rand".to_owned());
        let findings = check(&[opened.clone()], &[manifest]);
        assert_eq!((findings[0].line, findings.len()), (2, 1));
        opened.dependencies = SHARED_USES[1..].iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(check(&[opened], &[]).len(), 1, "a list longer than the truth");
    }

    #[test]
    fn server_and_client_never_meet() {
        assert_eq!(check(&[package("server", &["client-web"], &[])], &[]).len(), 1);
        assert_eq!(check(&[package("client-web", &[], &["server"])], &[]).len(), 1);
        assert_eq!(check(&[package("starfray", &["client-web", "server"], &[])], &[]), []);
    }
}
