//! Policies and snapshots for the oracle. Numbers are eighths, so that ties are common and sums exact.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::policy::{Attributes, Bound, Layer, Levels, Mode, Policy, Profile, Spelling, Steps, Threshold};
use super::snapshot::{self, Snapshot, put};
use super::tree::Tree;

/// Metrics that thresholds are about; the last two are in no catalogue.
const METRICS: [&str; 18] = [
    "sharpe",
    "max_drawdown",
    "gain_to_pain_ratio",
    "deflated_sharpe_ratio",
    "effective_history_years",
    "n_trades_total",
    "n_trades_per_year",
    "num_trades",
    "sample_days",
    "history_days",
    "avg_trade_return",
    "coverage",
    "fresh_ratio",
    "adv_utilization_p95",
    "participation_rate_p95",
    "var_p01",
    "lag_in_bars",
    "house_number",
];

/// Metrics that only sections read.
const FURTHER: [&str; 15] = [
    "sharpe_first_half",
    "sharpe_second_half",
    "incremental_var_99",
    "incremental_es_99",
    "portfolio_sharpe_uplift",
    "vs_benchmark_sharpe",
    "paper_vs_backtest_sharpe_ratio",
    "paper_vs_backtest_dd_ratio",
    "paper_vs_backtest_var_p01_ratio",
    "paper_vs_backtest_es_p01_ratio",
    "live_sharpe",
    "realized_sharpe",
    "live_max_drawdown",
    "realized_max_drawdown",
    "live_vs_backtest_sharpe_ratio",
];

const SCENARIOS: [&str; 3] = ["crash", "rates up", "2020"];

/// Section, written name, metric.
const BOUNDS: [(&str, &str, &str); 10] = [
    ("sample", "effective_years", "effective_history_years"),
    ("sample", "trades_total", "n_trades_total"),
    ("sample", "sample_days", "sample_days"),
    ("performance", "sharpe", "sharpe"),
    ("performance", "max_dd", "max_drawdown"),
    ("performance", "gain_to_pain", "gain_to_pain_ratio"),
    ("robustness", "dsr", "deflated_sharpe_ratio"),
    ("risk", "adv_utilization_p95", "adv_utilization_p95"),
    ("risk", "var_p01", "var_p01"),
    ("data_currency", "coverage", "coverage"),
];

fn eighths(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (low..=high).prop_map(|count| f64::from(count) / 8.0)
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![6 => eighths(0, 8), 1 => eighths(-8, 16)]
}

/// A bound that most values meet, so that several strategies reach the later steps, or one that splits them.
fn low() -> impl Strategy<Value = f64> {
    prop_oneof![5 => eighths(-8, 0), 2 => eighths(0, 8)]
}

fn high() -> impl Strategy<Value = f64> {
    prop_oneof![5 => eighths(8, 16), 2 => eighths(0, 8)]
}

/// Mostly a lower end, sometimes an upper one, both or none.
fn ends() -> impl Strategy<Value = (Option<f64>, Option<f64>)> {
    prop_oneof![
        5 => low().prop_map(|min| (Some(min), None)),
        3 => high().prop_map(|max| (None, Some(max))),
        1 => (low(), high()).prop_map(|(min, max)| (Some(min), Some(max))),
        1 => Just((None, None)),
    ]
}

fn metric() -> impl Strategy<Value = &'static str> {
    // Often the same few, so that names meet.
    prop_oneof![select(&METRICS[..4]), select(&METRICS[..])]
}

fn thresholds(most: usize) -> impl Strategy<Value = Vec<Threshold>> {
    let name = prop_oneof![select(&METRICS[..8]), select(&["quality", "history", "own rule"][..])];
    let threshold = (name, weighted(0.3, metric()), ends()).prop_map(|(name, metric, (min, max))| {
        // Most thresholds are named after their metric; a profile replaces by name, whatever the metric is.
        let own = if METRICS.contains(&name) { name } else { "sharpe" };
        Threshold { name: name.to_owned(), metric: metric.unwrap_or(own).to_owned(), min, max }
    });
    prop::collection::vec(threshold, 0..=most).prop_map(|mut found| {
        let mut names = std::collections::HashSet::new();
        found.retain(|threshold| names.insert(threshold.name.clone()));
        found
    })
}

