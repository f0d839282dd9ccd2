//! What may execute live: the strategies that decisions take as approved.

use crate::ir::PromotionMode;

use super::promotion::BlockReason;
use super::record::{RunRecord, Standing};
use super::rules::WorldRules;
use super::run::Run;
use super::words::{OverrideStatus, Stage};
use super::world::WorldRecord;

impl WorldRecord {
    /// The strategies that decisions under these rules may execute live, by id: what was applied and has
    /// nothing against it since.
    #[must_use]
    pub fn approved(&self, rules: &WorldRules) -> Vec<String> {
        let live = self.live().keys();
        live.filter(|strategy| self.live_blocks(rules, strategy).is_empty()).cloned().collect()
    }

    /// What keeps a live strategy from executing live, in the order of the reasons: the policy promotes
    /// nothing, its run or the latest judged paper run does not stand or pass, somebody has turned the run
    /// down, or no approval holds where one is needed: given under this policy, by somebody who may still
    /// approve. A strategy that is not live has no run that could stand.
    #[must_use]
    pub fn live_blocks(&self, rules: &WorldRules, strategy: &str) -> Vec<BlockReason> {
        let run = self.live().get(strategy).and_then(|run| self.run(strategy, run));
        let spoken = run.and_then(|run| run.spoken.as_ref());
        let says = |status: OverrideStatus| spoken.filter(|spoken| spoken.status == status);
        let approved = says(OverrideStatus::Approved).is_some_and(|spoken| {
            let by = &spoken.by;
            !by.void && by.ruleset_hash == rules.ruleset_hash && rules.is_approver(&by.actor)
        });
        let disabled = rules.world != self.world() || !rules.allow_live || rules.mode == PromotionMode::Disabled;
        let stands = |run: &RunRecord| run.standing == Standing::Full && run.qualifies();
        let failed = !run.map(Run::record).as_ref().is_some_and(stands)
            || self.latest_judged_paper(strategy).is_some_and(|latest| !latest.qualifies());
        let rejected = says(OverrideStatus::Rejected).is_some();
        let unapproved = rules.mode == PromotionMode::ManualApproval && !approved && !rejected;
        [
            (disabled, BlockReason::PromotionDisabled),
            (failed, BlockReason::ValidationFailed),
            (rejected, BlockReason::OverrideRejected),
            (unapproved, BlockReason::ManualApprovalRequired),
        ]
        .into_iter()
        .filter_map(|(holds, reason)| holds.then_some(reason))
        .collect()
    }

    fn latest_judged_paper(&self, strategy: &str) -> Option<RunRecord> {
        let papers = self.runs_of(strategy).filter(|run| run.submission.stage == Stage::Paper);
        let judged = papers.map(Run::record).filter(|run| run.standing == Standing::Full);
        judged.max_by(|left, right| left.order().cmp(&right.order()))
    }
}
