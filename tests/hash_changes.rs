//! What the hash of a policy sees: meaning, and nothing else.

use qmtl_policy::Policy;

const BASE: &str = "\
world: demo
version: 1
metrics:
  quality: { unit: ratio, range: [0, 1], better: higher, summary: how good }
define:
  edge: sharpe_mid - 0.1
allow_live: false
data_currency: { max_lag: 5m, min_history: 60d, min_coverage: 50% }
validation:
  on_missing_metric: fail
  sample: { min_sample_days: 30 }
  performance:
    severity: blocking
    sharpe_min: 0.5
    rules:
      - { id: quality, when: quality >= 0.3, severity: soft, owner: quant, on_missing: warn, reason: too low }
validation_profiles:
  backtest: { performance: { sharpe: { min: 0.6 } } }
  paper: { performance: { sharpe: { min: 0.7 } } }
default_profile_by_stage: { backtest: backtest, paper: paper }
selection:
  gates:
    and:
      - edge >= 0.25
      - { when: max_drawdown <= 18%, keep: max_drawdown <= 25%, owner: risk, id: dd_cap }
      - any: [trades_60d >= 40, volatility_60d > 0.02]
  score: sharpe - 0.5 * ulcer_mid
  constraints:
    correlation: { max_pairwise: 0.8 }
    exposure:
      gross_budget: { long: 0.60, short: 0.40 }
      max_leverage: 3.0
      sector_cap: { per_sector: 0.30 }
  topk: { total: 8, by_side: { long: 5, short: 3 } }
  hysteresis: { promote_after: 2, demote_after: 2, min_dwell: 3h }
campaign:
  backtest: { window: 180d }
  paper: { window: 120d, min_runs: 20, max_gap: 7d }
  common: { min_sample_days: 30, min_trades_total: 100 }
governance:
  decision_ttl: 1h
  live_promotion: { mode: manual_approval, cooldown: 1d, max_live_slots: 8, canary_fraction: 0.25, approvers: [risk-desk] }
risk_profile: { tier: high, client_critical: false }
";

const THRESHOLDS: &str = "\
world: demo
thresholds:
  floor: { metric: sharpe, min: 0.5 }
  cap: { metric: max_drawdown, max: 0.25 }
top_k: { metric: sharpe, k: 3 }
correlation: { max: 0.8 }
selection:
  hysteresis: { metric: sharpe, enter: 0.6, exit: 0.4 }
cohort: { sharpe_median_min: 0.5, top_k: 5 }
stress: { scenarios: { crash: { dd_max: 0.35 } } }
";

