//! The keys of policies and libraries.

use super::shape::{Shape, Take};

/// The severities of rules.
const SEVERITIES: &[&str] = &["blocking", "soft", "info"];
/// The missing modes.
const MISSING_MODES: &[&str] = &["fail", "warn", "ignore"];
/// The layers a rule can belong to.
const LAYERS: &[&str] = &["data_currency", "sample", "performance", "risk", "robustness", "stress", "diagnostics"];

/// A section whose parameters a layer template defines.
#[derive(Debug, Clone)]
pub struct SectionShape {
    /// The key of the section.
    pub name: String,
    /// What the section is for.
    pub summary: String,
    /// Whether it stands under `validation` and in profiles, not at the top.
    pub validation: bool,
    /// Its parameters: name, what it takes, meaning.
    pub parameters: Vec<(String, Take, String)>,
}

/// The form of a policy, given the sections that the library defines.
#[must_use]
pub fn policy_shape(sections: &[SectionShape]) -> Shape {
    let mut shape = Shape::new()
        .key("world", Take::Name, "Name of the world; decisions are recorded under it.")
        .key("version", Take::Version, "Version of the policy, shown in decisions.")
        .key("import", Take::List(Box::new(Take::Text)), "Libraries to read: `std/…`, or files beside the policy.")
        .key("metrics", Take::MapOf(Box::new(metric_shape().map())), "Metrics of your own.")
        .key("define", Take::MapOf(Box::new(definition())), "Named expressions.")
        .key("allow_live", Take::Boolean, "Whether any strategy of the world may go live; false by default.")
        .key("data_currency", data_currency().map(), "How fresh and how long the data must be.")
        .key("validation", validation(sections).map(), "The minimum that every strategy must meet.")
        .key("validation_profiles", profiles(sections), "Rules for a stage, in addition.")
        .key("default_profile_by_stage", Take::MapOf(Box::new(Take::Text)), "Which profile judges which stage.")
        .key("selection", selection().map(), "Gates, score, constraints, cut and hysteresis.")
        .key("campaign", campaign().map(), "How long and how often a strategy is observed before it moves on.")
        .key("live_auto_apply", Take::Boolean, "Whether promotions to live need nobody; false by default.")
        .key("live_requires_manual_approval", Take::Boolean, "Whether live needs a person; true by default.")
        .key("governance", governance().map(), "Who decides about live, and under which limits.")
        .key("risk_profile", risk_profile().map(), "How much hangs on this world.")
        .key("position_policy", position_policy().map(), "What happens to positions; carried, not enforced here.")
        .key("gating_policy", Take::Anything, "Carried for other programs, not enforced here.");
    for (name, take, summary) in threshold_steps() {
        shape = shape.key(name, take, summary);
    }
    for section in sections.iter().filter(|section| !section.validation) {
        shape = shape.key(section.name.clone(), report_section(section).map(), section.summary.clone());
    }
    shape
}

/// The form of a library: definitions only.
#[must_use]
pub fn library_shape(sections: &[SectionShape]) -> Shape {
    Shape::new()
        .key("import", Take::List(Box::new(Take::Text)), "Further libraries.")
        .key("metrics", Take::MapOf(Box::new(metric_shape().map())), "Metrics.")
        .key("define", Take::MapOf(Box::new(definition())), "Named expressions.")
        .key("layers", Take::MapOf(Box::new(template().map())), "Templates of sections.")
        .key("validation_profiles", profiles(sections), "Profiles.")
}

fn definition() -> Take {
    let shape =
        Shape::new().required("is", Take::Expression, "The expression.").key("summary", Take::Text, "One line.");
    Take::TextOr(Box::new(shape))
}

fn metric_shape() -> Shape {
    let alias = Shape::new()
        .required("name", Take::Text, "The other name.")
        .key("unit", Take::Word(UNITS), "Its unit, where it differs.")
        .key("factor", Take::Number, "What its value is multiplied with to give the metric.");
    Shape::new()
        .key("summary", Take::Text, "What it measures, in one line.")
        .key("type", Take::Word(&["number", "boolean", "string"]), "What it is; a number by default.")
        .key("unit", Take::Word(UNITS), "The unit of a number.")
        .key("range", Take::Range, "Least and greatest possible value; `null` for an open end.")
        .key("better", Take::Word(&["higher", "lower"]), "Which way it is good.")
        .key("sign", Take::Word(&["magnitude", "signed"]), "Whether a loss is given as a positive magnitude.")
        .key("layer", Take::Word(LAYERS), "What rules over it are about.")
        .key("window", Take::Duration, "The window it is measured over, where its name does not say it.")
        .key("aliases", Take::List(Box::new(Take::TextOr(Box::new(alias)))), "Other names.")
}

