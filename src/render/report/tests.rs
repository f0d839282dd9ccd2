//! Every text is in a catalogue, verdicts are sentences, and nothing that is reported can break a page.

mod texts;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::catalogue::Catalogue;
use super::words::Words;
use super::{Language, html, markdown, word, world};
use crate::eval::{Options, Snapshot};
use crate::lifecycle::{Correlated, History, LifecycleEvent, Stage, Submission, WorldRecord, WorldRules};
use crate::policy::Policy;
use crate::report::{ReportInput, WorldReport};

const POLICY: &str = "world: w
version: 7
allow_live: true
data_currency: { max_lag: 2d }
validation: { risk: { max_drawdown_max: 20% } }
selection:
  gates: [sharpe >= 0.8, 'abs(sharpe - sortino) < 3']
  score: sharpe
  constraints: { correlation: { max_pairwise: 0.8, on_missing: warn } }
  topk: { total: 5 }
campaign:
  backtest: { window: 30d }
  common: { min_sample_days: 20 }
governance: { live_promotion: { mode: manual_approval, max_live_slots: 2, approvers: [desk] } }
";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A world that is told event by event.
struct Told {
    policy: Policy,
    rules: WorldRules,
    world: WorldRecord,
    history: History,
}

impl Told {
    fn new(policy: &str) -> Self {
        let policy = Policy::compile(policy).expect("a policy");
        let rules = WorldRules::new(&policy, Some("w"), None).expect("rules");
        Self { policy, rules, world: WorldRecord::new("w"), history: History::default() }
    }

    fn take(&mut self, time: &str, events: &[LifecycleEvent]) {
        for event in events {
            self.world.apply(at(time), event);
            self.history.take(at(time), event);
        }
    }

    /// A recorded decision about some metrics.
    fn decide(&mut self, time: &str, metrics: serde_json::Value, correlations: Option<Vec<Correlated>>) {
        let snapshot = json!({ "as_of": time, "data_end": time, "stage": "paper", "metrics": metrics });
        let snapshot = Snapshot::from_json(&snapshot.to_string()).expect("a snapshot");
        let options = Options { world: Some("w".to_owned()), ..Options::default() };
        let decision = self.policy.evaluate(&snapshot, &options).expect("a decision");
        let decision = serde_json::to_value(decision).expect("a document");
        self.take(time, &[LifecycleEvent::DecisionRecorded { decision, correlations }]);
    }

    /// A judged run of a strategy.
    fn submit(&mut self, time: &str, strategy: &str, run: &str, stage: Stage, metrics: serde_json::Value) {
        let submission = Submission {
            strategy: strategy.to_owned(),
            run: run.to_owned(),
            stage,
            window: None,
            policy_version: None,
            ruleset_hash: self.policy.ruleset_hash().to_owned(),
            selection_hash: self.policy.selection_hash().to_owned(),
        };
        let events = self.world.submit(&submission, None).expect("a run");
        self.take(time, &events);
        let snapshot = json!({ "as_of": time, "data_end": time, "metrics": { strategy: metrics } });
        let snapshot = Snapshot::from_json(&snapshot.to_string()).expect("a snapshot");
        let options = Options { world: Some("w".to_owned()), ..Options::default() };
        let decision = self.policy.evaluate(&snapshot, &options).expect("a decision");
        let decision = serde_json::to_value(decision).expect("a document");
        let events = self.world.evaluate_run(strategy, run, &metrics, &decision).expect("judged");
        self.take(time, &events);
    }

    fn report(&self) -> WorldReport {
        let input = ReportInput {
            policy: &self.policy,
            rules: &self.rules,
            world: &self.world,
            history: &self.history,
            head: "blake3:00",
            risk_snapshot: None,
            strategy: None,
            now: at("2026-03-01T00:00:00Z"),
        };
        WorldReport::new(&input).expect("a report")
    }
}

fn good() -> serde_json::Value {
    json!({ "sharpe": 1.2, "sortino": 1.3, "max_drawdown": 0.1, "sample_days": 60, "n_trades_total": 70 })
}

