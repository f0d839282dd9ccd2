//! Results by layer: the five base results and the sections that only report.

use serde_json::{Map, Value, json};

use super::compute::Truth;
use super::decision::{RuleResult, Status};
use super::frame::Frame;
use super::judge::Judged;
use super::select::Block;
use super::snapshot::Snapshot;
use crate::ir::{
    LayerSection, MissingMode, Origin, Program, Rule, RuleSeverity, Selector, Step, StepTest, ThresholdGroup, Verdict,
    normalized_stage,
};

/// What results are drawn from.
pub(super) struct Evidence<'a> {
    pub program: &'a Program,
    pub snapshot: &'a Snapshot,
    pub frame: &'a Frame<'a>,
    pub judged: &'a [Judged<'a>],
    /// What kept each row out of the selection, if a step did.
    pub blocks: &'a [Option<Box<Block>>],
    /// Which rows were active before.
    pub active: &'a dyn Fn(usize) -> bool,
    pub stage: Option<&'a str>,
    /// Whether correlations are asked for, none are given, and that is a warning.
    pub warns_of_correlation: bool,
}

/// A section with its expressions evaluated once for all rows.
struct Prepared<'a> {
    section: &'a LayerSection,
    verdicts: Vec<(&'a Verdict, Option<Truth>)>,
    configured: bool,
}

/// What one verdict says about one row.
struct Finding {
    status: Status,
    severity: RuleSeverity,
    owner: Option<String>,
    code: String,
    reason: String,
    details: Map<String, Value>,
}

/// Sections that speak in this stage, ready to judge rows.
pub(super) struct Sections<'a> {
    evidence: Evidence<'a>,
    prepared: Vec<Prepared<'a>>,
}

impl<'a> Sections<'a> {
    /// Evaluates what sections look at.
    pub fn new(evidence: Evidence<'a>, sections: &[&'a LayerSection]) -> Self {
        let speaking = sections.iter().filter(|section| evidence.speaks(section));
        let prepared = speaking.map(|section| evidence.prepare(section)).collect();
        Self { evidence, prepared }
    }

    /// The results of a row by section.
    pub fn of(&self, row: usize) -> Vec<(String, RuleResult)> {
        let result = |section: &Prepared<'_>| (section.section.name.clone(), self.evidence.result(section, row));
        self.prepared.iter().map(result).collect()
    }
}

impl<'a> Evidence<'a> {
    fn speaks(&self, section: &LayerSection) -> bool {
        let (Some(stages), Some(stage)) = (&section.stages, self.stage) else { return true };
        stage.trim().is_empty() || stages.iter().any(|known| normalized_stage(known) == normalized_stage(stage))
    }

    fn prepare(&self, section: &'a LayerSection) -> Prepared<'a> {
        let verdicts = section.verdicts.iter().map(|verdict| (verdict, self.truth(&verdict.selector))).collect();
        let asks = section.verdicts.iter().any(|verdict| matches!(verdict.selector, Selector::Step(_)));
        let steps =
            self.program.steps.iter().any(|step| matches!(step, Step::PostCorrelation(_) | Step::MetricHysteresis(_)));
        Prepared { section, verdicts, configured: !asks || steps }
    }

    fn truth(&self, selector: &Selector) -> Option<Truth> {
        match selector {
            Selector::Expression(expression) => Some(self.frame.truth(expression)),
            Selector::Place { metric, limit } => {
                let values = self.frame.numbers(metric);
                let places = places(&values);
                let known = values.iter().any(|value| !value.is_nan());
                let within = |row: usize| places.get(row).is_some_and(|place| *place as f64 <= *limit);
                let rows = self.frame.rows();
                Some(Truth {
                    yes: crate::value::Bitmask::from_fn(rows, |row| known && within(row)),
                    no: crate::value::Bitmask::from_fn(rows, |row| known && !within(row)),
                })
            }
            _ => None,
        }
    }

    fn result(&self, prepared: &Prepared<'_>, row: usize) -> RuleResult {
        let section = prepared.section;
        let findings: Vec<_> = prepared
            .verdicts
            .iter()
            .filter_map(|(verdict, truth)| self.verdict(section, verdict, truth.as_ref(), row))
            .collect();
        // The gravest first; of equal ones the first. `max_by_key` would take the last.
        let chosen = findings.into_iter().rev().max_by_key(|finding| self.gravity(finding.status, finding.severity));
        if let Some(finding) = chosen {
            return RuleResult {
                status: finding.status,
                severity: finding.severity,
                owner: finding.owner.unwrap_or_else(|| section.owner.clone()),
                reason_code: finding.code,
                reason: finding.reason,
                tags: section.tags.clone(),
                details: finding.details,
            };
        }
        let idle = section.unconfigured.as_ref().filter(|_| !prepared.configured);
        RuleResult {
            status: Status::Pass,
            severity: if idle.is_some() { RuleSeverity::Info } else { section.severity },
            owner: section.owner.clone(),
            reason_code: idle.unwrap_or(&section.ok).clone(),
            reason: if idle.is_some() { "nothing is configured".to_owned() } else { "everything is met".to_owned() },
            tags: section.tags.clone(),
            details: Map::new(),
        }
    }

    fn verdict(&self, section: &LayerSection, verdict: &Verdict, truth: Option<&Truth>, row: usize) -> Option<Finding> {
        match &verdict.selector {
            Selector::Expression(_) | Selector::Place { .. } => outcome(section, verdict, truth?.get(row)),
            Selector::Thresholds(group, only) => self.thresholds(section, verdict, *group, only, row),
            Selector::Present(group) => self.present(section, verdict, *group, row),
            Selector::Step(step) => self.step(section, verdict, *step, row),
            Selector::Rules(layers) => self.rules(section, verdict, layers, row),
        }
    }

    /// How much a finding weighs. In threshold documents every failure outweighs every warning.
    fn gravity(&self, status: Status, severity: RuleSeverity) -> u8 {
        match (status, severity) {
            (Status::Fail, _) if !self.program.dialect.is_native() => 4,
            (Status::Fail, RuleSeverity::Blocking) => 4,
            (Status::Fail, RuleSeverity::Soft) => 3,
            (Status::Warn, _) => 2,
            (Status::Fail, RuleSeverity::Info) => 1,
            (Status::Pass, _) => 0,
        }
    }

    fn metric_name(&self, rule: &Rule) -> &str {
        let id = rule.when.metrics().first().copied();
        id.and_then(|id| self.program.metric(id)).map_or("", |metric| metric.name.as_str())
    }

    /// The judged thresholds of a group.
    fn group(&self, group: Option<ThresholdGroup>) -> impl Iterator<Item = &Judged<'a>> {
        self.judged.iter().filter(move |judged| {
            matches!(judged.rule.origin, Origin::Threshold | Origin::Profile)
                && group.is_none_or(|group| ThresholdGroup::of(self.metric_name(judged.rule)) == group)
        })
    }

