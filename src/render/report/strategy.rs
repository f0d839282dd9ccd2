//! What is told of one strategy: verdict, scope, rules, campaign, what is in the way, overlaps, runs, history.

use super::drawing::{bullet, progress};
use super::history::history;
use super::page::{Block, Cell, Table, Tone};
use super::words::{Words, moment, moment_of, operator, short_hash};
use crate::eval::Status;
use crate::lifecycle::WindowStatus;
use crate::report::{CheckFacts, Judged, Said, StrategyReport, VerdictCode, WorldReport};

/// Most runs.
const MOST_RUNS: usize = 12;

/// How good a verdict is.
pub(super) fn tone(code: VerdictCode) -> Tone {
    match code {
        VerdictCode::Live | VerdictCode::LiveReady | VerdictCode::PaperReady | VerdictCode::Selected => Tone::Good,
        VerdictCode::LiveCandidate => Tone::Doubtful,
        VerdictCode::LiveBlocked | VerdictCode::NotReadyForLive | VerdictCode::NotReadyForPaper => Tone::Bad,
        VerdictCode::NotSelected | VerdictCode::Observed | VerdictCode::NotJudged => Tone::Plain,
    }
}

fn status_tone(status: Status) -> Tone {
    match status {
        Status::Pass => Tone::Good,
        Status::Warn => Tone::Doubtful,
        Status::Fail => Tone::Bad,
    }
}

/// All that is told of a strategy, under headings of a level.
pub(super) fn blocks(words: &Words, world: &WorldReport, one: &StrategyReport, level: u8) -> Vec<Block> {
    let sentence = one.verdict.sentence.clone();
    let sentence = sentence.unwrap_or_else(|| super::sentence::sentence(words, world, one));
    let mut blocks = vec![Block::Lead(tone(one.verdict.code), sentence)];
    blocks.push(Block::Facts(facts(words, one)));
    let stage = words.name("stage", one.next.map_or("live", |next| next.as_str()));
    let mut part = |title: &str, told: Vec<Block>| {
        if !told.is_empty() {
            blocks.push(Block::Heading(level, words.fill(title, &[("stage", &stage)])));
            blocks.extend(told);
        }
    };
    part("section.rules", rules(words, one));
    part("section.layers", layers(words, world, one));
    part("section.campaign", campaign(words, world, one));
    part("section.obstacles", obstacles(words, one));
    part("section.overlaps", overlaps(words, one));
    part("section.runs", runs(words, one));
    part("section.history", history(words, world, one));
    blocks
}

fn facts(words: &Words, one: &StrategyReport) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |key: &str, text: String| facts.push((words.say(key), text));
    if let Some(campaign) = &one.campaign {
        let phase = words.name("phase", campaign.phase.as_str());
        fact("fact.standing", format!("{}, {phase}", words.name("verdict", one.verdict.code.as_str())));
    }
    if let Some(judged) = &one.judged {
        judgement(words, judged, &mut fact);
    }
    if let Some(said) = &one.promotion.said {
        fact("fact.approval", opinion(words, said));
    }
    facts
}

