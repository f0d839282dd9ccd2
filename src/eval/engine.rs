//! The way from a snapshot to a decision: currency, rules, score, admission, hysteresis, mode, results.

use std::collections::HashSet;

use super::before::Before;
use super::currency::downgrades;
use super::decision::{Action, Decision, Rejection, RuleResult, Status, StrategyDecision};
use super::frame::Frame;
use super::judge::{Judged, judge, missing_metrics};
use super::notes::Notes;
use super::profile::{AskedBy, Chosen, choose, recommended_stage};
use super::results::{Evidence, results};
use super::select::Admission;
use super::selection::Selection;
use super::snapshot::Snapshot;
use super::state::{SCHEMA_VERSION, State};
use super::time::later;
use crate::ir::{Dialect, Fingerprints, LayerSection, MissingMode, Program, Rule, RuleSeverity, Step, normalized_name};
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
}

/// Why a snapshot cannot be judged by a policy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The policy names another world.
    #[error("the policy is for world `{policy}`, not `{asked}`")]
    OtherWorld {
        /// The policy's.
        policy: String,
        /// The one asked for.
        asked: String,
    },
    /// Nobody names a world.
    #[error("the policy names no world: give one")]
    NoWorld,
    /// The state is another world's.
    #[error("the previous state is of world `{state}`, not `{world}`")]
    StateOfOtherWorld {
        /// The state's.
        state: String,
        /// This one.
        world: String,
    },
    /// The state is newer than the snapshot.
    #[error("the previous state is of {state}, after this snapshot of {snapshot}: judge snapshots in order")]
    StateFromLater {
        /// The state's instant.
        state: String,
        /// The snapshot's.
        snapshot: String,
    },
    /// There is no such profile.
    #[error("there is no profile `{0}`")]
    UnknownProfile(String),
    /// There is no such stage.
    #[error("there is no stage `{0}`: the stages are {stages}", stages = crate::compile::STAGES.join(", "))]
    UnknownStage(String),
}

/// Judges a snapshot.
pub fn evaluate(
    program: &Program,
    fingerprints: &Fingerprints,
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
    let has_streaks = program.steps.iter().any(|step| matches!(step, Step::Streaks(_)));
    let before = Before::new(snapshot, world.as_deref(), fingerprints, has_streaks, &mut notes)?;
    let approvals = snapshot.approvals.iter().map(String::as_str).collect();
    let engine = Engine { program, fingerprints, snapshot, world, stage, chosen, before, approvals };
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
    pub snapshot: &'a Snapshot,
    pub world: Option<String>,
    pub stage: Option<String>,
    pub chosen: Option<Chosen<'a>>,
    pub before: Before,
    pub approvals: HashSet<&'a str>,
}

impl<'a> Engine<'a> {
    fn decide(&self, mut notes: Notes) -> Decision {
        let frame = Frame::new(self.program, self.snapshot, &mut notes);
        let rows = frame.rows();
        let active = Bitmask::from_fn(rows, |row| self.was_active(row));
        let judged = judge(&frame, self.rules(), &active);
        let downgrades = downgrades(self.program, self.snapshot);
        let selection = if self.program.dialect.is_native() {
            self.native(&frame, &judged, &downgrades, &mut notes)
        } else {
            self.threshold(&frame, &judged, &downgrades)
        };
        let was_active = |row: usize| self.was_active(row);
        let evidence = Evidence {
            program: self.program,
            snapshot: self.snapshot,
            frame: &frame,
            judged: &judged,
            blocks: &selection.blocks,
            active: &was_active,
            stage: self.stage.as_deref(),
            warns_of_correlation: Admission::new(self.program, self.snapshot.correlations.as_deref()).missing_matrix()
                == Some(MissingMode::Warn),
        };
        let results = results(&evidence, &self.sections());
        let mut strategies = Vec::with_capacity(rows);
        for (row, results) in results.into_iter().enumerate() {
            let Some(strategy) = self.snapshot.strategies.get(row) else { continue };
            let downgrade = downgrades.get(row).copied().flatten();
            let decision = self.strategy(&frame, &judged, &selection, results, downgrade, row);
            strategies.push((strategy.id.clone(), decision));
        }
        self.document(strategies, selection, notes)
    }

    fn document(&self, strategies: Vec<(String, StrategyDecision)>, selection: Selection, notes: Notes) -> Decision {
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
        self.snapshot.strategies.get(row).map_or("", |strategy| strategy.id.as_str())
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
        frame: &Frame,
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
            score: selection.scores.get(row).copied().flatten(),
            rank: selection.ranks.get(row).copied().flatten(),
            missing: missing_metrics(self.program, frame, judged, row),
            rejected_by: self.rejection(judged, selection, row, selected),
            rules: results,
            checks: judged.iter().map(|judged| judged.check(row, active)).collect(),
        }
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