    fn thresholds(
        &self,
        section: &LayerSection,
        verdict: &Verdict,
        group: Option<ThresholdGroup>,
        only: &[String],
        row: usize,
    ) -> Option<Finding> {
        let counts =
            |judged: &Judged<'_>| only.is_empty() || only.iter().any(|name| name == self.metric_name(judged.rule));
        let failed = |judged: &&Judged<'_>| {
            let failed = judged.status(row) == Status::Fail;
            // Where only some metrics count, the others are missing, and missing fails.
            failed || (!only.is_empty() && (!counts(judged) || judged.is_missing(row)))
        };
        let names =
            |judged: Vec<&Judged<'_>>| -> Vec<String> { judged.iter().map(|judged| judged.rule.id.clone()).collect() };
        let broken: Vec<_> = self.group(group).filter(failed).collect();
        if let (Some(first), Some(code)) = (broken.first(), &verdict.fail) {
            let reason = first.explain(row, (self.active)(row));
            return Some(finding(section, Status::Fail, code, reason, "failed", names(broken)));
        }
        let absent: Vec<_> =
            self.group(group).filter(|judged| judged.is_missing(row) && judged.status(row) == Status::Warn).collect();
        let code = verdict.missing.as_ref().filter(|_| !absent.is_empty())?;
        let ids = names(absent);
        Some(finding(section, Status::Warn, code, format!("no value to judge: {}", ids.join(", ")), "missing", ids))
    }

    fn present(
        &self,
        section: &LayerSection,
        verdict: &Verdict,
        group: Option<ThresholdGroup>,
        row: usize,
    ) -> Option<Finding> {
        let (absent, gravest): (Vec<String>, Status) = match group {
            Some(_) => {
                let absent: Vec<_> = self.group(group).filter(|judged| judged.is_missing(row)).collect();
                // Each threshold reads what is missing in its own way; the gravest reading is reported.
                let gravest = absent.iter().map(|judged| judged.status(row)).max()?;
                (absent.iter().map(|judged| self.metric_name(judged.rule).to_owned()).collect(), gravest)
            }
            None if self.snapshot.strategies.has_number(row) => return None,
            None => {
                let gravest = match self.program.on_missing {
                    MissingMode::Fail => Status::Fail,
                    MissingMode::Warn => Status::Warn,
                    MissingMode::Ignore => Status::Pass,
                };
                (vec!["every metric".to_owned()], gravest)
            }
        };
        let reason = format!("missing: {}", absent.join(", "));
        let (status, code, severity) = match gravest {
            Status::Fail => (Status::Fail, &verdict.fail, section.severity),
            Status::Warn => (Status::Warn, &verdict.missing, section.severity),
            Status::Pass => (Status::Warn, &verdict.ignored, RuleSeverity::Info),
        };
        let found = finding(section, status, code.as_ref()?, reason, "missing", absent);
        Some(Finding { severity, ..found })
    }

    fn step(&self, section: &LayerSection, verdict: &Verdict, step: StepTest, row: usize) -> Option<Finding> {
        let Some(block) = self.blocks.get(row)?.as_ref() else {
            let warns = self.warns_of_correlation && step == StepTest::Correlation;
            let reason = "no correlations are given".to_owned();
            return warns.then(|| finding(section, Status::Warn, "correlation_missing", reason, "", Vec::new()));
        };
        let was_active = (self.active)(row);
        let concerns = match (step, block.step) {
            (StepTest::Correlation, "correlation" | "post_correlation")
            | (StepTest::Exposure, "exposure")
            // Without a score there is no place in the cut either.
            | (StepTest::Cut, "score" | "cut") => true,
            (StepTest::HysteresisExit, "hysteresis") => was_active,
            (StepTest::HysteresisEnter, "hysteresis") => !was_active,
            _ => false,
        };
        if !concerns {
            return None;
        }
        let code = verdict.fail.clone().unwrap_or_else(|| block.code.to_owned());
        let test = block.test.map(|test| format!(" ({test})")).unwrap_or_default();
        let by =
            if block.by.is_empty() { String::new() } else { format!(": {} stands before it", block.by.join(", ")) };
        let reason = format!("{}{test}{by}", block.code);
        let mut details = Map::new();
        if !block.by.is_empty() {
            details.insert("by".to_owned(), json!(block.by));
        }
        Some(Finding { status: Status::Fail, severity: section.severity, owner: None, code, reason, details })
    }

    /// Native policies: the gravest failed rule of the layer, else its warnings.
    fn rules(
        &self,
        section: &LayerSection,
        verdict: &Verdict,
        layers: &[crate::ir::Layer],
        row: usize,
    ) -> Option<Finding> {
        let of_layer = |judged: &&Judged<'_>| layers.contains(&judged.rule.layer);
        let with = |status: Status| -> Vec<&Judged<'_>> {
            self.judged.iter().filter(of_layer).filter(|judged| judged.status(row) == status).collect()
        };
        let (failed, warned) = (with(Status::Fail), with(Status::Warn));
        let gravest_failed = failed.iter().map(|judged| judged.rule.severity).max();
        // A failed rule that only informs does not hide a warning.
        let fails = gravest_failed.is_some_and(|severity| severity > RuleSeverity::Info || warned.is_empty());
        let (status, concerned) = if fails { (Status::Fail, failed) } else { (Status::Warn, warned) };
        let gravest = concerned.iter().rev().max_by_key(|judged| judged.rule.severity)?;
        let absent = concerned.iter().all(|judged| judged.is_missing(row));
        let code = if absent { verdict.missing.as_ref()? } else { verdict.fail.as_ref()? };
        let ids: Vec<_> = concerned.iter().map(|judged| judged.rule.id.clone()).collect();
        let reasons: Vec<_> = concerned.iter().map(|judged| judged.explain(row, (self.active)(row))).collect();
        let found = finding(section, status, code, reasons.join("; "), "rules", ids);
        Some(Finding { severity: gravest.rule.severity, owner: Some(gravest.rule.owner.clone()), ..found })
    }
}

