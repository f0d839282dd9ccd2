//! The way from a snapshot to a decision: currency, rules, score, admission, hysteresis, mode, results.

use std::collections::HashMap;

use super::currency::downgrades;
use super::decision::{Action, Decision, Funnel, Rejection, RuleResult, Status, StrategyDecision};
use super::frame::Frame;
use super::judge::{Judged, judge, missing_metrics};
use super::notes::Notes;
use super::profile::{AskedBy, Chosen, choose, recommended_stage};
use super::results::{Evidence, results};
use super::select::{Admission, Block, Book, Entry, Hysteresis, Levels, Member, Outcome, threshold_selection};
use super::snapshot::Snapshot;
use super::state::{Previous, SCHEMA_VERSION, State, StrategyState};
use super::time::later;
use crate::ir::{
    Dialect, Fingerprints, Layer, LayerSection, MissingMode, Program, Rule, RuleSeverity, Step, Streaks,
    normalized_name,
};
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
    let engine = Engine { program, fingerprints, snapshot, world, stage, chosen, before };
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

/// What was active before this evaluation.
struct Before {
    state: State,
    streaks_known: bool,
    /// Whether streaks move: not without an instant, and not at the state's own.
    streaks_move: bool,
}

impl Before {
    fn new(
        snapshot: &Snapshot,
        world: Option<&str>,
        fingerprints: &Fingerprints,
        has_streaks: bool,
        notes: &mut Notes,
    ) -> Result<Self, EvaluateError> {
        let mut state = match &snapshot.previous {
            None => return Ok(Self::nothing(snapshot)),
            Some(Previous::Ids(ids)) => {
                if !has_streaks {
                    return Ok(Self { state: state_of_ids(ids), ..Self::nothing(snapshot) });
                }
                let message = "the previous selection is a list of ids: the first failure demotes";
                notes.add("state_without_streaks", message, format!("{} ids", ids.len()));
                return Ok(Self { state: state_of_ids(ids), streaks_known: false, ..Self::nothing(snapshot) });
            }
            Some(Previous::State(state)) => (**state).clone(),
        };
        if let (Some(of), Some(world)) = (&state.world, world)
            && of != world
        {
            return Err(EvaluateError::StateOfOtherWorld { state: of.clone(), world: world.to_owned() });
        }
        if let (Some(made), Some(as_of)) = (state.as_of, snapshot.as_of)
            && made > as_of
        {
            return Err(EvaluateError::StateFromLater { state: made.to_string(), snapshot: as_of.to_string() });
        }
        if state.selection_hash != fingerprints.selection {
            notes.add(
                "selection_changed",
                "the policy selects differently than the state's did: passes are counted anew",
                state.selection_hash.clone(),
            );
            state.strategies.iter_mut().for_each(|(_, strategy)| strategy.pass_streak = 0);
        }
        let streaks_move = snapshot.as_of.is_some() && snapshot.as_of != state.as_of;
        Ok(Self { state, streaks_known: true, streaks_move })
    }

    fn nothing(snapshot: &Snapshot) -> Self {
        Self { state: state_of_ids(&[]), streaks_known: true, streaks_move: snapshot.as_of.is_some() }
    }

    fn is_active(&self, id: &str) -> bool {
        self.state.get(id).is_some_and(|state| state.active)
    }
}

fn state_of_ids(ids: &[String]) -> State {
    let active = StrategyState { active: true, ..StrategyState::default() };
    let mut strategies: Vec<_> = ids.iter().map(|id| (id.clone(), active.clone())).collect();
    strategies.sort_by(|left, right| left.0.cmp(&right.0));
    State {
        schema_version: SCHEMA_VERSION,
        world: None,
        ruleset_hash: String::new(),
        selection_hash: String::new(),
        as_of: None,
        strategies,
    }
}

