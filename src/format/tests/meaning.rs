//! Expressions, whole policies, and texts that cannot be formatted.

use super::{format, format_policy};
use crate::source::Limits;

/// The policy of the specification, untidily written.
const POLICY: &str = r#"
world: crypto_mom_1h            # [A-Za-z0-9_.-]+
version: 1                      # integer or string
import: [std/profiles/conservative, ./house.yaml]   # libraries
metrics:                        # custom metrics (3)
  my_signal_quality: { unit: ratio, range: [0, 1], better: higher }
define:                         # named expressions, no recursion
  calmar_120d: "annual_return/max(max_dd_120d,1%)"
allow_live: false               # default

data_currency: { max_lag: 5m, min_history: 60d, min_coverage: 50%, bar_alignment: continuous }

selection:
  gates:                        # 4.2
    and:
      - sample_days>=30
      - trades_60d >= 40
      - not (sharpe_mid<0.60)
      - { when: max_dd_120d<=18%, keep: max_dd_120d <=  25%, owner: risk, id: dd_cap }
  score: "sharpe_mid + 0.1*winrate_long - 0.2*ulcer_mid"
  constraints:                  # 4.5
    correlation: { max_pairwise: 0.8 }
    exposure:
      gross_budget: { long: 0.60, short: 0.40 }
      max_leverage: 3.0
  topk: { total: 8, by_side: { long: 5, short: 3 } }
  hysteresis: { promote_after: 2, demote_after: 2, min_dwell: 3h }   # 4.6


governance:
  decision_ttl: 1h                      # default 300s
  live_promotion: { mode: manual_approval, cooldown: 1d, max_live_slots: 8,
                    canary_fraction: 0.25, approvers: [risk-desk] }
"#;

const FORMATTED: &str = r#"world: crypto_mom_1h  # [A-Za-z0-9_.-]+
version: 1  # integer or string
import: [std/profiles/conservative, ./house.yaml]  # libraries
metrics:  # custom metrics (3)
  my_signal_quality: { unit: ratio, range: [0, 1], better: higher }
define:  # named expressions, no recursion
  calmar_120d: "annual_return / max(max_dd_120d, 1%)"
allow_live: false  # default

data_currency: { max_lag: 5m, min_history: 60d, min_coverage: 50%, bar_alignment: continuous }

selection:
  gates:  # 4.2
    and:
      - sample_days >= 30
      - trades_60d >= 40
      - not (sharpe_mid < 0.60)
      - { when: max_dd_120d <= 18%, keep: max_dd_120d <= 25%, owner: risk, id: dd_cap }
  score: "sharpe_mid + 0.1 * winrate_long - 0.2 * ulcer_mid"
  constraints:  # 4.5
    correlation: { max_pairwise: 0.8 }
    exposure:
      gross_budget: { long: 0.60, short: 0.40 }
      max_leverage: 3.0
  topk: { total: 8, by_side: { long: 5, short: 3 } }
  hysteresis: { promote_after: 2, demote_after: 2, min_dwell: 3h }  # 4.6

governance:
  decision_ttl: 1h  # default 300s
  live_promotion: {
      mode: manual_approval,
      cooldown: 1d,
      max_live_slots: 8,
      canary_fraction: 0.25,
      approvers: [risk-desk]
    }
"#;

#[test]
fn the_policy_of_the_specification() {
    assert_eq!(format(POLICY), FORMATTED);
    assert_eq!(format(FORMATTED), FORMATTED);
}

#[test]
fn the_standard_library_survives() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    for name in crate::stdlib::embedded_files() {
        let text = std::fs::read_to_string(root.join(&name)).expect(&name);
        format(&text);
    }
}

#[test]
fn threshold_documents_have_no_expressions() {
    let text = "thresholds:\n  a: { metric: sharpe, min: 1 }\n  b: { metric: a>=b }\ntop_k: { metric: sharpe, k: 3 }\n";
    assert_eq!(format(text), text);
}