/// A world in which most things happen.
fn story() -> Told {
    let mut told = Told::new(POLICY);
    told.submit("2026-01-01T00:00:00Z", "1", "11", Stage::Backtest, good());
    told.submit("2026-02-02T00:00:00Z", "1", "12", Stage::Backtest, good());
    told.submit("2026-02-03T10:30:00Z", "1", "13", Stage::Paper, good());
    told.submit("2026-02-03T10:30:00Z", "2", "21", Stage::Backtest, json!({ "sharpe": 0.2 }));
    let (actor, reason) = ("desk".to_owned(), "55".to_owned());
    let (strategy, run) = ("1".to_owned(), "13".to_owned());
    let ruleset_hash = told.policy.ruleset_hash().to_owned();
    let approved = LifecycleEvent::PromotionApproved { strategy, run, actor, reason, ruleset_hash };
    told.take("2026-02-04T00:00:00Z", &[approved]);
    let overlap = Correlated { strategy: "1".to_owned(), with: "3".to_owned(), rho: 0.78 };
    let metrics = json!({ "1": good(), "3": good(), "4": { "sharpe": null, "max_drawdown": 0.5 } });
    told.decide("2026-02-05T00:00:00Z", metrics.clone(), None);
    told.decide("2026-02-06T00:00:00Z", metrics, Some(vec![overlap]));
    let halted = LifecycleEvent::WorldHalted { actor: "6".to_owned(), reason: "66".to_owned() };
    told.take("2026-02-07T00:00:00Z", &[halted]);
    told
}

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

fn braces(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
}

/// What people see of a page.
fn visible_text(page: &str) -> String {
    let body = page.split_once("</style>").map_or(page, |(_, body)| body);
    let mut text = String::new();
    let mut within = false;
    for letter in body.chars() {
        match letter {
            '<' => within = true,
            '>' => {
                within = false;
                text.push(' ');
            }
            letter if !within => text.push(letter),
            _ => {}
        }
    }
    text.replace("&gt;", ">").replace("&lt;", "<").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

fn words_of(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.chars().count() > 1);
    words.map(str::to_owned).collect()
}

/// Pages in a language of signs show no letters but those of the facts.
#[test]
fn no_text_is_outside_the_catalogue() {
    let signs = |(key, text): (&String, &String)| {
        let braces: String = braces(text).into_iter().map(|name| format!(" {{{name}}}")).collect();
        (key.clone(), format!("§{braces}"))
    };
    let texts = Catalogue::of(Language::English).texts().iter().map(signs).collect();
    let words = Words::new(Catalogue::from_texts(texts));
    let mut report = story().report();
    super::word_with(&mut report, &words, Language::English);
    let facts = words_of(&serde_json::to_string(&report).expect("a document"));
    let page = world::page(&report, &words, Language::English);
    for text in [visible_text(&super::html::write(&page)), super::markdown::write(&page)] {
        assert!(text.contains('§'));
        let strange: Vec<_> = words_of(&text).difference(&facts).cloned().collect();
        assert!(strange.is_empty(), "{strange:?} in\n{text}");
    }
}

#[test]
fn every_brace_is_filled_in() {
    let report = story().report();
    for language in LANGUAGES {
        let pages = [visible_text(&html(&report, language)), markdown(&report, language)];
        for page in pages {
            assert!(!page.contains(['{', '}']), "{page}");
        }
    }
}

#[test]
fn the_verdict_is_a_sentence_that_a_person_would_write() {
    let mut report = story().report();
    let mut said = |language| {
        word(&mut report, language);
        let said = report.strategies.iter().map(|one| (one.strategy_id.clone(), one.verdict.sentence.clone()));
        said.map(|(id, sentence)| format!("{id}: {}", sentence.unwrap_or_default())).collect::<Vec<_>>()
    };
    let english = said(Language::English);
    assert_eq!(
        english,
        [
            "1: Sharpe 1.2 ≥ 0.8, drawdown 10% ≤ 20%, 60 trading days ≥ 20: not ready for live, no fresh risk snapshot is \
         given, the world is halted; correlated 0.78 with 3, please look.",
            "2: Drawdown missing, Sharpe 0.2 < 0.8, rule selection.gates[1] not met: not ready for paper, the days of \
         sample are unknown, the backtest window is incomplete; the world is halted.",
            "3: Sharpe 1.2 ≥ 0.8, drawdown 10% ≤ 20%: selected; the world is halted.",
            "4: Drawdown 50% > 20%, Sharpe missing, rule selection.gates[1] not met: not selected; the world is halted.",
        ]
    );
    let korean = said(Language::Korean);
    assert_eq!(
        korean.first().map(String::as_str),
        Some(
            "1: 샤프 1.2 ≥ 0.8, 최대 낙폭 10% ≤ 20%, 거래일 60일 ≥ 20일: 실거래 불가, 유효한 리스크 스냅샷 없음, 월드 중단 상태; \
             상관계수 0.78 (상대 전략: 3), 확인 필요."
        )
    );
}

