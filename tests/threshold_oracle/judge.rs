//! What a threshold document means, said a second time: plainly, slowly, strategy by strategy.

use super::policy::{Attributes, Layer, Levels, Mode, Policy, Profile, Threshold, find};
use super::snapshot::{Reading, Snapshot, Strategy};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Pass,
    Warn,
    Fail,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// The result of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    pub severity: &'static str,
    pub owner: &'static str,
    pub code: String,
}

#[derive(Debug)]
pub struct Judgement {
    pub status: Status,
    pub selected: bool,
    pub action: &'static str,
    pub effective_mode: &'static str,
    pub results: Vec<(&'static str, Outcome)>,
}

#[derive(Debug)]
pub struct Expected {
    pub profile: Option<String>,
    pub recommended_stage: Option<&'static str>,
    pub selected: Vec<String>,
    pub funnel: Vec<(&'static str, usize)>,
    pub strategies: Vec<(String, Judgement)>,
}

fn normalized(name: &str) -> String {
    name.trim().to_lowercase().replace('-', "_")
}

/// The stage in its usual form; a dry run is paper.
fn stage(snapshot: &Snapshot) -> String {
    let stage = normalized(snapshot.stage.as_deref().unwrap_or(""));
    if stage == "dryrun" { "paper".to_owned() } else { stage }
}

fn choose_profile<'p>(policy: &'p Policy, snapshot: &Snapshot, asked: Option<&str>) -> Option<&'p Profile> {
    let profile = |name: &str| policy.profiles.iter().find(|profile| normalized(&profile.name) == normalized(name));
    let default = |stage: &str| {
        let entry = policy.defaults.iter().find(|(key, _)| normalized(key) == stage);
        entry.and_then(|(_, name)| profile(name))
    };
    let stage = stage(snapshot);
    let of_stage = || {
        if stage.is_empty() {
            return None;
        }
        default(&stage).or_else(|| default(&format!("{stage}_only"))).or_else(|| profile(&stage))
    };
    asked
        .and_then(profile)
        .or_else(|| snapshot.profile.as_deref().and_then(profile))
        .or_else(of_stage)
        .or_else(|| policy.defaults.iter().find_map(|(_, name)| profile(name)))
        .or_else(|| profile("backtest"))
        .or_else(|| profile("paper"))
        .or_else(|| policy.profiles.first())
}

fn recommended_stage(snapshot: &Snapshot, profile: Option<&Profile>) -> Option<&'static str> {
    match stage(snapshot).as_str() {
        "backtest" | "backtest_only" => return Some("backtest_only"),
        "paper" | "paper_only" => return Some("paper_only"),
        "live" | "paper_ok_live_candidate" => return Some("paper_ok_live_candidate"),
        _ => {}
    }
    match normalized(&profile?.name).as_str() {
        "backtest" => Some("backtest_only"),
        "paper" => Some("paper_only"),
        "live" => Some("paper_ok_live_candidate"),
        _ => None,
    }
}

/// A threshold that counts, with the mode that reads a missing value of it.
struct Rule {
    threshold: Threshold,
    on_missing: Mode,
    on_error: Mode,
}

impl Rule {
    fn reading(&self, strategy: &Strategy) -> Reading {
        strategy.named(&self.threshold.metric)
    }

    fn status(&self, strategy: &Strategy) -> Status {
        let mode = match self.reading(strategy) {
            Reading::Number(value) => {
                let low = self.threshold.min.is_none_or(|min| value >= min);
                let high = self.threshold.max.is_none_or(|max| value <= max);
                return if low && high { Status::Pass } else { Status::Fail };
            }
            Reading::Missing => self.on_missing,
            Reading::Wrong => self.on_error,
        };
        match mode {
            Mode::Fail => Status::Fail,
            Mode::Warn => Status::Warn,
            Mode::Ignore => Status::Pass,
        }
    }

    fn group(&self) -> &'static str {
        let name = self.threshold.metric.as_str();
        let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        if begins(&["lag", "stale", "fresh", "as_of", "coverage"]) {
            "data_currency"
        } else if begins(&["sample", "history", "effective_history", "n_trades", "num_trades"])
            || name.contains("trade")
        {
            "sample"
        } else {
            "other"
        }
    }
}

