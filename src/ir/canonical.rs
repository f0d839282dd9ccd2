//! The canonical text of a program, and the hashes over it.
//!
//! The text holds everything that can change a decision or a lifecycle step and nothing else:
//! no comments, spans, formatting or prose. What a policy writes as a mapping is sorted, what it
//! writes as a list keeps its order, numbers are bit patterns, metrics are named by their names.

use crate::order::sort_by;
use std::fmt::Write as _;

use super::{
    Dialect, Expr, ExprKind, Layer, LayerSection, Lifecycle, Program, Rule, RuleSeverity, Selector, Setting, Step,
    WindowSettings,
};

/// The two hashes of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprints {
    /// `blake3:…` over the whole program.
    pub ruleset: String,
    /// `blake3:…` over what can alter a selection.
    pub selection: String,
}

/// Hashes a program.
#[must_use]
pub fn fingerprints(program: &Program) -> Fingerprints {
    let hash = |text: &str| format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex());
    let mut selection = Canonical::new(program);
    selection.selection();
    let mut ruleset = Canonical::new(program);
    ruleset.selection();
    ruleset.rest();
    Fingerprints { ruleset: hash(&ruleset.text), selection: hash(&selection.text) }
}

/// The canonical text of one expression: equal texts mean equal values on every input.
#[must_use]
pub fn canonical_expression(program: &Program, expression: &Expr) -> String {
    let mut canonical = Canonical::new(program);
    canonical.expression(expression);
    canonical.text
}

struct Canonical<'a> {
    program: &'a Program,
    text: String,
}

impl<'a> Canonical<'a> {
    fn new(program: &'a Program) -> Self {
        Self { program, text: String::new() }
    }

    /// One line `key=value`; texts are quoted, so nothing can pose as another line.
    fn line(&mut self, key: &str, value: &dyn std::fmt::Debug) {
        let _ = writeln!(self.text, "{key}={value:?}");
    }

    fn number(&mut self, key: &str, value: f64) {
        // -0 equals 0.
        let bits = if value == 0.0 { 0 } else { value.to_bits() };
        let _ = writeln!(self.text, "{key}={bits:016x}");
    }

    fn setting(&mut self, key: &str, setting: Option<&Setting<f64>>) {
        if let Some(setting) = setting {
            self.number(key, setting.value);
        }
    }

    fn selection(&mut self) {
        let program = self.program;
        self.line("native", &program.dialect.is_native());
        self.selecting("rule", &program.rules);
        for profile in &program.profiles {
            self.line("profile", &profile.name);
            self.selecting("profile_rule", &profile.rules);
        }
        for (stage, profile) in &program.default_profiles {
            self.line("stage", &(stage, profile));
        }
        for step in &program.steps {
            self.step(step);
        }
        self.setting("max_lag", program.currency.max_lag.as_ref());
        self.setting("min_history", program.currency.min_history.as_ref());
        self.setting("min_coverage", program.currency.min_coverage.as_ref());
        if program.dialect.is_native() {
            self.metrics();
        }
    }

    fn rest(&mut self) {
        let program = self.program;
        self.line("world", &program.world);
        self.line("version", &program.version);
        self.rules("rule", &program.rules);
        for profile in &program.profiles {
            self.line("profile", &profile.name);
            self.rules("profile_rule", &profile.rules);
            profile.base.iter().for_each(|section| self.section(section));
        }
        self.line("modes", &(program.on_missing, program.on_error));
        self.line("bare", &matches!(program.dialect, Dialect::Threshold { bare: true }));
        program.base.iter().for_each(|section| self.section(section));
        let mut layers: Vec<_> = program.layers.iter().collect();
        sort_by(&mut layers, |left, right| left.name.cmp(&right.name));
        layers.into_iter().for_each(|section| self.section(section));
        self.lifecycle(&program.lifecycle);
        for carried in &program.carried {
            self.line("carried", &(&carried.path, carried.value.to_string()));
        }
    }

