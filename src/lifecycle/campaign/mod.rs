//! Campaigns: how far each strategy is on its way from backtest to live, and what is missing.
//!
//! Everything follows from the runs, in time that grows with n log n.

mod stage_runs;
mod tick;
mod window;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::record::RunRecord;
use super::rules::WorldRules;
use stage_runs::{StageRuns, by_stage};
pub use tick::{Tick, TickAction, suggested_run_id, tick};
pub use window::WindowStatus;
pub(super) use window::whole_seconds;

/// Version of the documents.
const SCHEMA_VERSION: u32 = 1;

/// Where the strategies of a world stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignStatus {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// When it was asked.
    pub generated_at: Timestamp,
    /// What the policy asks for.
    pub config: CampaignConfig,
    /// Each strategy that has a run, by id.
    pub strategies: Vec<StrategyStatus>,
}

/// What the policy asks for, as far as the document says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignConfig {
    /// The window of backtests, as written.
    pub backtest_window: Option<String>,
    /// The window of paper runs, as written.
    pub paper_window: Option<String>,
    /// Days of sample needed.
    #[serde(serialize_with = "plain_number")]
    pub min_sample_days: Option<f64>,
    /// Trades needed.
    #[serde(serialize_with = "plain_number")]
    pub min_trades_total: Option<f64>,
}

/// Which campaign a strategy is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It has neither a paper nor a live run.
    BacktestCampaign,
    /// It has a paper run and no live one.
    PaperCampaign,
    /// It has a live run.
    LiveCampaign,
}

/// Where a strategy stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyStatus {
    /// The strategy.
    pub strategy_id: String,
    /// Its campaign.
    pub phase: Phase,
    /// Its latest backtest.
    pub latest_backtest_run_id: Option<String>,
    /// Its latest paper run.
    pub latest_paper_run_id: Option<String>,
    /// Its latest live run.
    pub latest_live_run_id: Option<String>,
    /// How long it was observed in backtest.
    pub backtest: WindowStatus,
    /// How long it was observed in paper.
    pub paper: WindowStatus,
    /// Whole days of sample.
    pub sample_days: Option<i64>,
    /// Trades.
    pub trades_total: Option<i64>,
    /// Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Largest drawdown.
    pub max_drawdown: Option<f64>,
    /// Whether it may go on to paper.
    pub promotable_to_paper: bool,
    /// Whether its campaigns let it go live.
    pub promotable_to_live: bool,
    /// What is missing.
    pub reasons: Vec<CampaignReason>,
}

/// What is missing, in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignReason {
    /// The days of sample are unknown.
    MissingSampleDaysMetric,
    /// There are too few days of sample.
    InsufficientSampleDays,
    /// The trades are unknown.
    MissingTradesMetric,
    /// There are too few trades.
    InsufficientTrades,
    /// There is no backtest.
    MissingBacktestRun,
    /// There is no paper run.
    MissingPaperRun,
    /// Backtests do not cover their window yet.
    BacktestWindowIncomplete,
    /// Paper runs do not cover their window yet.
    PaperWindowIncomplete,
    /// Too few backtests, or too long a pause between them.
    BacktestObservationGap,
    /// Too few paper runs, or too long a pause between them.
    PaperObservationGap,
    /// Too few trades within the runs of a stage.
    InsufficientTradesInWindow,
}

impl CampaignReason {
    /// All reasons, in order.
    pub const ALL: [Self; 11] = [
        Self::MissingSampleDaysMetric,
        Self::InsufficientSampleDays,
        Self::MissingTradesMetric,
        Self::InsufficientTrades,
        Self::MissingBacktestRun,
        Self::MissingPaperRun,
        Self::BacktestWindowIncomplete,
        Self::PaperWindowIncomplete,
        Self::BacktestObservationGap,
        Self::PaperObservationGap,
        Self::InsufficientTradesInWindow,
    ];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingSampleDaysMetric => "missing_sample_days_metric",
            Self::InsufficientSampleDays => "insufficient_sample_days",
            Self::MissingTradesMetric => "missing_trades_metric",
            Self::InsufficientTrades => "insufficient_trades",
            Self::MissingBacktestRun => "missing_backtest_run",
            Self::MissingPaperRun => "missing_paper_run",
            Self::BacktestWindowIncomplete => "backtest_window_incomplete",
            Self::PaperWindowIncomplete => "paper_window_incomplete",
            Self::BacktestObservationGap => "backtest_observation_gap",
            Self::PaperObservationGap => "paper_observation_gap",
            Self::InsufficientTradesInWindow => "insufficient_trades_in_window",
        }
    }
}

impl Phase {
    /// All phases, in the order strategies go through them.
    pub const ALL: [Self; 3] = [Self::BacktestCampaign, Self::PaperCampaign, Self::LiveCampaign];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BacktestCampaign => "backtest_campaign",
            Self::PaperCampaign => "paper_campaign",
            Self::LiveCampaign => "live_campaign",
        }
    }
}