/// The thresholds of both places, then those of the profile in place of the ones they replace.
fn rules(policy: &Policy, profile: Option<&Profile>) -> Vec<Rule> {
    let on_missing = policy.on_missing.unwrap_or(Mode::Fail);
    let on_error = policy.on_error.unwrap_or(Mode::Fail);
    let mut found: Vec<Rule> = Vec::new();
    let mut set = |threshold: &Threshold, on_missing: Mode| {
        let rule = Rule { threshold: threshold.clone(), on_missing, on_error };
        match found.iter_mut().find(|other| other.threshold.name == threshold.name) {
            Some(other) => *other = rule,
            None => found.push(rule),
        }
    };
    for threshold in policy.selection.thresholds.iter().chain(&policy.top.thresholds) {
        set(threshold, on_missing);
    }
    for bound in profile.iter().flat_map(|profile| &profile.bounds) {
        let (name, metric) = (bound.metric.to_owned(), bound.metric.to_owned());
        let threshold = Threshold { name, metric, min: bound.min, max: bound.max };
        set(&threshold, bound.on_missing.unwrap_or(on_missing));
    }
    found
}

/// What the steps after the thresholds do to a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    Cut,
    Correlation,
    Exit,
    NotEntered,
}

/// What a metric of a step is worth for each strategy.
fn values(strategies: &[Strategy], metric: &str) -> Vec<Option<f64>> {
    strategies.iter().map(|strategy| strategy.number(metric)).collect()
}

/// Descending, equal ones as they stood, missing ones last.
fn best_first(order: &mut [usize], values: &[Option<f64>]) {
    order.sort_by(|&left, &right| match (values[left], values[right]) {
        (Some(left), Some(right)) => right.partial_cmp(&left).unwrap(),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => std::cmp::Ordering::Equal,
    });
}

struct Case<'a> {
    policy: &'a Policy,
    snapshot: &'a Snapshot,
    strategies: Vec<Strategy>,
    profile: Option<&'a Profile>,
    rules: Vec<Rule>,
    outs: Vec<Option<Out>>,
}

/// Judges a snapshot. `asked` is the profile that the caller asks for.
pub fn expected(policy: &Policy, snapshot: &Snapshot, asked: Option<&str>) -> Expected {
    let profile = choose_profile(policy, snapshot, asked);
    let strategies = snapshot.judged();
    let outs = vec![None; strategies.len()];
    let mut case = Case { policy, snapshot, profile, rules: rules(policy, profile), outs, strategies };
    let (order, funnel) = case.select();
    let judge = |row: usize| {
        let strategy = &case.strategies[row];
        (strategy.id.clone(), case.judgement(row, order.contains(&row)))
    };
    Expected {
        profile: profile.map(|profile| profile.name.clone()),
        recommended_stage: recommended_stage(snapshot, profile),
        selected: order.iter().map(|&row| case.strategies[row].id.clone()).collect(),
        funnel,
        strategies: (0..case.strategies.len()).map(judge).collect(),
    }
}

