//! A real server on a free port of this machine: in this process, or the built program as a child.
//! It ends by itself when it is dropped, and so does its data folder.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use server::config::Config;
use server::config::layer::Layer;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::patience::wait_for;

/// Time within which a server listens.
const START_WITHIN: Duration = Duration::from_secs(20);

/// A server that runs in this process.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), String>>>,
    _data: TempDir,
}

impl Server {
    /// A server with default settings, but for quick stopping and a public match without bots.
    pub fn start() -> Result<Server> {
        Server::with(Layer::default())
    }

    /// A server with the settings that `layer` names.
    pub fn with(layer: Layer) -> Result<Server> {
        let data = TempDir::new()?;
        let quick = Layer {
            listen: Some("127.0.0.1:0".parse().map_err(anyhow::Error::msg)?),
            data_dir: Some(data.path().to_owned()),
            public_match_bots: Some(0),
            drain_timeout_s: Some("1".parse().map_err(anyhow::Error::msg)?),
            ..Layer::default()
        };
        let config = Config::load(layer.over(quick), &BTreeMap::new())?;
        let (ready, address) = sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .map_err(|e| e.to_string())?;
            let announce = move |address| {
                // Nobody waits any more if it took too long.
                let _ = ready.send(address);
            };
            runtime.block_on(server::run(config, announce, stopped)).map_err(|e| e.to_string())
        });
        let address = address.recv_timeout(START_WITHIN).context("the server did not start")?;
        Ok(Server { address, stop: Some(stop), thread: Some(thread), _data: data })
    }

    /// The address of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks it to stop, as a signal would.
    pub fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A server that is gone needs no asking.
            let _ = stop.send(());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take() {
            // What it died of shows in the test's own failure.
            drop(thread.join());
        }
    }
}

/// The program `starfray` as a child process.
#[derive(Debug)]
pub struct Program {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    data: DataFolder,
}

/// A program's data folder.
#[derive(Clone, Debug)]
enum DataFolder {
    /// It goes with the last program that uses it.
    Own(Arc<TempDir>),
    /// It stays.
    Given(PathBuf),
}

impl DataFolder {
    fn path(&self) -> &Path {
        match self {
            DataFolder::Own(folder) => folder.path(),
            DataFolder::Given(folder) => folder,
        }
    }
}

impl Program {
    /// The place of the built program: what `STARFRAY_BIN` says, else beside this test.
    pub fn path() -> Result<PathBuf> {
        if let Some(path) = std::env::var_os("STARFRAY_BIN") {
            return Ok(PathBuf::from(path));
        }
        let test = std::env::current_exe()?;
        let folder = test.ancestors().nth(2).context("the test stands in no target folder")?;
        let path = folder.join(format!("starfray{}", std::env::consts::EXE_SUFFIX));
        ensure!(path.exists(), "{} is missing: run `cargo build -p starfray` first", path.display());
        Ok(path)
    }

    /// A command that runs the program with nothing of this process's settings.
    pub fn command() -> Result<Command> {
        Ok(Program::settle(Command::new(Program::path()?)))
    }

    fn settle(mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STARFRAY_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Starts `starfray serve` with `args` on a free port.
    pub fn serve(args: &[&str]) -> Result<Program> {
        Program::begin("127.0.0.1:0", DataFolder::Own(Arc::new(TempDir::new()?)), args)
    }

    /// The same, and a file that may not grow gives an error as on a full disk, where the system would send a signal.
    pub fn serve_without_file_signal(args: &[&str]) -> Result<Program> {
        let mut shell = Program::settle(Command::new("sh"));
        // The signal stays ignored in the program that takes the shell's place.
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(Program::path()?);
        Program::begin_by(shell, "127.0.0.1:0", DataFolder::Own(Arc::new(TempDir::new()?)), args)
    }

    /// The same with a data folder that outlives it.
    pub fn serve_in(data: &Path, args: &[&str]) -> Result<Program> {
        Program::begin("127.0.0.1:0", DataFolder::Given(data.to_owned()), args)
    }

    /// Starts another process with the port and the data folder of this one, which may still run.
    pub fn successor(&self, args: &[&str]) -> Result<Program> {
        Program::begin(&self.address.to_string(), self.data.clone(), args)
    }

    fn begin(listen: &str, data: DataFolder, args: &[&str]) -> Result<Program> {
        Program::begin_by(Program::command()?, listen, data, args)
    }

    fn begin_by(mut command: Command, listen: &str, data: DataFolder, args: &[&str]) -> Result<Program> {
        let mut child = command
            .args(["serve", "--listen", listen, "--log", "warn", "--data-dir"])
            .arg(data.path())
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .context("the program could not be started")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").and_then(|url| {
            url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?.parse().ok()
        });
        let Some(address) = address else {
            let _ = child.kill();
            bail!("the first line was {line:?}");
        };
        Ok(Program { address, child, data })
    }

    /// The address of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Sends it SIGTERM.
    pub fn terminate(&self) -> Result<()> {
        self.signal("TERM")
    }

    /// Sends it a signal by its name.
    pub fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status()?;
        ensure!(sent.success(), "{name} could not be sent");
        Ok(())
    }

    /// Ends it as a crash does, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits until it has ended.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        wait_for("the program's end", within, || Ok(self.child.try_wait()?))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a run of the program that ends by itself left behind.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the program to its end.
pub fn run_program(args: &[&str], variables: &[(&str, &str)], within: Duration) -> Result<Outcome> {
    let mut command = Program::command()?;
    command.args(args).envs(variables.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let end = Instant::now() + within;
    let code = loop {
        match child.try_wait()? {
            Some(status) => break status.code(),
            None if Instant::now() > end => {
                child.kill()?;
                bail!("{args:?} did not end");
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().context("no standard output")?.read_to_string(&mut stdout)?;
    child.stderr.take().context("no standard error")?.read_to_string(&mut stderr)?;
    Ok(Outcome { code, stdout, stderr })
}