#[test]
fn every_place_of_an_expression() {
    let input = "define: {a: {is: x>1, summary: y>1}, b: x>2}\nvalidation:\n  robustness:\n    rules:\n    - {id: r, when: x>1, keep: x>0, reason: y>1}\nvalidation_profiles:\n  paper:\n    risk:\n      rules: {when: x>1}\nselection:\n  score: x*2\n  gates:\n    - any: [x>1, {not: {all: [x>2, {when: x>3, id: x>3}]}}]\n";
    let expected = "define: { a: { is: x > 1, summary: y>1 }, b: x > 2 }\nvalidation:\n  robustness:\n    rules:\n      - { id: r, when: x > 1, keep: x > 0, reason: y>1 }\nvalidation_profiles:\n  paper:\n    risk:\n      rules: { when: x > 1 }\nselection:\n  score: x * 2\n  gates:\n    - any: [x > 1, { not: { all: [x > 2, { when: x > 3, id: x>3 }] } }]\n";
    assert_eq!(format(input), expected);
}

#[test]
fn quotes_of_expressions() {
    let gate = |written: &str| {
        let text = format(&format!("selection:\n  gates:\n    - {written}\n"));
        text.trim_start_matches("selection:\n  gates:\n    - ").trim_end().to_owned()
    };
    assert_eq!(gate("sector=='tech'"), "sector == \"tech\"");
    assert_eq!(gate("\"sector=='tech'\""), "'sector == \"tech\"'");
    assert_eq!(gate("\"sector==\\\"tech\\\"\""), "\"sector == \\\"tech\\\"\"");
    assert_eq!(gate("'sector==\"it''s\"'"), "'sector == \"it''s\"'");
    assert_eq!(gate("\"!missing(x)\""), "\"not missing(x)\"");
    assert_eq!(gate("-x>-1"), "-x > -1");
    assert_eq!(gate("-.5<x"), "-.5 < x");
    assert_eq!(gate("'sector==\"a: b #c\"'"), "'sector == \"a: b #c\"'");
    assert_eq!(gate("x >= and 1"), "x >= and 1");
    assert_eq!(gate("x>1 &&\n      y>2"), "x>1 &&\n      y>2");
    assert_eq!(gate(">-\n      x>1\n      and y>2"), ">-\n      x>1\n      and y>2");
    assert_eq!(gate("{when: \"x in [0,1)\"}"), "{ when: \"x in [0, 1)\" }");
    assert_eq!(gate("null"), "null");
}

#[test]
fn an_anchored_expression_that_is_a_text_elsewhere_stays() {
    let text = "selection:\n  gates:\n    - &g x>1\n    - y>1\nx-note: *g\n";
    assert_eq!(format(text), text.replace("y>1", "y > 1"));
    let text = "define:\n  a: &g x>1\nselection:\n  gates: [*g]\n";
    assert_eq!(format(text), text.replace("x>1", "x > 1"));
}

#[test]
fn what_is_no_policy_is_formatted_too() {
    let text = "wrold:  x\nselection: {gatez: [x>1], score: 1 +, topk: }\nlist:\n- no:   1\n";
    assert_eq!(format(text), "wrold: x\nselection: { gatez: [x>1], score: 1 +, topk: }\nlist:\n  - no: 1\n");
    assert_eq!(format("just  a text\n"), "just  a text\n");
}

#[test]
fn what_is_not_yaml_is_refused() {
    for text in ["a: [", "a: 1\na: 2\n", "a: *b\n", "a: !t 1\n", "a: 1\n---\nb: 1\n", "\u{0}"] {
        assert!(format_policy("test", text, &Limits::default()).is_err_and(|errors| !errors.is_empty()), "{text:?}");
    }
}

#[test]
fn what_the_writer_cannot_write_is_only_tidied() {
    // A key over two lines exists only behind `?`.
    let text = "? |\n  a\n: b   \nc:   1\n\n\n";
    let tidied = format_policy("test", text, &Limits::default());
    assert_eq!(tidied.as_deref(), Ok("? |\n  a\n: b\nc:   1\n"));
}
