//! Where each setting's value comes from: a flag, a variable, a line of the file, or nowhere, which is its default.
//! It knows places and keys, no values. `config` fills it while it lays layers over each other, to complain and to print.

use std::collections::BTreeMap;

use clap::{Args, Command};
use toml::de::DeTable;

use super::{ConfigError, layer::Layer};

/// The place of each setting that somebody gave, by its key; the first one that is noted holds.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<String, Place>);

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Flag,
    Variable(String),
    Line(String),
}

/// The keys of all settings, in the order in which help and files list them.
pub fn keys() -> Vec<String> {
    let command = Layer::augment_args(Command::new("settings"));
    // The file's name is no setting of the file.
    command.get_arguments().map(|arg| arg.get_id().to_string()).filter(|id| id != "config").collect()
}

impl Origins {
    /// Notes the settings of the command line.
    pub(super) fn note_flags(&mut self, flags: &Layer) {
        self.note(flags, |_| Place::Flag);
    }

    /// Notes the setting of the variable `name`.
    pub(super) fn note_variable(&mut self, name: &str, layer: &Layer) {
        self.note(layer, |_| Place::Variable(name.to_owned()));
    }

    /// Notes the settings of the file at `path` with their lines.
    pub(super) fn note_file(&mut self, path: &str, text: &str, layer: &Layer) {
        let lines = lines(text);
        self.note(layer, |key| {
            let number = lines.get(key).or_else(|| lines.get(key.strip_suffix("_s")?));
            Place::Line(number.map_or_else(|| path.to_owned(), |number| format!("{path}:{number}")))
        });
    }

    fn note(&mut self, layer: &Layer, place: impl Fn(&str) -> Place) {
        // A layer is always a table; what it does not say is left out of it.
        for (key, _) in toml::Table::try_from(layer).unwrap_or_default() {
            self.0.entry(key).or_insert_with_key(|key| place(key));
        }
    }

    /// Where the value of `key` comes from, in words.
    pub fn of(&self, key: &str) -> &str {
        match self.0.get(key) {
            None => "default",
            Some(Place::Flag) => "flag",
            Some(Place::Variable(place) | Place::Line(place)) => place,
        }
    }

    /// A complaint about a key, with the place where its value stands.
    pub(super) fn locate(&self, error: ConfigError) -> ConfigError {
        let ConfigError { place: key, message } = error;
        match self.0.get(&key) {
            None | Some(Place::Flag) => ConfigError { place: key, message },
            Some(Place::Variable(place)) => ConfigError { place: place.clone(), message },
            Some(Place::Line(place)) => {
                ConfigError { place: place.clone(), message: format!("{key}: {message}") }
            }
        }
    }
}

/// The line of each key of a file, from 1.
fn lines(text: &str) -> BTreeMap<String, usize> {
    // Whoever asks has read the file before, so there is nothing wrong with it.
    let Ok(table) = DeTable::parse(text) else { return BTreeMap::new() };
    let line = |start: usize| text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    table.get_ref().keys().map(|key| (key.get_ref().to_string(), line(key.span().start))).collect()
}
