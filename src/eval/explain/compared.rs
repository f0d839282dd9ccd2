//! What a rule compares, in words and units: for readers of decisions that were kept without the snapshot.

use serde::Serialize;

use super::facts::Quantity;
use super::text::Writer;
use crate::ir::{Program, Rule, normalized_name};
use crate::source::Sources;

/// What a rule compares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The condition in the language of policies.
    pub condition: String,
    /// The metric compared, where the condition is one comparison of a metric with a constant.
    pub metric: Option<String>,
    /// What is compared with a constant, if the condition is such a comparison.
    pub operand: Option<String>,
    /// The comparison.
    pub operator: Option<&'static str>,
    /// How the numbers compared are written.
    #[serde(flatten)]
    pub quantity: Quantity,
}

/// What the rule of an id compares under a profile. `threshold` is the constant that a decision names: it
/// tells whether the strategy was judged by `keep`. None where there is no such rule.
#[must_use]
pub fn compared(
    program: &Program,
    sources: &Sources,
    profile: Option<&str>,
    rule: &str,
    threshold: Option<f64>,
) -> Option<Compared> {
    let writer = Writer { program, sources };
    let named = |name: &str| program.profiles.iter().find(|own| normalized_name(&own.name) == normalized_name(name));
    let rules = program.rules_under(profile.and_then(named));
    let rule: &Rule = rules.into_iter().find(|known| known.id == rule)?;
    let constant = |condition: &crate::ir::Expr| condition.as_threshold().map(|(.., constant)| constant);
    let judged = rule.conditions().find(|condition| threshold.is_some() && constant(condition) == threshold);
    let condition = judged.unwrap_or(&rule.when);
    let compared = condition.as_threshold();
    let operand = compared.map(|(operand, ..)| operand);
    Some(Compared {
        condition: writer.text(condition),
        metric: operand.and_then(|operand| writer.metric_name(operand)),
        operand: operand.map(|operand| writer.text(operand)),
        operator: compared.map(|(_, operator, _)| operator.as_str()),
        quantity: writer.quantity(operand.unwrap_or(condition)),
    })
}
