//! What a strategy may become next, and what stands in the way of that.

use super::campaign::{CampaignReason, Phase, StrategyStatus};
use super::promotion::{BlockReason, Candidate};
use super::rules::WorldRules;
use super::words::Stage;
use super::world::WorldRecord;

/// Where a strategy is going.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlook {
    /// The run that it is live by.
    pub live_by: Option<String>,
    /// The stage it may come to next.
    pub next: Option<Stage>,
    /// What stands in the way of that, or of executing live: names of [`BlockReason`] and [`CampaignReason`].
    pub blocked_by: Vec<&'static str>,
}

impl Outlook {
    /// The outlook of a strategy by its campaign and, where it may be next to go live, as a candidate.
    #[must_use]
    pub fn new(
        rules: &WorldRules,
        world: &WorldRecord,
        campaign: &StrategyStatus,
        candidate: Option<&Candidate>,
    ) -> Self {
        let live_by = world.live().get(&campaign.strategy_id).cloned();
        let (next, blocked_by) = match (&live_by, candidate) {
            (Some(_), _) => (None, of_live(rules, world, campaign)),
            (None, Some(candidate)) => (Some(Stage::Live), to_live(campaign, candidate)),
            (None, None) if campaign.phase == Phase::BacktestCampaign => (Some(Stage::Paper), to_paper(campaign)),
            (None, None) => (None, Vec::new()),
        };
        Self { live_by, next, blocked_by }
    }
}

/// What keeps a live strategy from executing.
fn of_live(rules: &WorldRules, world: &WorldRecord, campaign: &StrategyStatus) -> Vec<&'static str> {
    let halted = world.halted().map(|_| BlockReason::WorldHalted);
    let blocks = world.live_blocks(rules, &campaign.strategy_id);
    halted.into_iter().chain(blocks).map(BlockReason::as_str).collect()
}

/// What stands in the way of live; an incomplete campaign says what it lacks.
fn to_live(campaign: &StrategyStatus, candidate: &Candidate) -> Vec<&'static str> {
    let mut blocked = Vec::new();
    for reason in &candidate.blocked_reasons {
        match reason {
            BlockReason::CampaignIncomplete if !campaign.reasons.is_empty() => {
                blocked.extend(campaign.reasons.iter().map(|reason| reason.as_str()));
            }
            reason => blocked.push(reason.as_str()),
        }
    }
    blocked
}

/// What stands in the way of paper.
fn to_paper(campaign: &StrategyStatus) -> Vec<&'static str> {
    let of_paper = |reason: &CampaignReason| {
        matches!(
            reason,
            CampaignReason::MissingPaperRun
                | CampaignReason::PaperWindowIncomplete
                | CampaignReason::PaperObservationGap
        )
    };
    if campaign.promotable_to_paper {
        return Vec::new();
    }
    let reasons = campaign.reasons.iter().filter(|reason| !of_paper(reason));
    let blocked: Vec<_> = reasons.map(|reason| reason.as_str()).collect();
    if blocked.is_empty() { vec![BlockReason::ValidationFailed.as_str()] } else { blocked }
}
