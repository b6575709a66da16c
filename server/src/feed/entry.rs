//! One event of a feed that can be read, with the bytes that it takes in each form.
//! A form's bytes are made when the first reader of that form asks, by the reader's thread, and shared by all others.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::feed::cursor::Cursor;
use crate::feed::form::{Form, Told, record};

/// What framing adds to an event's JSON at most.
const FRAMING_BYTES: usize = 96;

/// An event, ready to be read.
#[derive(Debug)]
pub struct Entry {
    /// Its number; 0 if it has none.
    pub seq: u64,
    /// Whether a reader can begin here.
    pub keyframe: bool,
    name: &'static str,
    cursor: Option<Cursor>,
    json: Box<str>,
    frames: [OnceLock<Bytes>; Form::ALL.len()],
}

impl Entry {
    /// An event called `name` that says `json`.
    pub fn new(name: &'static str, cursor: Option<Cursor>, json: &str) -> Entry {
        Entry {
            seq: cursor.map_or(0, |c| c.seq),
            keyframe: name == "keyframe",
            name,
            cursor,
            json: json.into(),
            frames: Default::default(),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it stands.
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    fn told(&self) -> Told<'_> {
        Told { name: self.name, cursor: self.cursor, json: &self.json }
    }

    /// Its bytes in a form, with the framing of an HTTP chunk or of a WebSocket frame.
    pub fn frame(&self, form: Form) -> Bytes {
        let make = || form.frame(self.told());
        self.frames.get(form as usize).map_or_else(make, |frame| frame.get_or_init(make).clone())
    }

    /// The event as one JSON object.
    pub fn record(&self) -> String {
        record(self.told())
    }

    /// Bytes that it takes at most when every form was asked for.
    pub fn bytes_max(&self) -> usize {
        (1 + Form::ALL.len()) * (self.json.len() + FRAMING_BYTES)
    }
}
