//! The runs of a strategy in one stage.

use jiff::Timestamp;

use crate::eval::seconds_between;
use crate::ir::{CampaignSettings, WindowSettings};
use crate::lifecycle::record::{RunRecord, Standing};
use crate::lifecycle::words::Stage;
use crate::order::{sort_by, sort_by_key};

use super::{CampaignReason, WindowStatus};

/// The reasons of a stage.
pub(super) struct StageReasons {
    pub missing: CampaignReason,
    pub incomplete: CampaignReason,
    pub gap: CampaignReason,
}

const BACKTEST: StageReasons = StageReasons {
    missing: CampaignReason::MissingBacktestRun,
    incomplete: CampaignReason::BacktestWindowIncomplete,
    gap: CampaignReason::BacktestObservationGap,
};

const PAPER: StageReasons = StageReasons {
    missing: CampaignReason::MissingPaperRun,
    incomplete: CampaignReason::PaperWindowIncomplete,
    gap: CampaignReason::PaperObservationGap,
};

/// The runs of one stage, earliest first, with what the policy asks of them.
pub(super) struct StageRuns<'r> {
    runs: Vec<&'r RunRecord>,
    settings: WindowSettings,
    min_trades: Option<f64>,
    pub names: StageReasons,
}

/// The backtests, paper runs and live runs of a strategy.
pub(super) fn by_stage<'r>(mut runs: Vec<&'r RunRecord>, campaign: Option<&CampaignSettings>) -> [StageRuns<'r>; 3] {
    sort_by(&mut runs, |left, right| left.order().cmp(&right.order()));
    let of = |stage: Stage| runs.iter().copied().filter(move |run| run.stage == stage).collect();
    let min_trades = campaign.and_then(|campaign| campaign.min_trades_per_window.as_ref());
    let stage = |stage: Stage, settings: Option<&WindowSettings>, names: StageReasons| StageRuns {
        runs: of(stage),
        settings: settings.cloned().unwrap_or_default(),
        min_trades: min_trades.map(|setting| setting.value),
        names,
    };
    [
        stage(Stage::Backtest, campaign.map(|campaign| &campaign.backtest), BACKTEST),
        stage(Stage::Paper, campaign.map(|campaign| &campaign.paper), PAPER),
        // Nothing is asked of live runs; the names are never told.
        StageRuns { runs: of(Stage::Live), settings: WindowSettings::default(), min_trades: None, names: PAPER },
    ]
}

impl<'r> StageRuns<'r> {
    /// The latest run that no other has taken the place of.
    pub fn latest(&self) -> Option<&'r RunRecord> {
        self.runs.iter().rev().find(|run| run.standing != Standing::Superseded).copied()
    }

    /// The run that the strategy is live by, if it is one of these.
    pub fn live(&self) -> Option<&'r RunRecord> {
        self.runs.iter().copied().find(|run| run.live)
    }

    /// The runs that show something.
    fn observed(&self) -> impl Iterator<Item = &'r RunRecord> {
        self.runs.iter().copied().filter(|run| run.standing != Standing::Pending)
    }

    /// From the earliest beginning to the latest end.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let start = self.observed().map(|run| run.created_at).min()?;
        Some((start, self.observed().map(|run| run.updated_at).max()?))
    }

    /// How much of the window is covered.
    pub fn status(&self) -> WindowStatus {
        let text = self.settings.window_text.as_deref();
        WindowStatus::new(self.settings.window.as_ref().map(|window| (window.value, text)), self.span())
    }

    /// Whether the window is covered, or none is asked for.
    pub fn window_satisfied(&self) -> bool {
        self.settings.window.is_none() || self.status().satisfied
    }

    /// Whether there are too few runs, or one began too long after all before it had ended. Where there is
    /// no run at all another reason says so.
    pub fn gap(&self) -> bool {
        self.latest().is_some() && (self.too_few_runs() || self.pause_too_long())
    }

    fn too_few_runs(&self) -> bool {
        let least = self.settings.min_runs.as_ref();
        least.is_some_and(|least| (self.observed().count() as f64) < least.value)
    }

    fn pause_too_long(&self) -> bool {
        let Some(most) = &self.settings.max_gap else { return false };
        let mut runs: Vec<_> = self.observed().collect();
        sort_by_key(&mut runs, |run| run.created_at);
        let mut covered: Option<Timestamp> = None;
        runs.iter().any(|run| {
            let pause = covered.map(|until| seconds_between(until, run.created_at));
            covered = covered.max(Some(run.updated_at));
            pause.is_some_and(|pause| pause > most.value)
        })
    }

    /// Whether too few trades fell into the runs: of the last without those of the first, or of the only one.
    pub fn too_few_trades(&self) -> bool {
        let Some(least) = self.min_trades.filter(|_| self.latest().is_some()) else { return false };
        let mut runs = self.observed();
        let first = runs.next().map(|run| run.samples.trades_total);
        let last = runs.last().map(|run| run.samples.trades_total);
        let trades = match (first, last) {
            (Some(Some(only)), None) => Some(only),
            (Some(Some(first)), Some(Some(last))) => last.checked_sub(first),
            _ => None,
        };
        // Unknown numbers of trades are never enough.
        !trades.is_some_and(|trades| trades as f64 >= least)
    }

    /// Whether the policy asks for an observation in this stage.
    pub fn asked(&self) -> bool {
        let WindowSettings { window, window_text: _, min_runs, max_gap } = &self.settings;
        window.is_some() || min_runs.is_some() || max_gap.is_some()
    }

    /// Whether everything that the policy asks of the observation is there.
    pub fn complete(&self) -> bool {
        self.latest().is_some() && self.window_satisfied() && !self.gap() && !self.too_few_trades()
    }

    /// Whether the observation is complete and the latest run met its rules.
    pub fn carries(&self) -> bool {
        self.complete() && self.latest().is_some_and(RunRecord::passed)
    }
}
