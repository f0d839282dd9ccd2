//! What to do next: recommendations for whoever schedules evaluations. Nothing here acts.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;
use serde_json::{Value, json};

use super::{CampaignStatus, Phase, StrategyStatus};
use crate::ir::PromotionMode;
use crate::lifecycle::rules::WorldRules;
use crate::lifecycle::words::Stage;

/// What to do next, for each strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// When it was asked.
    pub generated_at: Timestamp,
    /// One recommendation for each strategy, by id.
    pub actions: Vec<TickAction>,
}

/// A recommendation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TickAction {
    /// What to do: `evaluate`, `manual_approval_required`, `auto_apply_live` or `observe_live`.
    pub action: &'static str,
    /// The same for the same recommendation: whoever follows it twice can tell.
    pub idempotency_key: String,
    /// The strategy.
    pub strategy_id: String,
    /// The stage it is about.
    pub stage: Stage,
    /// Why.
    pub reason: &'static str,
    /// What must be brought along.
    pub requires: Vec<&'static str>,
    /// The run it is about.
    pub suggested_run_id: Option<String>,
    /// Where to ask.
    pub suggested_endpoint: Option<String>,
    /// How.
    pub suggested_method: Option<&'static str>,
    /// With which parameters.
    pub suggested_params: Option<Value>,
    /// With which body.
    pub suggested_body: Option<Value>,
}

/// What to do next, for each strategy of a status.
#[must_use]
pub fn tick(rules: &WorldRules, status: &CampaignStatus) -> Tick {
    Tick {
        schema_version: status.schema_version,
        world_id: status.world_id.clone(),
        generated_at: status.generated_at,
        actions: status.strategies.iter().map(|strategy| next(rules, strategy, status.generated_at)).collect(),
    }
}

fn next(rules: &WorldRules, strategy: &StrategyStatus, now: Timestamp) -> TickAction {
    let evaluate = |stage, reason| evaluate(&rules.world, &strategy.strategy_id, stage, reason, now);
    match (strategy.phase, &strategy.latest_paper_run_id) {
        (Phase::BacktestCampaign, _) if strategy.promotable_to_paper => evaluate(Stage::Paper, "promotable_to_paper"),
        (Phase::BacktestCampaign, _) => evaluate(Stage::Backtest, "continue_backtest_campaign"),
        (Phase::PaperCampaign, Some(run)) if strategy.promotable_to_live && rules.mode != PromotionMode::Disabled => {
            promote(rules, &strategy.strategy_id, run)
        }
        (Phase::PaperCampaign, _) => evaluate(Stage::Paper, "continue_paper_campaign"),
        (Phase::LiveCampaign, _) => TickAction {
            idempotency_key: format!("observe_live:{}:{}:live", rules.world, strategy.strategy_id),
            ..action("observe_live", &strategy.strategy_id, Stage::Live, "already_in_live_campaign")
        },
    }
}

fn action(action: &'static str, strategy: &str, stage: Stage, reason: &'static str) -> TickAction {
    TickAction {
        action,
        idempotency_key: String::new(),
        strategy_id: strategy.to_owned(),
        stage,
        reason,
        requires: Vec::new(),
        suggested_run_id: None,
        suggested_endpoint: None,
        suggested_method: None,
        suggested_params: None,
        suggested_body: None,
    }
}

/// The id that a run of a strategy gets on a day where nobody names another.
#[must_use]
pub fn suggested_run_id(world: &str, strategy: &str, stage: Stage, now: Timestamp) -> String {
    let date = Offset::UTC.to_datetime(now).date();
    let (year, month, day) = (date.year(), date.month(), date.day());
    let name = stage.as_str();
    plain(&format!("camp-{world}-{strategy}-{name}-{year:04}{month:02}{day:02}"))
}

fn evaluate(world: &str, strategy: &str, stage: Stage, reason: &'static str, now: Timestamp) -> TickAction {
    let name = stage.as_str();
    let run = suggested_run_id(world, strategy, stage, now);
    TickAction {
        idempotency_key: format!("evaluate:{world}:{strategy}:{name}:{run}"),
        requires: vec!["metrics"],
        suggested_endpoint: Some(format!("/worlds/{world}/evaluate")),
        suggested_method: Some("POST"),
        suggested_body: Some(json!({ "strategy_id": strategy, "stage": stage, "risk_tier": "low", "run_id": run })),
        suggested_run_id: Some(run),
        ..action("evaluate", strategy, stage, reason)
    }
}

fn promote(rules: &WorldRules, strategy: &str, run: &str) -> TickAction {
    let world = &rules.world;
    let target = json!({ "strategy_id": strategy, "run_id": run });
    let by_rules = rules.mode == PromotionMode::AutoApply;
    let name = if by_rules { "auto_apply_live" } else { "manual_approval_required" };
    let common = TickAction {
        idempotency_key: format!("{name}:{world}:{strategy}:live:{run}"),
        suggested_run_id: Some(run.to_owned()),
        ..action(name, strategy, Stage::Live, "promotable_to_live")
    };
    if by_rules {
        return TickAction {
            suggested_endpoint: Some(format!("/worlds/{world}/promotions/live/auto-apply")),
            suggested_method: Some("POST"),
            suggested_body: Some(target),
            ..common
        };
    }
    TickAction {
        requires: vec!["operator_approval"],
        suggested_endpoint: Some(format!("/worlds/{world}/promotions/live/plan")),
        suggested_method: Some("GET"),
        suggested_params: Some(target),
        ..common
    }
}

/// An id of letters that every system takes: each run of others becomes one `-`.
fn plain(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    let mut before_was_other = false;
    for character in id.chars() {
        let known = character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
        if known {
            out.push(character);
        } else if !before_was_other {
            out.push('-');
        }
        before_was_other = !known;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn ids_are_made_plain() {
        assert_eq!(plain("camp-w-a b//c-paper-20260131"), "camp-w-a-b-c-paper-20260131");
        assert_eq!(plain("전략"), "-");
        assert_eq!(plain("a-/b"), "a--b");
    }
}
