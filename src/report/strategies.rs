//! The part of a report about each strategy.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::facts::{Deed, Overlap, Overlaps, Promotion, RunFacts, Said, StrategyReport, Verdict, VerdictCode};
use super::judged::{Judged, Reader};
use super::{ReportInput, history};
use crate::ir::Step;
use crate::lifecycle::{
    Candidate, Correlated, Outlook, OverrideStatus, PastDecision, Phase, Review, Run, RunRecord, Stage, StrategyStatus,
    campaign_status,
};

/// Where the policy names no largest correlation, people look from here on.
const LOOK_FROM: f64 = 0.7;
/// Where it does, from this share of it on.
const SHARE_OF_LIMIT: f64 = 0.9;

/// What is known of all strategies at once.
pub(super) struct Told {
    /// Every strategy that has a run, is live, or is in the last decision.
    pub ids: BTreeSet<String>,
    campaigns: BTreeMap<String, StrategyStatus>,
    candidates: BTreeMap<String, Candidate>,
}

impl Told {
    pub fn new(input: &ReportInput<'_>) -> Self {
        let runs: Vec<RunRecord> = input.world.records();
        let circumstances = input.world.circumstances(input.risk_snapshot);
        let candidates = Review::new(input.rules, &runs, &circumstances, input.now).candidates().candidates;
        let campaigns = campaign_status(input.rules, &runs, None, input.now).strategies;
        let last = input.history.decisions().last();
        let decided = last.into_iter().flat_map(|decision| decision.strategies.keys());
        let known = decided.chain(input.world.live().keys()).map(String::as_str).chain(input.world.strategies());
        Self {
            ids: known.map(str::to_owned).collect(),
            campaigns: campaigns.into_iter().map(|one| (one.strategy_id.clone(), one)).collect(),
            candidates: candidates.into_iter().map(|one| (one.strategy_id.clone(), one)).collect(),
        }
    }

    /// The report of each strategy that is asked for, in the order in which people look.
    pub fn reports(&self, input: &ReportInput<'_>, reader: &mut Reader<'_>) -> Vec<StrategyReport> {
        let asked = self.ids.iter().filter(|id| input.strategy.is_none_or(|asked| asked == id.as_str()));
        let mut reports: Vec<_> = asked.map(|id| self.report(input, reader, id)).collect();
        reports.sort_by_cached_key(|one| {
            let told = one.judged.as_ref().map(|judged| &judged.told);
            let rank = told.and_then(|told| told.rank).unwrap_or(usize::MAX);
            let selected = told.is_some_and(|told| told.selected);
            (one.verdict.code, !selected, rank, one.strategy_id.clone())
        });
        reports
    }

    fn report(&self, input: &ReportInput<'_>, reader: &mut Reader<'_>, id: &str) -> StrategyReport {
        let campaign = self.campaigns.get(id).cloned();
        let candidate = self.candidates.get(id);
        let outlook = campaign.as_ref().map(|own| Outlook::new(input.rules, input.world, own, candidate));
        let outlook = outlook.unwrap_or_default();
        let judged = last_judgement(input, reader, id);
        let runs = input.world.runs().filter(|run| run.submission.strategy == id);
        let mut runs: Vec<_> = runs.map(run_facts).collect();
        runs.sort_by(|left, right| (left.created_at, &left.run_id).cmp(&(right.created_at, &right.run_id)));
        StrategyReport {
            strategy_id: id.to_owned(),
            verdict: Verdict { code: verdict(&outlook, campaign.as_ref(), candidate, judged.as_ref()), sentence: None },
            overlaps: overlaps(input, id, judged.as_ref()),
            promotion: promotion(input, id, candidate, outlook.live_by.as_deref()),
            live_by: outlook.live_by,
            next: outlook.next,
            blocked_by: outlook.blocked_by,
            campaign,
            judged,
            runs,
            history: history::of_strategy(input.history, id),
        }
    }
}

/// The newest of the last decision about all strategies and the judgements of runs.
fn last_judgement(input: &ReportInput<'_>, reader: &mut Reader<'_>, id: &str) -> Option<Judged> {
    let at = input.history.decisions().last().map(|decision: &PastDecision| decision.at);
    let decided = at.zip(input.world.last_decision()).and_then(|(at, last)| reader.read(last, id, None, at));
    let runs = input.world.runs().filter(|run| run.submission.strategy == id && run.superseded_by.is_none());
    let run = runs.filter(|run| run.decision.is_some()).max_by_key(|run| (run.updated_at, &run.submission.run));
    let newer = run.filter(|run| decided.as_ref().is_none_or(|decided| decided.recorded_at < run.updated_at));
    let judged =
        newer.and_then(|run| reader.read(run.decision.as_ref()?, id, Some(&run.submission.run), run.updated_at));
    judged.or(decided)
}