struct Engine<'a> {
    program: &'a Program,
    fingerprints: &'a Fingerprints,
    snapshot: &'a Snapshot,
    world: Option<String>,
    stage: Option<String>,
    chosen: Option<Chosen<'a>>,
    before: Before,
}

/// What the steps leave, whatever the dialect.
struct Selection {
    funnel: Vec<Funnel>,
    scores: Vec<Option<f64>>,
    ranks: Vec<Option<usize>>,
    blocks: Vec<Option<Block>>,
    actions: Vec<Action>,
    selected: Vec<bool>,
    /// The active set in its order.
    order: Vec<String>,
    next: Vec<(String, StrategyState)>,
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
            warns_of_correlation: Admission::new(self.program, self.snapshot.correlations.as_ref()).missing_matrix()
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

    fn id(&self, row: usize) -> &'a str {
        self.snapshot.strategies.get(row).map_or("", |strategy| strategy.id.as_str())
    }

    fn was_active(&self, row: usize) -> bool {
        self.before.is_active(self.id(row))
    }

    /// Base rules and those of the profile; in threshold documents a profile replaces thresholds by name.
    fn rules(&self) -> Vec<&'a Rule> {
        let profile = self.chosen.map(|chosen| chosen.profile);
        let replaced = |rule: &&Rule| {
            let native = self.program.dialect.is_native();
            !native && profile.is_some_and(|profile| profile.rules.iter().any(|other| other.id == rule.id))
        };
        let own = self.program.rules.iter().filter(|rule| !replaced(rule));
        own.chain(profile.iter().flat_map(|profile| &profile.rules)).collect()
    }

    fn sections(&self) -> Vec<&'a LayerSection> {
        let base = self.chosen.map_or(&self.program.base, |chosen| &chosen.profile.base);
        base.iter().chain(&self.program.layers).collect()
    }

    fn threshold(&self, frame: &Frame, judged: &[Judged<'_>], downgrades: &[Option<&'static str>]) -> Selection {
        let rows = frame.rows();
        let passed: Vec<usize> = (0..rows).filter(|&row| !judged.iter().any(|judged| judged.rejects(row))).collect();
        let mut funnel = vec![Funnel { step: "submitted", count: rows }, Funnel { step: "rules", count: passed.len() }];
        let ids: Vec<&str> = (0..rows).map(|row| self.id(row)).collect();
        let matrix = self.snapshot.correlations.as_ref();
        let levels = threshold_selection(self.program, frame, &ids, passed, &|row| self.was_active(row), matrix);
        funnel.extend(levels.funnel.iter().map(|&(step, count)| Funnel { step, count }));
        let mut admitted = Bitmask::filled(rows, false);
        levels.selected.iter().for_each(|&row| admitted.set(row, true));
        let Levels { selected, blocks, ranks, scores, .. } = levels;
        self.without_hysteresis(Found { funnel, scores, ranks, blocks, admitted }, selected, downgrades)
    }

    fn member(&self, row: usize) -> Member {
        let strategy = self.snapshot.strategies.get(row);
        Member {
            id: self.id(row).to_owned(),
            side: strategy.and_then(|strategy| strategy.side.clone()),
            sector: strategy.and_then(|strategy| strategy.sector.clone()),
            weight: strategy.and_then(|strategy| strategy.weight),
        }
    }

    fn native(
        &self,
        frame: &Frame,
        judged: &[Judged<'_>],
        downgrades: &[Option<&'static str>],
        notes: &mut Notes,
    ) -> Selection {
        let rows = frame.rows();
        let mut blocks: Vec<Option<Block>> = vec![None; rows];
        let passed: Vec<usize> = (0..rows).filter(|&row| !judged.iter().any(|judged| judged.rejects(row))).collect();
        let mut funnel = vec![Funnel { step: "submitted", count: rows }, Funnel { step: "rules", count: passed.len() }];
        let (order, scores) = self.ranked(frame, passed, &mut blocks);
        let has_score = self.program.steps.iter().any(|step| matches!(step, Step::Score(_)));
        if has_score {
            funnel.push(Funnel { step: "score", count: order.len() });
        }
        let mut ranks = vec![None; rows];
        for (place, &row) in order.iter().enumerate() {
            if let Some(rank) = ranks.get_mut(row) {
                *rank = Some(place + 1);
            }
        }
        let admission = Admission::new(self.program, self.snapshot.correlations.as_ref());
        let admitted = self.admit(&admission, &order, &scores, &mut blocks, notes);
        self.admission_funnel(&mut funnel, &order, &blocks);
        let streaks = self.program.steps.iter().find_map(|step| match step {
            Step::Streaks(streaks) => Some(streaks),
            _ => None,
        });
        match streaks {
            Some(streaks) => {
                let found = Found { funnel, scores, ranks, blocks, admitted };
                self.with_hysteresis(streaks, &admission, judged, downgrades, found, notes)
            }
            None => {
                let order = order.into_iter().filter(|&row| admitted.get(row)).collect();
                self.without_hysteresis(Found { funnel, scores, ranks, blocks, admitted }, order, downgrades)
            }
        }
    }

    /// Rows with a score, best first; ties by id. A missing score rejects.
    fn ranked(
        &self,
        frame: &Frame,
        passed: Vec<usize>,
        blocks: &mut [Option<Block>],
    ) -> (Vec<usize>, Vec<Option<f64>>) {
        let score = self.program.steps.iter().find_map(|step| match step {
            Step::Score(score) => Some(frame.numbers(score)),
            _ => None,
        });
        let Some(values) = score else {
            let mut order = passed;
            order.sort_by_key(|&row| self.id(row));
            return (order, vec![None; frame.rows()]);
        };
        let scores: Vec<Option<f64>> =
            values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect();
        let score = |row: usize| scores.get(row).copied().flatten();
        let (mut order, without): (Vec<_>, Vec<_>) = passed.into_iter().partition(|&row| score(row).is_some());
        for row in without {
            if let Some(block) = blocks.get_mut(row) {
                *block = Some(Block::new("score", "score_missing", Vec::new()));
            }
        }
        let value = |row: usize| score(row).unwrap_or(f64::NEG_INFINITY);
        order.sort_by(|&left, &right| {
            let by_score = value(right).partial_cmp(&value(left)).unwrap_or(std::cmp::Ordering::Equal);
            by_score.then_with(|| self.id(left).cmp(self.id(right)))
        });
        (order, scores)
    }

    fn admit(
        &self,
        admission: &Admission<'_>,
        order: &[usize],
        scores: &[Option<f64>],
        blocks: &mut [Option<Block>],
        notes: &mut Notes,
    ) -> Bitmask {
        let mut admitted = Bitmask::filled(scores.len(), false);
        let mut book = Book::default();
        let mut last_admitted = None;
        let mut first_cut = None;
        for &row in order {
            let member = self.member(row);
            match admission.test(&member, &mut book) {
                None => {
                    admission.admit(member, &mut book);
                    admitted.set(row, true);
                    last_admitted = Some(row);
                }
                Some(block) => {
                    if block.code == "rank_outside_topk" && first_cut.is_none() {
                        first_cut = Some(row);
                    }
                    if let Some(slot) = blocks.get_mut(row) {
                        *slot = Some(block);
                    }
                }
            }
        }
        let score = |row: usize| scores.get(row).copied().flatten();
        if let (Some(last), Some(first)) = (last_admitted, first_cut)
            && score(last) == score(first)
        {
            let message = "strategies at the cut have the same score: their ids decided";
            notes.add("tie_at_cut", message, format!("{}/{}", self.id(last), self.id(first)));
        }
        for (first, second) in book.absent_pairs {
            let message = "the correlations lack some pairs of compared strategies; they count as 0";
            notes.add("correlation_absent", message, format!("{first}/{second}"));
        }
        match admission.missing_matrix() {
            Some(MissingMode::Warn) => {
                notes.add("correlation_missing", "no correlations are given: the limit is not tested", "warn");
            }
            Some(MissingMode::Fail) => {
                notes.add("correlation_missing", "no correlations are given: nobody is admitted", "fail");
            }
            _ => {}
        }
        admitted
    }

    fn admission_funnel(&self, funnel: &mut Vec<Funnel>, order: &[usize], blocks: &[Option<Block>]) {
        let mut left = order.len();
        let out = |step: &str| {
            order
                .iter()
                .filter(|&&row| blocks.get(row).and_then(Option::as_ref).is_some_and(|block| block.step == step))
                .count()
        };
        for step in &self.program.steps {
            let name = match step {
                Step::Correlation(_) => "correlation",
                Step::Exposure(_) => "exposure",
                Step::Cut(_) => "cut",
                _ => continue,
            };
            left -= out(name);
            funnel.push(Funnel { step: name, count: left });
        }
    }

    /// The admitted set is the active set, but for strategies that old data keeps from entering.
    fn without_hysteresis(&self, found: Found, order: Vec<usize>, downgrades: &[Option<&'static str>]) -> Selection {
        let Found { mut funnel, scores, ranks, mut blocks, admitted } = found;
        let as_of = self.snapshot.as_of;
        let rows = scores.len();
        let (mut actions, mut selected) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut next = Vec::with_capacity(rows);
        for row in 0..rows {
            let before = self.before.state.get(self.id(row)).cloned().unwrap_or_default();
            let stale = downgrades.get(row).copied().flatten().filter(|_| !before.active && admitted.get(row));
            if let (Some(reason), Some(slot)) = (stale, blocks.get_mut(row)) {
                *slot = Some(Block::new("data_currency", reason, Vec::new()));
            }
            let now = admitted.get(row) && stale.is_none();
            actions.push(match (before.active, now) {
                (false, true) => Action::Promote,
                (true, false) => Action::Demote,
                _ => Action::Hold,
            });
            selected.push(now);
            let since = if before.active == now { before.since } else { as_of };
            let Member { id, side, sector, weight } = self.member(row);
            let state = StrategyState { active: now, since, pass_streak: 0, fail_streak: 0, side, sector, weight };
            next.push((id, state));
        }
        next.sort_by(|left, right| left.0.cmp(&right.0));
        let is_selected = |row: &usize| selected.get(*row).copied().unwrap_or(false);
        let order: Vec<_> = order.into_iter().filter(is_selected).map(|row| self.id(row).to_owned()).collect();
        funnel.push(Funnel { step: "selected", count: order.len() });
        Selection { funnel, scores, ranks, blocks, actions, selected, order, next }
    }

    fn with_hysteresis(
        &self,
        settings: &Streaks,
        admission: &Admission<'_>,
        judged: &[Judged<'_>],
        downgrades: &[Option<&'static str>],
        found: Found,
        notes: &mut Notes,
    ) -> Selection {
        let rows = found.scores.len();
        let mut entries: Vec<Entry> = (0..rows).map(|row| self.entry(row, judged, downgrades, &found)).collect();
        let present: HashMap<&str, usize> = (0..rows).map(|row| (self.id(row), row)).collect();
        let absent = self.before.state.strategies.iter().filter(|(id, _)| !present.contains_key(id.as_str()));
        for (id, state) in absent.filter(|(_, state)| state.active || state.since.is_some()) {
            if state.active {
                notes.add("absent", "active strategies that the snapshot lacks are not qualified", id.clone());
            }
            entries.push(absent_entry(id, state));
        }
        let incomplete = self.is_incomplete(&present, notes);
        let hysteresis = Hysteresis {
            settings,
            as_of: self.snapshot.as_of,
            streaks_move: self.before.streaks_move,
            incomplete,
            streaks_known: self.before.streaks_known,
        };
        let (outcomes, _) = hysteresis.run(&entries, admission);
        self.finish(&entries, outcomes, found, rows)
    }

    fn entry(&self, row: usize, judged: &[Judged<'_>], downgrades: &[Option<&'static str>], found: &Found) -> Entry {
        let member = self.member(row);
        let mut state = self.before.state.get(&member.id).cloned().unwrap_or_default();
        (state.side, state.sector, state.weight) = (member.side.clone(), member.sector.clone(), member.weight);
        let risk_exit = judged.iter().any(|judged| {
            judged.rule.layer == Layer::Risk
                && judged.rule.severity == RuleSeverity::Blocking
                && judged.truth.get(row) == Some(false)
        });
        Entry {
            state,
            qualified: found.admitted.get(row),
            risk_exit,
            frozen: downgrades.get(row).copied().flatten().is_some(),
            rank: found.ranks.get(row).copied().flatten(),
            member,
        }
    }

    /// Whether fewer of the active strategies are present than the policy asks for.
    fn is_incomplete(&self, present: &HashMap<&str, usize>, notes: &mut Notes) -> bool {
        let Some(coverage) = &self.program.currency.min_coverage else { return false };
        let active: Vec<_> = self.before.state.strategies.iter().filter(|(_, state)| state.active).collect();
        let here = active.iter().filter(|(id, _)| present.contains_key(id.as_str())).count();
        let incomplete = !active.is_empty() && (here as f64) < coverage.value * active.len() as f64;
        if incomplete {
            let message = "too few of the active strategies are in the snapshot: only risk exits happen";
            notes.add("incomplete_snapshot", message, format!("{here} of {}", active.len()));
        }
        incomplete
    }

    fn finish(&self, entries: &[Entry], outcomes: Vec<Outcome>, found: Found, rows: usize) -> Selection {
        let Found { mut funnel, scores, ranks, mut blocks, .. } = found;
        let mut actions = Vec::with_capacity(rows);
        let mut selected = Vec::with_capacity(rows);
        let mut order: Vec<(usize, String)> = Vec::new();
        let mut next = Vec::with_capacity(entries.len());
        for (index, (entry, outcome)) in entries.iter().zip(outcomes).enumerate() {
            let is_active = outcome.state.active;
            if is_active {
                order.push((entry.rank.unwrap_or(usize::MAX), entry.member.id.clone()));
            }
            if index < rows {
                actions.push(outcome.action);
                selected.push(is_active);
                // What kept a strategy from qualifying comes first; hysteresis says what it made of it.
                if let (Some(slot @ None), Some(block)) = (blocks.get_mut(index), outcome.block) {
                    *slot = Some(block);
                }
            }
            if is_active || index < rows || outcome.state.since.is_some() {
                next.push((entry.member.id.clone(), outcome.state));
            }
        }
        order.sort();
        next.sort_by(|left, right| left.0.cmp(&right.0));
        funnel.push(Funnel { step: "hysteresis", count: order.len() });
        funnel.push(Funnel { step: "selected", count: order.len() });
        let order = order.into_iter().map(|(_, id)| id).collect();
        Selection { funnel, scores, ranks, blocks, actions, selected, order, next }
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
                let approved = self.snapshot.approvals.iter().any(|id| id == self.id(row));
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

/// What the steps before hysteresis give.
struct Found {
    funnel: Vec<Funnel>,
    scores: Vec<Option<f64>>,
    ranks: Vec<Option<usize>>,
    blocks: Vec<Option<Block>>,
    admitted: Bitmask,
}

fn absent_entry(id: &str, state: &StrategyState) -> Entry {
    Entry {
        member: Member {
            id: id.to_owned(),
            side: state.side.clone(),
            sector: state.sector.clone(),
            weight: state.weight,
        },
        state: state.clone(),
        qualified: false,
        risk_exit: false,
        frozen: false,
        rank: None,
    }
}
