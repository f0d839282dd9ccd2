//! The catalogues are whole: both say the same things, all that the code names, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::{LANGUAGES, braces};
use crate::eval::{Action, Status};
use crate::ir::{Layer, PromotionMode, RuleSeverity};
use crate::lifecycle::{BlockReason, CampaignReason, OverrideStatus, Phase, RunState, Stage};
use crate::render::report::Language;
use crate::render::report::catalogue::Catalogue;
use crate::report::{Limit, VerdictCode};

#[test]
fn both_languages_have_the_same_keys_and_the_same_braces() {
    let [english, korean] = LANGUAGES.map(Catalogue::of);
    let keys = |catalogue: &Catalogue| catalogue.texts().keys().cloned().collect::<BTreeSet<_>>();
    assert!(keys(&english).len() > 300);
    assert_eq!(keys(&english), keys(&korean));
    for (key, text) in english.texts() {
        let other = korean.find(key).expect("the same keys");
        assert_eq!(braces(text), braces(other), "{key}");
        assert!(!text.trim().is_empty() && !other.trim().is_empty(), "{key}");
    }
    // After a name nobody can tell which of these it takes.
    for particle in ["}은 ", "}는 ", "}이 ", "}가 ", "}을 ", "}를 ", "}와 ", "}과 ", "}로 ", "}으로 "] {
        let wrong: Vec<_> = korean.texts().iter().filter(|(_, text)| text.contains(particle)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

/// Names that are written by the code, by family.
fn families() -> BTreeMap<&'static str, BTreeSet<String>> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let reasons = BlockReason::ALL.iter().map(|one| one.as_str());
    let reasons: Vec<_> = reasons.chain(CampaignReason::ALL.iter().map(|one| one.as_str())).collect();
    let said = [OverrideStatus::None, OverrideStatus::Approved, OverrideStatus::Rejected].map(OverrideStatus::as_str);
    let modes = [PromotionMode::Disabled, PromotionMode::ManualApproval, PromotionMode::AutoApply];
    BTreeMap::from([
        ("verdict", names(&VerdictCode::ALL.map(VerdictCode::as_str))),
        ("reason", names(&reasons)),
        ("phase", names(&Phase::ALL.map(Phase::as_str))),
        ("stage", names(&Stage::ALL.map(Stage::as_str))),
        ("state", names(&RunState::ALL.map(RunState::as_str))),
        ("status", names(&[Status::Pass, Status::Warn, Status::Fail].map(Status::as_str))),
        ("action", names(&[Action::Promote, Action::Demote, Action::Hold].map(Action::as_str))),
        ("said", names(&said)),
        ("severity", names(&RuleSeverity::ALL.map(RuleSeverity::as_str))),
        ("promotion", names(&modes.map(PromotionMode::as_str))),
        ("limit", names(&Limit::NAMES).into_iter().chain(["used".to_owned()]).collect()),
        ("mode", names(&["validate", "compute_only", "paper", "shadow", "live"])),
        ("dialect", names(&["native", "threshold"])),
        ("kind", kinds()),
    ])
}

/// The kinds of events that are told, from the code that names them.
fn kinds() -> BTreeSet<String> {
    let source = include_str!("../../../lifecycle/event.rs");
    let (_, names) = source.split_once("pub fn kind(").expect("the names of events");
    let (names, _) = names.split_once("\n    }\n").expect("the end of the names");
    let named = names.split('"').skip(1).step_by(2).map(str::to_owned);
    named.filter(|kind| !["promotion_switched", "decision_recorded"].contains(&kind.as_str())).collect()
}

#[test]
fn every_name_of_the_code_has_a_text_and_every_text_a_name() {
    let catalogue = Catalogue::of(Language::English);
    for (family, expected) in families() {
        let prefix = format!("{family}.");
        let found = catalogue.texts().keys().filter_map(|key| key.strip_prefix(&prefix));
        assert_eq!(found.map(str::to_owned).collect::<BTreeSet<_>>(), expected, "{family}");
    }
    for layer in Layer::ALL {
        assert!(catalogue.find(&format!("layer.{}", layer.as_str())).is_some(), "{layer:?}");
    }
    for verdict in VerdictCode::ALL {
        assert!(catalogue.find(&format!("conclusion.{}", verdict.as_str())).is_some(), "{verdict:?}");
    }
}

/// Codes of layers in the standard library, and of steps in the code of evaluation.
fn codes() -> BTreeSet<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root.join("stdlib/layers")).expect("the layers") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a layer");
        for key in ["fail:", "missing:", "ignored:", "ok:", "unconfigured:"] {
            let values = text
                .split(key)
                .skip(1)
                .filter_map(|rest| rest.split([',', '\n', '}', ' ']).find(|part| !part.is_empty()));
            let words = |value: &&str| {
                value.len() > 3 && value.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
            };
            found.extend(values.filter(words).map(str::to_owned));
        }
    }
    assert!(found.len() > 40, "{found:?}");
    for layer in ["data_currency", "sample", "performance", "risk_constraint", "robustness"] {
        found.extend(["rules_failed", "metrics_missing", "ok"].map(|what| format!("{layer}_{what}")));
    }
    found
}

