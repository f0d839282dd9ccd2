//! The verdict about a strategy in a sentence that a person would write.

use super::words::{Words, operator, opposite};
use crate::eval::Status;
use crate::lifecycle::BlockReason;
use crate::report::{CheckFacts, Judged, StrategyReport, VerdictCode, WorldReport};

/// Most comparisons in a sentence.
const MOST: usize = 3;
/// What people want to hear first.
const FIRST: [&str; 3] = ["performance", "risk", "sample"];

/// The sentence about a strategy.
pub(super) fn sentence(words: &Words, world: &WorldReport, one: &StrategyReport) -> String {
    let evidence = evidence(words, world, one);
    let conclusion = conclusion(words, one, failed(one).next().is_some());
    let sentence = if evidence.is_empty() {
        conclusion
    } else {
        words.fill("sentence.whole", &[("evidence", &evidence.join(", ")), ("conclusion", &conclusion)])
    };
    let caveats = caveats(words, world, one).join("; ");
    let whole = if caveats.is_empty() {
        words.fill("sentence.plain", &[("sentence", &sentence)])
    } else {
        words.fill("sentence.caveats", &[("sentence", &sentence), ("caveats", &caveats)])
    };
    capital(&whole)
}

/// A sentence begins with a capital letter, unless it begins with a name.
fn capital(sentence: &str) -> String {
    let first = sentence.split(' ').next().unwrap_or_default();
    let mut letters = sentence.chars();
    match letters.next() {
        Some(letter) if first.chars().all(|letter| letter.is_ascii_lowercase()) => {
            letter.to_ascii_uppercase().to_string() + letters.as_str()
        }
        _ => sentence.to_owned(),
    }
}

fn checks(one: &StrategyReport) -> impl Iterator<Item = &CheckFacts> {
    one.judged.iter().flat_map(|judged: &Judged| &judged.checks)
}

fn failed(one: &StrategyReport) -> impl Iterator<Item = &CheckFacts> {
    checks(one).filter(|check| check.blocks())
}

/// What keeps it out; else the comparisons that speak for it.
fn evidence(words: &Words, world: &WorldReport, one: &StrategyReport) -> Vec<String> {
    let failed: Vec<_> = failed(one).take(MOST).map(|check| failure(words, check)).collect();
    if !failed.is_empty() {
        return failed;
    }
    let layer = |check: &CheckFacts| FIRST.iter().position(|layer| *layer == check.told.layer);
    let told = |check: &&CheckFacts| {
        let named = check.compared.as_ref().is_some_and(|compared| compared.metric.is_some());
        named && check.told.status == Status::Pass && check.told.value.is_some()
    };
    let mut passed: Vec<_> = checks(one).filter(told).collect();
    // One of each kind before a second of any.
    let mut counts = [0_usize; FIRST.len() + 1];
    let mut order = |check: &CheckFacts| {
        let kind = layer(check).unwrap_or(FIRST.len());
        let count = counts.get_mut(kind).map_or(0, |count| std::mem::replace(count, *count + 1));
        (count, kind)
    };
    let mut ordered: Vec<_> = passed.drain(..).map(|check| (order(check), check)).collect();
    ordered.sort_by_key(|(order, _)| *order);
    let mut said: Vec<_> = ordered.into_iter().take(MOST).map(|(_, check)| success(words, check)).collect();
    if said.len() < MOST && !checks(one).any(|check| check.told.layer == "sample") {
        said.extend(days(words, world, one));
    }
    said
}

fn success(words: &Words, check: &CheckFacts) -> String {
    comparison(words, check, operator).unwrap_or_else(|| words.compared(check))
}

fn failure(words: &Words, check: &CheckFacts) -> String {
    if let Some(told) = comparison(words, check, opposite) {
        return told;
    }
    match &check.compared {
        Some(compared) if check.told.outcome == "missing" && compared.metric.is_some() => {
            words.fill("sentence.missing", &[("metric", &words.compared(check))])
        }
        _ => words.fill("sentence.failed_rule", &[("rule", &check.told.id)]),
    }
}

fn comparison(words: &Words, check: &CheckFacts, sign: fn(&str) -> &'static str) -> Option<String> {
    let compared = check.compared.as_ref()?;
    let (value, threshold) = (check.told.value?, check.told.threshold?);
    let (sign, metric) = (sign(compared.operator?), words.compared(check));
    if matches!(compared.quantity.unit, "days" | "count") && compared.metric.is_some() {
        return Some(counted(words, compared.quantity.unit, &metric, (value, sign, threshold)));
    }
    let (value, threshold) = words.values(check);
    let values = [("metric", metric.as_str()), ("value", &value?), ("operator", sign), ("threshold", &threshold?)];
    Some(words.fill("check.compared", &values))
}

/// Days and things are counted: 63 trades, not trades 63.
fn counted(words: &Words, unit: &str, metric: &str, (value, sign, threshold): (f64, &str, f64)) -> String {
    let (value, threshold) = (words.number(value), words.number(threshold));
    let values = [("metric", metric), ("value", value.as_str()), ("operator", sign), ("threshold", &threshold)];
    words.fill(if unit == "days" { "check.days" } else { "check.count" }, &values)
}

/// The days of sample against what the campaign asks for.
fn days(words: &Words, world: &WorldReport, one: &StrategyReport) -> Option<String> {
    let (least, days) = (world.campaign.min_sample_days?, one.campaign.as_ref()?.sample_days?);
    let sign = if days as f64 >= least { operator(">=") } else { opposite(">=") };
    Some(counted(words, "days", &words.metric("sample_days"), (days as f64, sign, least)))
}

fn conclusion(words: &Words, one: &StrategyReport, rules_told: bool) -> String {
    let reasons = words.reasons(&one.blocked_by);
    let run = one.live_by.as_deref().unwrap_or_default();
    match one.verdict.code {
        VerdictCode::NotSelected => match one.judged.as_ref().and_then(|judged| judged.told.rejected_by.as_ref()) {
            Some(why) if !rules_told => {
                let reason = words.code(&why.code, why.rule.as_deref(), &why.by);
                words.fill("conclusion.not_selected", &[("reason", &reason)])
            }
            _ => words.name("verdict", one.verdict.code.as_str()),
        },
        code => {
            let key = format!("conclusion.{}", code.as_str());
            words.fill(&key, &[("run", run), ("reasons", &reasons)])
        }
    }
}

/// What a person should look at, beside the conclusion.
fn caveats(words: &Words, world: &WorldReport, one: &StrategyReport) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(overlap) = one.overlaps.pairs.iter().find(|overlap| overlap.close) {
        let rho = words.number(overlap.pair.rho);
        said.push(words.fill("sentence.correlated", &[("rho", &rho), ("other", &overlap.pair.with)]));
    } else if !one.overlaps.kept_out_by.is_empty() && one.verdict.code != VerdictCode::NotSelected {
        said.push(words.fill("sentence.too_like", &[("others", &one.overlaps.kept_out_by.join(", "))]));
    }
    let Some(judged) = &one.judged else { return said };
    if let Some(reason) = &judged.told.downgrade_reason {
        said.push(words.fill("sentence.downgraded", &[("reason", &words.code(reason, None, &[]))]));
    }
    if world.halted.is_some() && !one.blocked_by.contains(&BlockReason::WorldHalted.as_str()) {
        said.push(words.say("sentence.halted"));
    }
    if !judged.document.by_this_policy {
        said.push(words.say("sentence.other_policy"));
    }
    said
}
