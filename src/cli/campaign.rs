//! `campaign`: how far strategies are on their way, and what to do next.

use super::answers::{World, answer, words};
use super::lifecycle_args::{CampaignArguments, CampaignStrategies, CampaignVerb};
use super::table::table;
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::lifecycle::{CampaignStatus, Phase, StrategyStatus, Tick, TickAction, WindowStatus, campaign_status, tick};

pub(super) fn run(arguments: &CampaignArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let (CampaignVerb::Status(asked) | CampaignVerb::Tick(asked)) = &arguments.verb;
    let Some(world) = World::read(&asked.world, None, terminal)? else { return Ok(Outcome::Findings) };
    let status = status(&world, asked)?;
    match &arguments.verb {
        CampaignVerb::Status(_) => {
            answer(&status, asked.world.format, terminal, |status| status_table(status, terminal))
        }
        CampaignVerb::Tick(_) => {
            answer(&tick(&world.rules, &status), asked.world.format, terminal, |tick| tick_table(tick, terminal))
        }
    }
}

fn status(world: &World, asked: &CampaignStrategies) -> Result<CampaignStatus, Failure> {
    world.has(asked.strategy.as_deref())?;
    Ok(campaign_status(&world.rules, &world.runs, asked.strategy.as_deref(), world.now))
}

fn status_table(status: &CampaignStatus, terminal: &Terminal) -> String {
    let head = format!("{}, at {}\n", status.world_id, status.generated_at);
    if status.strategies.is_empty() {
        return head + "there are no runs";
    }
    let row = |strategy: &StrategyStatus| {
        let number = |value: Option<String>| value.unwrap_or_default();
        vec![
            strategy.strategy_id.clone(),
            strategy.phase.as_str().trim_end_matches("_campaign").to_owned(),
            progress(&strategy.backtest),
            progress(&strategy.paper),
            number(strategy.sample_days.map(|days| days.to_string())),
            number(strategy.trades_total.map(|trades| trades.to_string())),
            number(strategy.sharpe.map(|sharpe| format!("{sharpe:.2}"))),
            number(strategy.max_drawdown.map(|drawdown| format!("{:.1}%", drawdown * 100.0))),
            ready_for(strategy).to_owned(),
        ]
    };
    let header = ["strategy", "phase", "backtest", "paper", "days", "trades", "sharpe", "drawdown", "ready for"];
    let standing = table(&header, status.strategies.iter().map(row).collect(), terminal.width);
    let missing = |strategy: &&StrategyStatus| !strategy.reasons.is_empty();
    let reasons = |strategy: &StrategyStatus| words(strategy.reasons.iter().map(|reason| reason.as_str()));
    let rows = status.strategies.iter().filter(missing);
    let rows: Vec<_> = rows.map(|strategy| vec![strategy.strategy_id.clone(), reasons(strategy)]).collect();
    let missing = if rows.is_empty() { String::new() } else { table(&["strategy", "missing"], rows, terminal.width) };
    format!("{head}\n{standing}\n\n{missing}")
}

/// What it may go on to from where it is.
fn ready_for(strategy: &StrategyStatus) -> &'static str {
    match strategy.phase {
        Phase::BacktestCampaign if strategy.promotable_to_paper => "paper",
        Phase::PaperCampaign if strategy.promotable_to_live => "live",
        _ => "",
    }
}

/// A share of a window without rounding up: only a whole window shows as 100%.
fn progress(window: &WindowStatus) -> String {
    let share = window.progress.map(|progress| format!("{}%", libm::floor(progress * 100.0)));
    share.unwrap_or_else(|| "–".to_owned())
}

fn tick_table(tick: &Tick, terminal: &Terminal) -> String {
    let head = format!("{}, at {}\n", tick.world_id, tick.generated_at);
    if tick.actions.is_empty() {
        return head + "there are no runs";
    }
    let row = |action: &TickAction| {
        vec![
            action.strategy_id.clone(),
            action.action.replace('_', " "),
            action.stage.as_str().to_owned(),
            action.reason.replace('_', " "),
            action.suggested_run_id.clone().unwrap_or_default(),
        ]
    };
    let header = ["strategy", "what to do", "stage", "because", "run"];
    head + "\n" + &table(&header, tick.actions.iter().map(row).collect(), terminal.width)
}
