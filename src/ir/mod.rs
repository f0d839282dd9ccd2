//! The typed program a policy compiles to: metrics, rules, selection steps, lifecycle settings.
//!
//! Whatever section a rule was written in, here it is a [`Rule`]; whatever step narrows the
//! selection, here it is a [`Step`]. Evaluation, analysis and explanation read nothing else.

mod canonical;
mod expr;
mod layer;
mod lifecycle;
mod metric;
mod rule;
mod step;

use crate::source::Span;

pub use canonical::{Fingerprints, canonical_expression, fingerprints};
pub use expr::{Expr, ExprKind, FunctionId};
pub use layer::{LayerSection, Selector, StepTest, ThresholdGroup, Verdict};
pub use lifecycle::{
    CampaignSettings, DataCurrency, Governance, Lifecycle, PromotionMode, RiskProfile, Setting, WindowSettings,
};
pub use metric::{Better, Metric, MetricId};
pub use rule::{ErrorMode, Layer, MissingMode, Origin, Profile, Rule, RuleSeverity, normalized_name, normalized_stage};
pub use step::{CorrelationLimit, Cut, ExposureLimits, MetricHysteresis, RiskExit, Step, Streaks, TopK};

/// Whose meaning a document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// This language.
    Native,
    /// The form of QMTL's engine, with that engine's meaning.
    Threshold {
        /// Whether it lacks `world`.
        bare: bool,
    },
}

impl Dialect {
    /// Whether it is [`Dialect::Native`].
    #[must_use]
    pub fn is_native(self) -> bool {
        self == Self::Native
    }
}

/// A compiled policy.
#[derive(Debug, Clone)]
pub struct Program {
    /// The world's id, if written.
    pub world: Option<String>,
    /// The version as text, if written.
    pub version: Option<String>,
    /// Native or threshold document.
    pub dialect: Dialect,
    /// Every metric that an expression reads; ids are positions.
    pub metrics: Vec<Metric>,
    /// Rules that every strategy must face.
    pub rules: Vec<Rule>,
    /// Profiles in the order written.
    pub profiles: Vec<Profile>,
    /// `default_profile_by_stage` in the order written.
    pub default_profiles: Vec<(String, String)>,
    /// What `validation.on_missing_metric` says.
    pub on_missing: MissingMode,
    /// Where it says so.
    pub on_missing_span: Option<Span>,
    /// What `validation.on_error` says.
    pub on_error: ErrorMode,
    /// Where it says so.
    pub on_error_span: Option<Span>,
    /// Score, constraints, cut, hysteresis, in the order they apply.
    pub steps: Vec<Step>,
    /// The five base results where no profile applies.
    pub base: Vec<LayerSection>,
    /// Layer sections that report and never change the selection.
    pub layers: Vec<LayerSection>,
    /// How fresh and long data must be.
    pub currency: DataCurrency,
    /// Campaign, promotion and governance.
    pub lifecycle: Lifecycle,
    /// What the author defined: for the checks, not for evaluation.
    pub declarations: Vec<Declaration>,
    /// Keys that are carried but not enforced here.
    pub carried: Vec<Carried>,
    /// Severities that change nothing, because every threshold of a threshold document blocks.
    pub idle_severities: Vec<Span>,
    /// The whole document.
    pub span: Span,
}

/// A name that the author defined or declared.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The name.
    pub name: String,
    /// What kind of name.
    pub kind: DeclarationKind,
    /// Whether something reads it.
    pub used: bool,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of names an author defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclarationKind {
    /// Under `define`.
    Definition,
    /// Under `metrics`.
    Metric,
    /// Under `validation_profiles`.
    Profile,
}

/// A key that is typed, shown in decisions or plans, and not enforced.
#[derive(Debug, Clone)]
pub struct Carried {
    /// The path of the key.
    pub path: String,
    /// Its value as a JSON value.
    pub value: serde_json::Value,
    /// The key.
    pub span: Span,
}

impl Program {
    /// The metric with an id. Ids come from this program, so there is always one.
    #[must_use]
    pub fn metric(&self, id: MetricId) -> Option<&Metric> {
        self.metrics.get(id.0 as usize)
    }

    /// Whether a metric is the first of its name: one may be read in more than one way.
    #[must_use]
    pub fn is_first_of_name(&self, index: usize) -> bool {
        let name = |index: usize| self.metrics.get(index).map(|metric| &metric.name);
        (0..index).all(|other| name(other) != name(index))
    }

    /// The rules that strategies face under a profile, in order: the base rules and the profile's.
    ///
    /// In threshold documents a rule of the profile replaces the base threshold of the same id.
    #[must_use]
    pub fn rules_under<'p>(&'p self, profile: Option<&'p Profile>) -> Vec<&'p Rule> {
        let replaced = |rule: &&Rule| {
            !self.dialect.is_native()
                && profile.is_some_and(|profile| profile.rules.iter().any(|other| other.id == rule.id))
        };
        let own = self.rules.iter().filter(|rule| !replaced(rule));
        own.chain(profile.into_iter().flat_map(|profile| &profile.rules)).collect()
    }

    /// Base rules and the rules of all profiles.
    pub fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(self.profiles.iter().flat_map(|profile| &profile.rules))
    }

    /// What decides about strategies: the conditions of all rules, and the score.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let score = self.steps.iter().filter_map(|step| match step {
            Step::Score(score) => Some(score),
            _ => None,
        });
        self.all_rules().flat_map(Rule::conditions).chain(score)
    }
}
