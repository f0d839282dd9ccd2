//! The playground in a real browser: what a person types, sees and reaches, in narrow and wide, light and dark windows.

mod browser;
mod server;

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use self::browser::Browser;
use crate::support::{Scratch, read, run};
use crate::{guest, readme, root};

const PAGE: &str = "examples/embed/playground/";
const POLICY: &str = "examples/crypto_mom/policy.yaml";
const MONDAY: &str = "examples/crypto_mom/monday.json";
const TUESDAY: &str = "examples/crypto_mom/tuesday.json";
/// Nothing is stale, and the last change was judged.
const JUDGED: &str = "!document.querySelector('#decided').classList.contains('old')";

/// A browser, unless this machine has none and nobody demands one.
fn browser() -> Option<Browser> {
    guest::module()?;
    let program = browser::program();
    if program.is_none() {
        guest::lacking("chromium, which the playground is tested in");
    }
    program.map(|program| Browser::start(&program))
}

/// The address of the page.
fn page() -> String {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| server::start_with(Path::new(""))).clone() + PAGE
}

/// Puts the caret into an editor, selecting a part of its text.
#[track_caller]
fn select(browser: &mut Browser, editor: &str, part: &str) {
    let found = browser.value(&format!(
        "(() => {{ const text = document.querySelector('#{editor}-text'); const start = text.value.indexOf({part}); \
         text.focus(); text.setSelectionRange(start, start + {part}.length); return start; }})()",
        part = json!(part)
    ));
    assert_ne!(found, json!(-1), "the {editor} lacks {part}");
}

/// Replaces a whole text by what is typed.
#[track_caller]
fn retype(browser: &mut Browser, editor: &str, text: &str) {
    browser.value(&format!(
        "(() => {{ const text = document.querySelector('#{editor}-text'); text.focus(); text.select(); }})()"
    ));
    browser.write(text);
}

/// Steps and counts as the picture shows them.
fn drawn(browser: &mut Browser) -> Vec<(String, u64)> {
    let steps = browser.value(
        "[...document.querySelectorAll('#funnel .step')].map((step) => [step.dataset.step, Number(step.querySelector('.number').textContent)])",
    );
    let pair = |step: &Value| (step[0].as_str().unwrap().to_owned(), step[1].as_u64().unwrap());
    steps.as_array().unwrap().iter().map(pair).collect()
}

/// Steps and counts of a decision.
fn decided(decision: &Value) -> Vec<(String, u64)> {
    let pair = |step: &Value| (step["step"].as_str().unwrap().to_owned(), step["count"].as_u64().unwrap());
    decision["funnel"].as_array().unwrap().iter().map(pair).collect()
}

#[track_caller]
fn eval(policy: &str, snapshot: &str, more: &[&str]) -> Value {
    run(&[&["eval", policy, "--snapshot", snapshot, "--format", "json"], more].concat()).exits(0).json()
}

fn quiet(browser: &Browser) {
    assert!(browser.complaints.is_empty(), "{:#?}", browser.complaints);
}

#[test]
fn the_page_of_the_readme_decides() {
    let Some(mut browser) = browser() else { return };
    // A folder that the server reaches; the block stands in it as a page.
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.html");
    std::fs::write(&page, readme::block("html")).unwrap();
    browser.go(&server::start_with(&page));
    browser.until("document.body?.textContent.trim() === 'a'");
    std::fs::remove_file(page).unwrap();
}