#[track_caller]
fn policy(text: &str) -> Policy {
    Policy::compile(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The base with one text in place of another, which must stand in it.
#[track_caller]
fn changed(base: &str, from: &str, to: &str) -> String {
    assert!(base.contains(from), "the base has no {from:?}");
    base.replacen(from, to, 1)
}

#[test]
fn writing_the_same_differently_changes_no_hash() {
    let base = policy(BASE);
    let same: &[(&str, &str)] = &[
        ("world: demo\n", "# a comment\nworld: demo # another\n\n\n"),
        ("world: demo", "world: \"demo\""),
        ("world: demo\nversion: 1\n", "version: 1\nworld: demo\n"),
        (
            "{ unit: ratio, range: [0, 1], better: higher, summary: how good }",
            "{ better: higher, unit: ratio, range: [0, 1] }",
        ),
        ("summary: how good", "summary: something else"),
        ("reason: too low", "reason: not good enough"),
        ("{ id: quality, when: quality >= 0.3,", "{ when: quality >= 0.3, id: quality,"),
        ("quality >= 0.3,", "quality >= 30%,"),
        ("quality >= 0.3,", "quality >= 3_000bp,"),
        ("quality >= 0.3,", "quality>=0.30,"),
        ("quality >= 0.3,", "'(quality) >= (0.3)',"),
        ("quality >= 0.3,", "\"quality >= 0.3\","),
        ("max_drawdown <= 18%, keep", "max_dd <= 18%, keep"),
        ("max_drawdown <= 18%, keep", "max_drawdown <= 0.18, keep"),
        ("max_lag: 5m", "max_lag: 300s"),
        ("min_history: 60d", "min_history: 1440h"),
        ("min_coverage: 50%", "min_coverage: 0.5"),
        ("- any: [", "- or: ["),
        ("any: [trades_60d >= 40, volatility_60d > 0.02]", "trades_60d >= 40 or volatility_60d > 0.02"),
        ("any: [trades_60d >= 40, volatility_60d > 0.02]", "trades_60d >= 40 || volatility_60d > 2%"),
        ("any: [", "any:\n          ["),
        ("score: sharpe - 0.5 * ulcer_mid", "score: >-\n    sharpe\n    - 0.5 * ulcer_mid"),
        ("    severity: blocking\n", ""),
        ("allow_live: false\n", ""),
        ("  on_missing_metric: fail\n", ""),
        ("{ long: 0.60, short: 0.40 }", "{ short: 0.4, long: 0.6 }"),
        ("max_leverage: 3.0", "max_leverage: 3"),
        ("min_dwell: 3h", "min_dwell: 180m"),
        ("min_dwell: 3h }", "min_dwell: 3h, risk_exit: immediate }"),
        ("decision_ttl: 1h", "decision_ttl: 60m"),
        ("world: demo\n", "world: demo\nx-note: mine\n"),
        ("world: demo\n", "world: &name demo\nx-name: *name\n"),
        ("define:\n  edge: sharpe_mid - 0.1\n", "define:\n  edge: { is: sharpe_mid - 0.1, summary: what is left }\n"),
        ("edge >= 0.25", "sharpe_mid - 0.1 >= 0.25"),
    ];
    let mut wrong = Vec::new();
    for (from, to) in same {
        let other = policy(&changed(BASE, from, to));
        if other.ruleset_hash() != base.ruleset_hash() || other.selection_hash() != base.selection_hash() {
            wrong.push(format!("{from:?} as {to:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} spellings change a hash:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_word_for_and_changes_no_hash() {
    let base = policy(BASE);
    assert_eq!(policy(&changed(BASE, "    and:\n", "    all:\n")).ruleset_hash(), base.ruleset_hash());
}

/// Each change alters the hash of the rules; `true`: and that of the selection.
#[test]
fn every_change_of_meaning_changes_the_hash() {
    let changes: &[(&str, &str, bool)] = &[
        ("edge >= 0.25", "edge >= 0.26", true),
        ("edge >= 0.25", "edge > 0.25", true),
        ("edge >= 0.25", "not edge >= 0.25", true),
        ("sharpe_mid - 0.1", "sharpe_mid - 0.11", true),
        ("sharpe_mid - 0.1", "sharpe_long - 0.1", true),
        ("max_drawdown <= 18%", "max_drawdown <= 18.01%", true),
        ("keep: max_drawdown <= 25%", "keep: max_drawdown <= 24%", true),
        ("keep: max_drawdown <= 25%, ", "", true),
        ("owner: risk, id: dd_cap", "owner: ops, id: dd_cap", false),
        ("owner: risk, id: dd_cap", "owner: risk, id: dd_limit", false),
        ("owner: risk, id: dd_cap }", "owner: risk, id: dd_cap, layer: performance }", true),
        ("owner: risk, id: dd_cap }", "owner: risk, id: dd_cap, severity: soft }", true),
        ("owner: risk, id: dd_cap }", "owner: risk, id: dd_cap, on_missing: ignore }", true),
        ("any: [trades_60d", "all: [trades_60d", true),
        ("trades_60d >= 40", "trades_60d >= 41", true),
        (
            "      - edge >= 0.25\n      - { when: max_drawdown <= 18%, keep: max_drawdown <= 25%, owner: risk, id: dd_cap }\n",
            "      - { when: max_drawdown <= 18%, keep: max_drawdown <= 25%, owner: risk, id: dd_cap }\n      - edge >= 0.25\n",
            false,
        ),
        ("severity: soft, owner: quant", "severity: info, owner: quant", false),
        ("severity: soft, owner: quant", "severity: blocking, owner: quant", true),
        ("on_missing: warn", "on_missing: ignore", false),
        ("range: [0, 1]", "range: [0, 2]", true),
        ("sharpe_min: 0.5", "sharpe_min: 0.51", true),
        ("severity: blocking", "severity: soft", true),
        ("min_sample_days: 30 }\n  performance", "min_sample_days: 31 }\n  performance", true),
        (
            "backtest: { performance: { sharpe: { min: 0.6 } } }",
            "backtest: { performance: { sharpe: { min: 0.61 } } }",
            true,
        ),
        (
            "  backtest: { performance: { sharpe: { min: 0.6 } } }\n  paper: { performance: { sharpe: { min: 0.7 } } }\n",
            "  paper: { performance: { sharpe: { min: 0.7 } } }\n  backtest: { performance: { sharpe: { min: 0.6 } } }\n",
            true,
        ),
        ("paper: paper }", "paper: backtest, live: paper }", true),
        ("allow_live: false", "allow_live: true", false),
        ("max_lag: 5m", "max_lag: 6m", true),
        ("min_history: 60d", "min_history: 61d", true),
        ("min_coverage: 50%", "min_coverage: 51%", true),
        ("0.5 * ulcer_mid", "0.4 * ulcer_mid", true),
        ("max_pairwise: 0.8", "max_pairwise: 0.81", true),
        ("max_pairwise: 0.8 }", "max_pairwise: 0.8, on_missing: ignore }", true),
        ("long: 0.60", "long: 0.61", true),
        ("max_leverage: 3.0", "max_leverage: 3.1", true),
        ("per_sector: 0.30", "per_sector: 0.31", true),
        ("total: 8", "total: 7", true),
        ("long: 5, short: 3", "long: 4, short: 3", true),
        ("promote_after: 2", "promote_after: 3", true),
        ("demote_after: 2", "demote_after: 3", true),
        ("min_dwell: 3h", "min_dwell: 4h", true),
        ("min_dwell: 3h }", "min_dwell: 3h, risk_exit: hysteresis }", true),
        ("window: 180d", "window: 181d", false),
        ("window: 120d", "window: 121d", false),
        ("min_runs: 20", "min_runs: 21", false),
        ("max_gap: 7d", "max_gap: 8d", false),
        ("min_trades_total: 100", "min_trades_total: 101", false),
        ("decision_ttl: 1h", "decision_ttl: 2h", false),
        ("cooldown: 1d", "cooldown: 2d", false),
        ("max_live_slots: 8", "max_live_slots: 9", false),
        ("canary_fraction: 0.25", "canary_fraction: 0.26", false),
        ("approvers: [risk-desk]", "approvers: [risk-desk, cio]", false),
        ("mode: manual_approval", "mode: disabled", false),
        ("tier: high", "tier: low", false),
        ("client_critical: false", "client_critical: true", false),
        ("world: demo", "world: other", false),
    ];
    check_changes(BASE, changes);
}

#[test]
fn every_change_of_a_threshold_document_changes_the_hash() {
    let changes: &[(&str, &str, bool)] = &[
        ("min: 0.5", "min: 0.51", true),
        ("max: 0.25", "max: 0.26", true),
        ("max: 0.25", "min: 0.25", true),
        ("metric: max_drawdown", "metric: ulcer_index", true),
        ("k: 3", "k: 4", true),
        ("top_k: { metric: sharpe", "top_k: { metric: calmar_ratio", true),
        ("correlation: { max: 0.8 }", "correlation: { max: 0.9 }", true),
        ("enter: 0.6", "enter: 0.7", true),
        ("exit: 0.4", "exit: 0.3", true),
        ("sharpe_median_min: 0.5", "sharpe_median_min: 0.6", false),
        ("top_k: 5", "top_k: 6", false),
        ("dd_max: 0.35", "dd_max: 0.36", false),
        ("crash:", "crisis:", false),
    ];
    check_changes(THRESHOLDS, changes);
    let base = policy(THRESHOLDS);
    for (from, to) in [
        ("top_k: { metric: sharpe, k: 3 }", "top_k: { k: 3, metric: sharpe }"),
        ("min: 0.5 }", "min: 50% }"),
        ("correlation: { max: 0.8 }\nselection:\n", "selection:\n  correlation: { max: 0.8 }\n"),
        ("max: 0.25 }", "max: 2.5e-1 }"),
    ] {
        assert_eq!(policy(&changed(THRESHOLDS, from, to)).ruleset_hash(), base.ruleset_hash(), "{from:?} as {to:?}");
    }
}

#[track_caller]
fn check_changes(base_text: &str, changes: &[(&str, &str, bool)]) {
    let base = policy(base_text);
    let mut wrong = Vec::new();
    for (from, to, selects) in changes {
        let other = policy(&changed(base_text, from, to));
        if other.ruleset_hash() == base.ruleset_hash() {
            wrong.push(format!("{from:?} as {to:?} keeps the ruleset hash"));
        }
        if *selects && other.selection_hash() == base.selection_hash() {
            wrong.push(format!("{from:?} as {to:?} keeps the selection hash"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} changes go unseen:\n{}", wrong.len(), changes.len(), wrong.join("\n"));
}
