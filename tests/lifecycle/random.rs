//! Random sequences of commands: whatever is tried, in whatever order, what must hold holds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use qmtl_policy::eval::Action;
use qmtl_policy::lifecycle::{
    LifecycleEvent, OverrideStatus, Run, RunState, Stage, SwitchOutcome, WorldRecord, WorldRules, campaign_status,
};
use qmtl_policy::{Options, Policy, Snapshot};
use serde_json::json;

use super::{WORLD, at, decision, submission};

const STRATEGIES: [&str; 3] = ["a", "b", "c"];
const RUNS: [&str; 3] = ["r0", "r1", "r2"];
const ACTORS: [&str; 3] = ["risk", "ann", " "];
const STATES: [RunState; 5] =
    [RunState::BacktestRunning, RunState::Evaluating, RunState::Activated, RunState::Rejected, RunState::Expired];

#[derive(Debug, Clone)]
enum Command {
    Wait(i64),
    /// The usual way of a paper run, up to an approval.
    Observe {
        days: i64,
        selected: usize,
    },
    Submit {
        stage: Stage,
        supersedes: Option<usize>,
    },
    Move(RunState),
    Evaluate {
        status: &'static str,
        selected: usize,
    },
    Approve,
    Reject,
    Override(OverrideStatus),
    Begin {
        snapshot: Option<i64>,
    },
    Finish {
        outcome: SwitchOutcome,
    },
    Apply {
        snapshot: Option<i64>,
    },
    Demote,
    Halt,
    Resume,
    Rollback,
    /// A decision is recorded; the strategy breaks a risk rule, or not.
    Decide {
        loss: bool,
    },
}

/// A command with whom it is about and who gives it.
#[derive(Debug, Clone)]
struct Step {
    command: Command,
    strategy: usize,
    run: usize,
    actor: usize,
}