fn steps(most: usize, likely: f64) -> impl Strategy<Value = Steps> {
    let top_k = (metric().prop_map(str::to_owned), 1..5_usize);
    let hysteresis = (metric().prop_map(str::to_owned), eighths(0, 8), eighths(-1, 4))
        .prop_map(|(metric, enter, below)| Levels { metric, enter, exit: enter - below });
    (thresholds(most), weighted(likely, top_k), weighted(likely, eighths(0, 8)), weighted(likely, hysteresis))
        .prop_map(|(thresholds, top_k, correlation, hysteresis)| Steps { thresholds, top_k, correlation, hysteresis })
}

fn mode() -> impl Strategy<Value = Mode> {
    select(&[Mode::Fail, Mode::Warn, Mode::Ignore][..])
}

fn attributes() -> impl Strategy<Value = Attributes> {
    (weighted(0.3, select(&["blocking", "soft", "info"][..])), weighted(0.3, select(&["desk", "research"][..])))
        .prop_map(|(severity, owner)| Attributes { severity, owner })
}

fn bound((section, written, metric): (&'static str, &'static str, &'static str)) -> impl Strategy<Value = Bound> {
    let spelling = select(&[Spelling::Suffix, Spelling::Prefix, Spelling::Block][..]);
    (spelling, ends(), weighted(0.3, mode())).prop_map(move |(spelling, (min, max), on_missing)| {
        // A bound of a profile needs an end.
        let min = min.or(if max.is_none() { Some(0.5) } else { None });
        // Only a block has room for a mode of its own.
        let says = matches!(spelling, Spelling::Block);
        Bound { section, written, metric, spelling, min, max, on_missing: on_missing.filter(|_| says) }
    })
}

fn profile(name: String) -> impl Strategy<Value = Profile> {
    let sections = ["data_currency", "sample", "performance", "risk", "robustness"];
    let bounds =
        subsequence(&BOUNDS[..], 0..4).prop_flat_map(|chosen| chosen.into_iter().map(bound).collect::<Vec<_>>());
    (prop::collection::vec(attributes(), 5), bounds, weighted(0.4, eighths(0, 8))).prop_map(
        move |(attributes, bounds, gap_max)| Profile {
            name: name.clone(),
            attributes: sections.into_iter().zip(attributes).collect(),
            bounds,
            gap_max,
        },
    )
}

fn profiles() -> impl Strategy<Value = Vec<Profile>> {
    let names = ["backtest", "Paper", "paper-only", "LIVE", "house rules", " shadow "];
    let names = subsequence(names.to_vec(), 0..4).prop_shuffle();
    names.prop_flat_map(|names| names.into_iter().map(|name| profile(name.to_owned())).collect::<Vec<_>>())
}

/// Which profile judges which stage; only bare documents may name one that does not exist.
fn defaults(profiles: &[Profile], bare: bool) -> impl Strategy<Value = Vec<(&'static str, String)>> + use<> {
    let mut names: Vec<String> = profiles.iter().flat_map(|profile| odd_spellings(&profile.name)).collect();
    if bare {
        names.push("nowhere".to_owned());
    }
    let most = if names.is_empty() { 0 } else { 3 };
    let stages = ["backtest", "Paper", "paper-only", "live", "shadow", "backtest_only", "paper_ok_live_candidate"];
    let name = any::<prop::sample::Index>();
    (subsequence(stages.to_vec(), 0..=most).prop_shuffle(), prop::collection::vec(name, 3)).prop_map(
        move |(stages, chosen)| {
            stages.into_iter().zip(chosen).map(|(stage, index)| (stage, index.get(&names).clone())).collect()
        },
    )
}

fn odd_spellings(name: &str) -> Vec<String> {
    vec![name.to_owned(), name.to_uppercase(), format!(" {} ", name.replace('-', "_"))]
}

fn parameters(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, f64)>> {
    let one = |name: &&'static str| {
        let name = *name;
        weighted(0.6, eighths(0, 10)).prop_map(move |value| value.map(|value| (name, value)))
    };
    names.iter().map(one).collect::<Vec<_>>().prop_map(|found| found.into_iter().flatten().collect())
}

