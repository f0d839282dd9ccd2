//! The way from a snapshot to a decision: currency, rules, score, admission, hysteresis, mode, results.

use std::collections::{BTreeMap, HashSet};

use super::before::Before;
use super::currency::downgrades;
use super::decision::{Action, Decision, Rejection, RuleResult, Status, StrategyDecision};
use super::error::EvaluateError;
use super::frame::Frame;
use super::given;
use super::judge::{Judged, judge, missing_metrics};
use super::notes::Notes;
use super::plan::{Found, Plan, Wanted};
use super::profile::{AskedBy, Chosen, choose, recommended_stage};
use super::results::{Evidence, Sections};
use super::select::Admission;
use super::selection::{Ruled, Selection, score};
use super::snapshot::{Correlations, Snapshot};
use super::state::{SCHEMA_VERSION, State};
use super::time::later;
use crate::ir::{
    Dialect, Fingerprints, Layer, LayerSection, MissingMode, Profile, Program, Rule, RuleSeverity, Step,
    normalized_name,
};
use crate::order::sort_by;
use crate::value::Bitmask;

/// The version of the form of decisions.
const DECISION_VERSION: u32 = 1;

/// What a caller asks for beside the snapshot.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The world; must be that of the policy where the policy names one.
    pub world: Option<String>,
    /// The profile, whatever the snapshot says.
    pub profile: Option<String>,
    /// For which strategies results, checks and reasons are built.
    pub detail: Detail,
    /// Strategies that are shown whatever `detail` says.
    pub shown: Vec<String>,
    /// Most threads to work on; 0 is one.
    pub threads: usize,
    /// Whether the snapshot is judged by itself: streaks, which ask what was before, are left out.
    pub alone: bool,
    /// Whether the world is halted: then nobody is promoted.
    pub halted: bool,
}

/// Which strategies a decision tells in detail. What is not asked for is not built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// None: the selection, the funnel, the notes and the state only.
    None,
    /// Those selected.
    Selected,
    /// Those selected, and those that were until now.
    Changed,
    /// All.
    #[default]
    All,
}

/// The rules of a program fused for columns: the base rules alone, and with each profile.
#[derive(Debug, Clone)]
pub struct Plans {
    base: Plan,
    profiles: Vec<Plan>,
}

impl Plans {
    /// Fuses the rules of a program.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let plan = |profile| Plan::new(program.rules_under(profile), score(program));
        Self { base: plan(None), profiles: program.profiles.iter().map(|profile| plan(Some(profile))).collect() }
    }

    fn of(&self, program: &Program, chosen: Option<&Profile>) -> &Plan {
        let place = chosen.and_then(|chosen| program.profiles.iter().position(|own| own.name == chosen.name));
        place.and_then(|place| self.profiles.get(place)).unwrap_or(&self.base)
    }
}

/// Judges a snapshot.
pub fn evaluate(
    program: &Program,
    fingerprints: &Fingerprints,
    plans: &Plans,
    snapshot: &Snapshot,
    options: &Options,
) -> Result<Decision, EvaluateError> {
    let world = world(program, options)?;
    if let (Some(policy), Some(asked)) = (&world, &snapshot.world)
        && policy != asked
    {
        return Err(EvaluateError::OtherWorld { policy: policy.clone(), asked: asked.clone() });
    }
    let mut notes = snapshot.notes.clone();
    let stage = stage(program, snapshot, &mut notes)?;
    let asked = match (&options.profile, &snapshot.profile) {
        (Some(profile), _) => Some((profile.as_str(), AskedBy::Caller)),
        (None, Some(profile)) => Some((profile.as_str(), AskedBy::Snapshot)),
        (None, None) => None,
    };
    let chosen =
        choose(program, asked, stage.as_deref(), &mut notes).map_err(|error| EvaluateError::UnknownProfile(error.0))?;
    let has_streaks = !options.alone && program.steps.iter().any(|step| matches!(step, Step::Streaks(_)));
    let before =
        Before::new(snapshot, (world.as_deref(), program.world.is_some()), fingerprints, has_streaks, &mut notes)?;
    let approvals = snapshot.approvals.iter().map(String::as_str).collect();
    let plan = plans.of(program, chosen.map(|chosen| chosen.profile));
    let matrix = given::matrix(program, snapshot, &mut notes);
    let engine =
        Engine { program, fingerprints, plan, snapshot, options, world, stage, chosen, before, approvals, matrix };
    Ok(engine.decide(notes))
}

