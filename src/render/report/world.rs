//! The page of a report: the world, its strategies, what the policy limits, and where all that is from.

use super::Language;
use super::drawing::progress;
use super::history::act;
use super::page::{Block, Cell, Page, Table, Tone};
use super::strategy::{blocks, tone};
use super::timeline::counts;
use super::words::{Words, moment, moment_of, short_hash};
use crate::eval::Status;
use crate::report::{DecisionFacts, StrategyReport, WorldReport};

/// Most strategies that are told in full; the others stand in the overview.
const MOST_TOLD: usize = 40;
/// Most acts.
const MOST_ACTS: usize = 40;

/// The page of a report.
pub(super) fn page(report: &WorldReport, words: &Words, language: Language) -> Page {
    let world = report.world_id.as_str();
    let title = match &report.scope.strategy {
        Some(strategy) => words.fill("title.strategy", &[("strategy", strategy), ("world", world)]),
        None => words.fill("title.world", &[("world", world)]),
    };
    let mut blocks = head(words, report);
    strategies(words, report, &mut blocks);
    decisions(words, report, &mut blocks);
    limits(words, report, &mut blocks);
    origin(words, report, &mut blocks);
    Page { language: language.as_str(), title, blocks }
}

fn head(words: &Words, report: &WorldReport) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (key, deed) in [("head.halted", &report.halted), ("head.frozen", &report.under_way)] {
        if let Some(deed) = deed {
            let time = moment(deed.at);
            let values = [("time", time.as_str()), ("actor", &deed.actor), ("reason", &deed.reason)];
            blocks.push(Block::Lead(Tone::Bad, words.fill(key, &values)));
        }
    }
    let mut said = vec![words.fill("head.at", &[("time", &moment(report.generated_at))])];
    let scope = &report.scope;
    let counts = [("strategies", scope.strategies), ("live", scope.live), ("selected", scope.selected)];
    let counts = counts.map(|(name, count)| (name, count.to_string()));
    if scope.strategies > 0 {
        let key = if scope.last_decision.is_some() { "head.counts" } else { "head.undecided" };
        said.push(words.fill(key, &counts.each_ref().map(|(name, count)| (*name, count.as_str()))));
    }
    match &scope.last_decision {
        Some(decision) => said.extend(last_decision(words, decision)),
        None => said.push(words.say("head.no_decision")),
    }
    blocks.push(Block::Text(said.join(" ")));
    blocks.extend(scope.last_decision.iter().flat_map(|decision| warnings(words, decision)));
    if scope.strategies == 0 {
        blocks.push(Block::Text(words.say("head.empty")));
    }
    blocks
}

fn last_decision(words: &Words, decision: &DecisionFacts) -> [String; 2] {
    let as_of = words.or_none(decision.as_of.as_deref().map(moment_of).as_deref());
    let recorded = moment(decision.recorded_at);
    let (stage, profile) = (words.stage(decision.stage.as_deref()), words.or_none(decision.profile.as_deref()));
    [
        words.fill("head.decision", &[("as_of", &as_of), ("recorded", &recorded)]),
        words.fill("head.stage", &[("stage", &stage), ("profile", &profile)]),
    ]
}

/// What makes the last decision doubtful.
fn warnings(words: &Words, decision: &DecisionFacts) -> Vec<Block> {
    let mut said = Vec::new();
    if let Some(until) = decision.valid_until.as_deref().filter(|_| decision.expired) {
        said.push(words.fill("head.expired", &[("until", &moment_of(until))]));
    }
    if !decision.by_this_policy {
        said.push(words.fill("head.other_policy", &[("hash", &short_hash(&decision.ruleset_hash))]));
    }
    said.into_iter().map(|text| Block::Lead(Tone::Doubtful, text)).collect()
}

fn strategies(words: &Words, report: &WorldReport, blocks_of_page: &mut Vec<Block>) {
    if report.scope.strategy.is_some() {
        for one in &report.strategies {
            blocks_of_page.extend(blocks(words, report, one, 2));
        }
        return;
    }
    if report.strategies.is_empty() {
        return;
    }
    let told = report.strategies.len().min(MOST_TOLD);
    let (first, others) = report.strategies.split_at_checked(told).unwrap_or((&report.strategies, &[]));
    blocks_of_page.push(Block::Heading(2, words.say("section.overview")));
    blocks_of_page.push(Block::Table(overview(words, first, true)));
    if !others.is_empty() {
        let (shown, all) = (told.to_string(), report.strategies.len().to_string());
        blocks_of_page.push(Block::Text(words.fill("more.strategies", &[("shown", &shown), ("all", &all)])));
    }
    blocks_of_page.push(Block::Heading(2, words.say("section.strategies")));
    for (index, one) in first.iter().enumerate() {
        let mut own = vec![Block::Heading(3, one.strategy_id.clone())];
        own.extend(blocks(words, report, one, 4));
        blocks_of_page.push(Block::Section(index, own));
    }
    if !others.is_empty() {
        blocks_of_page.push(Block::Heading(2, words.say("section.others")));
        blocks_of_page.push(Block::Table(overview(words, others, false)));
    }
}

