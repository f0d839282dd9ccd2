//! 2xxx: names, types and units.

use super::Rule;
use crate::diag::Severity;

/// A metric is not in the catalogue and not declared.
pub static UNKNOWN_METRIC: Rule = Rule {
    code: "QP2001",
    slug: "unknown-metric",
    severity: Severity::Error,
    summary: "A metric is not in the catalogue and not declared.",
    why: "A misspelt metric is missing for every strategy. Declare your own metrics under `metrics`; `qmtl-policy metrics` lists the catalogue. In `thresholds` this is a warning, because threshold documents may name any metric.",
    wrong: r"world: demo
selection:
  gates: [sharp >= 0.5]
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// There is no such function.
pub static UNKNOWN_FUNCTION: Rule = Rule {
    code: "QP2002",
    slug: "unknown-function",
    severity: Severity::Error,
    summary: "There is no such function.",
    why: "The functions are listed in the language reference.",
    wrong: r"world: demo
selection:
  gates: [average(sharpe) >= 0.5]
",
    right: r"world: demo
selection:
  gates: [mean(sharpe) >= 0.5]
",
};

/// A function gets arguments that it does not take.
pub static ARGUMENTS: Rule = Rule {
    code: "QP2003",
    slug: "wrong-arguments",
    severity: Severity::Error,
    summary: "A function gets arguments that it does not take.",
    why: "The message shows how the function is called.",
    wrong: r"world: demo
selection:
  gates: [round(sharpe) >= 0.5]
",
    right: r"world: demo
selection:
  gates: ['round(sharpe, 1) >= 0.5']
",
};

/// A number, a truth value or a text stands where another is needed.
pub static TYPE_MISMATCH: Rule = Rule {
    code: "QP2004",
    slug: "type-mismatch",
    severity: Severity::Error,
    summary: "A number, a truth value or a text stands where another is needed.",
    why: "A gate must be true or false; a score must be a number. Texts can only be compared for equality.",
    wrong: r"world: demo
selection:
  gates: [sharpe + 1]
",
    right: r"world: demo
selection:
  gates: [sharpe + 1 >= 0]
",
};

/// Two units that cannot be converted are added or compared.
pub static UNIT_MISMATCH: Rule = Rule {
    code: "QP2005",
    slug: "unit-mismatch",
    severity: Severity::Error,
    summary: "Two units that cannot be converted are added or compared.",
    why: "A drawdown is a ratio, trades are a count: comparing them has no meaning, whatever the numbers are. Days, years and durations convert into each other.",
    wrong: r"world: demo
selection:
  gates: [max_drawdown <= trades_60d]
",
    right: r"world: demo
selection:
  gates: [max_drawdown <= 25%]
",
};

/// A duration is compared with a number without unit.
pub static BARE_DURATION: Rule = Rule {
    code: "QP2006",
    slug: "duration-needs-unit",
    severity: Severity::Error,
    summary: "A duration is compared with a number without unit.",
    why: "300 could be seconds, minutes or days. Write `300s` or `5m`.",
    wrong: r"world: demo
selection:
  gates: [data_lag <= 300]
",
    right: r"world: demo
selection:
  gates: [data_lag <= 300s]
",
};

/// A definition takes the name of a metric of the catalogue.
pub static SHADOWED: Rule = Rule {
    code: "QP2007",
    slug: "shadowed-name",
    severity: Severity::Error,
    summary: "A definition takes the name of a metric of the catalogue.",
    why: "`sharpe` must mean the same in every policy of the firm. Choose another name.",
    wrong: r"world: demo
define: { sharpe: sharpe_mid + 1 }
selection:
  gates: [sharpe >= 0.5]
",
    right: r"world: demo
define: { lifted: sharpe_mid + 1 }
selection:
  gates: [lifted >= 0.5]
",
};

/// A definition needs itself.
pub static RECURSION: Rule = Rule {
    code: "QP2008",
    slug: "recursive-definition",
    severity: Severity::Error,
    summary: "A definition needs itself.",
    why: "It has no value. The message shows the way round.",
    wrong: r"world: demo
define: { a: b + 1, b: a + 1 }
selection:
  gates: [a >= 0.5]
",
    right: r"world: demo
define: { a: b + 1, b: sharpe + 1 }
selection:
  gates: [a >= 0.5]
",
};

/// Two rules have the same id.
pub static DUPLICATE_ID: Rule = Rule {
    code: "QP2009",
    slug: "duplicate-rule-id",
    severity: Severity::Error,
    summary: "Two rules have the same id.",
    why: "Ids name rules in decisions, reports and the record. Two rules under one name cannot be told apart afterwards.",
    wrong: r"world: demo
selection:
  gates:
    - { when: sharpe >= 0.5, id: floor }
    - { when: sample_days >= 30, id: floor }
",
    right: r"world: demo
selection:
  gates:
    - { when: sharpe >= 0.5, id: floor }
    - { when: sample_days >= 30, id: history }
",
};

/// A stage is mapped to a profile that does not exist.
pub static UNKNOWN_PROFILE: Rule = Rule {
    code: "QP2010",
    slug: "unknown-profile",
    severity: Severity::Error,
    summary: "A stage is mapped to a profile that does not exist.",
    why: "The stage would be judged by another profile or by none. In a threshold document without `world` this is a warning.",
    wrong: r"world: demo
validation_profiles:
  paper: { performance: { sharpe_min: 0.5 } }
default_profile_by_stage: { paper: papr }
",
    right: r"world: demo
validation_profiles:
  paper: { performance: { sharpe_min: 0.5 } }
default_profile_by_stage: { paper: paper }
",
};

/// The same name is defined twice.
pub static CONFLICT: Rule = Rule {
    code: "QP2011",
    slug: "conflicting-definition",
    severity: Severity::Error,
    summary: "The same name is defined twice.",
    why: "Two files define one name, or two sections set one rule. Which one counts would depend on the order of reading.",
    wrong: r"world: demo
import: [std/profiles/conservative]
validation_profiles:
  conservative: { performance: { sharpe_min: 0.5 } }
default_profile_by_stage: { paper: conservative }
",
    right: r"world: demo
validation_profiles:
  conservative: { performance: { sharpe_min: 0.5 } }
default_profile_by_stage: { paper: conservative }
",
};

/// A bound is set on a metric that is not a number.
pub static BOUND_ON_TEXT: Rule = Rule {
    code: "QP2012",
    slug: "bound-on-text",
    severity: Severity::Error,
    summary: "A bound is set on a metric that is not a number.",
    why: "`min` and `max` need an order. Use `equals`, or a rule with `when`.",
    wrong: r"world: demo
metrics: { frozen: { type: boolean } }
selection:
  gates: [sharpe >= 0.5]
validation:
  performance: { frozen_max: 0 }
",
    right: r"world: demo
metrics: { frozen: { type: boolean } }
selection:
  gates: [sharpe >= 0.5]
validation:
  performance: { frozen: { equals: false } }
",
};

/// All rules of this file.
pub static ALL: &[&Rule] = &[
    &UNKNOWN_METRIC,
    &UNKNOWN_FUNCTION,
    &ARGUMENTS,
    &TYPE_MISMATCH,
    &UNIT_MISMATCH,
    &BARE_DURATION,
    &SHADOWED,
    &RECURSION,
    &DUPLICATE_ID,
    &UNKNOWN_PROFILE,
    &CONFLICT,
    &BOUND_ON_TEXT,
];
