//! The licences of everything that the program is built from, as one text that goes with it.
//! It asks cargo which packages those are and reads what each brings along; it judges nothing. Called by `delivery`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cargo::{BROWSER_TARGET, cargo};

/// How the names of files that say under which terms a package may be used begin.
const TERMS: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

const HEAD: &str = "\
Starfray is built from the packages below, and from Rust's standard library (MIT or Apache-2.0) and, where it is linked
statically, musl (MIT). Each stands with its licence; the texts that the packages bring along follow.

";

/// The text for a program that was built for `target`, with the browser client inside.
///
/// # Errors
/// When cargo cannot list the packages.
pub(crate) fn text(root: &Path, target: &str) -> Result<String> {
    let mut packages = used(root, target, "starfray")?;
    packages.extend(used(root, BROWSER_TARGET, "client-web")?);
    let mut text = HEAD.to_owned();
    for (name, package) in &packages {
        let licence = word(package, "license").unwrap_or("see its text below");
        writeln!(text, "{name}: {licence}; {}", word(package, "repository").unwrap_or("-"))?;
    }
    for (terms, names) in terms(&packages)? {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        write!(text, "\n{}\n{}\n\n{terms}\n", "=".repeat(78), names.join(", "))?;
    }
    Ok(text)
}

/// Every package of others that `program` uses on `target` when it runs, by name and version.
fn used(root: &Path, target: &str, program: &str) -> Result<BTreeMap<String, Value>> {
    let arguments = ["metadata", "--format-version", "1", "--filter-platform", target];
    let output = cargo(root, arguments).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo cannot list the packages: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo's metadata is not JSON")?;
    Ok(follow(&metadata, program))
}

fn follow(metadata: &Value, program: &str) -> BTreeMap<String, Value> {
    let of = |value: &Value, list: &str| value[list].as_array().cloned().unwrap_or_default();
    let id = |value: &Value| word(value, "id").unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        of(metadata, "packages").into_iter().map(|package| (id(&package), package)).collect();
    let nodes: BTreeMap<String, Value> =
        of(&metadata["resolve"], "nodes").into_iter().map(|node| (id(&node), node)).collect();
    let mut waiting: Vec<String> =
        packages.iter().filter(|(_, one)| one["name"] == program).map(|(id, _)| id.clone()).collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(next) = waiting.pop() {
        let Some(node) = nodes.get(&next).filter(|_| seen.insert(next.clone())) else { continue };
        // A kind of null is what a program uses when it runs; the others are for building and testing it.
        let runs = |dep: &Value| of(dep, "dep_kinds").iter().any(|kind| kind["kind"].is_null());
        let deps = of(node, "deps").into_iter().filter(runs);
        waiting.extend(deps.filter_map(|dep| word(&dep, "pkg").map(str::to_owned)));
    }
    let others = seen.iter().filter_map(|id| packages.get(id)).filter(|package| !package["source"].is_null());
    let named = |package: &Value| {
        format!(
            "{} {}",
            word(package, "name").unwrap_or_default(),
            word(package, "version").unwrap_or_default()
        )
    };
    others.map(|package| (named(package), package.clone())).collect()
}

/// Each text of terms, with the packages that bring it; most bring one of a few.
fn terms(packages: &BTreeMap<String, Value>) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, package) in packages {
        let folder = word(package, "manifest_path").and_then(|path| Path::new(path).parent());
        let Some(folder) = folder else { continue };
        for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let stem = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
            if TERMS.iter().any(|term| stem.starts_with(term)) && path.is_file() {
                let text = String::from_utf8_lossy(&fs::read(&path)?).trim().to_owned();
                all.entry(text).or_default().insert(name.clone());
            }
        }
    }
    Ok(all)
}

fn word<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_listed() {
        let package = |name: &str, source: Value| serde_json::json!({"id": name, "name": name, "version": "1.0.0", "source": source});
        let dep = |name: &str, kind: Value| serde_json::json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let (from, null) = (Value::from("registry"), Value::Null);
        let metadata = serde_json::json!({
            "packages": [package("own", null.clone()), package("a", from.clone()), package("b", from.clone()),
                package("maker", from.clone()), package("tester", from)],
            "resolve": {"nodes": [
                {"id": "own", "deps": [dep("a", null.clone()), dep("tester", "dev".into())]},
                {"id": "a", "deps": [dep("b", null.clone()), dep("maker", "build".into()), dep("own", null)]},
                {"id": "b", "deps": []}, {"id": "maker", "deps": []}, {"id": "tester", "deps": []},
            ]},
        });
        let names: Vec<String> = follow(&metadata, "own").into_keys().collect();
        assert_eq!(names, ["a 1.0.0", "b 1.0.0"]);
    }
}
