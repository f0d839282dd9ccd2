//! Reports through the program: of a life in the store, of the real data, and what they refuse.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Run, Scratch, read, root, run};

const POLICY: &str = "examples/lifecycle/policy.yaml";
const NOW: &str = "2026-03-06T16:00:00Z";

/// Runs a script of the examples in a directory of its own.
#[track_caller]
fn script(path: &str, directory: &Scratch) -> String {
    let mut command = Command::new("sh");
    command.arg(root().join(path)).arg(directory.path()).current_dir(directory.path());
    command.env("QMTL_POLICY", env!("CARGO_BIN_EXE_qmtl-policy")).env("COLUMNS", "100");
    let output = command.output().unwrap();
    let (said, told) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(output.status.success(), "{path} failed\n{told}\n{said}");
    told
}

/// The store that the story leaves behind, and what the script printed.
fn story() -> &'static (Scratch, String) {
    static STORY: OnceLock<(Scratch, String)> = OnceLock::new();
    STORY.get_or_init(|| {
        let scratch = Scratch::new();
        let told = script("examples/lifecycle/story.sh", &scratch);
        (scratch, told)
    })
}

#[track_caller]
fn report(more: &[&str]) -> Run {
    let store = story().0.path().join("story.db").display().to_string();
    run(&[&["report", POLICY, "--store", &store, "--now", NOW, "--risk-snapshot", NOW], more].concat())
}

/// The text of a page without its tags.
fn text(page: &str) -> String {
    let body = page.split_once("</style>").map_or(page, |(_, body)| body);
    let parts = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<Vec<_>>().join(" ").replace("&gt;", ">").replace("&lt;", "<")
}

#[test]
fn the_script_tells_the_story_step_by_step() {
    let told = &story().1;
    let mut rest = told.as_str();
    for step in [
        "backtest window incomplete",
        "nothing: ready for paper",
        "for live: paper window incomplete, manual approval required",
        "for live: manual approval required",
        "refused: `intern` may not decide that",
        "refused: the run `paper-2` of `trend` cannot go live: manual_approval_required",
        "promotion approved trend paper-2, by risk-desk",
        "promotion completed trend paper-2",
        "trend: pass, promote, may run as live",
        "nothing: live by paper-2",
        "trend: fail, demote, may run as validate",
        "for live: manual approval required",
        "trend: pass, promote, may run as paper",
        "world halted, by ops: prices look wrong",
        "for live: world halted, manual approval required",
        "refused: `ops` may not decide that",
        "world resumed, by risk-desk",
        "promotion completed trend paper-2",
        "nothing: live by paper-2",
        "promotion rolled back trend paper-2, by ann: approved too early",
        "for live: cooldown active, manual approval required",
        "clock   simulated",
        "live\ncandidate, waits for approval; correlated 0.78 with carry, please look.",
    ] {
        let (_, after) =
            rest.split_once(step).unwrap_or_else(|| panic!("`{step}` is missing, or out of order in\n{told}"));
        rest = after;
    }
    assert!(read("examples/lifecycle/README.md").contains("story.sh"));
}

#[test]
fn the_report_shows_the_steps_of_the_story_in_every_form() {
    let page = report(&["--strategy", "trend", "--format", "html"]).exits(0).stdout;
    let steps = [
        "60-day Sharpe 0.88 ≥ 0.8, drawdown 17% ≤ 20%, 65 trading days ≥ 60: live candidate, waits for approval; \
         correlated 0.78 with carry, please look.",
        "run submitted: backtest (backtest-1)",
        "approved for live (paper-2)",
        "paper agrees with backtest",
        "apply begun, orders frozen (paper-2)",
        "live, orders free again (paper-2)",
        "world halted",
        "world goes on",
        "approved too early",
        "not selected, fail, judged only: rule validation.risk.max_drawdown_max not met",
        "stopped being live",
    ];
    let shown = text(&page);
    for step in steps {
        assert!(shown.contains(step), "`{step}` is missing in\n{shown}");
    }
    let lines = report(&["--strategy", "trend", "--format", "md"]).exits(0).stdout;
    let unwrapped = lines.split_whitespace().collect::<Vec<_>>().join(" ");
    for step in steps {
        assert!(unwrapped.contains(step), "`{step}` is missing in\n{lines}");
    }
    assert!(lines.lines().all(|line| line.chars().count() <= 80), "{lines}");
    let korean = text(&report(&["--lang", "ko", "--format", "html"]).exits(0).stdout);
    for part in
        ["실거래 후보, 승인 대기; 상관계수 0.78 (상대 전략: carry), 확인 필요.", "월드 중단", "실거래 승인 (paper-2)"]
    {
        assert!(korean.contains(part), "`{part}` is missing in\n{korean}");
    }
}