impl Case<'_> {
    fn was_active(&self, row: usize) -> bool {
        self.snapshot.previous.as_ref().is_some_and(|ids| ids.contains(&self.strategies[row].id))
    }

    fn select(&mut self) -> (Vec<usize>, Vec<(&'static str, usize)>) {
        let (inner, top) = (&self.policy.selection, &self.policy.top);
        let mut funnel = vec![("submitted", self.strategies.len())];
        let passes = |row: &usize| self.rules.iter().all(|rule| rule.status(&self.strategies[*row]) != Status::Fail);
        let mut order: Vec<usize> = (0..self.strategies.len()).filter(passes).collect();
        funnel.push(("rules", order.len()));
        if let Some((metric, k)) = inner.top_k.as_ref().or(top.top_k.as_ref()) {
            best_first(&mut order, &values(&self.strategies, metric));
            for row in order.split_off(order.len().min(*k)) {
                self.outs[row] = Some(Out::Cut);
            }
            funnel.push(("cut", order.len()));
        }
        if let Some(max) = inner.correlation.or(top.correlation) {
            let mut kept: Vec<usize> = Vec::new();
            for row in order {
                let near =
                    |other: &usize| self.snapshot.rho(&self.strategies[row].id, &self.strategies[*other].id) > max;
                if kept.iter().any(near) {
                    self.outs[row] = Some(Out::Correlation);
                } else {
                    kept.push(row);
                }
            }
            order = kept;
            funnel.push(("post_correlation", order.len()));
        }
        if let Some(levels) = self.levels() {
            for row in order.clone() {
                let level = if self.was_active(row) { levels.exit } else { levels.enter };
                if self.strategies[row].number(&levels.metric).is_none_or(|value| value < level) {
                    self.outs[row] = Some(if self.was_active(row) { Out::Exit } else { Out::NotEntered });
                }
            }
            order.retain(|&row| self.outs[row].is_none());
            funnel.push(("hysteresis", order.len()));
        }
        funnel.push(("selected", order.len()));
        (order, funnel)
    }

    fn levels(&self) -> Option<Levels> {
        self.policy.selection.hysteresis.as_ref().or(self.policy.top.hysteresis.as_ref()).cloned()
    }

    fn judgement(&self, row: usize, selected: bool) -> Judgement {
        let mut results = self.base(row);
        results
            .extend(self.policy.layers.iter().filter_map(|(name, layer)| Some((*name, self.layer(row, name, layer)?))));
        let of_result = |outcome: &Outcome| match (outcome.status, outcome.severity) {
            (Status::Fail, "blocking") => Status::Fail,
            (Status::Fail | Status::Warn, _) => Status::Warn,
            (Status::Pass, _) => Status::Pass,
        };
        let status = results.iter().map(|(_, outcome)| of_result(outcome)).max().unwrap_or(Status::Pass);
        let action = match (self.was_active(row), selected) {
            (false, true) => "promote",
            (true, false) => "demote",
            _ => "hold",
        };
        let effective_mode = match (selected, status, stage(self.snapshot).as_str()) {
            (false, ..) => "validate",
            (true, Status::Fail, _) => "compute-only",
            (true, _, "shadow") => "shadow",
            // None of these policies allows live.
            (true, _, "paper" | "paper_only" | "live" | "paper_ok_live_candidate") => "paper",
            _ => "compute-only",
        };
        Judgement { status, selected, action, effective_mode, results }
    }

    fn attributes(&self, section: &str) -> Attributes {
        self.profile.and_then(|profile| find(&profile.attributes, section)).cloned().unwrap_or_default()
    }

    /// The five base results.
    fn base(&self, row: usize) -> Vec<(&'static str, Outcome)> {
        let found = [
            ("data_currency", "data_currency", "blocking", "ops", self.data_currency(row)),
            ("sample", "sample", "soft", "quant", self.sample(row)),
            ("performance", "performance", "blocking", "quant", self.performance(row)),
            ("risk", "risk_constraint", "blocking", "risk", self.risk(row)),
            ("robustness", "robustness", "soft", "quant", self.robustness(row)),
        ];
        let outcome = |(section, name, severity, owner, found): (&str, _, _, _, Found)| {
            let attributes = self.attributes(section);
            (name, found.outcome(attributes.severity.unwrap_or(severity), attributes.owner.unwrap_or(owner)))
        };
        found.into_iter().map(outcome).collect()
    }

    /// How what is missing and only reported on is said: status, and whether it only informs.
    fn data_currency(&self, row: usize) -> Found {
        let said = |mode: Mode, code: &str| match mode {
            Mode::Fail => Found::fail(code),
            Mode::Warn => Found::warn(code),
            Mode::Ignore => Found { severity: Some("info"), ..Found::warn(code) },
        };
        let strategy = &self.strategies[row];
        let mode = self.policy.on_missing.unwrap_or(Mode::Fail);
        let mut verdicts = Vec::new();
        if !strategy.has_any_number() {
            verdicts.push(said(mode, "metrics_missing"));
        }
        // A value of the wrong type is read like a missing one, by a mode of its own.
        for rule in self.rules.iter().filter(|rule| rule.group() == "data_currency") {
            let mode = match rule.reading(strategy) {
                Reading::Number(_) => continue,
                Reading::Missing => rule.on_missing,
                Reading::Wrong => rule.on_error,
            };
            verdicts.push(said(mode, if mode == Mode::Ignore { "missing_metric_ignored" } else { "missing_metric" }));
        }
        gravest(verdicts, "data_currency_ok")
    }

    fn sample(&self, row: usize) -> Found {
        let counted = ["n_trades_total", "n_trades_per_year", "num_trades", "effective_history_years", "sample_days"];
        let strategy = &self.strategies[row];
        let broken = |rule: &&Rule| {
            let known = counted.contains(&rule.threshold.metric.as_str());
            !known || rule.reading(strategy).number().is_none() || rule.status(strategy) == Status::Fail
        };
        if self.rules.iter().filter(|rule| rule.group() == "sample").any(|rule| broken(&rule)) {
            return Found::fail("sample_thresholds_failed");
        }
        if counted.iter().any(|name| strategy.number(name).is_some_and(|value| value > 0.0)) {
            return Found::pass("sample_ok");
        }
        Found::warn("sample_metrics_missing")
    }

    fn performance(&self, row: usize) -> Found {
        let worst = self.rules.iter().map(|rule| rule.status(&self.strategies[row])).max();
        match (worst, self.outs[row]) {
            (Some(Status::Fail), _) => Found::fail("performance_thresholds_failed"),
            (_, Some(Out::Cut)) => Found::fail("performance_rank_outside_top_k"),
            (Some(Status::Warn), _) => Found::warn("performance_metrics_missing"),
            _ => Found::pass("performance_ok"),
        }
    }

    fn risk(&self, row: usize) -> Found {
        let correlation = self.policy.selection.correlation.or(self.policy.top.correlation);
        match self.outs[row] {
            Some(Out::Correlation) => Found::fail("correlation_constraint_failed"),
            Some(Out::Exit) => Found::fail("hysteresis_exit"),
            Some(Out::NotEntered) => Found::fail("hysteresis_not_entered"),
            _ if correlation.is_none() && self.levels().is_none() => {
                Found { severity: Some("info"), ..Found::pass("risk_constraints_not_configured") }
            }
            _ => Found::pass("risk_constraints_ok"),
        }
    }

    fn robustness(&self, row: usize) -> Found {
        let strategy = &self.strategies[row];
        let mut verdicts = Vec::new();
        let bounds = self.profile.iter().flat_map(|profile| &profile.bounds);
        let min = bounds.filter(|bound| bound.section == "robustness" && bound.metric == "deflated_sharpe_ratio");
        for min in min.filter_map(|bound| bound.min) {
            let value = strategy.number("deflated_sharpe_ratio");
            verdicts.extend(at_least(value, min, "dsr_below_min", "dsr_missing"));
        }
        if let Some(max) = self.profile.and_then(|profile| profile.gap_max) {
            let halves = (strategy.number("sharpe_first_half"), strategy.number("sharpe_second_half"));
            if let (Some(first), Some(second)) = halves
                && (first - second).abs() > max
            {
                verdicts.push(Found::fail("cv_sharpe_gap_exceeds_max"));
            }
        }
        gravest(verdicts, "robustness_ok")
    }

    /// A section that only reports; none where it does not speak in this stage.
    fn layer(&self, row: usize, name: &str, layer: &Layer) -> Option<Outcome> {
        let (severity, owner, found) = match name {
            "cohort" => ("soft", "risk", self.cohort(row, layer)),
            "portfolio" => ("soft", "risk", self.portfolio(row, layer)),
            "benchmark" => ("soft", "quant", self.benchmark(row, layer)),
            "stress" => ("info", "ops", self.stress(row, layer)),
            "paper_shadow_consistency" => ("soft", "ops", self.paper_shadow(row, layer)?),
            "live_monitoring" => ("soft", "risk", self.live_monitoring(layer)),
            other => panic!("no section `{other}`"),
        };
        let own = &layer.attributes;
        Some(found.outcome(own.severity.unwrap_or(severity), own.owner.unwrap_or(owner)))
    }

    fn cohort(&self, row: usize, layer: &Layer) -> Found {
        let median = |metric: &str| {
            let mut known: Vec<f64> = values(&self.strategies, metric).into_iter().flatten().collect();
            known.sort_by(f64::total_cmp);
            let middle = known.len() / 2;
            match known.len() {
                0 => None,
                count if count % 2 == 1 => Some(known[middle]),
                _ => Some((known[middle - 1] + known[middle]) / 2.0),
            }
        };
        let mut verdicts = Vec::new();
        for (key, metric, below, missing) in [
            ("sharpe_median_min", "sharpe", "cohort_median_sharpe_below_min", "median_sharpe_missing"),
            ("dsr_median_min", "deflated_sharpe_ratio", "cohort_median_dsr_below_min", "median_dsr_missing"),
        ] {
            if let Some(&min) = find(&layer.parameters, key) {
                verdicts.extend(at_least(median(metric), min, below, missing));
            }
        }
        if let Some(&limit) = find(&layer.parameters, "top_k").filter(|limit| **limit > 0.0) {
            let sharpe = values(&self.strategies, "sharpe");
            let mut order: Vec<usize> = (0..sharpe.len()).collect();
            best_first(&mut order, &sharpe);
            let place = order.iter().position(|&other| other == row).unwrap() + 1;
            if sharpe.iter().all(Option::is_none) {
                verdicts.push(Found::warn("top_k_unavailable"));
            } else if place as f64 > limit {
                verdicts.push(Found::fail("cohort_top_k_exceeded"));
            }
        }
        gravest(verdicts, "cohort_ok")
    }

    fn portfolio(&self, row: usize, layer: &Layer) -> Found {
        let strategy = &self.strategies[row];
        let mut verdicts = Vec::new();
        if let Some(&max) = find(&layer.parameters, "max_incremental_var_99") {
            let value = strategy.number("incremental_var_99");
            verdicts.extend(at_most(value, max, "incremental_var_exceeds_max", "incremental_var_missing"));
        }
        if let Some(&max) = find(&layer.parameters, "max_incremental_es_99") {
            let value = strategy.number("incremental_es_99");
            verdicts.extend(at_most(value, max, "incremental_es_exceeds_max", "incremental_es_missing"));
        }
        if let Some(&min) = find(&layer.parameters, "min_portfolio_sharpe_uplift") {
            let value = strategy.number("portfolio_sharpe_uplift");
            let (below, missing) = ("portfolio_sharpe_uplift_below_min", "portfolio_sharpe_uplift_missing");
            verdicts.extend(at_least(value, min, below, missing));
        }
        gravest(verdicts, "portfolio_ok")
    }

    fn benchmark(&self, row: usize, layer: &Layer) -> Found {
        let min = find(&layer.parameters, "min_vs_benchmark_sharpe");
        let value = self.strategies[row].number("vs_benchmark_sharpe");
        let verdict =
            min.and_then(|&min| at_least(value, min, "benchmark_uplift_below_min", "benchmark_uplift_missing"));
        gravest(verdict.into_iter().collect(), "benchmark_ok")
    }

    fn stress(&self, row: usize, layer: &Layer) -> Found {
        let strategy = &self.strategies[row];
        let mut verdicts = Vec::new();
        for (name, own) in &layer.scenarios {
            let value = |metric: &str| strategy.at(&["stress", name, metric]).number().map(f64::abs);
            let drawdown = value("max_drawdown").or_else(|| value("dd_max"));
            let parts =
                [("dd_max", "dd", drawdown), ("es_99", "es", value("es_99")), ("var_99", "var", value("var_99"))];
            for (key, word, value) in parts {
                if let Some(&max) = find(own, key) {
                    let (exceeds, missing) = (format!("{name}_{word}_exceeds_max"), format!("{name}_{word}_missing"));
                    verdicts.extend(at_most(value, max, &exceeds, &missing));
                }
            }
        }
        gravest(verdicts, "stress_ok")
    }

    fn paper_shadow(&self, row: usize, layer: &Layer) -> Option<Found> {
        let listed = layer.stages.clone().filter(|stages| !stages.is_empty()).unwrap_or(vec!["paper", "shadow"]);
        let paper = |stage: String| if stage == "dryrun" { "paper".to_owned() } else { stage };
        let stage = paper(stage(self.snapshot));
        if !stage.is_empty() && listed.iter().all(|known| paper(normalized(known)) != stage) {
            return None;
        }
        let strategy = &self.strategies[row];
        let mut verdicts = Vec::new();
        if let Some(&min) = find(&layer.parameters, "min_sharpe_ratio") {
            let value = strategy.number("paper_vs_backtest_sharpe_ratio");
            let (below, missing) = ("paper_shadow_sharpe_ratio_below_min", "paper_shadow_sharpe_ratio_missing");
            verdicts.extend(at_least(value, min, below, missing));
        }
        for (key, metric, word) in [
            ("max_drawdown_ratio", "paper_vs_backtest_dd_ratio", "dd"),
            ("max_var_p01_ratio", "paper_vs_backtest_var_p01_ratio", "var"),
            ("max_es_p01_ratio", "paper_vs_backtest_es_p01_ratio", "es"),
        ] {
            if let Some(&max) = find(&layer.parameters, key) {
                let exceeds = format!("paper_shadow_{word}_ratio_exceeds_max");
                let missing = format!("paper_shadow_{word}_ratio_missing");
                verdicts.extend(at_most(strategy.number(metric), max, &exceeds, &missing));
            }
        }
        Some(gravest(verdicts, "paper_shadow_ok"))
    }

    fn live_monitoring(&self, layer: &Layer) -> Found {
        let mean = |names: &[&str]| {
            let first = |strategy: &Strategy| names.iter().find_map(|name| strategy.number(name));
            let known: Vec<f64> = self.strategies.iter().filter_map(first).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let mut verdicts = Vec::new();
        if let Some(&min) = find(&layer.parameters, "sharpe_min") {
            let value = mean(&["live_sharpe", "realized_sharpe"]);
            verdicts.extend(at_least(value, min, "live_sharpe_below_min", "live_sharpe_missing"));
        }
        if let Some(&max) = find(&layer.parameters, "dd_max") {
            let value = mean(&["live_max_drawdown", "realized_max_drawdown"]);
            verdicts.extend(at_most(value, max, "live_dd_exceeds_max", "live_dd_missing"));
        }
        if let Some(&min) = find(&layer.parameters, "decay_threshold") {
            let value = mean(&["live_vs_backtest_sharpe_ratio"]);
            verdicts.extend(at_least(value, min, "live_decay_below_threshold", "live_decay_missing"));
        }
        gravest(verdicts, "live_monitoring_ok")
    }
}

/// What a verdict finds, before severity and owner of its section are known.
struct Found {
    status: Status,
    code: String,
    /// Where it is not that of the section.
    severity: Option<&'static str>,
}

impl Found {
    fn new(status: Status, code: &str) -> Self {
        Self { status, code: code.to_owned(), severity: None }
    }

    fn pass(code: &str) -> Self {
        Self::new(Status::Pass, code)
    }

    fn warn(code: &str) -> Self {
        Self::new(Status::Warn, code)
    }

    fn fail(code: &str) -> Self {
        Self::new(Status::Fail, code)
    }

    fn outcome(self, severity: &'static str, owner: &'static str) -> Outcome {
        Outcome { status: self.status, severity: self.severity.unwrap_or(severity), owner, code: self.code }
    }
}

fn at_least(value: Option<f64>, min: f64, below: &str, missing: &str) -> Option<Found> {
    match value {
        None => Some(Found::warn(missing)),
        Some(value) => (value < min).then(|| Found::fail(below)),
    }
}

fn at_most(value: Option<f64>, max: f64, exceeds: &str, missing: &str) -> Option<Found> {
    match value {
        None => Some(Found::warn(missing)),
        Some(value) => (value > max).then(|| Found::fail(exceeds)),
    }
}

/// The first failure, else the first warning.
fn gravest(verdicts: Vec<Found>, ok: &str) -> Found {
    let mut chosen = Found::pass(ok);
    for found in verdicts {
        if found.status > chosen.status {
            chosen = found;
        }
    }
    chosen
}
