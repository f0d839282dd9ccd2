//! QP3004: a rule that another one implies.

use std::collections::HashMap;

use super::Lint;
use crate::check::questions::demands;
use crate::check::{Encoder, Facts};
use crate::diag::{Diagnostic, Rule as Page, Severity};
use crate::ir::{Expr, ExprKind, MetricId, Rule};
use crate::order::sort_by;
use crate::syntax::Comparison;

static RULE: Page = Page {
    code: "QP3004",
    slug: "implied-gate",
    severity: Severity::Warning,
    summary: "A rule always holds where another rule holds.",
    why: "It keeps nobody out that the other lets in. A reader may believe that it matters, and whoever loosens the \
          other one may be surprised that this one begins to. Remove it, or write the bound that was meant.",
    wrong: "world: demo\nselection:\n  gates:\n    - sharpe >= 1\n    - sharpe >= 0.5\n",
    right: "world: demo\nselection:\n  gates:\n    - sharpe >= 1\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

/// Most other rules that a compound rule is held against.
const MOST_CANDIDATES: usize = 8;

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let base: Vec<&Rule> = facts.program.rules.iter().collect();
    let mut found = implied(facts, &base, 0);
    for profile in &facts.program.profiles {
        if facts.program.dialect.is_native() {
            let mut rules = base.clone();
            rules.extend(&profile.rules);
            found.extend(implied(facts, &rules, base.len()));
        }
    }
    found
}

/// The bounds on one metric, strongest first: rule, and how far the bound lies.
#[derive(Default)]
struct Bounds {
    lower: Vec<Bound>,
    upper: Vec<Bound>,
}

#[derive(Clone, Copy)]
struct Bound {
    rule: usize,
    value: f64,
    strict: bool,
}

/// Rules from position `from` on that some rule before or after implies.
fn implied(facts: &Facts<'_>, rules: &[&Rule], from: usize) -> Vec<Diagnostic> {
    // A rule that is always true or never says nothing about others.
    let constant: Vec<bool> = rules.iter().map(|rule| facts.always(&rule.when).is_some()).collect();
    let is_constant = |index: usize| constant.get(index).copied().unwrap_or(false);
    let strengths = strengths(rules);
    let readers = readers(rules);
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate().skip(from).filter(|(_, rule)| rule.keep.is_none()) {
        let stronger = match threshold(&rule.when) {
            Some((metric, bound, lower)) => {
                let all = strengths.get(&metric);
                let side = all.map(|all| if lower { &all.lower } else { &all.upper });
                let first = side.and_then(|side| side.iter().find(|other| other.rule != index));
                first.filter(|other| implies(**other, Bound { rule: index, ..bound }, lower)).map(|other| other.rule)
            }
            None => compound(facts, rules, index, &strengths, &readers),
        };
        let stronger = stronger.filter(|&stronger| !is_constant(index) && !is_constant(stronger));
        if let Some(stronger) = stronger.and_then(|stronger| rules.get(stronger)) {
            let message = format!("`{}` always holds where `{}` holds", rule.id, stronger.id);
            let diagnostic =
                Diagnostic::new(&RULE, rule.span, message).also(stronger.span, "this one is at least as strict");
            found.push(diagnostic.help("remove it, or write the bound that was meant"));
        }
    }
    found
}

/// A bound of one metric by a constant: metric, bound, whether it is a lower one.
fn threshold(when: &Expr) -> Option<(MetricId, Bound, bool)> {
    let (operand, operator, value) = when.as_threshold()?;
    let ExprKind::Metric(metric) = operand.node else { return None };
    let (lower, strict) = match operator {
        Comparison::GreaterEqual => (true, false),
        Comparison::Greater => (true, true),
        Comparison::LessEqual => (false, false),
        Comparison::Less => (false, true),
        Comparison::Equal | Comparison::NotEqual => return None,
    };
    Some((metric, Bound { rule: 0, value, strict }, lower))
}

/// Whether one bound holds wherever the other does; of two equal ones the earlier implies the later.
fn implies(strong: Bound, weak: Bound, lower: bool) -> bool {
    let (strong_value, weak_value) = if lower { (strong.value, weak.value) } else { (-strong.value, -weak.value) };
    strong_value > weak_value
        || (strong_value == weak_value
            && ((strong.strict && !weak.strict) || (strong.strict == weak.strict && strong.rule < weak.rule)))
}

