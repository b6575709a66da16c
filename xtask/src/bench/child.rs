//! Programs that a benchmark starts: pinned to a core where that can be done, read line by line, ended by their id
//! when the benchmark ends, however it ends. It does not know what they are. Called by `measurement`.

use std::{
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::programs;

/// Lines that wait to be asked for. What comes when there are more is dropped: a program must never wait for us.
const LINES_MAX: usize = 256;
/// How long a program may go on after its work is done.
const END_WITHIN: Duration = Duration::from_secs(20);

/// A program that runs.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    child: Child,
    output: Receiver<String>,
    complaints: Receiver<String>,
    last_complaint: String,
}

impl Running {
    /// Starts `program` in `folder`; on `core` alone if `taskset` is there.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(program: &Path, args: &[String], folder: &Path, core: usize) -> Result<Self> {
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // taskset becomes the program, so the child's id is the program's own.
        let mut command = match programs::find(&["taskset"]) {
            Some(taskset) => {
                let mut command = Command::new(taskset);
                command.args(["-c", &core.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(args).current_dir(folder).env("NODE_ENV", "production");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let output = lines(child.stdout.take().context("no output")?);
        let complaints = lines(child.stderr.take().context("no error output")?);
        Ok(Self { name, child, output, complaints, last_complaint: String::new() })
    }

    /// The process's id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of output and returns what follows `beginning` in it.
    ///
    /// # Errors
    /// When the program ends first, or takes longer than `within`.
    pub(super) fn wait_for_output(&mut self, beginning: &str, within: Duration) -> Result<String> {
        let deadline = Instant::now() + within;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some((_, rest)) = line.split_once(beginning) {
                        return Ok(rest.to_owned());
                    }
                }
                Err(end) => return Err(self.why(end, beginning)),
            }
        }
    }

    /// Waits for a line of error output that has `word` in it.
    ///
    /// # Errors
    /// When the program ends first, or takes longer than `within`.
    pub(super) fn wait_for_complaint(&mut self, word: &str, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            match self.complaints.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(word) => return Ok(()),
                Ok(line) => self.last_complaint = line,
                Err(end) => return Err(self.why(end, word)),
            }
        }
    }

    fn why(&mut self, end: RecvTimeoutError, wanted: &str) -> anyhow::Error {
        let last = self.complaints.try_iter().last().unwrap_or_else(|| self.last_complaint.clone());
        let how = match end {
            RecvTimeoutError::Timeout => "took too long",
            RecvTimeoutError::Disconnected => "ended",
        };
        anyhow::anyhow!("{} {how} before it said `{wanted}`; its last words: {last}", self.name)
    }

    /// Waits for the program to end by itself and returns its last line of output.
    ///
    /// # Errors
    /// When it ends badly, says nothing, or does not end.
    pub(super) fn finish(&mut self) -> Result<String> {
        let deadline = Instant::now() + END_WITHIN;
        loop {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    let last = self.complaints.iter().last().unwrap_or_default();
                    bail!("{} failed ({status}): {last}", self.name);
                }
                // Its pipes are closed, so this ends.
                return self.output.iter().last().with_context(|| format!("{} said nothing", self.name));
            }
            if Instant::now() > deadline {
                bail!("{} did not end in time", self.name);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream, read on a thread of its own so that the writer never waits.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = sync_channel(LINES_MAX);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.try_send(line);
        }
    });
    receiver
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Running {
        let args = ["-c".to_owned(), script.to_owned()];
        Running::start(Path::new("/bin/sh"), &args, Path::new("/"), 0).expect("a shell")
    }

    #[test]
    fn lines_are_waited_for_and_the_last_is_the_answer() {
        let mut child = shell("echo listening on http://1.2.3.4:5; echo measuring >&2; echo last");
        let address = child.wait_for_output("listening on http://", Duration::from_secs(5));
        assert_eq!(address.expect("a line"), "1.2.3.4:5");
        child.wait_for_complaint("measuring", Duration::from_secs(5)).expect("a complaint");
        assert_eq!(child.finish().expect("a good end"), "last");
    }

    #[test]
    fn a_bad_end_is_told_with_its_last_words() {
        let mut child = shell("echo no room >&2; exit 3");
        let error = child.finish().expect_err("it failed").to_string();
        assert!(error.contains("no room"), "{error}");
    }

    #[test]
    fn dropping_ends_the_program() {
        let child = shell("exec sleep 60");
        let folder = format!("/proc/{}", child.id());
        drop(child);
        assert!(!Path::new(&folder).exists());
    }
}