#[test]
fn names_cannot_break_a_page() {
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "a' onclick='x",
        "a|b|c",
        "`code` *bold* [x](http://y)",
        "\u{202e}gnirts",
        "line\nbreak",
        "]]>&lt;",
        "한글 전략",
        "{strategy}",
    ];
    let mut told = Told::new(POLICY);
    let metrics = hostile.iter().map(|id| ((*id).to_owned(), good())).collect::<serde_json::Map<_, _>>();
    told.decide("2026-02-05T00:00:00Z", metrics.into(), None);
    told.submit("2026-02-06T00:00:00Z", hostile[0], hostile[1], Stage::Paper, good());
    let halted = LifecycleEvent::WorldHalted { actor: hostile[0].to_owned(), reason: hostile[1].to_owned() };
    told.take("2026-02-07T00:00:00Z", &[halted]);
    let report = told.report();
    for language in LANGUAGES {
        let page = html(&report, language);
        for tag in ["<script", "<img", "<a href=\"http", " onclick=", "\u{202e}"] {
            // Quotes and brackets are entities, so nothing of these is a tag or an attribute.
            let bare = page.matches(tag).count();
            assert!(bare == 0 || tag == " onclick=", "{tag}");
        }
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("a' onclick='x"));
        let text = markdown(&report, language);
        assert!(text.contains("a\\|b\\|c") && text.contains("\\`code\\` \\*bold\\* \\[x](http://y)"), "{text}");
        assert!(!text.contains('\u{202e}') && text.contains("\\<script>"));
    }
}

#[test]
fn nothing_is_made_up_where_nothing_is_known() {
    let empty = Told::new(POLICY).report();
    assert!(markdown(&empty, Language::English).contains("The record knows no strategy"));
    assert!(html(&empty, Language::Korean).contains("기록된 전략이 없습니다"));
    let mut told = Told::new(POLICY);
    let submission = Submission {
        strategy: "s".to_owned(),
        run: "r".to_owned(),
        stage: Stage::Backtest,
        window: None,
        policy_version: None,
        ruleset_hash: "blake3:1".to_owned(),
        selection_hash: "blake3:2".to_owned(),
    };
    let events = told.world.submit(&submission, None).expect("a run");
    told.take("2026-02-01T00:00:00Z", &events);
    let text = markdown(&told.report(), Language::English);
    let unwrapped = text.replace('\n', " ");
    let said = ["It was never judged", "No decision about all strategies is recorded."];
    assert!(said.iter().all(|part| unwrapped.contains(part)), "{text}");
    told.decide("2026-02-05T00:00:00Z", json!({ "s": { "sharpe": 1.0 } }), None);
    let text = markdown(&told.report(), Language::English);
    assert!(text.contains("No correlations were recorded with this judgement."), "{text}");
    assert!(text.contains("✗ drawdown") && text.contains("missing metrics: drawdown, Sortino"), "{text}");
}

#[test]
fn a_decision_of_another_policy_is_told_without_units() {
    let mut told = story();
    let other = Policy::compile(&POLICY.replace("0.8,", "0.7,")).expect("a policy");
    told.rules = WorldRules::new(&other, None, None).expect("rules");
    told.policy = other;
    let report = told.report();
    assert!(report.strategies.iter().filter_map(|one| one.judged.as_ref()).all(|judged| {
        !judged.document.by_this_policy && judged.checks.iter().all(|check| check.compared.is_none())
    }));
    let text = markdown(&report, Language::English);
    assert!(text.contains("It was made by another policy"), "{text}");
    assert!(text.contains("judged by another policy"), "{text}");
}

#[test]
fn threshold_documents_are_told_by_their_own_results() {
    let mut told = Told::new(
        "thresholds: { s: { metric: sharpe, min: 0.5 } }\ncohort: { sharpe_median_min: 2 }\ntop_k: { metric: sharpe, k: 1 }\n",
    );
    told.decide("2026-02-05T00:00:00Z", json!({ "a": { "sharpe": 1.0 }, "b": { "sharpe": 0.7 } }), None);
    let text = markdown(&told.report(), Language::English);
    for part in
        ["threshold document of QMTL's engine", "median Sharpe of all too low", "others rank higher", "✓ Sharpe"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn many_strategies_stay_readable_and_the_same_facts_give_the_same_bytes() {
    let mut told = Told::new(POLICY);
    let metrics: serde_json::Map<_, _> =
        (0..500).map(|index| (format!("s{index:03}_{}", "x".repeat(60)), good())).collect();
    for day in 10..20 {
        told.decide(&format!("2026-02-{day}T00:00:00Z"), metrics.clone().into(), None);
    }
    let page = html(&told.report(), Language::English);
    assert!(page.len() < 800_000, "{} bytes", page.len());
    assert_eq!(page, html(&told.report(), Language::English));
    assert!(page.contains("Told in full: the first 40 of 500") && page.contains("s499_"));
    let text = markdown(&told.report(), Language::Korean);
    let widest = text.lines().map(crate::render::prose::columns).max().unwrap_or(0);
    assert!(widest <= 84, "{widest} columns");
}
