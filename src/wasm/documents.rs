//! What a host says in JSON: read strictly, refused with what to do.

use serde_json::{Map, Value as Json};

use crate::diag::nearest;
use crate::eval::{Detail, Options, Snapshot, parse_instant, read_json, read_previous};

/// Why a call is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Refusal {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// From an error that says enough.
    pub fn of(code: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |error| Self::new(code, error.to_string())
    }
}

/// An object; an empty text is an empty one.
pub(super) fn object(text: &str) -> Result<Map<String, Json>, Refusal> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::new("json", "an object is needed, such as {}")),
        Err(error) => Err(Refusal::new("json", format!("the document cannot be read: {error}"))),
    }
}

/// Refuses keys that a document does not have.
pub(super) fn known_keys(document: &Map<String, Json>, keys: &[&str], name: &str) -> Result<(), Refusal> {
    let Some(unknown) = document.keys().find(|key| !keys.contains(&key.as_str())) else { return Ok(()) };
    let hint = match nearest(unknown, keys.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it takes {}", keys.join(", ")),
    };
    Err(Refusal::new("unknown_key", format!("`{unknown}` is not a key of {name}: {hint}")))
}

/// A text under a key; null is none.
pub(super) fn text<'d>(document: &'d Map<String, Json>, key: &str) -> Result<Option<&'d str>, Refusal> {
    match document.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::new("json", format!("`{key}` must be a text"))),
    }
}

/// A text under a key that must be there.
pub(super) fn needed<'d>(document: &'d Map<String, Json>, key: &str) -> Result<&'d str, Refusal> {
    text(document, key)?.ok_or_else(|| Refusal::new("json", format!("`{key}` is needed")))
}

/// A list of texts under a key; none where there is nothing.
pub(super) fn texts(document: &Map<String, Json>, key: &str) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::new("json", format!("`{key}` must be a list of texts"));
    match document.get(key) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// A time under a key.
pub(super) fn time(document: &Map<String, Json>, key: &str) -> Result<Option<jiff::Timestamp>, Refusal> {
    let wrong =
        |text| Refusal::new("json", format!("`{key}` must be a time such as 2026-01-31T21:00:00Z, not `{text}`"));
    text(document, key)?.map(|text| parse_instant(text).ok_or_else(|| wrong(text))).transpose()
}

/// A whole number above 0.
pub(super) fn whole(key: &str, value: &Json) -> Result<usize, Refusal> {
    let number = value.as_u64().filter(|number| *number > 0).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| Refusal::new("json", format!("`{key}` must be a whole number above 0, not {value}")))
}

/// What a host asks for beside a snapshot.
#[derive(Debug)]
pub(super) struct Asked {
    pub options: Options,
    pub strategy: Option<String>,
    stage: Option<String>,
    as_of: Option<jiff::Timestamp>,
    previous: Option<crate::eval::Previous>,
}

const OPTIONS: [&str; 8] = ["world", "stage", "profile", "as_of", "detail", "shown", "previous", "strategy"];

impl Asked {
    pub fn read(text_of_options: &str) -> Result<Self, Refusal> {
        let document = object(text_of_options)?;
        known_keys(&document, &OPTIONS, "options")?;
        let owned = |key: &str| Ok::<_, Refusal>(text(&document, key)?.map(str::to_owned));
        let detail = match text(&document, "detail")? {
            None | Some("all") => Detail::All,
            Some("changed") => Detail::Changed,
            Some("selected") => Detail::Selected,
            Some("none") => Detail::None,
            Some(other) => {
                let message = format!("`detail` can be none, selected, changed or all, not `{other}`");
                return Err(Refusal::new("json", message));
            }
        };
        let previous = document.get("previous").filter(|previous| !previous.is_null()).map(|previous| {
            let tree = read_json(&previous.to_string()).map_err(|error| error.message);
            tree.and_then(|tree| read_previous(&tree)).map_err(|problem| Refusal::new("previous", problem))
        });
        let shown = texts(&document, "shown")?;
        Ok(Self {
            options: Options {
                world: owned("world")?,
                profile: owned("profile")?,
                detail,
                shown,
                threads: 1,
                ..Options::default()
            },
            strategy: owned("strategy")?,
            stage: owned("stage")?,
            as_of: time(&document, "as_of")?,
            previous: previous.transpose()?,
        })
    }

    /// A snapshot with what is asked in the place of its own.
    pub fn snapshot(&self, text: &str) -> Result<Snapshot, Refusal> {
        let mut snapshot = Snapshot::from_json(text).map_err(|error| Refusal::of("snapshot")(&error))?;
        snapshot.stage = self.stage.clone().or(snapshot.stage);
        snapshot.as_of = self.as_of.or(snapshot.as_of);
        snapshot.previous = self.previous.clone().or(snapshot.previous);
        Ok(snapshot)
    }
}
