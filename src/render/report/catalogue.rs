//! Every text of a report, in one file for each language.

use std::collections::BTreeMap;

use super::Language;

/// The texts of a language by key. Braces in a text are filled in.
pub(super) struct Catalogue {
    texts: BTreeMap<String, String>,
}

impl Catalogue {
    /// The texts of a language. The files are part of the program; a test reads both.
    pub fn of(language: Language) -> Self {
        let file = match language {
            Language::English => include_str!("en.yaml"),
            Language::Korean => include_str!("ko.yaml"),
        };
        Self { texts: serde_yaml::from_str(file).unwrap_or_default() }
    }

    #[cfg(test)]
    pub fn from_texts(texts: BTreeMap<String, String>) -> Self {
        Self { texts }
    }

    #[cfg(test)]
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The text of a key, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// A text with its braces filled in, once: braces in a value stay what they are.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut rest = self.find(key).unwrap_or(key);
        let mut filled = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            // What nobody fills in stays to be seen.
            filled.push_str(&value.map_or_else(|| format!("{{{name}}}"), |value| (*value).to_owned()));
            rest = behind;
        }
        filled + rest
    }
}
