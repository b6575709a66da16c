//! `starfray load` as a child: it is started, says how far it is, and leaves its line of figures behind.
//! Tests that need hundreds of clients use it; what the figures must be is theirs to say.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::server::Program;

/// A crowd of clients in a process of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Load {
    child: Child,
    progress: BufReader<ChildStderr>,
}

impl Load {
    /// Clients of the match `id` of the server at `url`; `args` says how many, and what they do.
    pub fn start(url: &str, id: &str, args: &[&str]) -> Result<Load> {
        let mut command = Program::command()?;
        command.args(["load", "--url", url, "--match", id, "--json"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let progress = BufReader::new(child.stderr.take().context("no standard error")?);
        Ok(Load { child, progress })
    }

    /// Waits until it says that it does something with `word` in it.
    pub fn wait_for(&mut self, word: &str) -> Result<()> {
        let (mut line, mut last) = (String::new(), String::new());
        while !line.contains(word) {
            std::mem::swap(&mut line, &mut last);
            line.clear();
            ensure!(self.progress.read_line(&mut line)? > 0, "it ended before {word:?}, and said {last:?}");
        }
        Ok(())
    }

    /// Waits for its end; its figures.
    pub fn figures(mut self) -> Result<Value> {
        let (mut text, mut rest) = (String::new(), String::new());
        self.child.stdout.take().context("no standard output")?.read_to_string(&mut text)?;
        self.progress.read_to_string(&mut rest)?;
        ensure!(self.child.wait()?.success(), "it failed: {rest}");
        serde_json::from_str(text.trim_end()).with_context(|| format!("its last line was {text:?}"))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
