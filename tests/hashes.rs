//! The hash of a policy changes with its meaning and with nothing else.

use qmtl_policy::Policy;

const POLICY: &str = "\
world: w
version: 2
define: { lifted: sharpe + 1 }
data_currency: { max_lag: 1d }
validation:
  performance: { sharpe_min: 0.4, max_drawdown: { max: 30% } }
validation_profiles:
  paper: { risk: { var_p01_max: 5% } }
  live: { risk: { var_p01_max: 4% } }
default_profile_by_stage: { paper: paper, live: live }
selection:
  gates:
    and:
      - sharpe >= 0.5
      - { when: max_dd_120d <= 25%, keep: max_dd_120d <= 30%, owner: risk }
      - lifted >= 1 or trades_60d >= 40
  score: sharpe - 0.2 * ulcer_mid
  constraints: { correlation: { max_pairwise: 0.8 } }
  topk: { total: 8, by_side: { long: 5, short: 3 } }
  hysteresis: { promote_after: 2, min_dwell: 3h }
campaign: { paper: { window: 120d } }
";

fn hashes(text: &str) -> (String, String) {
    let policy = Policy::compile(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (policy.ruleset_hash().to_owned(), policy.selection_hash().to_owned())
}

fn changed(from: &str, to: &str) -> String {
    assert!(POLICY.contains(from), "{from}");
    POLICY.replacen(from, to, 1)
}

#[test]
fn comments_order_of_keys_and_formatting_change_nothing() {
    let before = hashes(POLICY);
    assert!(before.0.starts_with("blake3:") && before.0.len() == 71, "{}", before.0);
    for (from, to) in [
        ("world: w\n", "# why\nworld: w   # here\n\n"),
        ("version: 2", "version: \"2\""),
        ("sharpe >= 0.5", "\"sharpe>=0.50\""),
        ("25%", "0.25"),
        ("max_dd_120d <= 25%", "(max_drawdown_120d) <= 2500bp"),
        ("max_lag: 1d", "max_lag: 24h"),
        ("sharpe_min: 0.4, max_drawdown: { max: 30% }", "max_drawdown: { max: 0.3 }, sharpe_min: 0.4"),
        ("long: 5, short: 3", "short: 3, long: 5"),
        ("promote_after: 2, min_dwell: 3h", "min_dwell: 180m, promote_after: 2"),
        ("- lifted >= 1 or", "- sharpe + 1 >= 1 or"),
        ("world: w\nversion: 2\n", "version: 2\nx-note: mine\nworld: w\n"),
    ] {
        assert_eq!(hashes(&changed(from, to)), before, "{to}");
    }
}

#[test]
fn every_change_of_meaning_changes_the_hash() {
    let before = hashes(POLICY);
    // The second tells whether the change can alter a selection.
    for (from, to, selects) in [
        ("sharpe >= 0.5", "sharpe >= 0.51", true),
        ("sharpe >= 0.5", "sharpe > 0.5", true),
        ("keep: max_dd_120d <= 30%", "keep: max_dd_120d <= 31%", true),
        ("keep: max_dd_120d <= 30%, owner: risk", "keep: max_dd_120d <= 30%, severity: soft", true),
        ("owner: risk", "owner: desk", false),
        ("sharpe + 1", "sharpe + 2", true),
        ("var_p01_max: 4%", "var_p01_max: 3%", true),
        ("paper: paper, live: live", "live: live, paper: paper", true),
        ("0.2 * ulcer_mid", "0.3 * ulcer_mid", true),
        ("max_pairwise: 0.8", "max_pairwise: 0.7", true),
        ("total: 8", "total: 7", true),
        ("long: 5", "long: 4", true),
        ("promote_after: 2", "promote_after: 3", true),
        ("min_dwell: 3h", "min_dwell: 4h", true),
        ("max_lag: 1d", "max_lag: 2d", true),
        ("window: 120d", "window: 121d", false),
        ("version: 2", "version: 3", false),
        ("world: w\n", "world: v\n", false),
        ("campaign:", "allow_live: false\nlive_auto_apply: false\ngovernance: { decision_ttl: 1h }\ncampaign:", false),
    ] {
        let after = hashes(&changed(from, to));
        assert_ne!(after.0, before.0, "{to}");
        assert_eq!(after.1 != before.1, selects, "{to}");
    }
}
