//! What happened to a strategy, as a picture and line by line.

use super::page::{Block, Cell, Table, Tone};
use super::strategy::more;
use super::timeline::{lanes, period};
use super::words::{Words, moment};
use crate::lifecycle::Happening;
use crate::report::{DecisionSpan, HistoryEntry, StrategyReport, WorldReport};

/// Most entries of a history.
const MOST_ENTRIES: usize = 24;

/// The history of a strategy.
pub(super) fn history(words: &Words, world: &WorldReport, one: &StrategyReport) -> Vec<Block> {
    if one.history.is_empty() {
        return vec![Block::Text(words.say("none.history"))];
    }
    let mut blocks: Vec<_> = lanes(words, world, one).map(Block::Figure).into_iter().collect();
    let row = |entry: &HistoryEntry| match entry {
        HistoryEntry::Decisions(span) => {
            let tone = if span.selected { Tone::Good } else { Tone::Plain };
            vec![
                Cell::text(when(words, span)),
                Cell::text(standing(words, span)).toned(tone),
                Cell::text(""),
                Cell::text(""),
            ]
        }
        HistoryEntry::Happening(happening) => act(words, happening),
    };
    let header = ["column.time", "column.what", "column.who", "column.why"];
    let skipped = one.history.len().saturating_sub(MOST_ENTRIES);
    let rows = one.history.iter().skip(skipped).map(row).collect();
    blocks.push(Block::Table(Table::new(header.iter().map(|key| words.say(key)).collect(), rows).plain(2)));
    blocks.extend(more(words, MOST_ENTRIES, one.history.len()));
    blocks
}

fn when(words: &Words, span: &DecisionSpan) -> String {
    let (from, until) = period(span);
    if span.count < 2 {
        return from;
    }
    words.fill("history.span", &[("from", &from), ("until", &until), ("count", &span.count.to_string())])
}

/// What decisions said of a strategy.
pub(super) fn standing(words: &Words, span: &DecisionSpan) -> String {
    let why = span.rejected_by.as_ref().map(|why| words.code(&why.code, why.rule.as_deref(), &why.by));
    let (selected, status) = (words.selected(span.selected), words.name("status", span.status.as_str()));
    let mode = words.name("mode", &span.effective_mode);
    let mut values = vec![("selected", selected.as_str()), ("status", &status), ("mode", &mode)];
    match &why {
        Some(why) => {
            values.push(("reason", why));
            words.fill("history.decision_because", &values)
        }
        None => words.fill("history.decision", &values),
    }
}

/// What happened, in words.
pub(super) fn what(words: &Words, happening: &Happening) -> String {
    let stage = happening.stage.map(|stage| words.name("stage", stage.as_str())).unwrap_or_default();
    let state = happening.state.map(|state| words.name("state", state.as_str())).unwrap_or_default();
    let status = happening.status.map(|status| words.name("status", status.as_str())).unwrap_or_default();
    let said = happening.said.map(|said| words.name("said", said.as_str())).unwrap_or_default();
    let values = [("stage", stage.as_str()), ("state", &state), ("status", &status), ("said", &said)];
    words.fill(&format!("kind.{}", happening.kind), &values)
}

/// The row of something that happened.
pub(super) fn act(words: &Words, happening: &Happening) -> Vec<Cell> {
    let text = what(words, happening);
    let text = match &happening.run {
        Some(run) => format!("{text} ({run})"),
        None => text,
    };
    let who = happening.actor.clone().unwrap_or_default();
    vec![
        Cell::whole(moment(happening.at)),
        Cell::text(text),
        Cell::text(who),
        Cell::text(happening.reason.clone().unwrap_or_default()),
    ]
}
