//! Strict reading of mappings: unknown keys are errors with a suggestion, and every error names its place.

use jiff::Timestamp;

use crate::diag::nearest;
use crate::eval::{Value, parse_instant};

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFieldError {
    /// A value that is not what its place asks for.
    #[error("`{path}` must be {wanted}, not {found}")]
    Form {
        /// Where.
        path: String,
        /// What belongs there.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// A value that is needed and not there.
    #[error("`{path}` is missing: it must be {wanted}")]
    Missing {
        /// Where.
        path: String,
        /// What belongs there.
        wanted: String,
    },
    /// A key that does not exist.
    #[error("`{path}` is not a known key{hint}; keys of your own begin with `x-`")]
    UnknownKey {
        /// Where.
        path: String,
        /// What was probably meant.
        hint: String,
    },
    /// A run that stands twice.
    #[error("`{path}` repeats the run `{run}` of `{strategy}`, which is `{first}`: give each run an id of its own")]
    Repeated {
        /// Where.
        path: String,
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Where it stands first.
        first: String,
    },
}

/// A mapping with its place.
#[derive(Clone, Copy)]
pub(super) struct Fields<'v> {
    value: &'v Value,
    path: &'v str,
}

impl<'v> Fields<'v> {
    /// The mapping at a place, all of whose keys are known.
    pub fn new(value: &'v Value, path: &'v str, known: &[&str]) -> Result<Self, ReadFieldError> {
        let fields = Self { value, path };
        let Value::Map(entries) = value else {
            let here = if path.is_empty() { "the document" } else { path };
            return Err(form(here, "a mapping", value.describe()));
        };
        let unknown = |key: &&String| !key.starts_with("x-") && !known.contains(&key.as_str());
        if let Some(key) = entries.iter().map(|(key, _)| key).find(unknown) {
            let near = nearest(key, known.iter().copied());
            let hint = near.map(|near| format!(": did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| format!(": there are {}", known.join(", ")));
            return Err(ReadFieldError::UnknownKey { path: fields.place(key), hint });
        }
        Ok(fields)
    }

    /// The place of a key.
    pub fn place(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key; none where it is null or absent.
    pub fn value(&self, key: &str) -> Option<&'v Value> {
        self.value.get(key).filter(|value| **value != Value::Null)
    }

    /// What a key must hold, where it holds something else.
    pub fn wrong(&self, key: &str, wanted: &str) -> ReadFieldError {
        match self.value.get(key) {
            Some(Value::Text(text)) => form(&self.place(key), wanted, &format!("`{text}`")),
            Some(Value::Number(number)) => form(&self.place(key), wanted, &number.to_string()),
            Some(value) => form(&self.place(key), wanted, value.describe()),
            None => ReadFieldError::Missing { path: self.place(key), wanted: wanted.to_owned() },
        }
    }

    /// A text; none where it is null or absent.
    pub fn text(&self, key: &str) -> Result<Option<&'v str>, ReadFieldError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    /// A text that is not blank.
    pub fn id(&self, key: &str) -> Result<&'v str, ReadFieldError> {
        let text = self.text(key)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| self.wrong(key, "a text that is not empty"))
    }

    /// A time; none where it is null or absent.
    pub fn time(&self, key: &str) -> Result<Option<Timestamp>, ReadFieldError> {
        let wrong = || self.wrong(key, TIME);
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text(text)) => parse_instant(text).ok_or_else(wrong).map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A time that must be there.
    pub fn needed_time(&self, key: &str) -> Result<Timestamp, ReadFieldError> {
        self.time(key)?.ok_or_else(|| self.wrong(key, TIME))
    }

    /// A truth value; false where it is null or absent.
    pub fn flag(&self, key: &str) -> Result<bool, ReadFieldError> {
        match self.value(key) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    /// A word of a closed vocabulary; none where it is null or absent.
    pub fn word<T>(
        &self,
        key: &str,
        words: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ReadFieldError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text(text)) => read(text).ok_or_else(|| self.wrong(key, &self.near(text, words))).map(Some),
            Some(_) => Err(self.wrong(key, words)),
        }
    }

    fn near(&self, text: &str, words: &str) -> String {
        let each = words.split([',', ' ']).filter(|word| !word.is_empty() && *word != "or");
        match nearest(text, each) {
            Some(near) => format!("{words} (did you mean `{near}`?)"),
            None => words.to_owned(),
        }
    }

    /// A list of texts that are not blank; none where it is null or absent.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<String>>, ReadFieldError> {
        let items = match self.value(key) {
            None => return Ok(None),
            Some(Value::List(items)) => items,
            Some(_) => return Err(self.wrong(key, "a list of texts")),
        };
        let text = |(index, item): (usize, &Value)| match item {
            Value::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
            other => Err(form(&format!("{}[{index}]", self.place(key)), "a text that is not empty", other.describe())),
        };
        items.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
    }
}

const TIME: &str = "a time such as `2026-01-31T21:00:00Z`";

/// The error for a value of the wrong form.
pub(super) fn form(path: &str, wanted: &str, found: &str) -> ReadFieldError {
    ReadFieldError::Form { path: path.to_owned(), wanted: wanted.to_owned(), found: found.to_owned() }
}