    /// Ranges decide what is missing, so they belong to the meaning.
    fn metrics(&mut self) {
        let mut metrics: Vec<_> = self.program.metrics.iter().collect();
        sort_by(&mut metrics, |left, right| left.name.cmp(&right.name));
        for metric in metrics {
            self.line("metric", &(&metric.name, &metric.kind, &metric.aliases));
            self.number("low", metric.range.low);
            self.number("high", metric.range.high);
        }
    }

    /// Blocking rules by what they do to a selection, whatever they are called.
    fn selecting(&mut self, key: &str, rules: &[Rule]) {
        let blocking = rules.iter().filter(|rule| rule.severity == RuleSeverity::Blocking);
        let mut texts: Vec<String> = blocking
            .map(|rule| {
                let mut own = Self::new(self.program);
                // A threshold document's profile replaces thresholds by their names.
                let name = (!self.program.dialect.is_native()).then_some(&rule.id);
                own.line(key, &(rule.layer == Layer::Risk, rule.on_missing, rule.on_error, name));
                own.conditions(rule);
                own.text
            })
            .collect();
        sort_by(&mut texts, Ord::cmp);
        texts.iter().for_each(|text| self.text.push_str(text));
    }

    fn rules(&mut self, key: &str, rules: &[Rule]) {
        let mut rules: Vec<_> = rules.iter().collect();
        sort_by(&mut rules, |left, right| left.id.cmp(&right.id));
        for rule in rules {
            let modes = (rule.on_missing, rule.on_error);
            self.line(key, &(&rule.id, rule.origin, rule.layer, rule.severity, &rule.owner, modes));
            self.conditions(rule);
        }
    }