fn judgement(words: &Words, judged: &Judged, fact: &mut impl FnMut(&str, String)) {
    let time = moment(judged.recorded_at);
    fact(
        "fact.judged",
        match &judged.run_id {
            Some(run) => words.fill("fact.judged_run", &[("run", run), ("time", &time)]),
            None => words.fill("fact.judged_decision", &[("time", &time)]),
        },
    );
    let document = &judged.document;
    let as_of = document.as_of.as_deref().map(moment_of);
    let (as_of, stage) = (words.or_none(as_of.as_deref()), words.stage(document.stage.as_deref()));
    let profile = words.or_none(document.profile.as_deref());
    fact("fact.scope", words.fill("fact.scope_text", &[("as_of", &as_of), ("stage", &stage), ("profile", &profile)]));
    if !document.by_this_policy {
        let version = words.or_none(document.policy_version.as_deref());
        let hash = short_hash(document.ruleset_hash.as_deref().unwrap_or_default());
        fact("fact.policy", words.fill("fact.other_policy", &[("version", &version), ("hash", &hash)]));
    }
    let told = &judged.told;
    let values = [
        ("status", words.name("status", told.status.as_str())),
        ("selected", words.selected(told.selected)),
        ("action", words.name("action", &told.action)),
    ];
    fact(
        "fact.outcome",
        words.fill("fact.outcome_text", &values.each_ref().map(|(name, value)| (*name, value.as_str()))),
    );
    let mode = words.name("mode", &told.effective_mode);
    fact(
        "fact.mode",
        match &told.downgrade_reason {
            Some(reason) => {
                words.fill("fact.mode_downgraded", &[("mode", &mode), ("reason", &words.code(reason, None, &[]))])
            }
            None => mode,
        },
    );
    if let (Some(rank), Some(score)) = (told.rank, told.score) {
        let (rank, score) = (rank.to_string(), words.number(score));
        fact("fact.place", words.fill("fact.place_text", &[("rank", &rank), ("score", &score)]));
    }
    if let Some(why) = &told.rejected_by {
        fact("fact.rejected", words.code(&why.code, why.rule.as_deref(), &why.by));
    }
    if !told.missing.is_empty() {
        fact("fact.missing", told.missing.iter().map(|metric| words.metric(metric)).collect::<Vec<_>>().join(", "));
    }
}

fn opinion(words: &Words, said: &Said) -> String {
    let status = words.name("said", said.status.as_str());
    let time = moment(said.by.at);
    let values = [("status", status.as_str()), ("actor", &said.by.actor), ("time", &time), ("reason", &said.by.reason)];
    let text = words.fill("fact.said", &values);
    if said.holds { text } else { words.fill("fact.void", &[("said", &text)]) }
}

fn rules(words: &Words, one: &StrategyReport) -> Vec<Block> {
    let Some(judged) = &one.judged else { return vec![Block::Text(words.say("none.judgement"))] };
    if judged.checks.is_empty() {
        return vec![Block::Text(words.say("none.checks"))];
    }
    let header = ["column.rule", "column.measured", "column.bound", "column.margin", "column.layer", "column.effect"];
    let rows = judged.checks.iter().map(|check| rule(words, check)).collect();
    vec![Block::Table(Table::new(header.iter().map(|key| words.say(key)).collect(), rows).plain(2))]
}

fn rule(words: &Words, check: &CheckFacts) -> Vec<Cell> {
    let tone = match check.told.status {
        Status::Fail if check.told.severity != "blocking" => Tone::Doubtful,
        status => status_tone(status),
    };
    let name = words.compared(check);
    let note = Some(check.told.id.clone()).filter(|id| *id != name);
    let (value, threshold) = words.values(check);
    let compared = check.compared.as_ref().and_then(|compared| compared.operator);
    let bound = threshold.as_deref().map(|threshold| match compared {
        Some(sign) => format!("{} {threshold}", operator(sign)),
        None => threshold.to_owned(),
    });
    let status = words.name("status", check.told.status.as_str());
    let title = match (&value, &threshold) {
        (Some(value), Some(threshold)) => {
            let sign = compared.map_or("", operator);
            let values = [
                ("metric", name.as_str()),
                ("value", value),
                ("operator", sign),
                ("threshold", threshold),
                ("status", &status),
            ];
            words.fill("plot.check", &values)
        }
        _ => words.fill("plot.missing", &[("metric", &name)]),
    };
    let drawn = check.told.value.zip(check.told.threshold);
    let drawing = drawn.map(|(value, threshold)| bullet(&title, value, threshold, compared.unwrap_or_default(), tone));
    // A condition that is no single comparison has no value to show; one whose value is missing says so.
    let measured =
        value.unwrap_or_else(|| if check.told.outcome == "missing" { words.say("none.value") } else { status });
    let layer = words.name("layer", &check.told.layer);
    let effect = format!("{} ({})", words.name("severity", &check.told.severity), check.told.owner);
    vec![
        Cell { note, ..Cell::text(name).toned(tone) },
        Cell { drawing, ..Cell::number(measured) },
        Cell::number(bound.unwrap_or_default()),
        Cell::number(words.margin(check).unwrap_or_default()),
        Cell::text(layer),
        Cell::text(effect),
    ]
}