const UNITS: &[&str] = &["ratio", "count", "days", "years", "duration", "currency", "score"];

fn template() -> Shape {
    let parameter = Shape::new()
        .key(
            "unit",
            Take::Word(&["ratio", "count", "days", "years", "duration", "currency", "score", "number"]),
            "Unit of the value.",
        )
        .key("type", Take::Word(&["number", "integer", "names"]), "What the value is; a number by default.")
        .key("summary", Take::Text, "One line.")
        .key("rule", Take::Expression, "What must be true, with `$name` for the value.");
    let verdict = Shape::new()
        .key("needs", Take::Text, "The parameter without which the verdict does not exist.")
        .key("require", Take::Expression, "What must be true.")
        .key(
            "thresholds",
            Take::Word(&["data_currency", "sample", "performance", "risk", "all"]),
            "Thresholds that must hold.",
        )
        .key("only", Take::List(Box::new(Take::Text)), "Metrics that count for `thresholds`; others are missing.")
        .key(
            "present",
            Take::Word(&["data_currency", "sample", "performance", "risk", "any"]),
            "Metrics that must be there.",
        )
        .key(
            "step",
            Take::Word(&["correlation", "cut", "hysteresis_enter", "hysteresis_exit"]),
            "A step that must let it pass.",
        )
        .key("place_by", Take::Expression, "A metric by which the place must be at most `limit`.")
        .key("limit", Take::Text, "The parameter with the last place.")
        .key("fail", Take::Text, "Code when it is false.")
        .key("missing", Take::Text, "Code when it is missing.")
        .key("ignored", Take::Text, "Code when it is missing and missing metrics are ignored.");
    Shape::new()
        .key("summary", Take::Text, "What the section is for.")
        .key("section", Take::Word(&["validation", "report"]), "Where it stands: under `validation`, or at the top.")
        .key("severity", Take::Word(SEVERITIES), "Default severity.")
        .key("owner", Take::Text, "Default owner.")
        .key("tags", Take::List(Box::new(Take::Text)), "Tags of the result.")
        .key("result", Take::Text, "Name of the result; that of the section by default.")
        .key("parameters", Take::MapOf(Box::new(parameter.map())), "What the section takes.")
        .key(
            "each",
            Take::Text,
            "A parameter that is a mapping of names to parameters of their own; `{name}` stands for the name.",
        )
        .key("each_parameters", Take::MapOf(Box::new(parameter_shape())), "Those parameters.")
        .key("stages", Take::Text, "The parameter that lists the stages in which the section speaks.")
        .key(
            "signed",
            Take::Boolean,
            "Whether magnitudes may be given with either sign: their ranges hold for the size.",
        )
        .key("default_stages", Take::List(Box::new(Take::Text)), "The stages where that parameter is absent or empty.")
        .key("verdicts", Take::List(Box::new(verdict.map())), "Tried in order.")
        .key("ok", Take::Text, "Code when nothing fails or warns.")
        .key("unconfigured", Take::Text, "Code when there is no step that its verdicts ask for.")
}

fn parameter_shape() -> Take {
    Shape::new().key("unit", Take::Word(UNITS), "Unit of the value.").key("summary", Take::Text, "One line.").map()
}

fn data_currency() -> Shape {
    Shape::new()
        .key("max_lag", Take::Duration, "Largest lag of the data behind `expected_data_end` or `as_of`.")
        .key("min_history", Take::Duration, "Shortest history.")
        .key("min_coverage", Take::Number, "Share of the active strategies that a snapshot must hold.")
        .key("bar_alignment", Take::Text, "Carried for the host's calendar, not enforced here.")
}

