//! How a strategy was judged last, read from the decision document that was kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::eval::{Compared, Status};
use crate::policy::Policy;

/// How a strategy was judged last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// The run that was judged; none where a decision about all strategies says it.
    pub run_id: Option<String>,
    /// When that was recorded.
    pub recorded_at: Timestamp,
    /// The document it is from.
    #[serde(flatten)]
    pub document: DocumentFacts,
    /// What the document says about the strategy.
    #[serde(flatten)]
    pub told: Told,
    /// Every rule, in the order of the policy.
    pub checks: Vec<CheckFacts>,
}

/// What a decision document says about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentFacts {
    /// The instant judged.
    pub as_of: Option<String>,
    /// The stage judged.
    pub stage: Option<String>,
    /// The profile that judged.
    pub profile: Option<String>,
    /// The version of the policy that judged.
    pub policy_version: Option<String>,
    /// Its hash.
    pub ruleset_hash: Option<String>,
    /// Whether that is the policy of this report.
    pub by_this_policy: bool,
}

/// What a decision document says about a strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The gravest of its results.
    pub status: Status,
    /// Whether it is active.
    pub selected: bool,
    /// What changed: `promote`, `demote` or `hold`.
    pub action: String,
    /// How it may run.
    pub effective_mode: String,
    /// Why data keeps it below what it would be, if it does.
    pub downgrade_reason: Option<String>,
    /// Its score.
    pub score: Option<f64>,
    /// Its place.
    pub rank: Option<usize>,
    /// Metrics of its rules that are missing.
    pub missing: Vec<String>,
    /// What kept it out first.
    pub rejected_by: Option<RejectionTold>,
    /// Results by layer.
    #[serde(rename(deserialize = "rules"))]
    pub results: BTreeMap<String, ResultTold>,
    #[serde(rename(deserialize = "checks"), skip_serializing)]
    kept: Vec<CheckTold>,
}

/// What kept a strategy out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionTold {
    /// The step.
    pub step: String,
    /// The code.
    pub code: String,
    /// The rule, where it was one.
    pub rule: Option<String>,
    /// Who stood in the way.
    pub by: Vec<String>,
}

/// The result of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultTold {
    /// Met or not.
    pub status: Status,
    /// How grave: `blocking`, `soft` or `info`.
    pub severity: String,
    /// Who answers for it.
    pub owner: String,
    /// The code.
    pub reason_code: String,
}

/// A rule as the strategy faced it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckFacts {
    /// What the document says.
    #[serde(flatten)]
    pub told: CheckTold,
    /// What the rule compares; none where another policy judged, whose rules are not known here.
    pub compared: Option<Compared>,
}

/// A rule as a decision document tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckTold {
    /// The rule.
    pub id: String,
    /// Its layer.
    pub layer: String,
    /// `true`, `false` or `missing`.
    pub outcome: String,
    /// How the outcome is read.
    pub status: Status,
    /// The value compared.
    pub value: Option<f64>,
    /// What it was compared with.
    pub threshold: Option<f64>,
    /// Signed distance, positive when it passes.
    pub margin: Option<f64>,
    /// What failing does: `blocking`, `soft` or `info`.
    pub severity: String,
    /// Who answers for it.
    pub owner: String,
}

impl CheckFacts {
    /// Whether it keeps the strategy out.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.told.status == Status::Fail && self.told.severity == "blocking"
    }
}

/// Reads decision documents, and remembers what rules compare: many strategies face the same.
pub(super) struct Reader<'p> {
    policy: &'p Policy,
    known: BTreeMap<(Option<String>, String, Option<u64>), Option<Compared>>,
}

impl<'p> Reader<'p> {
    pub fn new(policy: &'p Policy) -> Self {
        Self { policy, known: BTreeMap::new() }
    }

    /// What a document says about a strategy, if it does.
    pub fn read(
        &mut self,
        document: &Value,
        strategy: &str,
        run_id: Option<&str>,
        recorded_at: Timestamp,
    ) -> Option<Judged> {
        let own = document.get("strategies")?.get(strategy)?;
        let mut told = Told::deserialize(own).ok()?;
        let document = self.document(document);
        let kept = std::mem::take(&mut told.kept);
        let checks = kept.into_iter().map(|check| {
            let compared = document.by_this_policy.then(|| self.compared(document.profile.as_deref(), &check));
            CheckFacts { compared: compared.flatten(), told: check }
        });
        let checks = checks.collect();
        Some(Judged { run_id: run_id.map(str::to_owned), recorded_at, document, told, checks })
    }

    pub fn document(&self, document: &Value) -> DocumentFacts {
        let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
        let ruleset_hash = text("ruleset_hash");
        DocumentFacts {
            as_of: text("as_of"),
            stage: text("stage"),
            profile: text("profile"),
            policy_version: text("policy_version"),
            by_this_policy: ruleset_hash.as_deref() == Some(self.policy.ruleset_hash()),
            ruleset_hash,
        }
    }

    fn compared(&mut self, profile: Option<&str>, check: &CheckTold) -> Option<Compared> {
        let key = (profile.map(str::to_owned), check.id.clone(), check.threshold.map(f64::to_bits));
        let policy = self.policy;
        let find = || policy.compared(profile, &check.id, check.threshold);
        self.known.entry(key).or_insert_with(find).clone()
    }
}