fn world(program: &Program, options: &Options) -> Result<Option<String>, EvaluateError> {
    match (&program.world, &options.world) {
        (Some(policy), Some(asked)) if policy != asked => {
            Err(EvaluateError::OtherWorld { policy: policy.clone(), asked: asked.clone() })
        }
        (None, None) => Err(EvaluateError::NoWorld),
        (policy, asked) => Ok(policy.clone().or_else(|| asked.clone())),
    }
}

/// The stage as given, which a native policy must know.
fn stage(program: &Program, snapshot: &Snapshot, notes: &mut Notes) -> Result<Option<String>, EvaluateError> {
    let Some(stage) = snapshot.stage.clone().filter(|stage| !stage.trim().is_empty()) else { return Ok(None) };
    if crate::compile::STAGES.contains(&normalized_name(&stage).as_str()) {
        return Ok(Some(stage));
    }
    if program.dialect.is_native() {
        return Err(EvaluateError::UnknownStage(stage));
    }
    notes.add("unknown_stage", "the stage is none that this program knows", stage.clone());
    Ok(Some(stage))
}

pub(super) struct Engine<'a> {
    pub program: &'a Program,
    pub fingerprints: &'a Fingerprints,
    plan: &'a Plan,
    pub snapshot: &'a Snapshot,
    pub options: &'a Options,
    pub world: Option<String>,
    pub stage: Option<String>,
    pub chosen: Option<Chosen<'a>>,
    pub before: Before,
    pub approvals: HashSet<&'a str>,
    /// The correlations, if any are given that say something.
    pub matrix: Option<&'a Correlations>,
}

impl<'a> Engine<'a> {
    fn decide(&self, mut notes: Notes) -> Decision {
        let frame = Frame::new(self.program, &self.snapshot.strategies, &mut notes);
        given::note_weights(self.program, &self.snapshot.strategies, &mut notes);
        let rows = frame.rows();
        let active = Bitmask::from_fn(rows, |row| self.was_active(row));
        // Rule by rule only where somebody asks why, or where the fused form does not know enough.
        let fused = self.options.detail == Detail::None && self.options.shown.is_empty();
        let fused = fused && !active.any() && !frame.has_defects() && self.program.dialect.is_native();
        let judged = if fused { Vec::new() } else { judge(&frame, &self.rules(), &active) };
        let ruled = if fused { self.fused(&frame) } else { self.by_rule(&frame, &judged) };
        let downgrades = downgrades(self.program, self.snapshot);
        let selection = if self.program.dialect.is_native() {
            self.native(rows, ruled, &downgrades, &mut notes)
        } else {
            self.threshold(&frame, ruled, &downgrades)
        };
        let was_active = |row: usize| self.was_active(row);
        let shown = self.shown(&selection);
        let mut strategies = Vec::with_capacity(shown.len());
        if !shown.is_empty() {
            let evidence = Evidence {
                program: self.program,
                snapshot: self.snapshot,
                frame: &frame,
                judged: &judged,
                blocks: &selection.blocks,
                active: &was_active,
                stage: self.stage.as_deref(),
                warns_of_correlation: Admission::new(self.program, self.matrix).missing_matrix()
                    == Some(MissingMode::Warn),
            };
            let sections = Sections::new(evidence, &self.sections());
            for row in shown {
                let downgrade = downgrades.get(row).copied().flatten();
                let decision = self.strategy(&frame, &judged, &selection, sections.of(row), downgrade, row);
                strategies.push((self.id(row).to_owned(), decision));
            }
        }
        let causes = if fused { Vec::new() } else { self.causes(&judged, &selection) };
        self.document(strategies, causes, selection, notes)
    }

    /// What the rules leave, from their fused form: who is active now has nothing to say there.
    fn fused(&self, frame: &Frame<'_>) -> Ruled {
        let mut found = Found::default();
        let wanted = Wanted { best: 0, ids: None };
        frame.with_inputs(&self.plan.slots, |inputs| {
            self.plan.run(inputs, frame.rows(), self.options.threads, wanted, &mut found)
        });
        let passed = Bitmask::from_words(found.passed, frame.rows());
        Ruled { passed, scores: found.scores, risky: Bitmask::filled(frame.rows(), false) }
    }

