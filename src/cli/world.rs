//! `world`: where a world stands, halting it, and letting it go on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::answers::{answer, rules};
use super::inputs;
use super::promote_acts::{record, risk_snapshot, stop};
use super::record::Ledger;
use super::record_args::{WorldStatusArguments, WorldVerb, WorldVerbs};
use super::terminal::Terminal;
use super::world_page::page;
use super::{Failure, Outcome};
use crate::diag::nearest;
use crate::ir::PromotionMode;
use crate::lifecycle::{
    Apply, Candidate, Outlook, Review, Stage, StrategyStatus, WorldRecord, WorldRules, campaign_status,
};

/// Where a world stands.
#[derive(Debug, Serialize)]
pub(super) struct WorldView {
    pub schema_version: u32,
    pub world_id: String,
    pub generated_at: Timestamp,
    pub allow_live: bool,
    pub promotion_mode: PromotionMode,
    /// Since when, by whom and why, if it is halted.
    pub halted: Option<Value>,
    /// The apply that is not finished, during which orders are frozen.
    pub under_way: Option<Value>,
    /// When the newest apply was completed.
    pub last_apply: Option<Timestamp>,
    /// The instant of the last recorded decision.
    pub last_decision: Option<Value>,
    pub strategies: Vec<StrategyView>,
    pub head: String,
}

/// Where a strategy stands.
#[derive(Debug, Serialize)]
pub(super) struct StrategyView {
    #[serde(flatten)]
    pub campaign: StrategyStatus,
    /// The run that it is live by.
    pub live_by: Option<String>,
    /// What it may become next.
    pub next: Option<&'static str>,
    /// What stands in the way of that.
    pub blocked_by: Vec<&'static str>,
}

pub(super) fn run(arguments: &WorldVerbs, terminal: &Terminal) -> Result<Outcome, Failure> {
    match &arguments.verb {
        WorldVerb::Status(asked) => status(asked, terminal),
        WorldVerb::Halt(asked) => stop(&asked.stop, terminal, |world| world.halt(asked.act.by())),
        WorldVerb::Resume(asked) => {
            record(&asked.record, terminal, |world, rules, _| world.resume(rules, asked.act.by()))
        }
    }
}

fn status(asked: &WorldStatusArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let risk = risk_snapshot(asked.risk_snapshot.as_deref())?;
    let arguments = &asked.record;
    let Some(policy) = inputs::policy(&arguments.policy, terminal)? else { return Ok(Outcome::Findings) };
    let rules = rules(&policy, arguments.world.as_deref(), None)?;
    let now = arguments.answer.now.moment()?;
    let ledger = Ledger::open(&arguments.answer.store, &rules.world, &arguments.answer.now)?;
    let mut view = view(&rules, &ledger, risk, now);
    if let Some(strategy) = &asked.strategy {
        view.strategies.retain(|one| one.campaign.strategy_id == *strategy);
        if view.strategies.is_empty() {
            let near = nearest(strategy, ledger.record().strategies());
            let hint = near.map_or(": look at `run list`".to_owned(), |near| format!(": did you mean `{near}`?"));
            return Err(Failure::new(format!("the store holds no run of `{strategy}`{hint}")));
        }
    }
    answer(&view, arguments.answer.format, terminal, |view| page(view, terminal))
}

fn view(rules: &WorldRules, ledger: &Ledger, risk: Option<Timestamp>, now: Timestamp) -> WorldView {
    let world = ledger.record();
    let (runs, circumstances) = (world.records(), world.circumstances(risk));
    let candidates = Review::new(rules, &runs, &circumstances, now).candidates().candidates;
    let candidates: BTreeMap<_, _> = candidates.into_iter().map(|one| (one.strategy_id.clone(), one)).collect();
    let campaigns = campaign_status(rules, &runs, None, now).strategies.into_iter();
    let strategies = campaigns.map(|campaign| {
        let candidate = candidates.get(&campaign.strategy_id);
        strategy(rules, world, campaign, candidate)
    });
    let by = |apply: &Apply| json!({ "strategy_id": apply.strategy, "run_id": apply.run, "actor": apply.by.actor });
    WorldView {
        schema_version: 1,
        world_id: rules.world.clone(),
        generated_at: now,
        allow_live: rules.allow_live,
        promotion_mode: rules.mode,
        halted: world.halted().map(|halt| json!({ "at": halt.at, "actor": halt.by.actor, "reason": halt.by.reason })),
        under_way: world.under_way().map(by),
        last_apply: world.last_apply(),
        last_decision: world.last_decision().and_then(|decision| decision.get("as_of")).cloned(),
        strategies: strategies.collect(),
        head: ledger.head().hash.clone(),
    }
}

fn strategy(
    rules: &WorldRules,
    world: &WorldRecord,
    campaign: StrategyStatus,
    candidate: Option<&Candidate>,
) -> StrategyView {
    let Outlook { live_by, next, blocked_by } = Outlook::new(rules, world, &campaign, candidate);
    StrategyView { campaign, live_by, next: next.map(Stage::as_str), blocked_by }
}
