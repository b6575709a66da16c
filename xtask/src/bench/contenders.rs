//! Who is measured: Starfray, the two floors, and the peers of `bench/`, each with how it is started and driven.
//! It builds what has to be built and says who must be left out. Called by the benchmarks that start servers.

use std::{fs, io::ErrorKind, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    cargo::{cargo, run},
    programs,
    progress::say,
    workspace::Workspace,
};

/// The name of the project itself among the contenders.
pub(super) const STARFRAY: &str = "starfray";
/// The floor that every other is compared with.
pub(super) const FLOOR: &str = "floor-sweep";

/// What a contender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The project's own program, which also brings what drives it.
    Starfray,
    /// A floor of `bench/peers-rs`: no game, a payload of any size.
    Floor,
    /// A server of `bench/peers-rs`.
    Rust,
    /// A server of `bench/peers`, with the name of its script.
    Node(&'static str),
}

/// Somebody to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contender {
    /// What to call it in tables and files.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) kind: Kind,
    /// What the crowd speaks with it.
    pub(super) protocol: &'static str,
}

/// Everybody, in the order in which they run. Starfray comes before the floors, which send as much as it did.
pub(super) const CONTENDERS: [Contender; 6] = [
    Contender { name: STARFRAY, kind: Kind::Starfray, protocol: "" },
    Contender { name: FLOOR, kind: Kind::Floor, protocol: "raw" },
    Contender { name: "floor-tokio", kind: Kind::Floor, protocol: "raw" },
    Contender { name: "axum-view", kind: Kind::Rust, protocol: "msgpack" },
    Contender { name: "ws-msgpack-view", kind: Kind::Node("ws-msgpack-view.mjs"), protocol: "msgpack" },
    Contender { name: "colyseus-view", kind: Kind::Node("colyseus-view.mjs"), protocol: "colyseus" },
];

/// Where the programs of the contenders are.
#[derive(Debug)]
pub(super) struct Programs {
    /// The project's own.
    pub(super) starfray: PathBuf,
    /// The folder of the peers' programs.
    pub(super) peers: PathBuf,
    /// The folder of the scripts for Node.
    pub(super) scripts: PathBuf,
    /// Node, if it and the packages of the scripts are there.
    pub(super) node: Option<PathBuf>,
    /// A folder for what Starfray keeps while it runs.
    pub(super) data: PathBuf,
    /// The project's root.
    pub(super) root: PathBuf,
}

impl Programs {
    /// Builds Starfray alone. The browser client is no part of it: nobody asks for a page here.
    ///
    /// # Errors
    /// When it does not compile.
    pub(super) fn starfray_only(workspace: &Workspace) -> Result<Self> {
        let args = ["build", "--release", "-p", "starfray", "--bin", "starfray"];
        run(&mut cargo(&workspace.root, args), "building starfray")?;
        Ok(Self {
            starfray: workspace.program("release", "starfray"),
            peers: workspace.target.join("bench-peers").join("release"),
            scripts: workspace.root.join("bench").join("peers"),
            node: None,
            data: workspace.target.join("bench-peers").join("data"),
            root: workspace.root.clone(),
        })
    }

    /// Builds Starfray and the peers, and fetches what those on Node need. Without Node they are left out.
    ///
    /// # Errors
    /// When something of Rust does not compile.
    pub(super) fn all(workspace: &Workspace) -> Result<Self> {
        let mut programs = Self::with_peers(workspace)?;
        programs.node = match programs.find_node() {
            Ok(node) => Some(node),
            Err(error) => {
                say(&format!("      skipped: the peers on Node, because {error:#}"));
                None
            }
        };
        Ok(programs)
    }

    /// Builds Starfray and the peers in Rust.
    ///
    /// # Errors
    /// When something does not compile.
    pub(super) fn with_peers(workspace: &Workspace) -> Result<Self> {
        let programs = Self::starfray_only(workspace)?;
        let mut build = cargo(&workspace.root, ["build", "--release", "--locked"]);
        build.arg("--manifest-path").arg(workspace.root.join("bench").join("peers-rs").join("Cargo.toml"));
        build.arg("--target-dir").arg(workspace.target.join("bench-peers"));
        run(&mut build, "building the peers")?;
        Ok(programs)
    }

    /// An empty data folder for Starfray: a match that an earlier run left behind would go on beside the next one.
    ///
    /// # Errors
    /// When the last one cannot be removed.
    pub(super) fn fresh_data(&self) -> Result<String> {
        let folder = self.data.join("run");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} can't be removed", folder.display()))
            }
            _ => Ok(folder.to_string_lossy().into_owned()),
        }
    }

    /// Whether `contender` can be started here.
    pub(super) fn has(&self, contender: &Contender) -> bool {
        self.node.is_some() || !matches!(contender.kind, Kind::Node(_))
    }

    fn find_node(&self) -> Result<PathBuf> {
        let node = programs::find(&["node"]).context("`node` is not there: install Node 20 or newer")?;
        // npm writes this file when everything is in place.
        let fetched = self.scripts.join("node_modules").join(".package-lock.json");
        if !fetched.is_file() {
            let npm = programs::find(&["npm"]).context("`npm` is not there: install it with Node")?;
            say("      fetching the packages of the peers on Node");
            let mut fetch = Command::new(npm);
            // Keeps to the lock file and leaves it alone. `npm ci` would also ask for packages of other systems, which
            // not every registry has.
            fetch.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
            run(fetch.current_dir(&self.scripts), "npm install")?;
        }
        Ok(node)
    }
}