    fn by_rule(&self, frame: &Frame<'_>, judged: &[Judged<'_>]) -> Ruled {
        let none = Bitmask::filled(frame.rows(), false);
        let rejected = judged.iter().fold(none.clone(), |all, judged| all.or(&judged.rejecting()));
        let risk = judged
            .iter()
            .filter(|judged| judged.rule.layer == Layer::Risk && judged.rule.severity == RuleSeverity::Blocking);
        Ruled {
            passed: Bitmask::filled(frame.rows(), true).and_not(&rejected),
            scores: score(self.program).map(|score| frame.numbers(score)).unwrap_or_default(),
            risky: risk.fold(none, |all, judged| all.or(&judged.truth.no)),
        }
    }

    /// The rows that are told in detail.
    fn shown(&self, selection: &Selection) -> Vec<usize> {
        let rows = selection.blocks.len();
        let selected = |row: usize| selection.selected.get(row).copied().unwrap_or(false);
        let wanted = |row: &usize| match self.options.detail {
            Detail::All => true,
            Detail::Selected if selected(*row) => true,
            Detail::Changed if selected(*row) || selection.actions.get(*row) != Some(&Action::Hold) => true,
            _ => !self.options.shown.is_empty() && self.options.shown.iter().any(|id| id == self.id(*row)),
        };
        (0..rows).filter(wanted).collect()
    }

    /// How many strategies each rule or step kept out first.
    fn causes(&self, judged: &[Judged<'_>], selection: &Selection) -> Vec<(String, usize)> {
        let rows = selection.blocks.len();
        let mut left = Bitmask::from_fn(rows, |row| !selection.selected.get(row).copied().unwrap_or(false));
        let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
        for judged in judged {
            let rejected = judged.rejecting().and(&left);
            left = left.and_not(&rejected);
            *causes.entry(&judged.rule.id).or_default() += rejected.count();
        }
        for block in left.ones().filter_map(|row| selection.blocks.get(row).and_then(Option::as_ref)) {
            *causes.entry(block.code).or_default() += 1;
        }
        let mut causes: Vec<_> = causes.into_iter().filter(|(_, count)| *count > 0).collect();
        sort_by(&mut causes, |left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
        causes.into_iter().map(|(cause, count)| (cause.to_owned(), count)).collect()
    }

    fn document(
        &self,
        strategies: Vec<(String, StrategyDecision)>,
        causes: Vec<(String, usize)>,
        selection: Selection,
        notes: Notes,
    ) -> Decision {
        let as_of = self.snapshot.as_of;
        let ttl = self.program.lifecycle.governance.decision_ttl.value;
        Decision {
            schema_version: DECISION_VERSION,
            world: self.world.clone(),
            policy_version: self.program.version.clone(),
            ruleset_hash: self.fingerprints.ruleset.clone(),
            selection_hash: self.fingerprints.selection.clone(),
            as_of: as_of.map(|instant| instant.to_string()),
            valid_until: as_of.and_then(|instant| later(instant, ttl)).map(|instant| instant.to_string()),
            stage: self.stage.clone(),
            profile: self.chosen.map(|chosen| chosen.profile.name.clone()),
            selected: selection.order,
            funnel: selection.funnel,
            notes: notes.into_vec(),
            strategies,
            causes,
            state: State {
                schema_version: SCHEMA_VERSION,
                world: self.world.clone(),
                ruleset_hash: self.fingerprints.ruleset.clone(),
                selection_hash: self.fingerprints.selection.clone(),
                as_of: as_of.or(self.before.state.as_of),
                strategies: selection.next,
            },
        }
    }

    pub(super) fn id(&self, row: usize) -> &'a str {
        self.snapshot.strategies.id(row)
    }

    pub(super) fn was_active(&self, row: usize) -> bool {
        self.before.is_active(self.id(row))
    }

    fn rules(&self) -> Vec<&'a Rule> {
        self.program.rules_under(self.chosen.map(|chosen| chosen.profile))
    }

    fn sections(&self) -> Vec<&'a LayerSection> {
        let base = self.chosen.map_or(&self.program.base, |chosen| &chosen.profile.base);
        base.iter().chain(&self.program.layers).collect()
    }

    fn strategy(
        &self,
        frame: &Frame<'_>,
        judged: &[Judged<'_>],
        selection: &Selection,
        results: Vec<(String, RuleResult)>,
        downgrade: Option<&'static str>,
        row: usize,
    ) -> StrategyDecision {
        let status = self.status(&results);
        let selected = selection.selected.get(row).copied().unwrap_or(false);
        let stage = self.stage.as_deref();
        let action = selection.actions.get(row).copied().unwrap_or(Action::Hold);
        let active = self.was_active(row);
        StrategyDecision {
            status,
            selected,
            action,
            effective_mode: if downgrade.is_some() { "compute-only" } else { self.mode(row, selected, status) },
            downgraded: downgrade.is_some(),
            downgrade_reason: downgrade,
            recommended_stage: recommended_stage(stage, self.chosen.map(|chosen| chosen.profile.name.as_str())),
            score: selection.scores.get(row).copied().filter(|score| !score.is_nan()),
            rank: selection.ranks.get(row).copied().filter(|rank| *rank > 0).map(|rank| rank as usize),
            missing: self.missing(frame, judged, selection, row),
            rejected_by: self.rejection(judged, selection, row, selected),
            rules: results,
            checks: judged.iter().map(|judged| judged.check(row, active)).collect(),
        }
    }

    /// The metrics that rules lack, and those of the score where the lack of it keeps a strategy out.
    fn missing(&self, frame: &Frame<'_>, judged: &[Judged<'_>], selection: &Selection, row: usize) -> Vec<String> {
        let block = selection.blocks.get(row).and_then(Option::as_ref);
        let unscored = block.is_some_and(|block| block.step == "score");
        let score = score(self.program).filter(|_| unscored).map(|score| score.metrics()).unwrap_or_default();
        let read = judged.iter().flat_map(|judged| judged.rule.when.metrics()).chain(score);
        missing_metrics(self.program, frame, read, row)
    }

    fn status(&self, results: &[(String, RuleResult)]) -> Status {
        let threshold = matches!(self.program.dialect, Dialect::Threshold { .. });
        let of = |result: &RuleResult| match (result.status, result.severity) {
            (Status::Fail, RuleSeverity::Blocking) => Status::Fail,
            (Status::Fail, RuleSeverity::Soft) | (Status::Warn, _) => Status::Warn,
            (Status::Fail, RuleSeverity::Info) if threshold => Status::Warn,
            _ => Status::Pass,
        };
        results.iter().map(|(_, result)| of(result)).max().unwrap_or(Status::Pass)
    }

    /// How a strategy may run, its data being current.
    fn mode(&self, row: usize, selected: bool, status: Status) -> &'static str {
        if !selected {
            return "validate";
        }
        if status == Status::Fail {
            return "compute-only";
        }
        match self.stage.as_deref().map(normalized_name).as_deref() {
            Some("paper" | "paper_only" | "dryrun") => "paper",
            Some("shadow") => "shadow",
            Some("live" | "paper_ok_live_candidate") => {
                let approved = self.approvals.contains(self.id(row));
                let certain = !self.chosen.is_some_and(|chosen| chosen.fallback);
                if self.program.lifecycle.allow_live.value && approved && certain { "live" } else { "paper" }
            }
            _ => "compute-only",
        }
    }

    /// What kept a strategy out first; also what an active one that is only held fails.
    fn rejection(&self, judged: &[Judged<'_>], selection: &Selection, row: usize, selected: bool) -> Option<Rejection> {
        let failed = judged.iter().find(|judged| judged.rejects(row));
        let rejection = match failed {
            Some(judged) => {
                let code = if judged.is_missing(row) { "metrics_missing" } else { "rule_failed" };
                Some(Rejection {
                    step: "rules",
                    code: code.to_owned(),
                    rule: Some(judged.rule.id.clone()),
                    by: Vec::new(),
                })
            }
            None => selection.blocks.get(row).and_then(Option::as_ref).map(|block| Rejection {
                step: block.step,
                code: block.code.to_owned(),
                rule: None,
                by: block.by.clone(),
            }),
        };
        rejection.filter(|_| !selected)
    }
}
