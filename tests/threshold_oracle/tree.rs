//! Documents as trees, and how they are written as YAML and as JSON.

/// A document or a part of one; mappings keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// A mapping of those entries that are there.
    pub fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Option<Tree>)>) -> Self {
        Self::Map(entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
    }

    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As JSON in one line; `NaN` and `Infinity` as programs write them.
    pub fn json(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) if number.is_infinite() => "Infinity".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::List(items) => format!("[{}]", items.iter().map(Self::json).collect::<Vec<_>>().join(", ")),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| format!("{key:?}: {}", value.json()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// As YAML in blocks.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        self.write_block(0, &mut out);
        out
    }

    fn write_block(&self, indent: usize, out: &mut String) {
        let Self::Map(entries) = self else { panic!("a block is a mapping") };
        for (key, value) in entries {
            let plain = key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let key = if plain { key.clone() } else { format!("{key:?}") };
            out.push_str(&format!("{}{key}:", "  ".repeat(indent)));
            match value {
                Self::Map(inner) if !inner.is_empty() => {
                    out.push('\n');
                    value.write_block(indent + 1, out);
                }
                other => out.push_str(&format!(" {}\n", other.json())),
            }
        }
    }
}