#[test]
fn a_typo_is_underlined_at_its_place_and_mending_it_changes_the_decision() {
    let Some(mut browser) = browser() else { return };
    browser.window(1600, 1000, "light");
    browser.open(&page());
    let before = eval(POLICY, MONDAY, &[]);
    assert_eq!(drawn(&mut browser), decided(&before));

    // Somebody types `sharpe_mix` for `sharpe_mid`.
    select(&mut browser, "policy", "d >= 0.60");
    browser.press("ArrowLeft", 37);
    browser.press("Delete", 46);
    browser.write("x");
    browser.until("document.querySelector('#policy .layer .mark.error')?.textContent === 'sharpe_mix'");
    let line = read(POLICY).lines().position(|line| line.contains("sharpe_mid >= 0.60")).unwrap();
    let marked = browser.value("Number(document.querySelector('#policy .mark.error').parentElement.dataset.line)");
    assert_eq!(marked, json!(line));
    // The underline lies under the very letters of the textarea: the browser finds the same places in both.
    let under = browser.text(
        "(() => { const box = document.querySelector('#policy .mark.error').getBoundingClientRect(); \
         const text = document.querySelector('#policy-text'); \
         const at = (x) => document.caretPositionFromPoint(x, box.y + box.height / 2); \
         const [from, to] = [at(box.left + 1), at(box.right - 1)]; \
         return from.offsetNode === text ? text.value.slice(from.offset, to.offset) : 'not in the textarea'; })()",
    );
    assert_eq!(under, "sharpe_mix");
    assert_eq!(browser.text("document.querySelector('#policy .gutter .error').textContent"), (line + 1).to_string());
    let said = browser.text("document.querySelector('#policy .findings .error').textContent");
    for part in ["QP2001", "unknown metric", "sharpe_mix", "did you mean sharpe_mid?", &format!("{}:9", line + 1)] {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
    browser.until("document.querySelector('#stale').textContent.includes('The policy has an error')");
    // Pointing at the underline shows the same.
    browser.point("#policy .mark.error", false);
    browser.until("document.querySelector('#policy .tip:not([hidden])')?.textContent.includes('unknown metric')");

    // The list leads back from elsewhere, by mouse and by key; what is proposed can be taken.
    select(&mut browser, "policy", "world");
    browser.point("#policy .findings .error .finding", true);
    let chosen = "document.activeElement.value?.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)";
    assert_eq!(browser.text(chosen), "sharpe_mix");
    select(&mut browser, "policy", "  gates:");
    browser.press("F8", 119);
    assert_eq!(browser.text(chosen), "sharpe_mix");
    browser.point("#policy .findings .error .fix", true);
    browser.until(&format!("{JUDGED} && document.querySelector('#policy .mark.error') === null"));
    assert_eq!(drawn(&mut browser), decided(&before));

    // A stricter gate keeps more out.
    select(&mut browser, "policy", "sharpe_mid >= 0.60");
    browser.write("sharpe_mid >= 1.20");
    let scratch = Scratch::new();
    let stricter = scratch.file("policy.yaml", read(POLICY).replace("sharpe_mid >= 0.60", "sharpe_mid >= 1.20"));
    let after = decided(&eval(stricter.to_str().unwrap(), MONDAY, &[]));
    assert_ne!(after, decided(&before));
    let rules = after.iter().find(|(step, _)| step == "rules").unwrap().1;
    browser
        .until(&format!("document.querySelector('#funnel [data-step=\"rules\"] .number').textContent === '{rules}'"));
    assert_eq!(drawn(&mut browser), after);

    // Nothing came from elsewhere.
    let own = page().trim_end_matches(PAGE).to_owned();
    let foreign: Vec<_> = browser
        .requests
        .iter()
        .filter(|address| !address.starts_with(&own) && !address.starts_with("about:") && !address.starts_with("data:"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:#?}");
    quiet(&browser);
}

#[test]
fn places_are_right_beside_letters_of_several_bytes() {
    let Some(mut browser) = browser() else { return };
    browser.window(900, 900, "light");
    browser.open(&page());
    let policy = "# 한국 😀\tà\nworld: w\nselection:\n  gates:\n    - { id: \"한국😀\", when: sharpe_mdi >= 1, reason: \"좋다 😀\" } # 끝\n    - max_drawdown <= 25\n";
    retype(&mut browser, "policy", policy);
    browser.until("document.querySelector('#policy .mark.error')?.textContent === 'sharpe_mdi'");
    assert_eq!(browser.text("document.querySelector('#policy .mark.warning').textContent"), "25");
    // Columns count characters, of which the emoji is one.
    assert!(browser.text("document.querySelector('#policy .findings .error').textContent").contains("5:26"));
    // Lines of a pasted text may end in two characters; a textarea has one.
    retype(&mut browser, "policy", &policy.replace('\n', "\r\n").replace("25", "30"));
    browser.until("document.querySelector('#policy .mark.warning')?.textContent === '30'");
    assert_eq!(browser.text("document.querySelector('#policy .mark.error').textContent"), "sharpe_mdi");

    // A broken snapshot says where, in its own text.
    retype(&mut browser, "policy", "world: w\nselection: { gates: [sharpe >= 1] }\n");
    // Windows of this width show one of the texts at a time.
    browser.point("#tab-snapshot", true);
    retype(&mut browser, "snapshot", "{\n \"메트릭\": {},\n \"metrics\": {\"가\": {\"sharpe\": 2 \"x\": 1}}\n}");
    browser.until("document.querySelector('#snapshot .mark.error')?.textContent === '\"x\"'");
    let place = browser.value("Number(document.querySelector('#snapshot .mark.error').parentElement.dataset.line)");
    assert_eq!(place, json!(2));
    retype(&mut browser, "snapshot", "{\"metrics\": {\"가😀\": {\"sharpe\": 2}, \"<b>\": {\"sharpe\": 0}}}");
    browser.until(&format!("{JUDGED} && document.querySelector('#summary').textContent.startsWith('1 of 2')"));
    // Names are text, whatever they look like.
    assert_eq!(browser.value("document.querySelectorAll('#table tbody tr').length"), json!(2));
    assert_eq!(browser.text("document.querySelectorAll('#table tbody th')[1].textContent"), "<b>");
    quiet(&browser);
}

#[test]
fn a_story_is_told_and_time_goes_on() {
    let Some(mut browser) = browser() else { return };
    browser.window(1600, 1000, "dark");
    browser.open(&page());
    browser.point("tr[data-strategy='doge_fade_short'] button", true);
    browser.until("document.querySelector('#story .rules') !== null");
    let story = browser.text("document.querySelector('#story').innerText");
    for part in [
        "doge_fade_short is not selected: its max_dd_120d of 20.1% exceeds 18%.",
        "What would get it selected",
        "max_dd_120d: 20.1% → 18%.",
        "Rules: 1 of 7 not met",
        "points",
        "Score 1.082",
    ] {
        assert!(story.contains(part), "{story}\nlacks {part:?}");
    }
    assert_eq!(browser.text("document.activeElement.id"), "story");

    // A step of the funnel shows who was kept out there.
    browser.point("#funnel [data-step='rules'] .change", true);
    browser.until("document.querySelectorAll('#table tbody tr').length === 2");
    browser.point("#funnel [data-step='rules'] .change", true);
    browser.until("document.querySelectorAll('#table tbody tr').length === 10");

    // The next instant is judged on the state that this one left, as the program does with `--previous`.
    let scratch = Scratch::new();
    let monday = scratch.file("monday.json", eval(POLICY, MONDAY, &[]).to_string());
    let tuesday = eval(POLICY, TUESDAY, &["--previous", monday.to_str().unwrap()]);
    assert_eq!(browser.text("document.querySelector('#next').textContent"), "Next instant: Tuesday");
    browser.point("#next", true);
    browser.until("document.querySelector('#circumstances').textContent.includes('2026-02-03')");
    assert_eq!(drawn(&mut browser), decided(&tuesday));
    assert!(!tuesday["selected"].as_array().unwrap().is_empty());
    // Then the same metrics come again, three hours later.
    let active = tuesday["selected"].as_array().unwrap().len();
    browser.until(&format!("document.querySelector('#next').textContent === 'Next instant' && {JUDGED}"));
    browser.point("#next", true);
    browser.until(&format!("document.querySelector('#state').textContent.includes('{active} active')"));
    browser.until("!document.querySelector('#snapshot-text').value.includes('2026-02-03T21:00:00Z')");

    // The address holds it all.
    browser.until("location.hash.includes('previous=') && location.hash.includes('snapshot=') && location.hash.includes('strategy=doge')");
    let (address, shown) =
        (browser.text("location.href"), browser.text("document.querySelector('#decided').innerText"));
    browser.open(&address);
    browser.until("document.querySelector('#story .rules') !== null");
    assert_eq!(browser.text("document.querySelector('#decided').innerText"), shown);
    quiet(&browser);
}

#[test]
fn every_window_and_scheme_is_readable() {
    let Some(mut browser) = browser() else { return };
    let address = page();
    for (width, height) in [(400, 850), (900, 900), (1600, 1000)] {
        for scheme in ["light", "dark"] {
            browser.window(width, height, scheme);
            browser.open(&format!("{address}#example=sp500_some&strategy=jnj_mom250_long"));
            browser.until("document.querySelector('#story .rules') !== null");
            select(&mut browser, "policy", "sharpe >= 0.30");
            browser.write("sharp >= 0.30");
            browser.until("document.querySelector('#policy .findings .error') !== null");
            if width == 400 {
                readable(&mut browser, width, scheme, "policy");
                browser.point("#tab-decision", true);
                browser.until("document.querySelector('#pane-policy').offsetParent === null");
            }
            let shown = browser.value("document.querySelector('#pane-decision').offsetParent !== null");
            assert_eq!(shown, json!(true));
            let editors = browser.value(
                "['policy', 'snapshot'].filter((id) => document.getElementById(id).offsetParent !== null).length",
            );
            assert_eq!(
                editors,
                json!(match width {
                    400 => 0,
                    900 => 1,
                    _ => 2,
                })
            );
            browser.value("document.querySelector('#policy-text').setRangeText('sharpe', document.querySelector('#policy-text').value.indexOf('sharp >'), document.querySelector('#policy-text').value.indexOf('sharp >') + 5)");
            browser.value("document.querySelector('#policy-text').dispatchEvent(new Event('input'))");
            browser.until(JUDGED);
            readable(&mut browser, width, scheme, "decision");
        }
    }
    // What a screen reader would say: everything that can be worked has a name.
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let is_control = ["button", "textbox", "searchbox", "combobox", "tab", "link"].contains(&role);
        let name = node["name"]["value"].as_str().unwrap_or_default();
        assert!(!is_control || node["ignored"] == json!(true) || !name.is_empty(), "a {role} without a name: {node}");
    }
    quiet(&browser);
}

/// No letters that are too pale, nothing beyond the edge of the window.
#[track_caller]
fn readable(browser: &mut Browser, width: u32, scheme: &str, what: &str) {
    let wide = browser.value("document.documentElement.scrollWidth");
    assert!(wide.as_u64().unwrap() <= u64::from(width), "{what} at {width} is {wide} wide");
    let pale = browser.value(PALE);
    assert_eq!(pale, json!([]), "too pale at {width}, {scheme}, {what}");
}

/// Texts whose contrast with what is behind them is less than 4.5, by the formula of WCAG.
const PALE: &str = r"(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => rgba(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return 'white';
  };
  const pale = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!own || element.closest('svg, option, textarea, [hidden]') !== null || !element.checkVisibility()) continue;
    if (element.matches(':disabled')) continue;
    const [text, ground] = [light(getComputedStyle(element).color), light(behind(element))];
    const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (contrast < 4.5) pale.push(`${element.tagName} ${element.className} ${element.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(pale)];
})()";

#[test]
fn long_texts_cost_a_screenful_and_a_trap_costs_an_instance() {
    let Some(mut browser) = browser() else { return };
    browser.window(1280, 800, "light");
    // The module never traps when it should not; here a call is made to, once.
    browser.call(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": r"
            const instantiate = WebAssembly.instantiate;
            globalThis.instances = 0;
            WebAssembly.instantiate = async (...given) => {
                const instance = await instantiate(...given);
                globalThis.instances += 1;
                const evaluate = (...values) => {
                    if (!globalThis.trapping) return instance.exports.qp_evaluate(...values);
                    globalThis.trapping = false;
                    throw new WebAssembly.RuntimeError('unreachable');
                };
                return { exports: { ...instance.exports, qp_evaluate: evaluate } };
            };" }),
    );
    browser.open(&format!("{}#example=sp500_all", page()));
    assert_eq!(browser.value("document.querySelectorAll('#table tbody tr').length"), json!(360));
    let rules = (0..2000).map(|number| format!("      - {{ id: r{number}, when: sharpe >= 0.{number:04} }}\n"));
    let policy =
        format!("world: w\nselection:\n  gates:\n    and:\n{}      - sharpe_mdi >= 1\n", rules.collect::<String>());
    retype(&mut browser, "policy", &policy);
    browser.until("document.querySelector('#policy .findings .error') !== null");
    assert_eq!(browser.text("document.querySelector('#policy .gutter .error').textContent"), "2005");
    let lines = browser.value("document.querySelectorAll('#policy .layer .lines > div').length");
    assert!(lines.as_u64().unwrap() < 120, "{lines} lines are drawn");

    retype(&mut browser, "policy", &read(POLICY));
    browser.until(JUDGED);
    assert_eq!(browser.value("globalThis.instances"), json!(1));
    browser.value("globalThis.trapping = true");
    select(&mut browser, "policy", "version: 1");
    browser.write("version: 2");
    browser.until("!document.querySelector('#trouble').hidden && globalThis.instances === 2");
    assert!(browser.text("document.querySelector('#trouble').textContent").contains("a new one started"));
    browser.write(" ");
    browser.until(&format!("{JUDGED} && document.querySelector('#circumstances').textContent.includes('version 2')"));
    quiet(&browser);
}

#[test]
fn the_bundle_is_one_file_that_opens_from_disk() {
    let Some(mut browser) = browser() else { return };
    let Some(node) = browser::find(&["node", "nodejs"]) else {
        guest::lacking("node, which makes the bundle");
        return;
    };
    let scratch = Scratch::new();
    let file = scratch.path().join("playground.html");
    let made = std::process::Command::new(node)
        .arg(root().join(PAGE).join("bundle.mjs"))
        .args([guest::module().unwrap_or_default(), file.clone()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    browser.window(900, 900, "light");
    browser.open(&format!("file://{}", file.display()));
    assert_eq!(drawn(&mut browser), decided(&eval(POLICY, MONDAY, &[])));
    let other = browser
        .requests
        .iter()
        .find(|address| !["file:", "about:", "data:"].iter().any(|kind| address.starts_with(kind)));
    assert_eq!(other, None);
    let files = browser.requests.iter().filter(|address| address.starts_with("file:")).count();
    assert_eq!(files, 1, "{:#?}", browser.requests);
    quiet(&browser);
}