/// Strategies in a line each, which lead to what is told of them.
fn overview(words: &Words, strategies: &[StrategyReport], told: bool) -> Table {
    let row = |(index, one): (usize, &StrategyReport)| {
        let judged = one.judged.as_ref();
        let passed = judged.map(|judged| {
            let met = judged.checks.iter().filter(|check| check.told.status == Status::Pass).count();
            format!("{met}/{}", judged.checks.len())
        });
        let own = judged.map(|judged| &judged.told);
        let (rank, score) = (own.and_then(|own| own.rank), own.and_then(|own| own.score));
        vec![
            Cell { section: Some(index).filter(|_| told), ..Cell::text(one.strategy_id.clone()) },
            Cell::text(words.name("verdict", one.verdict.code.as_str())).toned(tone(one.verdict.code)),
            Cell::text(because(words, one)),
            Cell::number(passed.unwrap_or_default()),
            paper(words, one),
            Cell::number(rank.map(|rank| rank.to_string()).unwrap_or_default()),
            Cell::number(score.map(|score| words.number(score)).unwrap_or_default()),
        ]
    };
    let header = [
        "column.strategy",
        "column.standing",
        "column.why",
        "column.rules",
        "column.paper",
        "column.rank",
        "column.score",
    ];
    let header = header.iter().map(|key| words.say(key)).collect();
    Table::new(header, strategies.iter().enumerate().map(row).collect()).plain(2)
}

/// Why it stands where it does, where something is in its way.
fn because(words: &Words, one: &StrategyReport) -> String {
    if !one.blocked_by.is_empty() {
        return words.reasons(&one.blocked_by);
    }
    let why = one.judged.as_ref().and_then(|judged| judged.told.rejected_by.as_ref());
    why.map(|why| words.code(&why.code, why.rule.as_deref(), &why.by)).unwrap_or_default()
}

fn paper(words: &Words, one: &StrategyReport) -> Cell {
    let window = one.campaign.as_ref().map(|campaign| &campaign.paper);
    let Some((window, share)) = window.and_then(|window| Some((window, window.progress?))) else {
        return Cell::default();
    };
    let tone = if window.satisfied { Tone::Good } else { Tone::Doubtful };
    let (what, reached) = (words.say("campaign.paper"), words.reached(share));
    let title = words.fill("plot.progress", &[("what", &what), ("progress", &reached)]);
    Cell { drawing: Some(progress(&title, share, tone)), ..Cell::number(reached) }
}

fn decisions(words: &Words, report: &WorldReport, blocks: &mut Vec<Block>) {
    if let Some(figure) = counts(words, report).filter(|_| report.scope.strategy.is_none()) {
        blocks.push(Block::Heading(2, words.say("section.decisions")));
        blocks.push(Block::Figure(figure));
    }
    if report.scope.strategy.is_some() {
        return;
    }
    blocks.push(Block::Heading(2, words.say("section.acts")));
    if report.happenings.is_empty() {
        blocks.push(Block::Text(words.say("none.acts")));
        return;
    }
    let skipped = report.happenings.len().saturating_sub(MOST_ACTS);
    let row = |happening: &crate::lifecycle::Happening| {
        let mut cells = act(words, happening);
        cells.insert(1, Cell::text(happening.strategy.clone().unwrap_or_default()));
        cells
    };
    let header = ["column.time", "column.strategy", "column.what", "column.who", "column.why"];
    let header = header.iter().map(|key| words.say(key)).collect();
    blocks.push(Block::Table(Table::new(header, report.happenings.iter().skip(skipped).map(row).collect()).plain(3)));
    if skipped > 0 {
        let (shown, all) = (MOST_ACTS.to_string(), report.happenings.len().to_string());
        blocks.push(Block::Text(words.fill("more.history", &[("shown", &shown), ("all", &all)])));
    }
}

fn limits(words: &Words, report: &WorldReport, blocks: &mut Vec<Block>) {
    let row = |limit: &crate::report::Limit| {
        let name = words.fill(&format!("limit.{}", limit.name), &[("of", limit.of.as_deref().unwrap_or_default())]);
        vec![Cell::text(name), Cell::text(words.limit(limit))]
    };
    let header = ["column.limit", "column.value"].iter().map(|key| words.say(key)).collect();
    blocks.push(Block::Heading(2, words.say("section.limits")));
    blocks.push(Block::Table(Table::new(header, report.limits.iter().map(row).collect())));
}

fn origin(words: &Words, report: &WorldReport, blocks: &mut Vec<Block>) {
    let (policy, scope) = (&report.policy, &report.scope);
    let mut facts = vec![
        (words.say("fact.version"), words.or_none(policy.version.as_deref())),
        (words.say("fact.dialect"), words.name("dialect", policy.dialect)),
        (words.say("fact.ruleset"), policy.ruleset_hash.clone()),
        (words.say("fact.selection"), policy.selection_hash.clone()),
    ];
    if let (Some(from), Some(until)) = (scope.recorded_from, scope.recorded_until) {
        let (from, until, decisions) = (moment(from), moment(until), scope.decisions.to_string());
        let values = [("from", from.as_str()), ("until", &until), ("decisions", &decisions)];
        facts.push((words.say("fact.record"), words.fill("fact.record_text", &values)));
    }
    facts.push((words.say("fact.head"), scope.head.clone()));
    blocks.push(Block::Heading(2, words.say("section.origin")));
    blocks.push(Block::Facts(facts));
}