fn verdict(
    outlook: &Outlook,
    campaign: Option<&StrategyStatus>,
    candidate: Option<&Candidate>,
    judged: Option<&Judged>,
) -> VerdictCode {
    let free = outlook.blocked_by.is_empty();
    match (&outlook.live_by, outlook.next) {
        (Some(_), _) if free => VerdictCode::Live,
        (Some(_), _) => VerdictCode::LiveBlocked,
        (None, Some(Stage::Live)) if free => VerdictCode::LiveReady,
        (None, Some(Stage::Live)) if candidate.is_some_and(|one| one.pending_manual_approval) => {
            VerdictCode::LiveCandidate
        }
        (None, Some(Stage::Live)) => VerdictCode::NotReadyForLive,
        (None, Some(_)) if free => VerdictCode::PaperReady,
        (None, Some(_)) => VerdictCode::NotReadyForPaper,
        (None, None) => match (campaign.map(|own| own.phase), judged) {
            (Some(Phase::PaperCampaign | Phase::LiveCampaign), _) => VerdictCode::Observed,
            (_, Some(judged)) if judged.told.selected => VerdictCode::Selected,
            (_, Some(_)) => VerdictCode::NotSelected,
            (_, None) => VerdictCode::NotJudged,
        },
    }
}

fn overlaps(input: &ReportInput<'_>, id: &str, judged: Option<&Judged>) -> Overlaps {
    let limit = input.policy.program().steps.iter().find_map(|step| match step {
        Step::Correlation(limit) => Some(limit.max_pairwise.value),
        Step::PostCorrelation(limit) => Some(limit.value),
        _ => None,
    });
    let known: Option<&[Correlated]> = judged.and_then(|judged| match &judged.run_id {
        Some(run) => input.history.correlated_in_run(id, run),
        None => input.history.correlated_last(),
    });
    let look_from = limit.map_or(LOOK_FROM, |limit| limit * SHARE_OF_LIMIT);
    let own = known.unwrap_or_default().iter().filter(|pair| pair.strategy == id);
    let pairs = own.map(|pair| Overlap { close: libm::fabs(pair.rho) >= look_from, pair: pair.clone() });
    let rejection = judged.and_then(|judged| judged.told.rejected_by.as_ref());
    let like = rejection.filter(|rejection| rejection.step.ends_with("correlation"));
    Overlaps {
        recorded: known.is_some(),
        limit,
        pairs: pairs.collect(),
        kept_out_by: like.map(|rejection| rejection.by.clone()).unwrap_or_default(),
    }
}

fn promotion(input: &ReportInput<'_>, id: &str, candidate: Option<&Candidate>, live_by: Option<&str>) -> Promotion {
    let run_id = live_by.or(candidate.map(|one| one.run_id.as_str()));
    let run = run_id.and_then(|run| input.world.run(id, run));
    let said = run.and_then(|run| run.spoken.as_ref()).filter(|spoken| spoken.status != OverrideStatus::None);
    let said = said.map(|spoken| {
        let by = &spoken.by;
        let approved = spoken.status == OverrideStatus::Approved;
        let current = by.ruleset_hash == input.rules.ruleset_hash && input.rules.is_approver(&by.actor);
        Said {
            status: spoken.status,
            by: Deed { at: by.at, actor: by.actor.clone(), reason: spoken.reason.clone() },
            holds: !approved || (!by.void && current),
        }
    });
    Promotion {
        run_id: run_id.map(str::to_owned),
        eligible: candidate.is_some_and(|one| one.eligible),
        pending_manual_approval: candidate.is_some_and(|one| one.pending_manual_approval),
        said,
    }
}

fn run_facts(run: &Run) -> RunFacts {
    let strategy = &run.submission.strategy;
    let own = run.decision.as_ref().and_then(|decision| decision.get("strategies")?.get(strategy));
    RunFacts {
        run_id: run.submission.run.clone(),
        stage: run.submission.stage,
        state: run.state,
        created_at: run.created_at,
        updated_at: run.updated_at,
        status: run.judgement.as_ref().map(|judgement| judgement.status),
        selected: own.and_then(|own| own.get("selected")).and_then(Value::as_bool),
        superseded_by: run.superseded_by.clone(),
    }
}