/// Where all strategies with a run stand, or the one that is asked for.
#[must_use]
pub fn campaign_status(
    rules: &WorldRules,
    runs: &[RunRecord],
    strategy: Option<&str>,
    now: Timestamp,
) -> CampaignStatus {
    let mut grouped: BTreeMap<&str, Vec<&RunRecord>> = BTreeMap::new();
    for run in runs.iter().filter(|run| strategy.is_none_or(|asked| asked == run.strategy_id)) {
        grouped.entry(&run.strategy_id).or_default().push(run);
    }
    let campaign = rules.campaign.clone().unwrap_or_default();
    let value = |setting: &Option<crate::ir::Setting<f64>>| setting.as_ref().map(|setting| setting.value);
    CampaignStatus {
        schema_version: SCHEMA_VERSION,
        world_id: rules.world.clone(),
        generated_at: now,
        config: CampaignConfig {
            backtest_window: campaign.backtest.window_text.clone(),
            paper_window: campaign.paper.window_text.clone(),
            min_sample_days: value(&campaign.min_sample_days),
            min_trades_total: value(&campaign.min_trades_total),
        },
        strategies: grouped.into_iter().map(|(id, runs)| strategy_status(rules, id, runs)).collect(),
    }
}

fn strategy_status(rules: &WorldRules, id: &str, runs: Vec<&RunRecord>) -> StrategyStatus {
    let [backtest, paper, live] = by_stage(runs, rules.campaign.as_ref());
    let latest = paper.latest().or_else(|| backtest.latest());
    let samples = latest.map(|run| run.samples).unwrap_or_default();
    let mut reasons = Vec::new();
    sample_reasons(rules, samples.sample_days, samples.trades_total, &mut reasons);
    let samples_suffice = reasons.is_empty();
    let stages = [&backtest, &paper];
    reasons.extend(stages.iter().filter(|stage| stage.latest().is_none()).map(|stage| stage.names.missing));
    reasons.extend(stages.iter().filter(|stage| !stage.window_satisfied()).map(|stage| stage.names.incomplete));
    reasons.extend(stages.iter().filter(|stage| stage.gap()).map(|stage| stage.names.gap));
    if stages.iter().any(|stage| stage.too_few_trades()) {
        reasons.push(CampaignReason::InsufficientTradesInWindow);
    }
    // A paper run that was applied is what its strategy is live by.
    let live_run = live.latest().or_else(|| paper.live());
    let run_id = |stage: &StageRuns<'_>| stage.latest().map(|run| run.run_id.clone());
    StrategyStatus {
        strategy_id: id.to_owned(),
        phase: phase(&paper, live_run),
        latest_backtest_run_id: run_id(&backtest),
        latest_paper_run_id: run_id(&paper),
        latest_live_run_id: live_run.map(|run| run.run_id.clone()),
        promotable_to_paper: samples_suffice && backtest.carries(),
        promotable_to_live: samples_suffice && paper.carries() && (!backtest.asked() || backtest.complete()),
        backtest: backtest.status(),
        paper: paper.status(),
        sample_days: samples.sample_days,
        trades_total: samples.trades_total,
        sharpe: samples.sharpe,
        max_drawdown: samples.max_drawdown,
        reasons,
    }
}

fn phase(paper: &StageRuns<'_>, live: Option<&RunRecord>) -> Phase {
    if live.is_some() {
        Phase::LiveCampaign
    } else if paper.latest().is_some() {
        Phase::PaperCampaign
    } else {
        Phase::BacktestCampaign
    }
}

fn sample_reasons(rules: &WorldRules, days: Option<i64>, trades: Option<i64>, reasons: &mut Vec<CampaignReason>) {
    let Some(campaign) = &rules.campaign else { return };
    let pairs = [
        (&campaign.min_sample_days, days, CampaignReason::MissingSampleDaysMetric),
        (&campaign.min_trades_total, trades, CampaignReason::MissingTradesMetric),
    ];
    for (least, known, missing) in pairs {
        let Some(least) = least else { continue };
        match known {
            None => reasons.push(missing),
            Some(known) if (known as f64) < least.value => reasons.push(match missing {
                CampaignReason::MissingSampleDaysMetric => CampaignReason::InsufficientSampleDays,
                _ => CampaignReason::InsufficientTrades,
            }),
            Some(_) => {}
        }
    }
}

/// Whole numbers without `.0`, as people write them.
pub(super) fn plain_number<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        None => serializer.serialize_none(),
        Some(number) if libm::trunc(*number) == *number && libm::fabs(*number) < 1e15 => {
            serializer.serialize_i64(*number as i64)
        }
        Some(number) => serializer.serialize_f64(*number),
    }
}