/// The form of `<metric>: {…}` in a section.
#[must_use]
pub fn bound_shape() -> Shape {
    Shape::new()
        .key("min", Take::Scalar, "Least value that passes.")
        .key("max", Take::Scalar, "Greatest value that passes.")
        .key("equals", Take::Scalar, "The only value that passes.")
        .key("severity", Take::Word(SEVERITIES), "What a failure does.")
        .key("owner", Take::Text, "Who answers for it.")
        .key("on_missing", Take::Word(MISSING_MODES), "How a missing value is read.")
}

fn rule_attributes(shape: Shape) -> Shape {
    shape
        .key("id", Take::Text, "A name of your own; the path by default.")
        .key("severity", Take::Word(SEVERITIES), "What a failure does.")
        .key("owner", Take::Text, "Who answers for it.")
        .key("on_missing", Take::Word(MISSING_MODES), "How a missing result is read.")
        .key("reason", Take::Text, "What to tell people.")
}

fn section(section: &SectionShape) -> Shape {
    let rule = rule_attributes(Shape::new().required("when", Take::Expression, "What must be true.").key(
        "keep",
        Take::Expression,
        "What must be true instead for a strategy that is active now.",
    ));
    let mut shape = Shape::new()
        .key("severity", Take::Word(SEVERITIES), "Severity of the section's rules.")
        .key("owner", Take::Text, "Owner of the section's rules.")
        .key("rules", Take::List(Box::new(rule.map())), "Rules written as expressions.");
    for (name, take, summary) in &section.parameters {
        shape = shape.key(name.clone(), take.clone(), summary.clone());
    }
    shape.others(Take::NumberOr(Box::new(bound_shape())))
}

fn report_section(section: &SectionShape) -> Shape {
    let mut shape = Shape::new();
    for (name, take, summary) in &section.parameters {
        shape = shape.key(name.clone(), take.clone(), summary.clone());
    }
    shape.key("severity", Take::Word(SEVERITIES), "Severity of the result.").key(
        "owner",
        Take::Text,
        "Owner of the result.",
    )
}

fn sections_of(sections: &[SectionShape], mut shape: Shape) -> Shape {
    for each in sections.iter().filter(|section| section.validation) {
        shape = shape.key(each.name.clone(), section(each).map(), each.summary.clone());
    }
    shape
}

fn validation(sections: &[SectionShape]) -> Shape {
    let modes = Shape::new()
        .key("on_error", Take::Word(&["fail", "warn"]), "How a value of the wrong kind is read.")
        .key("on_missing_metric", Take::Word(MISSING_MODES), "How a missing metric is read.");
    sections_of(sections, modes)
}

fn profiles(sections: &[SectionShape]) -> Take {
    Take::MapOf(Box::new(sections_of(sections, Shape::new()).map()))
}

/// The steps of threshold documents, at the top or under `selection`.
fn threshold_steps() -> Vec<(&'static str, Take, &'static str)> {
    let threshold = Shape::new()
        .required("metric", Take::Text, "The metric.")
        .key("min", Take::Number, "Least value that passes.")
        .key("max", Take::Number, "Greatest value that passes.");
    let top_k = Shape::new().required("metric", Take::Text, "Ranks by it, descending.").required(
        "k",
        Take::Integer,
        "How many stay.",
    );
    let correlation = Shape::new().required("max", Take::Number, "Largest |rho| with any strategy kept before.");
    vec![
        ("thresholds", Take::MapOf(Box::new(threshold.map())), "Bounds that every strategy must keep."),
        ("top_k", top_k.map(), "Threshold documents: how many stay."),
        ("correlation", correlation.map(), "Threshold documents: correlation after the cut."),
        ("hysteresis", hysteresis().map(), "Smooths changes over time: streaks, or the levels of threshold documents."),
    ]
}