fn outcome(section: &LayerSection, verdict: &Verdict, truth: Option<bool>) -> Option<Finding> {
    let (status, code) = match (truth, &verdict.fail) {
        (Some(true), _) => return None,
        (Some(false), Some(code)) => (Status::Fail, code),
        // Without a code for false, false is read as missing; without one for missing, it passes.
        _ => (Status::Warn, verdict.missing.as_ref()?),
    };
    Some(finding(section, status, code, code.replace('_', " "), "", Vec::new()))
}

fn finding(
    section: &LayerSection,
    status: Status,
    code: &str,
    reason: String,
    key: &str,
    names: Vec<String>,
) -> Finding {
    let mut details = Map::new();
    if !names.is_empty() {
        details.insert(key.to_owned(), json!(names));
    }
    Finding { status, severity: section.severity, owner: None, code: code.to_owned(), reason, details }
}

/// Descending places from 1; ties in input order, missing last.
fn places(values: &[f64]) -> Vec<usize> {
    let key = |row: &usize| values.get(*row).copied().filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY);
    let mut order: Vec<usize> = (0..values.len()).collect();
    crate::order::sort_by(&mut order, |left, right| {
        key(right).partial_cmp(&key(left)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut places = vec![0; values.len()];
    for (place, row) in order.into_iter().enumerate() {
        if let Some(slot) = places.get_mut(row) {
            *slot = place + 1;
        }
    }
    places
}
