//! A world on one screen.

use std::fmt::Write;

use serde_json::Value;

use super::answers::words;
use super::table::table;
use super::terminal::Terminal;
use super::world::{StrategyView, WorldView};
use crate::lifecycle::{Phase, WindowStatus};

/// Most strategies on the screen; the others are counted.
const MOST: usize = 8;
/// Cells of a progress bar.
const CELLS: usize = 4;

pub(super) fn page(view: &WorldView, terminal: &Terminal) -> String {
    let mut out = head(view);
    if view.strategies.is_empty() {
        return out + "\nthere are no runs";
    }
    // Live ones first, then those that are furthest.
    let mut strategies: Vec<_> = view.strategies.iter().collect();
    strategies.sort_by_key(|one| (one.live_by.is_none(), one.campaign.phase == Phase::BacktestCampaign));
    let shown = strategies.get(..MOST.min(strategies.len())).unwrap_or_default();
    let header = ["strategy", "phase", "backtest", "paper", "days", "trades", "sharpe", "maxdd"];
    let rows = shown.iter().map(|one| row(one)).collect();
    let _ = writeln!(out, "\n{}\n", table(&header, rows, terminal.width));
    let rows = shown.iter().map(|one| vec![one.campaign.strategy_id.clone(), outlook(one)]).collect();
    let _ = writeln!(out, "{}", table(&["strategy", "what blocks it"], rows, terminal.width));
    if strategies.len() > MOST {
        let rest = strategies.len() - MOST;
        let _ = writeln!(out, "\nand {rest} more: name one with --strategy, or see `campaign status`");
    }
    out
}

fn head(view: &WorldView) -> String {
    let live = view.strategies.iter().filter(|one| one.live_by.is_some()).count();
    let decided = if view.allow_live { view.promotion_mode.as_str().replace('_', " ") } else { "nobody".to_owned() };
    let mut out = format!("{}, at {}, {live} live, live by {decided}\n", view.world_id, view.generated_at);
    if let Some(halt) = &view.halted {
        let text = |key: &str| halt.get(key).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(out, "HALTED since {} by {}: {}", text("at"), text("actor"), text("reason"));
    }
    if let Some(apply) = &view.under_way {
        let text = |key: &str| apply.get(key).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(out, "FROZEN: the apply of {} by {} is not finished", text("run_id"), text("actor"));
    }
    if let Some(as_of) = view.last_decision.as_ref().and_then(Value::as_str) {
        let _ = writeln!(out, "last decision as of {as_of}");
    }
    out + &format!("head {}\n", view.head)
}

fn row(one: &StrategyView) -> Vec<String> {
    let campaign = &one.campaign;
    let phase = if one.live_by.is_some() { "live" } else { campaign.phase.as_str().trim_end_matches("_campaign") };
    let text = |value: Option<String>| value.unwrap_or_default();
    vec![
        campaign.strategy_id.clone(),
        phase.to_owned(),
        bar(&campaign.backtest),
        bar(&campaign.paper),
        text(campaign.sample_days.map(|days| days.to_string())),
        text(campaign.trades_total.map(|trades| trades.to_string())),
        text(campaign.sharpe.map(|sharpe| format!("{sharpe:.2}"))),
        text(campaign.max_drawdown.map(|drawdown| format!("{:.1}%", drawdown * 100.0))),
    ]
}

/// A share of a window without rounding up: only a whole window is full.
fn bar(window: &WindowStatus) -> String {
    let Some(progress) = window.progress else { return "–".to_owned() };
    let full = (libm::floor(progress * CELLS as f64) as usize).min(CELLS);
    let percent = libm::floor(progress * 100.0);
    format!("{}{} {percent}%", "█".repeat(full), "░".repeat(CELLS - full))
}

fn outlook(one: &StrategyView) -> String {
    let blocked = words(one.blocked_by.iter().copied());
    match (one.next, blocked.is_empty(), &one.live_by) {
        (_, true, Some(run)) => format!("nothing: live by {run}"),
        (_, false, Some(run)) => format!("live by {run}, but: {blocked}"),
        (Some(next), true, None) => format!("nothing: ready for {next}"),
        (Some(next), false, None) => format!("for {next}: {blocked}"),
        (None, _, None) => "nothing to do".to_owned(),
    }
}