fn selection() -> Shape {
    let correlation = Shape::new()
        .required("max_pairwise", Take::Number, "Largest |rho| with any strategy admitted before.")
        .key("on_missing", Take::Word(MISSING_MODES), "What no correlations at all mean; `fail` by default.");
    let exposure = Shape::new()
        .key("gross_budget", Take::MapOf(Box::new(Take::Number)), "Largest gross weight of a side.")
        .key("max_leverage", Take::Number, "Largest gross weight of all.")
        .key(
            "sector_cap",
            Shape::new().required("per_sector", Take::Number, "Largest gross weight of a sector.").map(),
            "Cap on sectors.",
        );
    let constraints = Shape::new().key("correlation", correlation.map(), "How alike strategies may be.").key(
        "exposure",
        exposure.map(),
        "How much they may weigh together.",
    );
    let topk = Shape::new().key("total", Take::Integer, "How many in all.").key(
        "by_side",
        Take::MapOf(Box::new(Take::Integer)),
        "How many of each side; a side not named has none.",
    );
    let mut shape = Shape::new()
        .key("gates", Take::Gates, "What every strategy must meet.")
        .key("score", Take::Expression, "Ranks by it, descending.")
        .key("constraints", constraints.map(), "Correlation and exposure.")
        .key("topk", topk.map(), "How many are admitted.");
    for (name, take, summary) in threshold_steps() {
        shape = shape.key(name, take, summary);
    }
    shape
}

fn hysteresis() -> Shape {
    Shape::new()
        .key("promote_after", Take::Integer, "Passes in a row before a promotion; 1 by default.")
        .key("demote_after", Take::Integer, "Failures in a row before a demotion; 1 by default.")
        .key("min_dwell", Take::Duration, "Least time between changes; none by default.")
        .key(
            "risk_exit",
            Take::Word(&["immediate", "hysteresis"]),
            "What a false risk rule does; `immediate` by default.",
        )
        .key("metric", Take::Text, "Threshold documents: the level.")
        .key("enter", Take::Number, "Threshold documents: others enter at or above.")
        .key("exit", Take::Number, "Threshold documents: active ones stay at or above.")
}

fn campaign() -> Shape {
    let window = || {
        Shape::new()
            .key("window", Take::Duration, "How long to observe.")
            .key("min_runs", Take::Integer, "How many runs at least.")
            .key("max_gap", Take::Duration, "Longest pause between runs.")
    };
    let common = Shape::new()
        .key("min_sample_days", Take::Number, "Days of sample needed.")
        .key("min_trades_total", Take::Integer, "Trades needed.")
        .key("min_trades_per_window", Take::Integer, "Trades needed within a window.");
    Shape::new()
        .key("backtest", window().map(), "Observation in backtest.")
        .key("paper", window().map(), "Observation in paper.")
        .key("common", common.map(), "What both need.")
}

fn governance() -> Shape {
    let promotion = Shape::new()
        .key("mode", Take::Word(&["disabled", "manual_approval", "auto_apply"]), "How live is decided.")
        .key("cooldown", Take::Duration, "Pause between applies.")
        .key("max_live_slots", Take::Integer, "Most live strategies.")
        .key("canary_fraction", Take::Number, "Share of strategies that `auto_apply` takes.")
        .key("approvers", Take::List(Box::new(Take::Text)), "Who may approve.")
        .key("require_risk_snapshot", Take::Boolean, "Whether a fresh risk snapshot is needed.");
    Shape::new().key("decision_ttl", Take::Duration, "How long a decision stands; 300 s by default.").key(
        "live_promotion",
        promotion.map(),
        "Promotion to live.",
    )
}

fn risk_profile() -> Shape {
    Shape::new()
        .key("tier", Take::Word(&["low", "medium", "high"]), "How grave a failure would be.")
        .key("client_critical", Take::Boolean, "Whether clients depend on it.")
        .key("max_capital_at_risk_pct", Take::Number, "Carried for reports, not enforced here.")
}

fn position_policy() -> Shape {
    Shape::new().key("on_promote", Take::Text, "Carried for the host, not enforced here.").key(
        "on_demote",
        Take::Text,
        "Carried for the host, not enforced here.",
    )
}

/// The form of one leaf or node of the gate tree, for the schema.
#[must_use]
pub(super) fn gate_shape() -> Shape {
    rule_attributes(
        Shape::new()
            .key("when", Take::Expression, "What must be true.")
            .key("keep", Take::Expression, "What must be true instead for a strategy that is active now.")
            .key("layer", Take::Word(LAYERS), "What it is about; the gravest of its metrics by default.")
            .key("and", Take::Gates, "All of these.")
            .key("all", Take::Gates, "All of these.")
            .key("or", Take::Gates, "Any of these.")
            .key("any", Take::Gates, "Any of these.")
            .key("not", Take::Gates, "Not this."),
    )
}
