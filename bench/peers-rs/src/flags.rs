//! The flags of the bench's programs: `--name value` pairs, each with a default or required.
//! A name that a program does not know is an error, so that a mistyped flag measures nothing wrong.

use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow, bail};

/// The flags that were given.
#[derive(Debug)]
pub struct Flags(Vec<(String, String)>);

impl Flags {
    /// Reads the program's flags, of which only those in `known` may be there.
    pub fn read(known: &[&str]) -> Result<Flags> {
        let mut flags = Vec::new();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").filter(|name| known.contains(name));
            let Some(name) = name else { bail!("unknown flag `{word}`; there are --{}", known.join(", --")) };
            let value = words.next().ok_or_else(|| anyhow!("--{name} needs a value"))?;
            flags.push((name.to_owned(), value));
        }
        Ok(Flags(flags))
    }

    /// The value of `name`, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The number of `name`, or `default`.
    pub fn number<T: FromStr>(&self, name: &str, default: T) -> Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().with_context(|| format!("--{name} cannot be `{text}`"))
    }
}
