//! Where things are: the project's root, the target folder, the member packages and what they depend on.
//! It asks cargo and never guesses, so that a moved target folder is found. Called by every task.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cargo::cargo;

/// The project as cargo sees it.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
    /// The member packages.
    pub(crate) packages: Vec<Package>,
}

/// One member of the workspace.
#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its manifest, relative to the root, with `/`.
    pub(crate) manifest: String,
    /// Names of what it needs to be built and run; without what only its tests need.
    pub(crate) dependencies: Vec<String>,
    /// Names of what only its tests need.
    pub(crate) test_dependencies: Vec<String>,
    /// Its separate test programs.
    pub(crate) test_targets: Vec<String>,
}

impl Workspace {
    /// Reads the workspace that this tool belongs to. Needs no network.
    ///
    /// # Errors
    /// When the tool was not started by cargo, or cargo cannot read a manifest.
    pub(crate) fn open() -> Result<Self> {
        let here = std::env::var_os("CARGO_MANIFEST_DIR").context("start this tool as `cargo xtask`")?;
        let root = Path::new(&here).parent().context("this tool's package lies in no workspace")?;
        let output = cargo(root, ["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("cargo cannot read the workspace: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Value =
            serde_json::from_slice(&output.stdout).context("cargo's metadata is not JSON")?;
        let target = text(&metadata, "target_directory").context("cargo names no target folder")?;
        let packages = list(&metadata, "packages").iter().map(|value| package(value, root)).collect();
        Ok(Self { root: root.to_owned(), target: target.into(), packages })
    }

    /// The path of a program in the target folder, for a profile's folder such as `debug`.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

fn package(value: &Value, root: &Path) -> Package {
    let manifest = text(value, "manifest_path").unwrap_or_default();
    let manifest = Path::new(&manifest).strip_prefix(root).unwrap_or(Path::new(&manifest));
    let (tests, needed): (Vec<&Value>, Vec<&Value>) =
        list(value, "dependencies").iter().partition(|entry| text(entry, "kind").as_deref() == Some("dev"));
    let names = |entries: Vec<&Value>| entries.into_iter().filter_map(|entry| text(entry, "name")).collect();
    Package {
        name: text(value, "name").unwrap_or_default(),
        manifest: manifest.to_string_lossy().replace('\\', "/"),
        dependencies: names(needed),
        test_dependencies: names(tests),
        test_targets: names(list(value, "targets").iter().filter(|entry| is_test(entry)).collect()),
    }
}

fn is_test(target: &Value) -> bool {
    list(target, "kind").iter().any(|kind| kind == "test")
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_read_from_cargos_words() {
        let value = serde_json::json!({
            "name": "server",
            "manifest_path": "/somewhere/server/Cargo.toml",
            "dependencies": [{"name": "tokio", "kind": null}, {"name": "proptest", "kind": "dev"}],
            "targets": [{"name": "server", "kind": ["lib"]}, {"name": "sockets", "kind": ["test"]}],
        });
        let package = package(&value, Path::new("/somewhere"));
        assert_eq!(package.manifest, "server/Cargo.toml");
        assert_eq!(package.dependencies, ["tokio"]);
        assert_eq!(package.test_dependencies, ["proptest"]);
        assert_eq!(package.test_targets, ["sockets"]);
    }
}
