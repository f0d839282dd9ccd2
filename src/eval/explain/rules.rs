//! The rules that the strategy faced, with what was compared.

use super::case::Case;
use super::facts::{Reading, RuleFacts};
use crate::eval::decision::Check;
use crate::ir::Rule;

/// The rules in the order they were judged.
pub(super) fn rules(case: &Case<'_>) -> Vec<RuleFacts> {
    let checks = &case.own.checks;
    case.rules.iter().zip(checks).map(|(rule, check)| facts(case, rule, check)).collect()
}

fn facts(case: &Case<'_>, rule: &Rule, check: &Check) -> RuleFacts {
    let condition = case.condition(rule);
    let compared = condition.as_threshold();
    let operand = compared.map(|(operand, ..)| operand);
    RuleFacts {
        id: rule.id.clone(),
        layer: rule.layer,
        severity: rule.severity,
        owner: rule.owner.clone(),
        reason: rule.reason.clone(),
        keep: rule.keep.is_some() && case.was_active,
        condition: case.writer.text(condition),
        metric: operand.and_then(|operand| case.writer.metric_name(operand)),
        operand: operand.map(|operand| case.writer.text(operand)),
        quantity: case.writer.quantity(operand.unwrap_or(condition)),
        operator: compared.map(|(_, operator, _)| operator.as_str()),
        threshold: compared.map(|(.., threshold)| threshold),
        value: check.value,
        margin: check.margin,
        outcome: check.outcome,
        status: check.status,
        readings: condition.metrics().into_iter().filter_map(|id| reading(case, id)).collect(),
    }
}

fn reading(case: &Case<'_>, id: crate::ir::MetricId) -> Option<Reading> {
    let metric = case.program.metric(id)?;
    Some(Reading { metric: metric.name.clone(), value: case.amount(id), quantity: case.writer.quantity_of(metric) })
}
