//! What a policy limits, as a list that reads alike for every world.

use serde::Serialize;

use crate::ir::{CampaignSettings, PromotionMode, RiskExit, Setting, Step};
use crate::lifecycle::WorldRules;
use crate::policy::Policy;

/// Something that a policy limits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What: one of [`Limit::NAMES`].
    pub name: &'static str,
    /// The side or key it is for.
    pub of: Option<String>,
    /// How much.
    #[serde(flatten)]
    pub value: LimitValue,
    /// How much of it is used.
    pub used: Option<f64>,
}

/// How much is allowed or asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "unit", content = "value", rename_all = "snake_case")]
pub enum LimitValue {
    /// So many.
    Count(f64),
    /// A plain number.
    Number(f64),
    /// A share of one.
    Share(f64),
    /// A time in seconds.
    Seconds(f64),
    /// Yes or no.
    Flag(bool),
    /// Words of the policy's author.
    Words(Vec<String>),
    /// How live is decided.
    Mode(PromotionMode),
}

impl Limit {
    /// All names.
    pub const NAMES: [&'static str; 32] = [
        "selected",
        "selected_of_side",
        "correlation",
        "gross_budget",
        "per_sector",
        "max_leverage",
        "promote_after",
        "demote_after",
        "min_dwell",
        "risk_exit",
        "level_enter",
        "level_exit",
        "max_lag",
        "min_history",
        "min_coverage",
        "backtest_window",
        "backtest_min_runs",
        "backtest_max_gap",
        "paper_window",
        "paper_min_runs",
        "paper_max_gap",
        "min_sample_days",
        "min_trades_total",
        "min_trades_per_window",
        "promotion_mode",
        "live_slots",
        "cooldown",
        "canary_fraction",
        "require_risk_snapshot",
        "approvers",
        "decision_ttl",
        "carried",
    ];
}

/// The limits as they are collected.
struct Limits(Vec<Limit>);

/// What a policy limits, in the order of a strategy's way: data, selection, campaigns, promotion.
pub(super) fn limits(policy: &Policy, rules: &WorldRules, live: usize) -> Vec<Limit> {
    let mut found = Limits(Vec::new());
    let program = policy.program();
    let currency = &program.currency;
    found.setting("max_lag", &currency.max_lag, LimitValue::Seconds);
    found.setting("min_history", &currency.min_history, LimitValue::Seconds);
    found.setting("min_coverage", &currency.min_coverage, LimitValue::Share);
    program.steps.iter().for_each(|step| found.step(step));
    if let Some(campaign) = &rules.campaign {
        found.campaign(campaign);
    }
    found.promotion(rules, live);
    found.push("decision_ttl", None, LimitValue::Seconds(program.lifecycle.governance.decision_ttl.value));
    if !rules.carried.is_empty() {
        found.push("carried", None, LimitValue::Words(rules.carried.clone()));
    }
    found.0
}

impl Limits {
    fn push(&mut self, name: &'static str, of: Option<&str>, value: LimitValue) {
        self.0.push(Limit { name, of: of.map(str::to_owned), value, used: None });
    }

    fn setting(&mut self, name: &'static str, setting: &Option<Setting<f64>>, unit: fn(f64) -> LimitValue) {
        if let Some(setting) = setting {
            self.push(name, None, unit(setting.value));
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Score(_) => {}
            Step::Correlation(limit) => self.push("correlation", None, LimitValue::Number(limit.max_pairwise.value)),
            Step::PostCorrelation(limit) => self.push("correlation", None, LimitValue::Number(limit.value)),
            Step::Exposure(limits) => {
                for (side, budget) in &limits.gross_budget {
                    self.push("gross_budget", Some(side), LimitValue::Share(*budget));
                }
                limits.per_sector.into_iter().for_each(|most| self.push("per_sector", None, LimitValue::Share(most)));
                let leverage = limits.max_leverage.into_iter();
                leverage.for_each(|most| self.push("max_leverage", None, LimitValue::Number(most)));
            }
            Step::Cut(cut) => {
                self.setting("selected", &cut.total, LimitValue::Count);
                for (side, most) in &cut.by_side {
                    self.push("selected_of_side", Some(side), LimitValue::Count(most.value));
                }
            }
            Step::TopK(top) => self.push("selected", None, LimitValue::Count(top.k.value)),
            Step::Streaks(streaks) => {
                self.push("promote_after", None, LimitValue::Count(streaks.promote_after.value));
                self.push("demote_after", None, LimitValue::Count(streaks.demote_after.value));
                self.push("min_dwell", None, LimitValue::Seconds(streaks.min_dwell.value));
                self.push("risk_exit", None, LimitValue::Flag(streaks.risk_exit == RiskExit::Immediate));
            }
            Step::MetricHysteresis(levels) => {
                self.push("level_enter", None, LimitValue::Number(levels.enter.value));
                self.push("level_exit", None, LimitValue::Number(levels.exit.value));
            }
        }
    }

    fn campaign(&mut self, campaign: &CampaignSettings) {
        let stages = [
            (&campaign.backtest, ["backtest_window", "backtest_min_runs", "backtest_max_gap"]),
            (&campaign.paper, ["paper_window", "paper_min_runs", "paper_max_gap"]),
        ];
        for (settings, [window, runs, gap]) in stages {
            self.setting(window, &settings.window, LimitValue::Seconds);
            self.setting(runs, &settings.min_runs, LimitValue::Count);
            self.setting(gap, &settings.max_gap, LimitValue::Seconds);
        }
        self.setting("min_sample_days", &campaign.min_sample_days, LimitValue::Count);
        self.setting("min_trades_total", &campaign.min_trades_total, LimitValue::Count);
        self.setting("min_trades_per_window", &campaign.min_trades_per_window, LimitValue::Count);
    }

    fn promotion(&mut self, rules: &WorldRules, live: usize) {
        let mode = if rules.allow_live { rules.mode } else { PromotionMode::Disabled };
        self.push("promotion_mode", None, LimitValue::Mode(mode));
        if let Some(most) = rules.max_live_slots {
            self.push("live_slots", None, LimitValue::Count(most));
            self.0.iter_mut().last().into_iter().for_each(|limit| limit.used = Some(live as f64));
        }
        if let Some(seconds) = rules.cooldown {
            self.push("cooldown", None, LimitValue::Seconds(seconds));
        }
        if let Some(share) = rules.canary_fraction {
            self.push("canary_fraction", None, LimitValue::Share(share));
        }
        self.push("require_risk_snapshot", None, LimitValue::Flag(rules.require_risk_snapshot));
        if !rules.approvers.is_empty() {
            self.push("approvers", None, LimitValue::Words(rules.approvers.clone()));
        }
    }
}