fn layer(name: &'static str) -> BoxedStrategy<(&'static str, Layer)> {
    let plain = |names| {
        (attributes(), parameters(names)).prop_map(|(attributes, parameters)| Layer {
            attributes,
            parameters,
            ..Layer::default()
        })
    };
    let layer = match name {
        "cohort" => (plain(&["sharpe_median_min", "dsr_median_min"]), weighted(0.6, 0..4_u8))
            .prop_map(|(mut layer, top_k)| {
                layer.parameters.extend(top_k.map(|top_k| ("top_k", f64::from(top_k))));
                layer
            })
            .boxed(),
        "portfolio" => {
            plain(&["max_incremental_var_99", "max_incremental_es_99", "min_portfolio_sharpe_uplift"]).boxed()
        }
        "benchmark" => plain(&["min_vs_benchmark_sharpe"]).boxed(),
        "live_monitoring" => plain(&["sharpe_min", "dd_max", "decay_threshold"]).boxed(),
        "paper_shadow_consistency" => {
            let stages: [&[&str]; 4] = [&[], &["Paper"], &["live", " SHADOW"], &["paper-only", "backtest"]];
            let stages = select(stages.to_vec());
            let limits = plain(&["min_sharpe_ratio", "max_drawdown_ratio", "max_var_p01_ratio", "max_es_p01_ratio"]);
            (limits, weighted(0.5, stages))
                .prop_map(|(layer, stages)| Layer { stages: stages.map(<[_]>::to_vec), ..layer })
                .boxed()
        }
        _ => {
            let own = prop::collection::vec(parameters(&["dd_max", "es_99", "var_99"]), 3);
            (attributes(), subsequence(&SCENARIOS[..], 0..=3), own)
                .prop_map(|(attributes, names, own)| Layer {
                    attributes,
                    scenarios: names.into_iter().zip(own).collect(),
                    ..Layer::default()
                })
                .boxed()
        }
    };
    layer.prop_map(move |layer| (name, layer)).boxed()
}

fn layers() -> impl Strategy<Value = Vec<(&'static str, Layer)>> {
    let names = ["cohort", "portfolio", "benchmark", "stress", "paper_shadow_consistency", "live_monitoring"];
    subsequence(names.to_vec(), 0..=6).prop_flat_map(|names| names.into_iter().map(layer).collect::<Vec<_>>())
}

fn policy() -> impl Strategy<Value = Policy> {
    let modes = (weighted(0.7, mode()), weighted(0.5, select(&[Mode::Fail, Mode::Warn][..])));
    let profiles = (profiles(), any::<bool>()).prop_flat_map(|(profiles, bare)| {
        let defaults = defaults(&profiles, bare);
        (Just(profiles), Just(bare), defaults)
    });
    (modes, steps(3, 0.4), steps(2, 0.2), profiles, layers()).prop_map(
        |((on_missing, on_error), top, selection, (profiles, bare, defaults), layers)| {
            let names_world = !bare;
            let mut policy = Policy { names_world, on_missing, on_error, top, selection, profiles, defaults, layers };
            if policy.is_silent() {
                let (name, metric) = ("any".to_owned(), "sharpe".to_owned());
                policy.top.thresholds.push(Threshold { name, metric, min: None, max: None });
            }
            policy
        },
    )
}

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        60 => number().prop_map(Tree::Number),
        2 => Just(Tree::Null),
        2 => Just(Tree::Number(f64::NAN)),
        1 => Just(Tree::Number(f64::INFINITY)),
        2 => Just(Tree::text("n/a")),
        1 => any::<bool>().prop_map(Tree::Flag),
    ]
}

