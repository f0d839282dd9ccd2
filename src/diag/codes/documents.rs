//! 1xxx: syntax and documents.

use super::Rule;
use crate::diag::Severity;

/// The text is not valid YAML.
pub static YAML_SYNTAX: Rule = Rule {
    code: "QP1001",
    slug: "yaml-syntax",
    severity: Severity::Error,
    summary: "The text is not valid YAML.",
    why: "A policy that cannot be read decides nothing. The message says what was expected at the place; most often an indentation slipped, a quote is missing, or a `:` or `%` stands where YAML gives it a meaning. Quote the value then.",
    wrong: r"world: demo
selection:
  gates: [sharpe >= 0.5
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// A key stands twice in one mapping.
pub static DUPLICATE_KEY: Rule = Rule {
    code: "QP1002",
    slug: "duplicate-key",
    severity: Severity::Error,
    summary: "A key stands twice in one mapping.",
    why: "YAML readers silently keep one of the two, and not all keep the same one. A reviewer who reads the other one approves something else than what runs.",
    wrong: r"world: demo
allow_live: false
allow_live: true
selection:
  gates: [sharpe >= 0.5]
",
    right: r"world: demo
allow_live: false
selection:
  gates: [sharpe >= 0.5]
",
};

/// A key is not part of the language.
pub static UNKNOWN_KEY: Rule = Rule {
    code: "QP1003",
    slug: "unknown-key",
    severity: Severity::Error,
    summary: "A key is not part of the language.",
    why: "A misspelt key that is ignored is a rule that does not exist. Keys that start with `x-` are yours and are never read.",
    wrong: r"world: demo
selection:
  gatse: [sharpe >= 0.5]
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// A value is of another kind than its key takes.
pub static WRONG_TYPE: Rule = Rule {
    code: "QP1004",
    slug: "wrong-type",
    severity: Severity::Error,
    summary: "A value is of another kind than its key takes.",
    why: "Guessing what was meant would let two programs guess differently. In YAML 1.2 `yes`, `no`, `on` and `off` are texts; write `true` or `false`.",
    wrong: r"world: demo
allow_live: no
selection:
  gates: [sharpe >= 0.5]
",
    right: r"world: demo
allow_live: false
selection:
  gates: [sharpe >= 0.5]
",
};

/// A YAML tag stands before a value.
pub static TAG: Rule = Rule {
    code: "QP1005",
    slug: "yaml-tag",
    severity: Severity::Error,
    summary: "A YAML tag stands before a value.",
    why: "Tags ask a YAML reader to build something else than what is written, and policies have no use for it. In front of an expression YAML eats the `!`: write `not` instead, or quote the expression.",
    wrong: r"world: demo
selection:
  gates:
    - ! missing(sharpe)
",
    right: r"world: demo
selection:
  gates:
    - not missing(sharpe)
",
};

/// The file holds more than one YAML document.
pub static SECOND_DOCUMENT: Rule = Rule {
    code: "QP1006",
    slug: "second-document",
    severity: Severity::Error,
    summary: "The file holds more than one YAML document.",
    why: "One file is one policy. What stands behind `---` would be ignored by one reader and win in another.",
    wrong: r"world: demo
selection:
  gates: [sharpe >= 0.5]
---
world: other
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// An alias names an anchor that does not stand before it.
pub static UNKNOWN_ALIAS: Rule = Rule {
    code: "QP1007",
    slug: "unknown-alias",
    severity: Severity::Error,
    summary: "An alias names an anchor that does not stand before it.",
    why: "`*name` repeats the node that carries `&name` earlier in the same document. An alias inside its own anchor would never end.",
    wrong: r"world: demo
selection:
  gates: *house
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// The text is too long, too deep, or grows too much by aliases.
pub static LIMIT: Rule = Rule {
    code: "QP1008",
    slug: "limit-exceeded",
    severity: Severity::Error,
    summary: "The text is too long, too deep, or grows too much by aliases.",
    why: "Every reader bounds its work before it starts, so that no file can exhaust the machine that checks it. The bounds are far above what people write; a host program can change them.",
    wrong: r"world: demo
selection:
  gates: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[sharpe >= 0.5]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// The text holds a control character or is not UTF-8.
pub static CONTROL_CHARACTER: Rule = Rule {
    code: "QP1009",
    slug: "control-character",
    severity: Severity::Error,
    summary: "The text holds a control character or is not UTF-8.",
    why: "Such bytes are invisible in a review. They come from a broken copy or from a binary file under a wrong name.",
    wrong: "world: demo\nselection:\n  gates: [sharpe\u{7} >= 0.5]\n",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// The document holds no policy.
pub static EMPTY_DOCUMENT: Rule = Rule {
    code: "QP1010",
    slug: "empty-document",
    severity: Severity::Error,
    summary: "The document holds no policy.",
    why: "An empty policy would let every strategy pass.",
    wrong: r"# nothing here yet
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// The policy is wrapped in `world:` or `policy:`.
pub static WRAPPED_POLICY: Rule = Rule {
    code: "QP1011",
    slug: "wrapped-policy",
    severity: Severity::Error,
    summary: "The policy is wrapped in `world:` or `policy:`.",
    why: "An engine that looks for rules at the top finds none and selects everything. Move the keys one level up; the name goes to `world`.",
    wrong: r"policy:
  thresholds:
    sharpe: { metric: sharpe, min: 0.5 }
",
    right: r"world: demo
thresholds:
  sharpe: { metric: sharpe, min: 0.5 }
",
};

/// An expression cannot be read.
pub static EXPRESSION_SYNTAX: Rule = Rule {
    code: "QP1012",
    slug: "expression-syntax",
    severity: Severity::Error,
    summary: "An expression cannot be read.",
    why: "The message names the place and what could stand there. Comparisons are `< <= > >= == !=`, words are `and or not in`; percentages are written `25%`, basis points `5bp`, durations `5m 3h 180d 2w`.",
    wrong: r"world: demo
selection:
  gates: [sharpe => 0.5]
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// An expression nests too deep or is too long.
pub static EXPRESSION_DEPTH: Rule = Rule {
    code: "QP1013",
    slug: "expression-too-deep",
    severity: Severity::Error,
    summary: "An expression nests too deep or is too long.",
    why: "Nesting is bounded so that reading an expression needs the same small stack on every platform. Name parts of it under `define`.",
    wrong: r"world: demo
selection:
  gates:
    - ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((sharpe >= 0.5))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
",
    right: r"world: demo
selection:
  gates:
    - sharpe >= 0.5
",
};

/// A threshold document does not name its world.
pub static MISSING_WORLD: Rule = Rule {
    code: "QP1014",
    slug: "missing-world",
    severity: Severity::Warning,
    summary: "A threshold document does not name its world.",
    why: "Decisions are recorded under the name of a world. Without `world` it must come from `--world` each time.",
    wrong: r"thresholds:
  sharpe: { metric: sharpe, min: 0.5 }
",
    right: r"world: demo
thresholds:
  sharpe: { metric: sharpe, min: 0.5 }
",
};

/// A value is of the right kind but not one that its key takes.
pub static INVALID_VALUE: Rule = Rule {
    code: "QP1015",
    slug: "invalid-value",
    severity: Severity::Error,
    summary: "A value is of the right kind but not one that its key takes.",
    why: "Durations are a number with `s`, `m`, `h`, `d` or `w`. Where a key takes one of a few words, the message lists them.",
    wrong: r"world: demo
selection:
  gates: [sharpe >= 0.5]
campaign:
  paper: { window: 120 days }
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
campaign:
  paper: { window: 120d }
",
};

/// An import cannot be read.
pub static IMPORT: Rule = Rule {
    code: "QP1016",
    slug: "import-failed",
    severity: Severity::Error,
    summary: "An import cannot be read.",
    why: "The names that an import should define are unknown without it. Libraries of the standard library begin with `std/`; other names are files beside the policy.",
    wrong: r"world: demo
import: [std/profiles/conservativ]
selection:
  gates: [sharpe >= 0.5]
",
    right: r"world: demo
import: [std/profiles/conservative]
default_profile_by_stage: { paper: conservative }
selection:
  gates: [sharpe >= 0.5]
",
};

/// Libraries import each other in a circle.
pub static IMPORT_CYCLE: Rule = Rule {
    code: "QP1017",
    slug: "import-cycle",
    severity: Severity::Error,
    summary: "Libraries import each other in a circle.",
    why: "Nothing can be defined before what it is built from. The message shows the way round.",
    wrong: r"world: demo
import: [./a.yaml]   # which imports ./a.yaml
selection:
  gates: [sharpe >= 0.5]
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
",
};

/// A native policy uses a selection step of threshold documents.
pub static DIALECT_MIXTURE: Rule = Rule {
    code: "QP1018",
    slug: "dialect-mixture",
    severity: Severity::Error,
    summary: "A native policy uses a selection step of threshold documents.",
    why: "`top_k`, `correlation: {max}` and `hysteresis: {metric, enter, exit}` have their own meaning in threshold documents. In a native policy write `score` with `topk`, `constraints.correlation.max_pairwise`, and gates with `keep`.",
    wrong: r"world: demo
selection:
  gates: [sharpe >= 0.5]
  top_k: { metric: sharpe, k: 3 }
",
    right: r"world: demo
selection:
  gates: [sharpe >= 0.5]
  score: sharpe
  topk: { total: 3 }
",
};

/// A key that is needed is absent.
pub static MISSING_KEY: Rule = Rule {
    code: "QP1019",
    slug: "missing-key",
    severity: Severity::Error,
    summary: "A key that is needed is absent.",
    why: "There is no safe value to assume.",
    wrong: r"world: demo
selection:
  top_k: { metric: sharpe }
",
    right: r"world: demo
selection:
  top_k: { metric: sharpe, k: 3 }
",
};

/// The policy has no rule and no selection step.
pub static NO_RULES: Rule = Rule {
    code: "QP1020",
    slug: "no-rules",
    severity: Severity::Error,
    summary: "The policy has no rule and no selection step.",
    why: "Such a policy lets every strategy pass. If that is meant, write a gate that says so, such as `sample_days >= 1d`.",
    wrong: r"world: demo
version: 1
",
    right: r"world: demo
version: 1
selection:
  gates: [sharpe >= 0.5]
",
};

/// All rules of this file.
pub static ALL: &[&Rule] = &[
    &YAML_SYNTAX,
    &DUPLICATE_KEY,
    &UNKNOWN_KEY,
    &WRONG_TYPE,
    &TAG,
    &SECOND_DOCUMENT,
    &UNKNOWN_ALIAS,
    &LIMIT,
    &CONTROL_CHARACTER,
    &EMPTY_DOCUMENT,
    &WRAPPED_POLICY,
    &EXPRESSION_SYNTAX,
    &EXPRESSION_DEPTH,
    &MISSING_WORLD,
    &INVALID_VALUE,
    &IMPORT,
    &IMPORT_CYCLE,
    &DIALECT_MIXTURE,
    &MISSING_KEY,
    &NO_RULES,
];
