//! What a mapping may hold and what a value may be.

use std::borrow::Cow;

/// What a value may be.
#[derive(Debug, Clone)]
pub enum Take {
    /// Any text.
    Text,
    /// A name of letters, digits and `_ . -`.
    Name,
    /// An integer or a text.
    Version,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number, also with `%` or `bp`.
    Number,
    /// A number or a duration or a text or a truth value.
    Scalar,
    /// `5m`, `3h`, `180d`, `2w`.
    Duration,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// An expression.
    Expression,
    /// A tree of gates.
    Gates,
    /// A list; a single item stands for a list of one.
    List(Box<Take>),
    /// A list of two numbers, either of which may be null.
    Range,
    /// A mapping with fixed keys.
    Map(Box<Shape>),
    /// A mapping whose keys the author invents.
    MapOf(Box<Take>),
    /// A text, or a mapping with fixed keys.
    TextOr(Box<Shape>),
    /// A number, or a mapping with fixed keys.
    NumberOr(Box<Shape>),
    /// Anything: typed elsewhere, or not read.
    Anything,
}

/// A key and what it takes.
#[derive(Debug, Clone)]
pub struct Field {
    /// The key.
    pub name: Cow<'static, str>,
    /// What it takes.
    pub take: Take,
    /// What it means, in one line.
    pub summary: Cow<'static, str>,
    /// Whether the mapping is wrong without it.
    pub required: bool,
}

/// What a mapping may hold.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Its keys.
    pub fields: Vec<Field>,
    /// What other keys take, where others are allowed and read elsewhere.
    pub others: Option<Take>,
}

impl Shape {
    /// A mapping with no keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more key.
    #[must_use]
    pub fn key(
        mut self,
        name: impl Into<Cow<'static, str>>,
        take: Take,
        summary: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.fields.push(Field { name: name.into(), take, summary: summary.into(), required: false });
        self
    }

    /// With one more key that must be there.
    #[must_use]
    pub fn required(mut self, name: &'static str, take: Take, summary: &'static str) -> Self {
        self.fields.push(Field { name: name.into(), take, summary: summary.into(), required: true });
        self
    }

    /// With other keys that take this.
    #[must_use]
    pub fn others(mut self, take: Take) -> Self {
        self.others = Some(take);
        self
    }

    /// As what a value takes.
    #[must_use]
    pub fn map(self) -> Take {
        Take::Map(Box::new(self))
    }

    /// The key with a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Take {
    /// How messages call it.
    #[must_use]
    pub fn describe(&self) -> Cow<'static, str> {
        match self {
            Self::Text => "a text".into(),
            Self::Name => "a name of letters, digits, `_`, `.` and `-`".into(),
            Self::Version => "a whole number or a text".into(),
            Self::Boolean => "true or false".into(),
            Self::Integer => "a whole number".into(),
            Self::Number => "a number".into(),
            Self::Scalar => "a single value".into(),
            Self::Duration => "a duration such as `5m`, `3h` or `180d`".into(),
            Self::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ").into(),
            Self::Expression => "an expression".into(),
            Self::Gates => "a list of expressions or a tree of `and`, `or`, `not`".into(),
            Self::List(_) => "a list".into(),
            Self::Range => "a list of two numbers".into(),
            Self::Map(_) | Self::MapOf(_) => "a mapping".into(),
            Self::TextOr(_) => "a text or a mapping".into(),
            Self::NumberOr(_) => "a number or a mapping".into(),
            Self::Anything => "anything".into(),
        }
    }
}