/// Results of layers that are not only their rules: of sections that report, and of threshold documents.
fn layers(words: &Words, world: &WorldReport, one: &StrategyReport) -> Vec<Block> {
    let base = ["data_currency", "sample", "performance", "risk_constraint", "robustness"];
    let native = world.policy.dialect == "native";
    let results = one.judged.iter().flat_map(|judged| &judged.told.results);
    let told = results.filter(|(name, result)| {
        let is_base = base.contains(&name.as_str());
        if native { !is_base } else { !is_base || result.status != Status::Pass }
    });
    let row = |(name, result): (&String, &crate::report::ResultTold)| {
        vec![
            Cell::text(words.name("layer", name)).toned(status_tone(result.status)),
            Cell::text(words.code(&result.reason_code, None, &[])),
            Cell::text(result.owner.clone()),
        ]
    };
    let rows: Vec<_> = told.map(row).collect();
    let header = ["column.layer", "column.result", "column.owner"].iter().map(|key| words.say(key)).collect();
    if rows.is_empty() { Vec::new() } else { vec![Block::Table(Table::new(header, rows))] }
}

fn campaign(words: &Words, world: &WorldReport, one: &StrategyReport) -> Vec<Block> {
    let asked = &world.campaign;
    let Some(campaign) = &one.campaign else {
        let idle = asked.backtest_window.is_none()
            && asked.paper_window.is_none()
            && asked.min_sample_days.is_none()
            && asked.min_trades_total.is_none();
        return if idle { Vec::new() } else { vec![Block::Text(words.say("none.campaign"))] };
    };
    let windows = [("campaign.backtest", &campaign.backtest), ("campaign.paper", &campaign.paper)];
    let mut rows: Vec<_> = windows.iter().filter_map(|(key, status)| window(words, key, status)).collect();
    let days = |count: f64| words.days(count);
    let plain = |count: f64| words.number(count);
    rows.extend(counted(words, "campaign.days", campaign.sample_days, asked.min_sample_days, &days));
    rows.extend(counted(words, "campaign.trades", campaign.trades_total, asked.min_trades_total, &plain));
    if rows.is_empty() {
        return vec![Block::Text(words.say("none.windows"))];
    }
    let header = ["column.requirement", "column.observed", "column.required", "column.progress"];
    vec![Block::Table(Table::new(header.iter().map(|key| words.say(key)).collect(), rows))]
}

fn window(words: &Words, key: &str, status: &WindowStatus) -> Option<Vec<Cell>> {
    let (required, progress) = (status.required_sec?, status.progress?);
    let observed =
        status.observed_sec.map_or_else(|| words.say("none.value"), |seconds| words.duration(seconds as f64));
    Some(row(words, key, observed, words.duration(required as f64), progress, status.satisfied))
}

fn counted(
    words: &Words,
    key: &str,
    known: Option<i64>,
    least: Option<f64>,
    write: &dyn Fn(f64) -> String,
) -> Option<Vec<Cell>> {
    let least = least?;
    let observed = known.map_or_else(|| words.say("none.value"), |known| write(known as f64));
    let enough = known.is_some_and(|known| known as f64 >= least);
    let share = known.map_or(0.0, |known| known as f64 / least.max(1.0)).clamp(0.0, 1.0);
    Some(row(words, key, observed, write(least), if enough { 1.0 } else { share }, enough))
}

fn row(words: &Words, key: &str, observed: String, required: String, progressed: f64, enough: bool) -> Vec<Cell> {
    let tone = if enough { Tone::Good } else { Tone::Doubtful };
    let (what, reached) = (words.say(key), words.reached(progressed));
    let title = words.fill("plot.progress", &[("what", &what), ("progress", &reached)]);
    let drawing = Some(progress(&title, progressed, tone));
    let cells = [Cell::text(what).toned(tone), Cell::number(observed), Cell::number(required)];
    cells.into_iter().chain([Cell { drawing, ..Cell::number(reached) }]).collect()
}

