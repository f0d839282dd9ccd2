//! The report of a world: where every strategy stands and why, how it came there, and what the policy limits.
//!
//! Pure facts, from policy, record and time. Renderers make pages of them; written as JSON they are the
//! document for programs. What the record does not hold is none here, and never made up.

mod facts;
mod history;
mod judged;
mod limits;
mod strategies;

use jiff::Timestamp;
use serde_json::Value;

pub use facts::{
    DecisionFacts, DecisionPoint, Deed, Overlap, Overlaps, PolicyFacts, Promotion, RunFacts, Said, Scope,
    StrategyReport, Verdict, VerdictCode, WorldReport,
};
pub use history::{DecisionSpan, HistoryEntry};
pub use judged::{CheckFacts, CheckTold, DocumentFacts, Judged, RejectionTold, ResultTold, Told};
pub use limits::{Limit, LimitValue};

use crate::diag::nearest;
use crate::eval::parse_instant;
use crate::ir::{Dialect, PromotionMode};
use crate::lifecycle::{Act, Happening, History, WorldRecord, WorldRules, campaign_status};
use crate::policy::Policy;
use judged::Reader;
use strategies::Told as Strategies;

/// Version of the form of reports.
const SCHEMA_VERSION: u32 = 1;
/// Most strategies named where one is unknown.
const MOST_NAMED: usize = 5;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The policy that rules the world.
    pub policy: &'a Policy,
    /// What it says about the life of strategies.
    pub rules: &'a WorldRules,
    /// Where the world stands.
    pub world: &'a WorldRecord,
    /// How it came there.
    pub history: &'a History,
    /// Hash of the last event.
    pub head: &'a str,
    /// When the risk snapshot was taken, if there is one.
    pub risk_snapshot: Option<Timestamp>,
    /// The only strategy to tell about.
    pub strategy: Option<&'a str>,
    /// What time it is.
    pub now: Timestamp,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A strategy that the record does not know.
    #[error("the store knows no strategy `{strategy}`{}", known_ones(.near, .known))]
    UnknownStrategy {
        /// The strategy.
        strategy: String,
        /// What was probably meant.
        near: Option<String>,
        /// All that there are.
        known: Vec<String>,
    },
}

fn known_ones(near: &Option<String>, known: &[String]) -> String {
    let named: Vec<_> = known.iter().take(MOST_NAMED).map(|id| format!("`{id}`")).collect();
    let more = known.len().saturating_sub(MOST_NAMED);
    match (near, more) {
        (Some(near), _) => format!(": did you mean `{near}`?"),
        (None, _) if named.is_empty() => ": it holds none, submit a run or record a decision first".to_owned(),
        (None, 0) => format!(": name one of {}", named.join(", ")),
        (None, more) => format!(": name one of {} and {more} more", named.join(", ")),
    }
}

impl WorldReport {
    /// The report of a world.
    ///
    /// # Errors
    /// If a strategy is asked for that the record does not know.
    pub fn new(input: &ReportInput<'_>) -> Result<Self, ReportError> {
        let ReportInput { rules, world, history, now, .. } = *input;
        let told = Strategies::new(input);
        if let Some(strategy) = input.strategy.filter(|asked| !told.ids.contains(*asked)) {
            let near = nearest(strategy, told.ids.iter().map(String::as_str)).map(str::to_owned);
            let known = told.ids.iter().cloned().collect();
            return Err(ReportError::UnknownStrategy { strategy: strategy.to_owned(), near, known });
        }
        let deed = |at: Timestamp, by: &Act| Deed { at, actor: by.actor.clone(), reason: by.reason.clone() };
        Ok(Self {
            schema_version: SCHEMA_VERSION,
            world_id: rules.world.clone(),
            generated_at: now,
            language: None,
            policy: policy_facts(input),
            scope: scope(input, told.ids.len()),
            halted: world.halted().map(|halt| deed(halt.at, &halt.by)),
            under_way: world.under_way().map(|apply| deed(apply.at, &apply.by)),
            limits: limits::limits(input.policy, rules, world.live().len()),
            campaign: campaign_status(rules, &[], None, now).config,
            decisions: history.decisions().iter().map(point).collect(),
            happenings: history.happenings().iter().filter(|one| is_act(one)).cloned().collect(),
            strategies: told.reports(input, &mut Reader::new(input.policy)),
        })
    }
}

fn policy_facts(input: &ReportInput<'_>) -> PolicyFacts {
    let program = input.policy.program();
    PolicyFacts {
        version: program.version.clone(),
        dialect: match program.dialect {
            Dialect::Native => "native",
            Dialect::Threshold { .. } => "threshold",
        },
        ruleset_hash: input.policy.ruleset_hash().to_owned(),
        selection_hash: input.policy.selection_hash().to_owned(),
        allow_live: input.rules.allow_live,
        promotion_mode: if input.rules.allow_live { input.rules.mode } else { PromotionMode::Disabled },
    }
}

fn point(decision: &crate::lifecycle::PastDecision) -> DecisionPoint {
    DecisionPoint { at: decision.at, as_of: decision.as_of.clone(), selected: decision.selected }
}

/// Whether it is about promotions or the world, and not about the life of a run.
fn is_act(happening: &Happening) -> bool {
    !happening.kind.starts_with("run_")
}

fn scope(input: &ReportInput<'_>, strategies: usize) -> Scope {
    let history = input.history;
    let times = || history.happenings().iter().map(|one| one.at).chain(history.decisions().iter().map(|one| one.at));
    let last = input.world.last_decision().zip(history.decisions().last());
    Scope {
        strategy: input.strategy.map(str::to_owned),
        strategies,
        live: input.world.live().len(),
        selected: history.decisions().last().map_or(0, |last| last.selected),
        decisions: history.decisions().len(),
        last_decision: last.map(|(document, past)| decision_facts(input, document, past.at)),
        recorded_from: times().min(),
        recorded_until: times().max(),
        head: input.head.to_owned(),
    }
}

fn decision_facts(input: &ReportInput<'_>, document: &Value, recorded_at: Timestamp) -> DecisionFacts {
    let DocumentFacts { as_of, stage, profile, policy_version, ruleset_hash, by_this_policy } =
        Reader::new(input.policy).document(document);
    let valid_until = document.get("valid_until").and_then(Value::as_str).map(str::to_owned);
    let ends = valid_until.as_deref().and_then(parse_instant);
    DecisionFacts {
        recorded_at,
        as_of,
        expired: ends.is_some_and(|ends| ends < input.now),
        valid_until,
        stage,
        profile,
        policy_version,
        ruleset_hash: ruleset_hash.unwrap_or_default(),
        by_this_policy,
    }
}
