//! `cargo xtask dist`: the release build that needs nothing of the system it runs on, and the archive that brings it
//! there with an example config, a unit for systemd, documents and licences.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    archive::{self, Packed},
    cargo::{cargo, run},
    client, licences, programs,
    progress::{Progress, say},
    target,
    workspace::Workspace,
};

/// What goes into the archive as it is: its name there, and where it lies.
const FILES: [(&str, &str); 7] = [
    ("starfray.toml", "deploy/starfray.toml"),
    ("starfray.service", "deploy/starfray.service"),
    ("docs/hosting.md", "docs/hosting.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("licences/saira.OFL.txt", "client-web/page/starfray-saira.OFL.txt"),
];

/// What a delivery is built for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Platform {
    /// The compiler's name for it.
    target: String,
    /// What the compiler is told beside that.
    flags: &'static str,
}

/// Builds the program and writes `target/dist/starfray-VERSION-TARGET.tar.gz`, with its checksum beside it; returns its
/// path.
///
/// # Errors
/// When something does not compile or cannot be written, or this is no Linux.
pub(crate) fn dist(workspace: &Workspace) -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!("`dist` builds for Linux, on Linux; `cargo xtask build` makes a program for this system");
    }
    let mut progress = Progress::new(4);
    let platform = progress.step("targets and the C compiler", || {
        target::ensure()?;
        Ok(platform())
    })?;
    progress.step("browser client", || client::build(workspace))?;
    let program =
        progress.step(&format!("server for {}", platform.target), || build(workspace, &platform))?;
    let path = progress.step("archive", || pack(workspace, &program, &platform.target))?;
    say(&format!("{} ready after {}", path.display(), progress.elapsed()));
    Ok(path)
}

/// musl, which links everything into the program; else glibc as far as that goes.
fn platform() -> Platform {
    let arch = std::env::consts::ARCH;
    let musl = format!("{arch}-unknown-linux-musl");
    match programs::ensure_musl().and_then(|()| target::ensure_for(&musl)) {
        Ok(()) => Platform { target: musl, flags: "" },
        Err(error) => {
            say(&format!("      no musl: {error:#}"));
            say(
                "      linking glibc statically instead: the program runs on every Linux, but looks up names of",
            );
            say("      hosts (for --nats) only where the same version of glibc is installed");
            Platform {
                target: format!("{arch}-unknown-linux-gnu"),
                flags: "-C target-feature=+crt-static -C relocation-model=static",
            }
        }
    }
}

fn build(workspace: &Workspace, platform: &Platform) -> Result<PathBuf> {
    let mut command = cargo(&workspace.root, ["rustc", "--release", "--locked", "-p", "starfray"]);
    command.args(["--bin", "starfray", "--target", &platform.target]);
    // Names of functions stay for backtraces; their lines are three quarters of the file.
    command.args(["--", "-C", "strip=debuginfo"]);
    if !platform.flags.is_empty() {
        command.env("RUSTFLAGS", platform.flags);
    }
    run(&mut command, "building the server")?;
    Ok(workspace.target.join(&platform.target).join("release/starfray"))
}

/// Packs `program`, which was built for `target`.
fn pack(workspace: &Workspace, program: &Path, target: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("dist");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = format!("starfray-{}-{target}", version(program)?);
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut files = vec![Packed { name: "starfray".to_owned(), content: read(program)?, runs: true }];
    for (name, place) in FILES {
        files.push(Packed::text(name, read(&workspace.root.join(place))?));
    }
    files.push(Packed::text("licences/third-party.txt", licences::text(&workspace.root, target)?));
    let path = folder.join(format!("{name}.tar.gz"));
    archive::write(&path, &name, files, time_s())?;
    let sum = format!("{}  {name}.tar.gz\n", archive::hex(&read(&path)?)?);
    fs::write(folder.join(format!("{name}.tar.gz.sha256")), sum)?;
    Ok(path)
}

/// What the program says that it is; that it says something shows that it runs.
fn version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.with_context(|| format!("{} does not start", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.trim().strip_prefix("starfray ").filter(|_| output.status.success());
    version.map(str::to_owned).with_context(|| format!("{} --version says {text:?}", program.display()))
}

/// The time of the archive's files: what a packager sets, so that the same sources give the same bytes, or now.
fn time_s() -> u64 {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    set.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::TcpStream,
        process::Stdio,
    };

    use super::*;

    fn output(command: &mut Command) -> String {
        let output = command.output().expect("a program that starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// Unpacks an archive as somebody would, and runs what is in it with its own example config.
    fn try_out(path: &Path) {
        let place = std::env::temp_dir().join(format!("xtask-delivery-{}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).expect("a folder");
        output(Command::new("tar").arg("-xzf").arg(path).current_dir(&place));
        let folder = fs::read_dir(&place).expect("the folder").next().expect("one entry").expect("it").path();
        let named = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(folder.file_name().map(|name| format!("{}.tar.gz", name.to_string_lossy())), Some(named));
        let checked = output(
            Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder),
        );
        assert_eq!(
            checked.lines().filter(|line| line.ends_with(": OK")).count(),
            FILES.len() + 2,
            "{checked}"
        );
        let licences = fs::read_to_string(folder.join("licences/third-party.txt")).expect("licences");
        assert!(licences.contains("\ntokio ") && licences.contains("Permission is hereby granted"));
        let ours = || {
            let mut command = Command::new(folder.join("starfray"));
            command.current_dir(&folder).env_clear();
            command
        };
        let config = output(ours().args(["config", "--config", "starfray.toml"]));
        assert!(config.contains("# starfray.toml:"), "{config}");
        serve(&mut ours());
        fs::remove_dir_all(place).expect("the folder to go");
    }

    /// Starts the server of a command, asks whether it is there, and stops it as a service manager does.
    fn serve(command: &mut Command) {
        command.args(["serve", "--config", "starfray.toml", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a server");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its first line");
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        let mut answer = String::new();
        let mut socket = TcpStream::connect(address).expect("a connection");
        socket.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("a request");
        socket.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        output(Command::new("kill").args(["-TERM", &child.id().to_string()]));
        assert_eq!(child.wait().expect("its end").code(), Some(0));
    }

    #[test]
    fn what_is_packed_runs_where_it_is_unpacked() {
        let workspace = Workspace::open().expect("the workspace");
        let built = std::env::var_os("STARFRAY_BIN").map(PathBuf::from);
        let program = built.unwrap_or_else(|| workspace.program("debug", "starfray"));
        assert!(program.exists(), "{} is missing: `cargo build -p starfray` makes it", program.display());
        let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let path = pack(&workspace, &program, &host).expect("an archive");
        try_out(&path);
    }

    /// The long twin: the real build.
    #[test]
    fn the_real_delivery_needs_nothing_and_runs() {
        if std::env::var_os("STARFRAY_TESTS").is_none_or(|wanted| wanted != "all") {
            return;
        }
        let workspace = Workspace::open().expect("the workspace");
        let path = dist(&workspace).expect("a delivery");
        let target = platform().target;
        let program = workspace.target.join(&target).join("release/starfray");
        let head = fs::read(program).expect("the program");
        let interpreter = b"/lib64/ld-linux";
        assert!(
            !head.windows(interpreter.len()).any(|bytes| bytes == interpreter),
            "it is linked statically"
        );
        try_out(&path);
    }
}