/// All bounds that some rule demands, also as a part of a conjunction.
fn strengths(rules: &[&Rule]) -> HashMap<MetricId, Bounds> {
    let mut all: HashMap<MetricId, Bounds> = HashMap::new();
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| demands(rule) && rule.keep.is_none()) {
        for (metric, bound, lower) in conjuncts(&rule.when).into_iter().filter_map(threshold) {
            let bounds = all.entry(metric).or_default();
            let side = if lower { &mut bounds.lower } else { &mut bounds.upper };
            side.push(Bound { rule: index, ..bound });
        }
    }
    for bounds in all.values_mut() {
        let order =
            |left: &Bound, right: &Bound| left.strict.cmp(&right.strict).reverse().then(left.rule.cmp(&right.rule));
        sort_by(&mut bounds.lower, |left, right| right.value.total_cmp(&left.value).then(order(left, right)));
        sort_by(&mut bounds.upper, |left, right| left.value.total_cmp(&right.value).then(order(left, right)));
    }
    all
}

fn conjuncts(when: &Expr) -> Vec<&Expr> {
    match &when.node {
        ExprKind::And(items) => items.iter().flat_map(conjuncts).collect(),
        _ => vec![when],
    }
}

/// Which demanding rules that are more than one bound read a metric.
fn readers(rules: &[&Rule]) -> HashMap<MetricId, Vec<usize>> {
    let mut all: HashMap<MetricId, Vec<usize>> = HashMap::new();
    let demanding = rules.iter().enumerate().filter(|(_, rule)| demands(rule) && rule.keep.is_none());
    for (index, rule) in demanding.filter(|(_, rule)| threshold(&rule.when).is_none()) {
        for metric in rule.when.metrics() {
            all.entry(metric).or_default().push(index);
        }
    }
    all
}

/// A rule that implies a compound one, among the strongest bounds and other compound rules.
fn compound(
    facts: &Facts<'_>,
    rules: &[&Rule],
    index: usize,
    strengths: &HashMap<MetricId, Bounds>,
    readers: &HashMap<MetricId, Vec<usize>>,
) -> Option<usize> {
    let rule = rules.get(index)?;
    let metrics = rule.when.metrics();
    let mut candidates: Vec<usize> = Vec::new();
    for metric in &metrics {
        if let Some(bounds) = strengths.get(metric) {
            candidates.extend(bounds.lower.first().map(|bound| bound.rule));
            candidates.extend(bounds.upper.first().map(|bound| bound.rule));
        }
        candidates.extend(readers.get(metric).into_iter().flatten().take(MOST_CANDIDATES));
    }
    sort_by(&mut candidates, Ord::cmp);
    candidates.dedup();
    candidates.into_iter().filter(|&other| other != index).take(MOST_CANDIDATES).find(|&other| {
        let Some(strong) = rules.get(other) else { return false };
        // Where the weaker rule reads a metric that may be missing while the other is true, it still matters.
        let needed = required(&strong.when);
        metrics.iter().all(|metric| needed.contains(metric))
            && entails(facts, &strong.when, &rule.when)
            && (other < index || !entails(facts, &rule.when, &strong.when))
    })
}

/// Metrics without which a condition cannot be true.
fn required(condition: &Expr) -> Vec<MetricId> {
    match &condition.node {
        ExprKind::And(items) => {
            let mut all: Vec<_> = items.iter().flat_map(required).collect();
            sort_by(&mut all, Ord::cmp);
            all.dedup();
            all
        }
        ExprKind::Or(items) => {
            let mut each = items.iter().map(required);
            let first = each.next().unwrap_or_default();
            each.fold(first, |common, other| common.into_iter().filter(|id| other.contains(id)).collect())
        }
        ExprKind::Compare(first, rest) => {
            let plain = |expression: &Expr| {
                let mut calls = false;
                expression.walk(&mut |part| calls |= matches!(part.node, ExprKind::Call(..)));
                !calls
            };
            // Functions such as `coalesce` can do without some of their arguments.
            if plain(first) && rest.iter().all(|(_, right)| plain(right)) { condition.metrics() } else { Vec::new() }
        }
        ExprKind::Metric(id) => vec![*id],
        ExprKind::Not(inner) => match &inner.node {
            ExprKind::Compare(..) | ExprKind::Metric(_) => required(inner),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn entails(facts: &Facts<'_>, strong: &Expr, weak: &Expr) -> bool {
    let mut encoder = Encoder::new(facts);
    let (strong, weak) = (encoder.formula(strong), encoder.formula(weak));
    facts.refuted(encoder.domains(), &[&strong, &crate::check::logic::Formula::not(weak)])
}