fn command() -> impl Strategy<Value = Command> {
    let snapshot = || prop_oneof![4 => Just(Some(60)), 1 => Just(Some(1000)), 1 => Just(None), 1 => Just(Some(-1))];
    let stage = prop_oneof![1 => Just(Stage::Backtest), 4 => Just(Stage::Paper), 1 => Just(Stage::Live)];
    let status = prop_oneof![6 => Just("pass"), 1 => Just("warn"), 1 => Just("fail")];
    let outcome = prop_oneof![3 => Just(SwitchOutcome::Done), 1 => Just(SwitchOutcome::Failed)];
    let spoken =
        prop_oneof![Just(OverrideStatus::None), Just(OverrideStatus::Approved), Just(OverrideStatus::Rejected)];
    prop_oneof![
        3 => (0_i64..4).prop_map(Command::Wait),
        8 => (0_i64..30, 1_usize..8).prop_map(|(days, selected)| Command::Observe { days, selected }),
        3 => (stage, proptest::option::weighted(0.4, 0..RUNS.len()))
            .prop_map(|(stage, supersedes)| Command::Submit { stage, supersedes }),
        1 => (0..STATES.len()).prop_map(|state| Command::Move(STATES[state])),
        3 => (status, 0_usize..8).prop_map(|(status, selected)| Command::Evaluate { status, selected }),
        4 => Just(Command::Approve),
        1 => Just(Command::Reject),
        1 => spoken.prop_map(Command::Override),
        2 => snapshot().prop_map(|snapshot| Command::Begin { snapshot }),
        2 => outcome.prop_map(|outcome| Command::Finish { outcome }),
        12 => snapshot().prop_map(|snapshot| Command::Apply { snapshot }),
        1 => Just(Command::Demote),
        1 => Just(Command::Halt),
        3 => Just(Command::Resume),
        3 => Just(Command::Rollback),
        4 => prop::bool::weighted(0.3).prop_map(|loss| Command::Decide { loss }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let actor = prop_oneof![6 => Just(0_usize), 2 => Just(1), 1 => Just(2)];
    let step = (command(), 0..STRATEGIES.len(), 0..RUNS.len(), actor);
    let step = step.prop_map(|(command, strategy, run, actor)| Step { command, strategy, run, actor });
    proptest::collection::vec(step, 1..90)
}

/// The rules a sequence is tried under, with what of them a model needs to know.
#[derive(Debug, Clone, Copy)]
struct Setting {
    allow_live: bool,
    mode: &'static str,
    window: Option<i64>,
    slots: usize,
    approvers: bool,
    cooldown: i64,
}

impl Setting {
    fn policy(self) -> Policy {
        let campaign = self.window.map(|days| format!("campaign: {{ paper: {{ window: {days}d }} }}\n"));
        let approvers = if self.approvers { "[risk]" } else { "[]" };
        let text = format!(
            "world: {WORLD}\nselection: {{ gates: [sharpe >= 0] }}\nvalidation: {{ risk: {{ max_drawdown_max: 20% }} \
             }}\nallow_live: {}\ndata_currency: {{ max_lag: 1d }}\n{}governance:\n  decision_ttl: 1h\n  live_promotion: \
             {{ mode: {}, max_live_slots: {}, approvers: {approvers}, cooldown: {}d }}\n",
            self.allow_live,
            campaign.unwrap_or_default(),
            self.mode,
            self.slots,
            self.cooldown
        );
        Policy::compile(&text).unwrap()
    }
}

fn setting() -> impl Strategy<Value = Setting> {
    let mode = prop_oneof![4 => Just("manual_approval"), 3 => Just("auto_apply"), 1 => Just("disabled")];
    let window = proptest::option::weighted(0.6, 1_i64..20);
    (prop::bool::weighted(0.85), mode, window, 1_usize..4, any::<bool>(), 0_i64..3).prop_map(
        |(allow_live, mode, window, slots, approvers, cooldown)| Setting {
            allow_live,
            mode,
            window,
            slots,
            approvers,
            cooldown,
        },
    )
}

/// The world with all that has happened to it.
struct World {
    setting: Setting,
    policy: Policy,
    rules: WorldRules,
    record: WorldRecord,
    log: Vec<(Timestamp, LifecycleEvent)>,
    now: Timestamp,
}

impl World {
    fn new(setting: Setting) -> Self {
        let (record, now) = (WorldRecord::new(WORLD), at("2026-01-01"));
        let policy = setting.policy();
        let rules = WorldRules::new(&policy, None, None).unwrap();
        Self { setting, policy, rules, record, log: Vec::new(), now }
    }

    /// What a command would do; none where it is refused.
    fn events(&self, step: &Step) -> Option<Vec<LifecycleEvent>> {
        let (record, rules, now) = (&self.record, &self.rules, self.now);
        let (strategy, run) = (STRATEGIES[step.strategy], RUNS[step.run]);
        let (of, by) = ((strategy, run), (ACTORS[step.actor], "a reason"));
        let taken = |ago: Option<i64>| ago.map(|ago| Timestamp::from_second(now.as_second() - ago).unwrap());
        match &step.command {
            Command::Wait(_) | Command::Observe { .. } => Some(Vec::new()),
            Command::Submit { stage, supersedes } => {
                let link = supersedes.map(|old| (RUNS[old], "better data"));
                record.submit(&submission(rules, strategy, run, *stage), link).ok()
            }
            Command::Move(state) => record.move_run(strategy, run, *state).ok(),
            Command::Evaluate { status, selected } => {
                let chosen: Vec<_> = (0..3).filter(|bit| selected >> bit & 1 == 1).map(|bit| STRATEGIES[bit]).collect();
                let decision = decision(rules, strategy, status, &chosen);
                record.evaluate_run(strategy, run, &json!({ "n": 1 }), &decision).ok()
            }
            Command::Approve => record.approve(rules, by, of, now).ok(),
            Command::Reject => record.reject(rules, by, of, now).ok(),
            Command::Override(status) => record.override_run(rules, by, of, *status, now).ok(),
            Command::Begin { snapshot } => record.begin_apply(rules, by, of, taken(*snapshot), now).ok(),
            Command::Finish { outcome } => record.finish_apply(rules, *outcome, taken(Some(1)), now).ok(),
            Command::Apply { snapshot } => record.apply_promotion(rules, by, of, taken(*snapshot), now).ok(),
            Command::Demote => record.demote(by, strategy).ok(),
            Command::Halt => record.halt(by).ok(),
            Command::Resume => record.resume(rules, by).ok(),
            Command::Rollback => record.rollback(rules, by, of, taken(Some(1)), now).ok(),
            Command::Decide { loss } => Some(self.decide(strategy, *loss)),
        }
    }

    /// A decision on all strategies, of which one may break a risk rule.
    fn decide(&self, strategy: &str, loss: bool) -> Vec<LifecycleEvent> {
        let metrics = |id: &str| json!({ "sharpe": 1, "max_drawdown": if loss && id == strategy { 0.4 } else { 0.1 } });
        let metrics: BTreeMap<_, _> = STRATEGIES.into_iter().map(|id| (id, metrics(id))).collect();
        let (now, world) = (self.now.to_string(), &self.record);
        let snapshot = json!({ "as_of": now, "data_end": now, "stage": "live", "metrics": metrics }).to_string();
        let mut snapshot = Snapshot::from_json(&snapshot).unwrap();
        let before = world.previous().unwrap();
        (snapshot.approvals, snapshot.previous) = (world.approved(&self.rules), before.clone());
        let options = Options { halted: world.halted().is_some(), ..Options::default() };
        let decision = self.policy.evaluate(&snapshot, &options).unwrap();
        for (id, told) in &decision.strategies {
            let executes = told.effective_mode == "live";
            assert!(!executes || snapshot.approvals.contains(id), "`{id}` executes live without approval");
            assert!(!(executes && loss && id == strategy), "`{id}` executes live though it breaks a risk rule");
            assert!(world.halted().is_none() || told.action != Action::Promote, "promoted in a halted world");
        }
        let events = world.record_decision(&self.rules, before.as_ref(), &decision, None, self.now).unwrap();
        let stops = |event: &LifecycleEvent| event.kind() == "demoted" && event.strategy() == Some(strategy);
        assert!(!loss || !world.live().contains_key(strategy) || events.iter().any(stops), "a loss must demote");
        events
    }

    fn step(&mut self, step: &Step) {
        if let Command::Observe { days, selected } = step.command {
            let selected = selected | 1 << step.strategy;
            for command in [
                Command::Submit { stage: Stage::Paper, supersedes: None },
                Command::Wait(days),
                Command::Evaluate { status: "pass", selected },
                Command::Approve,
            ] {
                self.step(&Step { command, actor: 0, ..step.clone() });
            }
        }
        if let Command::Wait(days) = step.command {
            self.now = Timestamp::from_second(self.now.as_second() + days * 86_400).unwrap();
        }
        let Some(events) = self.events(step) else { return };
        for event in events {
            let live = self.record.live().clone();
            self.record.apply(self.now, &event);
            for (strategy, run) in self.record.live() {
                if live.get(strategy) != Some(run) {
                    self.may_be_live(strategy, run);
                }
            }
            if let LifecycleEvent::PromotionFrozen { .. } = event {
                self.cooldown_is_over();
            }
            if self.record.live().len() > live.len() {
                assert!(self.record.live().len() <= self.setting.slots, "more live than there are slots");
            }
            self.log.push((self.now, event));
        }
        self.what_executes_may();
    }

    /// What must hold of all that decisions may execute live, at any time.
    fn what_executes_may(&self) {
        for strategy in self.record.approved(&self.rules) {
            let run = &self.record.live()[&strategy];
            let found = self.record.run(&strategy, run).unwrap();
            assert!(self.setting.allow_live && self.setting.mode != "disabled", "live is off");
            assert!(found.state.stands() && found.superseded_by.is_none(), "its run does not stand any more");
            let papers = self.record.runs_of(&strategy).filter(|run| {
                run.submission.stage == Stage::Paper && run.judgement.is_some() && run.superseded_by.is_none()
            });
            let order = |run: &Run| (run.updated_at, run.created_at, run.submission.run.clone());
            let latest = papers.max_by_key(|run| order(run)).unwrap();
            let judgement = latest.judgement.as_ref().unwrap();
            assert!(latest.state.stands(), "the latest paper run does not stand");
            assert_ne!(serde_json::to_value(judgement.status).unwrap(), "fail", "the latest paper run failed");
            let spoken = found.spoken.as_ref().map(|spoken| spoken.status).unwrap_or_default();
            assert_ne!(spoken, OverrideStatus::Rejected);
            assert!(self.setting.mode == "auto_apply" || self.approved_since_demoted(&strategy, run));
        }
    }

    fn cooldown_is_over(&self) {
        let completed = |event: &LifecycleEvent| matches!(event, LifecycleEvent::PromotionCompleted { .. });
        let last = self.log.iter().rev().find(|(_, event)| completed(event));
        let days = self.setting.cooldown;
        assert!(last.is_none_or(|(at, _)| self.now.as_second() - at.as_second() >= days * 86_400), "too soon");
    }

    /// Whether the last word on a run is an approval, given after the last time the strategy was demoted.
    fn approved_since_demoted(&self, strategy: &str, run: &str) -> bool {
        let about = self.log.iter().rev().map(|(_, event)| event);
        let mut about = about.filter(|event| event.strategy() == Some(strategy));
        let word = about.find(|event| match event {
            LifecycleEvent::Demoted { .. } => true,
            LifecycleEvent::PromotionApproved { .. }
            | LifecycleEvent::PromotionRejected { .. }
            | LifecycleEvent::RunOverridden { .. } => event.run() == Some(run),
            _ => false,
        });
        match word {
            Some(LifecycleEvent::RunOverridden { status, .. }) => *status == OverrideStatus::Approved,
            Some(event) => event.kind() == "promotion_approved",
            None => false,
        }
    }

    /// What must hold the moment that a strategy goes live.
    fn may_be_live(&self, strategy: &str, run: &str) {
        let (setting, found) = (self.setting, self.record.run(strategy, run).unwrap());
        assert!(setting.allow_live && setting.mode != "disabled", "live is off");
        assert!(self.record.halted().is_none(), "the world is halted");
        let judgement = found.judgement.as_ref().expect("nothing goes live unjudged");
        assert!(found.state.stands() && found.submission.stage == Stage::Paper);
        assert_ne!(serde_json::to_value(judgement.status).unwrap(), "fail");
        let papers = self.record.runs().filter(|other| {
            other.submission.strategy == strategy
                && other.submission.stage == Stage::Paper
                && other.superseded_by.is_none()
        });
        let order = |run: &Run| (run.updated_at, run.created_at, run.submission.run.clone());
        let latest = papers.max_by_key(|run| order(run)).unwrap();
        assert_eq!(latest.submission.run, run, "not the latest paper run");
        let spoken = found.spoken.as_ref().map(|spoken| spoken.status).unwrap_or_default();
        assert_ne!(spoken, OverrideStatus::Rejected);
        let stopped = self.log.iter().any(|(at, event)| {
            event.kind() == "demoted" && event.strategy() == Some(strategy) && *at >= found.updated_at
        });
        if setting.mode == "auto_apply" && stopped {
            assert!(self.approved_since_demoted(strategy, run), "it came back by a run from before it was demoted");
        }
        if setting.mode == "manual_approval" {
            let by = &found.spoken.as_ref().expect("nothing goes live without approval").by;
            assert!(self.approved_since_demoted(strategy, run), "not approved since it was demoted");
            assert!(!setting.approvers || by.actor == "risk", "`{}` is no approver", by.actor);
            assert!(self.now.as_second() - by.at.as_second() < 90 * 86_400, "the approval is overdue");
        }
        if let Some(days) = setting.window {
            // Counted anew from what was evaluated.
            let judged = || {
                self.record.runs().filter(|run| {
                    run.submission.strategy == strategy
                        && run.submission.stage == Stage::Paper
                        && run.judgement.is_some()
                })
            };
            let from = judged().map(|run| run.created_at.as_second()).min().unwrap();
            let until = judged().map(|run| run.updated_at.as_second()).max().unwrap();
            assert!(until - from >= days * 86_400, "the window is incomplete");
        }
    }

    /// The way down is open whatever has happened.
    fn way_down_is_open(&self) {
        let by = ("anybody", "a reason");
        let after = |events: &[LifecycleEvent]| {
            let mut record = self.record.clone();
            events.iter().for_each(|event| record.apply(self.now, event));
            record
        };
        let halted = after(&self.record.halt(by).expect("halting succeeds"));
        assert!(halted.halted().is_some() && halted.live().len() <= self.record.live().len());
        for strategy in self.record.strategies() {
            let events = self.record.demote(by, strategy).expect("demoting succeeds");
            let demoted = after(&events);
            assert!(!demoted.live().contains_key(strategy));
            // Nor does an apply that was under way bring it back.
            if let Ok(events) = demoted.finish_apply(&self.rules, SwitchOutcome::Done, None, self.now) {
                let mut finished = demoted.clone();
                events.iter().for_each(|event| finished.apply(self.now, event));
                assert!(!finished.live().contains_key(strategy));
            }
        }
        for run in self.record.runs() {
            let of = (run.submission.strategy.as_str(), run.submission.run.as_str());
            self.record.rollback(&self.rules, by, of, None, self.now).expect("rolling back succeeds");
        }
    }
}

type Judged = BTreeMap<(String, String), (Option<serde_json::Value>, Option<serde_json::Value>)>;

fn judged(record: &WorldRecord) -> Judged {
    let judged = record.runs().filter(|run| run.judgement.is_some());
    judged
        .map(|run| {
            let key = (run.submission.strategy.clone(), run.submission.run.clone());
            (key, (run.metrics.clone(), run.decision.clone()))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_breaks_what_must_hold((setting, steps) in (setting(), steps())) {
        let mut world = World::new(setting);
        let mut known = Judged::new();
        for step in &steps {
            world.step(step);
            let now_judged = judged(&world.record);
            for (key, before) in &known {
                prop_assert_eq!(now_judged.get(key), Some(before), "an evaluated run has changed");
            }
            known = now_judged;
        }
        world.way_down_is_open();
        // The record is what its events say, also after they were written down.
        let mut rebuilt = WorldRecord::new(WORLD);
        for (at, event) in &world.log {
            let (_, read) = LifecycleEvent::read(event.kind(), event.body(WORLD)).unwrap();
            rebuilt.apply(*at, &read);
        }
        prop_assert_eq!(&rebuilt, &world.record);
        // A plan that nothing blocks is one that can be applied, and the other way round.
        for run in world.record.runs() {
            let of = (run.submission.strategy.as_str(), run.submission.run.as_str());
            let plan = world.record.plan(&world.rules, of, Some(world.now), world.now).unwrap();
            let applied = world.record.apply_promotion(&world.rules, ("ops", "why"), of, Some(world.now), world.now);
            let idle = applied.as_ref().is_ok_and(Vec::is_empty) || world.record.under_way().is_some();
            prop_assert!(idle || plan.blocked_reasons.is_empty() == applied.is_ok(), "{:?} {:?}", plan, applied);
            prop_assert_eq!(plan.pending_manual_approval || plan.blocked_reasons.is_empty(), plan.eligible);
        }
        let status = campaign_status(&world.rules, &world.record.records(), None, world.now);
        prop_assert_eq!(status.strategies.len(), world.record.strategies().count());
    }
}

/// Guards the test above: its sequences do reach live, the way down, and back.
#[test]
fn random_sequences_reach_what_they_are_meant_to_test() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..400 {
        let (setting, steps) = (setting(), steps()).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(setting);
        steps.iter().for_each(|step| world.step(step));
        for (_, event) in &world.log {
            *kinds.entry(event.kind()).or_default() += 1;
        }
    }
    println!("{kinds:?}");
    for kind in ["promotion_completed", "promotion_rolled_back", "demoted", "run_superseded", "world_resumed"] {
        assert!(kinds.get(kind).is_some_and(|count| *count >= 20), "{kind}: {kinds:?}");
    }
}