#[test]
fn every_code_of_layers_and_steps_has_a_text() {
    let catalogue = Catalogue::of(Language::Korean);
    let steps = [
        "rule_failed",
        "score_missing",
        "correlation_constraint_failed",
        "correlation_missing",
        "exposure_gross_budget",
        "exposure_sector_cap",
        "exposure_max_leverage",
        "rank_outside_topk",
        "side_missing",
        "sector_missing",
        "weight_missing",
        "hysteresis_pending",
        "hysteresis_dwell",
        "hysteresis_capacity",
        "hysteresis_constraint",
        "hysteresis_exit",
        "hysteresis_not_entered",
        "risk_exit",
        "world_halted",
        "absent",
        "incomplete_snapshot",
        "stale_data",
        "missing_data_end",
        "future_data",
        "missing_as_of",
        "insufficient_history",
    ];
    let scenarios = ["dd", "es", "var"]
        .iter()
        .flat_map(|what| [format!("stress_{what}_exceeds_max"), format!("stress_{what}_missing")]);
    let known: BTreeSet<_> = codes().into_iter().chain(steps.map(str::to_owned)).chain(scenarios).collect();
    let texts = catalogue.texts().keys().filter_map(|key| key.strip_prefix("code.")).map(str::to_owned);
    let told: BTreeSet<_> = texts.collect();
    let lacking: Vec<_> = known.difference(&told).collect();
    let idle: Vec<_> = told.difference(&known).collect();
    assert!(lacking.is_empty() && idle.is_empty(), "lacking {lacking:?}, idle {idle:?}");
    // Every step that the code knows is among those above.
    let sources = [
        include_str!("../../../eval/selection.rs"),
        include_str!("../../../eval/select/streaks.rs"),
        include_str!("../../../eval/currency.rs"),
        include_str!("../../../eval/select/levels.rs"),
        include_str!("../../../eval/judge.rs"),
        include_str!("../../../eval/engine.rs"),
        include_str!("../../../eval/select/admission.rs"),
    ];
    for step in steps {
        let quoted = format!("\"{step}\"");
        assert!(sources.iter().any(|source| source.contains(&quoted)), "nothing gives the code `{step}`");
    }
}

/// The code that writes pages.
fn sources() -> String {
    [
        include_str!("../mod.rs"),
        include_str!("../drawing.rs"),
        include_str!("../history.rs"),
        include_str!("../html.rs"),
        include_str!("../markdown.rs"),
        include_str!("../sentence.rs"),
        include_str!("../strategy.rs"),
        include_str!("../timeline.rs"),
        include_str!("../words.rs"),
        include_str!("../world.rs"),
    ]
    .concat()
}

#[test]
fn every_text_is_used_and_every_text_that_is_asked_for_exists() {
    let (catalogue, sources) = (Catalogue::of(Language::English), sources());
    let families = families();
    // Looked up by the names of documents.
    let built = ["layer", "code", "conclusion", "metric"];
    for key in catalogue.texts().keys() {
        let Some((family, _)) = key.split_once('.') else { continue };
        let by_name = built.contains(&family) || families.contains_key(family);
        assert!(by_name || sources.contains(&format!("\"{key}\"")), "`{key}` is never used");
    }
    let prefixes: BTreeSet<_> =
        catalogue.texts().keys().filter_map(|key| key.split_once('.')).map(|(one, _)| one).collect();
    for literal in sources.split('"').skip(1).step_by(2) {
        let family = literal.split_once('.').map(|(family, _)| family);
        let plain = literal.chars().all(|letter| letter.is_ascii_lowercase() || ['.', '_'].contains(&letter));
        if plain && family.is_some_and(|family| prefixes.contains(family)) && !literal.ends_with('.') {
            assert!(catalogue.find(literal).is_some(), "there is no text `{literal}`");
        }
    }
}

#[test]
fn metrics_with_a_text_are_those_of_the_catalogue() {
    let known: BTreeSet<_> = crate::stdlib::standard().library.metrics.iter().map(|one| one.name.clone()).collect();
    let catalogue = Catalogue::of(Language::English);
    for name in catalogue.texts().keys().filter_map(|key| key.strip_prefix("metric.")) {
        let pattern = name.strip_suffix("_window").map(|family| format!("{family}_{{window}}"));
        assert!(known.contains(&pattern.unwrap_or_else(|| name.to_owned())), "{name}");
    }
}
