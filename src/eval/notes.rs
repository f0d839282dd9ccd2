//! Notes of a decision, one per code with a count and a few examples.

use serde::Serialize;

/// Most examples kept for one code.
pub(super) const EXAMPLES: usize = 5;

/// What is worth knowing about a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The code.
    pub code: String,
    /// What it means.
    pub message: String,
    /// How often it happened.
    pub count: usize,
    /// Where, a few times.
    pub examples: Vec<String>,
}

/// Collects notes by code, in the order of their first appearance.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    list: Vec<Note>,
}

impl Notes {
    /// Adds one case.
    pub fn add(&mut self, code: &str, message: &str, example: impl Into<String>) {
        match self.list.iter_mut().find(|note| note.code == code) {
            Some(note) => {
                note.count += 1;
                if note.examples.len() < EXAMPLES {
                    note.examples.push(example.into());
                }
            }
            None => self.list.push(Note {
                code: code.to_owned(),
                message: message.to_owned(),
                count: 1,
                examples: vec![example.into()],
            }),
        }
    }

    /// Adds so many cases at once, with a few examples.
    pub fn add_many(&mut self, code: &str, message: &str, count: usize, examples: Vec<String>) {
        if count > 0 {
            let (code, message) = (code.to_owned(), message.to_owned());
            self.append(Self { list: vec![Note { code, message, count, examples }] });
        }
    }

    /// Adds all notes of another collection.
    pub fn append(&mut self, other: Self) {
        for note in other.list {
            match self.list.iter_mut().find(|known| known.code == note.code) {
                Some(known) => {
                    known.count += note.count;
                    let room = EXAMPLES.saturating_sub(known.examples.len());
                    known.examples.extend(note.examples.into_iter().take(room));
                }
                None => self.list.push(note),
            }
        }
    }

    /// The notes.
    #[must_use]
    pub fn into_vec(self) -> Vec<Note> {
        self.list
    }
}