#[test]
fn a_page_needs_nothing_else() {
    let page = report(&["--format", "html"]).exits(0).stdout;
    for outside in ["http://", "https://", "<script", "<link", "@import", "url(", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@page { size: A4"));
    let (images, titles) = (page.matches("<svg").count(), page.matches("role=\"img\"").count());
    assert!(images > 10 && images == titles && page.contains("<desc>"), "{images} images");
    for tag in ["section", "table", "tr", "td", "svg", "p", "dl", "figure", "span", "g"] {
        let (open, shut) = (page.matches(&format!("<{tag}>")).count(), page.matches(&format!("</{tag}>")).count());
        let open = open + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, shut, "<{tag}>");
    }
    assert_eq!(page, report(&["--format", "html"]).stdout, "the same record gives the same bytes");
}

#[test]
fn the_document_holds_numbers_and_the_verdict_in_words() {
    let document = report(&["--strategy", "trend", "--lang", "ko", "--format", "json"]).exits(0).json();
    assert_eq!((&document["schema_version"], &document["language"]), (&1.into(), &"ko".into()));
    let trend = &document["strategies"][0];
    assert_eq!(trend["verdict"]["code"], "live_candidate");
    assert!(trend["verdict"]["sentence"].as_str().unwrap().starts_with("60일 샤프 0.88 ≥ 0.8"));
    assert_eq!(trend["blocked_by"], serde_json::json!(["manual_approval_required"]));
    let check = &trend["judged"]["checks"][2];
    assert_eq!((&check["id"], &check["value"], &check["threshold"]), (&"edge".into(), &0.88.into(), &0.8.into()));
    assert_eq!((&check["compared"]["metric"], &check["compared"]["operator"]), (&"sharpe_60d".into(), &">=".into()));
    assert_eq!(
        trend["overlaps"]["pairs"][0],
        serde_json::json!({ "strategy": "trend", "with": "carry", "rho": 0.78, "close": true })
    );
    assert_eq!(
        (&trend["promotion"]["said"]["status"], &trend["promotion"]["said"]["holds"]),
        (&"approved".into(), &false.into())
    );
    let slots: Vec<&Value> =
        document["limits"].as_array().unwrap().iter().filter(|one| one["name"] == "live_slots").collect();
    assert_eq!(
        slots[0],
        &serde_json::json!({ "name": "live_slots", "of": null, "unit": "count", "value": 2.0, "used": 0.0 })
    );
}

#[test]
fn what_cannot_be_reported_is_refused() {
    report(&["--strategy", "tend", "--format", "md"]).exits(2).says("knows no strategy `tend`: did you mean `trend`?");
    report(&["--strategy", "zzzzzzzz", "--format", "md"]).exits(2).says("name one of `carry`, `trend`");
    report(&[]).exits(2).says("--format");
    report(&["--format", "md", "--lang", "de"]).exits(2).says("possible values: en, ko");
    let scratch = Scratch::new();
    let store = scratch.path().join("empty.db").display().to_string();
    run(&["report", POLICY, "--store", &store, "--format", "md"]).exits(2).says("store init");
    run(&["store", "init", "--store", &store]).exits(0);
    run(&["report", POLICY, "--store", &store, "--format", "md"]).exits(0).prints("The record knows no strategy");
    let out = scratch.path().join("page.html");
    run(&["report", POLICY, "--store", &store, "--format", "html", "--out", out.to_str().unwrap()]).exits(0);
    assert!(std::fs::read_to_string(out).unwrap().contains("<!DOCTYPE html>"));
}

#[test]
fn the_report_of_the_real_data_tells_what_happened() {
    let scratch = Scratch::new();
    script("examples/sp500_rules/report.sh", &scratch);
    let page = std::fs::read_to_string(scratch.path().join("report.en.html")).unwrap();
    let shown = text(&page);
    for part in [
        "Strategies: 360 known, 0 live, 10 selected by the last decision.",
        "Told in full: the first 40 of 360.",
        "Strategies selected by decisions from 2022-07-29 21:00Z to 2022-12-28 21:00Z",
        "its side has no budget left",
        "too like mrk_mac50_200_long",
        "(6 decisions)",
        "120-day drawdown 3.93% ≤ 25%",
        "correlation of a pair at most",
        "nothing goes live",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in\n{shown}");
    }
    assert!(page.len() < 800_000, "{} bytes", page.len());
    let korean = std::fs::read_to_string(scratch.path().join("report.ko.html")).unwrap();
    assert!(text(&korean).contains("등록된 전략 360개, 실거래 0개, 최근 결정에서 선정 10개."));
}