fn obstacles(words: &Words, one: &StrategyReport) -> Vec<Block> {
    if one.next.is_none() && one.live_by.is_none() {
        return Vec::new();
    }
    if one.blocked_by.is_empty() {
        return vec![Block::Text(words.say("none.obstacles"))];
    }
    vec![Block::List(Tone::Bad, one.blocked_by.iter().map(|code| words.name("reason", code)).collect())]
}

fn overlaps(words: &Words, one: &StrategyReport) -> Vec<Block> {
    let overlaps = &one.overlaps;
    let mut blocks = Vec::new();
    if !overlaps.kept_out_by.is_empty() {
        let others = overlaps.kept_out_by.join(", ");
        blocks.push(Block::Lead(Tone::Bad, words.fill("note.kept_out", &[("others", &others)])));
    }
    if one.judged.is_none() {
        return blocks;
    }
    if !overlaps.recorded {
        blocks.push(Block::Text(words.say("none.correlations")));
    } else if overlaps.pairs.is_empty() {
        blocks.push(Block::Text(words.say("none.overlaps")));
    } else {
        let row = |overlap: &crate::report::Overlap| {
            let tone = if overlap.close { Tone::Doubtful } else { Tone::Plain };
            let note = match (overlap.close, overlaps.limit) {
                (true, _) => words.say("note.close"),
                (false, Some(_)) => words.say("note.within"),
                (false, None) => String::new(),
            };
            let rho = Cell::number(words.number(overlap.pair.rho));
            vec![Cell::text(overlap.pair.with.clone()).toned(tone), rho, Cell::text(note)]
        };
        let header = ["column.with", "column.rho", "column.note"].iter().map(|key| words.say(key)).collect();
        blocks.push(Block::Table(Table::new(header, overlaps.pairs.iter().map(row).collect())));
    }
    let limit = overlaps.limit.map(|limit| words.fill("note.limit", &[("limit", &words.number(limit))]));
    blocks.extend(limit.map(Block::Text));
    blocks
}

fn runs(words: &Words, one: &StrategyReport) -> Vec<Block> {
    let row = |run: &crate::report::RunFacts| {
        let period = [("from", moment(run.created_at)), ("until", moment(run.updated_at))];
        let state = run.superseded_by.as_ref().map(|_| words.say("kind.run_superseded"));
        let state = state.unwrap_or_else(|| words.name("state", run.state.as_str()));
        let result = run.status.map(|status| words.name("status", status.as_str())).unwrap_or_default();
        let selected = run.selected.map(|selected| words.selected(selected));
        let result = [Some(result), selected].into_iter().flatten().filter(|text| !text.is_empty());
        let [(_, from), (_, until)] = &period;
        let period = if from == until { from.clone() } else { format!("{from} – {until}") };
        vec![
            Cell::text(run.run_id.clone()).toned(run.status.map(status_tone).unwrap_or_default()),
            Cell::text(words.name("stage", run.stage.as_str())),
            Cell::text(state),
            Cell::text(result.collect::<Vec<_>>().join(", ")),
            Cell::text(period),
        ]
    };
    let header = ["column.run", "column.stage", "column.state", "column.result", "column.period"];
    let skipped = one.runs.len().saturating_sub(MOST_RUNS);
    let rows: Vec<_> = one.runs.iter().skip(skipped).map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Table(Table::new(header.iter().map(|key| words.say(key)).collect(), rows))];
    blocks.extend(more(words, MOST_RUNS, one.runs.len()));
    blocks
}

pub(super) fn more(words: &Words, shown: usize, all: usize) -> Option<Block> {
    let (shown_text, all_text) = (shown.to_string(), all.to_string());
    let text = || words.fill("more.history", &[("shown", &shown_text), ("all", &all_text)]);
    (all > shown).then(|| Block::Text(text()))
}
