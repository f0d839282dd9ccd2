//! What happened to one strategy: decisions that say the same become one entry.

use jiff::Timestamp;
use serde::Serialize;

use crate::eval::Status;
use crate::lifecycle::{Happening, History, PastDecision, PastRejection, PastStanding};

/// Something that happened to a strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum HistoryEntry {
    /// Decisions in a row that say the same about it.
    Decisions(DecisionSpan),
    /// Something else.
    Happening(Happening),
}

/// Decisions in a row that say the same about a strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionSpan {
    /// When the first was recorded.
    pub at: Timestamp,
    /// When the last was.
    pub until: Timestamp,
    /// The instant that the first judged.
    pub as_of: Option<String>,
    /// The instant that the last judged.
    pub until_as_of: Option<String>,
    /// How many they are.
    pub count: usize,
    /// The stage judged.
    pub stage: Option<String>,
    /// The gravest of its results.
    pub status: Status,
    /// Whether it was active.
    pub selected: bool,
    /// What the first changed: `promote`, `demote` or `hold`.
    pub action: String,
    /// How it might run.
    pub effective_mode: String,
    /// What kept it out first.
    pub rejected_by: Option<PastRejection>,
}

impl HistoryEntry {
    /// The decisions, if it is about some.
    #[must_use]
    pub fn decisions(&self) -> Option<&DecisionSpan> {
        match self {
            Self::Decisions(span) => Some(span),
            Self::Happening(_) => None,
        }
    }

    /// What happened, if it is about something else.
    #[must_use]
    pub fn happening(&self) -> Option<&Happening> {
        match self {
            Self::Decisions(_) => None,
            Self::Happening(happening) => Some(happening),
        }
    }

    /// When it began.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Decisions(span) => span.at,
            Self::Happening(happening) => happening.at,
        }
    }
}

/// The history of a strategy, oldest first; what happens to the world happens to it, too, once it is known.
pub(super) fn of_strategy(history: &History, strategy: &str) -> Vec<HistoryEntry> {
    let mut entries = spans(history.decisions(), strategy);
    let own = history.happenings().iter().filter(|happening| happening.concerns(strategy));
    entries.extend(own.cloned().map(HistoryEntry::Happening));
    entries.sort_by_key(HistoryEntry::at);
    let named = |entry: &HistoryEntry| match entry {
        HistoryEntry::Decisions(_) => true,
        HistoryEntry::Happening(happening) => happening.strategy.is_some(),
    };
    let first = entries.iter().position(named).unwrap_or(entries.len());
    entries.split_off(first)
}

fn spans(decisions: &[PastDecision], strategy: &str) -> Vec<HistoryEntry> {
    let mut spans: Vec<DecisionSpan> = Vec::new();
    // A decision without the strategy ends what was said before.
    let mut absent = true;
    for decision in decisions {
        let Some(own) = decision.strategies.get(strategy) else {
            absent = true;
            continue;
        };
        match spans.last_mut() {
            Some(last) if !absent && last.says(decision, own) => {
                last.count += 1;
                last.until = decision.at;
                last.until_as_of.clone_from(&decision.as_of);
            }
            _ => spans.push(DecisionSpan::new(decision, own)),
        }
        absent = false;
    }
    spans.into_iter().map(HistoryEntry::Decisions).collect()
}

impl DecisionSpan {
    fn new(decision: &PastDecision, own: &PastStanding) -> Self {
        Self {
            at: decision.at,
            until: decision.at,
            as_of: decision.as_of.clone(),
            until_as_of: decision.as_of.clone(),
            count: 1,
            stage: decision.stage.clone(),
            status: own.status,
            selected: own.selected,
            action: own.action.clone(),
            effective_mode: own.effective_mode.clone(),
            rejected_by: own.rejected_by.clone(),
        }
    }

    fn says(&self, decision: &PastDecision, own: &PastStanding) -> bool {
        let code = |rejection: &Option<PastRejection>| {
            rejection.as_ref().map(|rejection| (rejection.code.clone(), rejection.rule.clone()))
        };
        own.action == "hold"
            && self.stage == decision.stage
            && (self.status, self.selected, &self.effective_mode) == (own.status, own.selected, &own.effective_mode)
            && code(&self.rejected_by) == code(&own.rejected_by)
    }
}
