//! What may execute live: the strategies that decisions take as approved.

use crate::ir::PromotionMode;

use super::rules::WorldRules;
use super::run::Run;
use super::words::OverrideStatus;
use super::world::WorldRecord;

impl WorldRecord {
    /// The strategies that decisions under these rules may execute live, by id: what was applied, as long as
    /// nobody has turned its run down since. Where approvals decide, the approval of the run must hold: it was
    /// given under this policy, by somebody who may still approve. A policy that promotes nothing has none.
    #[must_use]
    pub fn approved(&self, rules: &WorldRules) -> Vec<String> {
        if rules.world != self.world() || !rules.allow_live {
            return Vec::new();
        }
        let holds = |run: &Run| {
            let spoken = run.spoken.as_ref();
            let says = |status: OverrideStatus| spoken.filter(|spoken| spoken.status == status);
            let approval = says(OverrideStatus::Approved).is_some_and(|spoken| {
                let by = &spoken.by;
                !by.void && by.ruleset_hash == rules.ruleset_hash && rules.is_approver(&by.actor)
            });
            match rules.mode {
                PromotionMode::Disabled => false,
                PromotionMode::ManualApproval => approval,
                PromotionMode::AutoApply => says(OverrideStatus::Rejected).is_none(),
            }
        };
        let live = self.live().iter();
        let live = live.filter(|(strategy, run)| self.run(strategy, run).is_some_and(holds));
        live.map(|(strategy, _)| strategy.clone()).collect()
    }
}
