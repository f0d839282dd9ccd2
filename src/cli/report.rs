//! `report`: where the strategies of a world stand and why, from the record of the world.

use std::io::Write;

use super::answers::rules;
use super::files::{apart, write_whole};
use super::inputs;
use super::promote_acts::risk_snapshot;
use super::record::Ledger;
use super::record_args::{ReportArguments, ReportFormat, ReportLanguage};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::lifecycle::History;
use crate::render::report::{Language, html, markdown, word};
use crate::report::{ReportInput, WorldReport};

pub(super) fn run(asked: &ReportArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    apart(asked.out.as_deref(), [asked.policy.as_path()])?;
    let risk = risk_snapshot(asked.risk_snapshot.as_deref())?;
    let Some(policy) = inputs::policy(&asked.policy, terminal)? else { return Ok(Outcome::Findings) };
    let rules = rules(&policy, asked.world.as_deref(), None)?;
    let now = asked.now.moment()?;
    let ledger = Ledger::open_with_history(&asked.store, &rules.world, &asked.now)?;
    let nothing = History::default();
    let input = ReportInput {
        policy: &policy,
        rules: &rules,
        world: ledger.record(),
        history: ledger.history().unwrap_or(&nothing),
        head: &ledger.head().hash,
        risk_snapshot: risk,
        strategy: asked.strategy.as_deref(),
        now,
    };
    let mut report = WorldReport::new(&input).map_err(|error| Failure::new(error.to_string()))?;
    let language = match asked.lang {
        ReportLanguage::En => Language::English,
        ReportLanguage::Ko => Language::Korean,
    };
    word(&mut report, language);
    let text = written(&report, asked.format, language)?;
    match &asked.out {
        Some(path) => write_whole(path, &text)?,
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(Outcome::Fine)
}

fn written(report: &WorldReport, format: ReportFormat, language: Language) -> Result<String, Failure> {
    match format {
        ReportFormat::Md => Ok(markdown(report, language)),
        ReportFormat::Html => Ok(html(report, language)),
        ReportFormat::Json => {
            let text = crate::render::pretty(report);
            text.map(|text| text + "\n").map_err(|error| Failure::new(error.to_string()))
        }
    }
}