    fn conditions(&mut self, rule: &Rule) {
        self.expression(&rule.when);
        if let Some(keep) = &rule.keep {
            self.text.push_str(" keep ");
            self.expression(keep);
        }
        self.text.push('\n');
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Score(score) => self.named_expression("score", score),
            Step::Correlation(limit) => {
                self.number("correlation", limit.max_pairwise.value);
                self.line("correlation_missing", &limit.on_missing);
            }
            Step::Exposure(limits) => {
                self.sides("gross_budget", limits.gross_budget.iter().map(|(side, budget)| (side, *budget)));
                limits.per_sector.into_iter().for_each(|cap| self.number("per_sector", cap));
                limits.max_leverage.into_iter().for_each(|cap| self.number("max_leverage", cap));
            }
            Step::Cut(cut) => {
                self.setting("total", cut.total.as_ref());
                self.sides("by_side", cut.by_side.iter().map(|(side, count)| (side, count.value)));
            }
            Step::Streaks(streaks) => {
                self.number("promote_after", streaks.promote_after.value);
                self.number("demote_after", streaks.demote_after.value);
                self.number("min_dwell", streaks.min_dwell.value);
                self.line("risk_exit", &streaks.risk_exit);
            }
            Step::TopK(top) => {
                self.named_expression("top_k", &top.metric);
                self.number("k", top.k.value);
            }
            Step::PostCorrelation(limit) => self.number("post_correlation", limit.value),
            Step::MetricHysteresis(levels) => {
                self.named_expression("hysteresis", &levels.metric);
                self.number("enter", levels.enter.value);
                self.number("exit", levels.exit.value);
            }
        }
    }

    fn sides<'s>(&mut self, key: &str, sides: impl Iterator<Item = (&'s String, f64)>) {
        let mut sides: Vec<_> = sides.collect();
        sort_by(&mut sides, |left, right| left.0.cmp(right.0));
        for (side, value) in sides {
            self.line(key, side);
            self.number(key, value);
        }
    }

    fn section(&mut self, section: &LayerSection) {
        self.line("section", &(&section.name, section.severity, &section.owner, &section.tags, &section.stages));
        for verdict in &section.verdicts {
            self.line("verdict", &(&verdict.fail, &verdict.missing, &verdict.ignored));
            match &verdict.selector {
                Selector::Expression(expression) => self.named_expression("require", expression),
                Selector::Place { metric, limit } => {
                    self.named_expression("place", metric);
                    self.number("limit", *limit);
                }
                Selector::Thresholds(group, only) => self.line("thresholds", &(group, only)),
                Selector::Present(group) => self.line("present", group),
                Selector::Step(step) => self.line("step", step),
                Selector::Rules(layers) => self.line("rules", layers),
            }
        }
        self.line("ok", &(&section.ok, &section.unconfigured));
    }

    fn lifecycle(&mut self, lifecycle: &Lifecycle) {
        let flags = [&lifecycle.allow_live, &lifecycle.live_auto_apply, &lifecycle.live_requires_manual_approval];
        self.line("live", &flags.map(|flag| flag.value));
        if let Some(campaign) = &lifecycle.campaign {
            for (stage, window) in [("backtest", &campaign.backtest), ("paper", &campaign.paper)] {
                self.line("campaign", &stage);
                let WindowSettings { window, window_text: _, min_runs, max_gap } = window;
                self.setting("window", window.as_ref());
                self.setting("min_runs", min_runs.as_ref());
                self.setting("max_gap", max_gap.as_ref());
            }
            self.setting("min_sample_days", campaign.min_sample_days.as_ref());
            self.setting("min_trades_total", campaign.min_trades_total.as_ref());
            self.setting("min_trades_per_window", campaign.min_trades_per_window.as_ref());
        }
        let governance = &lifecycle.governance;
        self.number("decision_ttl", governance.decision_ttl.value);
        self.line("mode", &governance.mode.value);
        self.setting("cooldown", governance.cooldown.as_ref());
        self.setting("max_live_slots", governance.max_live_slots.as_ref());
        self.setting("canary_fraction", governance.canary_fraction.as_ref());
        let mut approvers = governance.approvers.value.clone();
        sort_by(&mut approvers, Ord::cmp);
        self.line("approvers", &approvers);
        self.line("require_risk_snapshot", &governance.require_risk_snapshot.value);
        let profile = &lifecycle.risk_profile;
        let tier = profile.tier.as_ref().map(|tier| &tier.value);
        self.line("risk_profile", &(tier, profile.client_critical.as_ref().map(|flag| flag.value)));
    }

    fn named_expression(&mut self, key: &str, expression: &Expr) {
        self.text.push_str(key);
        self.text.push('=');
        self.expression(expression);
        self.text.push('\n');
    }

    /// Prefix notation with brackets.
    fn expression(&mut self, expression: &Expr) {
        match &expression.node {
            ExprKind::Number(value) => {
                let bits = if *value == 0.0 { 0 } else { value.to_bits() };
                let _ = write!(self.text, "{bits:x}");
            }
            ExprKind::Boolean(value) => {
                let _ = write!(self.text, "{value}");
            }
            ExprKind::Text(text) => {
                let _ = write!(self.text, "{text:?}");
            }
            ExprKind::Metric(id) => {
                let name = self.program.metric(*id).map_or("", |metric| metric.name.as_str());
                let _ = write!(self.text, "${name:?}");
            }
            ExprKind::Not(inner) => self.list("not", [&**inner]),
            ExprKind::Negate(inner) => self.list("neg", [&**inner]),
            ExprKind::And(items) => self.list("and", items),
            ExprKind::Or(items) => self.list("or", items),
            ExprKind::Call(function, items) => self.list(function.name, items),
            ExprKind::Power(base, exponent) => self.list("^", [&**base, &**exponent]),
            ExprKind::Arithmetic(first, rest) => {
                self.operators(first, rest.iter().map(|(operator, right)| (operator.as_str(), right)));
            }
            ExprKind::Compare(first, rest) => {
                self.operators(first, rest.iter().map(|(operator, right)| (operator.as_str(), right)));
            }
        }
    }

    fn list<'e>(&mut self, name: &str, items: impl IntoIterator<Item = &'e Expr>) {
        self.text.push('(');
        self.text.push_str(name);
        for item in items {
            self.text.push(' ');
            self.expression(item);
        }
        self.text.push(')');
    }

    fn operators<'e>(&mut self, first: &Expr, rest: impl Iterator<Item = (&'static str, &'e Expr)>) {
        self.text.push('(');
        self.expression(first);
        for (operator, right) in rest {
            let _ = write!(self.text, " {operator} ");
            self.expression(right);
        }
        self.text.push(')');
    }
}