type Entry = (Vec<&'static str>, Tree);

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let all: Vec<&'static str> = METRICS.into_iter().chain(FURTHER).collect();
    let block = || prop_oneof![6 => Just(&[][..]), 1 => Just(&["returns"][..]), 1 => Just(&["risk", "deep"][..])];
    let place = move |name: &'static str| {
        (block(), leaf()).prop_map(move |(block, leaf): (&[&'static str], _)| ([block, &[name]].concat(), leaf))
    };
    let each: Vec<_> = all.into_iter().map(move |name| weighted(0.93, place(name))).collect();
    let again = prop::collection::vec(select(&METRICS[..]).prop_flat_map(place), 0..4);
    let scenario = (select(&SCENARIOS[..]), select(&["max_drawdown", "dd_max", "es_99", "var_99"][..]), leaf())
        .prop_map(|(scenario, metric, leaf)| {
            let leaf = if let Tree::Number(value) = leaf { Tree::Number(value - 0.5) } else { leaf };
            (vec!["stress", scenario, metric], leaf)
        });
    (each, again, prop::collection::vec(scenario, 0..12))
        .prop_map(|(each, again, scenarios)| {
            each.into_iter().flatten().chain(again).chain(scenarios).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn metrics() -> impl Strategy<Value = Tree> {
    let few = prop_oneof![9 => Just(usize::MAX), 1 => 0..3_usize];
    (entries(), few).prop_map(|(mut entries, most)| {
        entries.truncate(most);
        // The library derives this ratio from the two Sharpe ratios where it is absent, and the section
        // that averages it then counts the derived one; the oracle knows no derived metrics.
        let given = |(path, leaf): &Entry| {
            path.last() == Some(&"live_vs_backtest_sharpe_ratio")
                && matches!(leaf, Tree::Number(value) if value.is_finite())
        };
        if !entries.iter().any(given) {
            entries.retain(|(path, _)| !path.ends_with(&["live_sharpe"]) && !path.ends_with(&["realized_sharpe"]));
        }
        let mut tree = Vec::new();
        for (path, leaf) in entries {
            put(&mut tree, &path, leaf);
        }
        Tree::Map(tree)
    })
}

fn snapshot(profiles: &[Profile]) -> impl Strategy<Value = Snapshot> + use<> {
    let stage = select(
        &[
            "",
            "  ",
            "backtest",
            "paper",
            "Paper-Only",
            " PAPER ",
            "backtest_only",
            "live",
            "shadow",
            "dryrun",
            "paper_ok_live_candidate",
            "elsewhere",
        ][..],
    );
    let mut asked: Vec<String> = profiles.iter().flat_map(|profile| odd_spellings(&profile.name)).collect();
    asked.push("unknown".to_owned());
    let strategies = prop::collection::vec(metrics(), 0..8).prop_map(|found| {
        // Ids against the order of the alphabet, so that an order by id would show.
        let id = |index: usize| format!("s{}", 9 - index);
        let each = found.into_iter().enumerate().map(|(index, metrics)| snapshot::Strategy { id: id(index), metrics });
        each.collect::<Vec<_>>()
    });
    let id = || (2..10_u8).prop_map(|number| format!("s{number}"));
    let pair = (id(), id(), eighths(-8, 8)).prop_filter("a strategy is no pair", |(a, b, _)| a != b);
    (
        weighted(0.9, stage.prop_map(str::to_owned)),
        weighted(0.2, select(asked)),
        strategies,
        weighted(0.2, Just("a0".to_owned())),
        weighted(0.6, prop::collection::vec(id(), 0..5)),
        weighted(0.8, prop::collection::vec(pair, 0..20)),
    )
        .prop_map(|(stage, profile, strategies, extra, previous, correlations)| {
            let without_metrics = extra.into_iter().collect();
            let previous = previous.map(|mut ids| {
                ids.sort();
                ids.dedup();
                ids
            });
            Snapshot { stage, profile, strategies, without_metrics, previous, correlations }
        })
}

/// A policy, a snapshot for it, and sometimes the profile that the caller asks for.
#[derive(Clone)]
pub struct Case {
    pub policy: Policy,
    pub snapshot: Snapshot,
    pub asked: Option<String>,
}

/// As the documents that one can try by hand.
impl std::fmt::Debug for Case {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { policy, snapshot, asked } = self;
        write!(formatter, "--profile {asked:?}\n{}\n{}\n", policy.yaml(), snapshot.json())
    }
}

pub fn case() -> impl Strategy<Value = Case> {
    policy().prop_flat_map(|policy| {
        let snapshot = snapshot(&policy.profiles);
        let names: Vec<String> = policy.profiles.iter().flat_map(|profile| odd_spellings(&profile.name)).collect();
        let asked = weighted(0.1, any::<prop::sample::Index>());
        // Where there is no profile, an unknown one would be an error.
        let asked =
            asked.prop_map(move |index| index.filter(|_| !names.is_empty()).map(|index| index.get(&names).clone()));
        (Just(policy), snapshot, asked).prop_map(|(policy, snapshot, asked)| Case { policy, snapshot, asked })
    })
}
