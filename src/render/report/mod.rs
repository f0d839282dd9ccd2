//! The report of a world for people, in a language: Markdown for terminals and mails, one HTML file for all else.
//!
//! Both are dresses of the same page, and every text is in a catalogue, one file for each language.

mod catalogue;
mod drawing;
mod history;
mod html;
mod markdown;
mod page;
mod sentence;
mod strategy;
#[cfg(test)]
mod tests;
mod timeline;
mod words;
mod world;

use crate::report::WorldReport;
use catalogue::Catalogue;
use words::Words;

/// The languages of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Korean.
    Korean,
}

impl Language {
    /// The code of the language.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }
}

/// Writes the verdict about each strategy into a report, in a language.
pub fn word(report: &mut WorldReport, language: Language) {
    word_with(report, &Words::new(Catalogue::of(language)), language);
}

fn word_with(report: &mut WorldReport, words: &Words, language: Language) {
    let sentences: Vec<_> = report.strategies.iter().map(|one| sentence::sentence(words, report, one)).collect();
    for (one, sentence) in report.strategies.iter_mut().zip(sentences) {
        one.verdict.sentence = Some(sentence);
    }
    report.language = Some(language.as_str());
}

/// The report as Markdown that a terminal of 80 columns shows well. It ends with a line break.
#[must_use]
pub fn markdown(report: &WorldReport, language: Language) -> String {
    markdown::write(&world::page(report, &Words::new(Catalogue::of(language)), language))
}

/// The report as one HTML file that needs nothing else: no network, no script, no fonts of its own.
#[must_use]
pub fn html(report: &WorldReport, language: Language) -> String {
    html::write(&world::page(report, &Words::new(Catalogue::of(language)), language))
}
