//! `promote`: who may go live, what that would change, and what stands in the way.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::answers::{World, answer, words};
use super::lifecycle_args::{CircumstanceArguments, PromoteArguments, PromoteCandidates, PromotePlan, PromoteVerb};
use super::table::table;
use super::terminal::Terminal;
use super::{Failure, Outcome, clock, promote_acts};
use crate::lifecycle::{Candidate, Candidates, Circumstances, PromotionPlan, Review};
use crate::render::duration;

pub(super) fn run(arguments: &PromoteArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    match &arguments.verb {
        PromoteVerb::Candidates(asked) => candidates(asked, terminal),
        PromoteVerb::Plan(asked) => plan(asked, terminal),
        PromoteVerb::Approve(asked) => promote_acts::approve(asked, terminal),
        PromoteVerb::Reject(asked) => promote_acts::reject(asked, terminal),
        PromoteVerb::Apply(asked) => promote_acts::apply(asked, terminal),
        PromoteVerb::Demote(asked) => promote_acts::demote(asked, terminal),
        PromoteVerb::Rollback(asked) => promote_acts::rollback(asked, terminal),
    }
}

fn candidates(asked: &PromoteCandidates, terminal: &Terminal) -> Result<Outcome, Failure> {
    let world = World::read(&asked.world, asked.circumstances.allow_live, terminal)?;
    let Some(world) = world else { return Ok(Outcome::Findings) };
    let circumstances = circumstances(&asked.circumstances, &world)?;
    world.has(asked.strategy.as_deref())?;
    let mut found = Review::new(&world.rules, &world.runs, &circumstances, world.now).candidates();
    found.candidates.retain(|one| asked.strategy.as_ref().is_none_or(|asked| *asked == one.strategy_id));
    answer(&found, asked.world.format, terminal, |found| candidates_table(found, terminal))
}

fn plan(asked: &PromotePlan, terminal: &Terminal) -> Result<Outcome, Failure> {
    let world = World::read(&asked.world, asked.circumstances.allow_live, terminal)?;
    let Some(world) = world else { return Ok(Outcome::Findings) };
    let circumstances = circumstances(&asked.circumstances, &world)?;
    let review = Review::new(&world.rules, &world.runs, &circumstances, world.now);
    let plan = review.plan(&asked.strategy, &asked.run).map_err(|error| Failure::new(error.to_string()))?;
    answer(&plan, asked.world.format, terminal, |plan| plan_page(plan, terminal))
}

/// What promotions depend on: what the record knows, else what the arguments say.
fn circumstances(arguments: &CircumstanceArguments, world: &World) -> Result<Circumstances, Failure> {
    let time =
        |argument: &str, text: &Option<String>| text.as_deref().map(|text| clock::time(argument, text)).transpose();
    let risk_snapshot = time("--risk-snapshot", &arguments.risk_snapshot)?;
    if let Some(ledger) = &world.ledger {
        if arguments.current_active.is_some() || arguments.last_apply.is_some() {
            let message =
                "the store knows what is live and when it was applied: leave out --current-active and --last-apply";
            return Err(Failure::new(message));
        }
        return Ok(ledger.record().circumstances(risk_snapshot));
    }
    let active = arguments.current_active.as_ref().map(|ids| {
        let ids = ids.iter().map(|id| id.trim()).filter(|id| !id.is_empty());
        ids.map(str::to_owned).collect::<BTreeSet<_>>()
    });
    Ok(Circumstances {
        current_active: active,
        risk_snapshot,
        last_apply: time("--last-apply", &arguments.last_apply)?,
        halted: None,
        whole_record: false,
    })
}

fn candidates_table(found: &Candidates, terminal: &Terminal) -> String {
    let mode = found.promotion_mode.as_str().replace('_', " ");
    let head = format!("{}, at {}, live by {mode}\n", found.world_id, found.generated_at);
    if found.candidates.is_empty() {
        return head + "no strategy that is not live has a paper run";
    }
    let row = |one: &Candidate| {
        vec![
            one.strategy_id.clone(),
            one.run_id.clone(),
            verdict(one.eligible, one.pending_manual_approval).to_owned(),
            words(one.blocked_reasons.iter().map(|reason| reason.as_str())),
        ]
    };
    let header = ["strategy", "run", "", "in the way"];
    head + "\n" + &table(&header, found.candidates.iter().map(row).collect(), terminal.width)
}

fn verdict(eligible: bool, pending: bool) -> &'static str {
    match (eligible, pending) {
        (true, true) => "awaits approval",
        (true, false) => "may go live",
        (false, _) => "blocked",
    }
}

fn plan_page(plan: &PromotionPlan, terminal: &Terminal) -> String {
    let mut out = String::new();
    let verdict = verdict(plan.eligible, plan.pending_manual_approval);
    let _ = writeln!(out, "{}, {} by run {}: {verdict}\n", plan.world_id, plan.strategy_id, plan.run_id);
    let list = |ids: &[String]| if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") };
    let slots = plan.max_live_slots.map(|most| format!(", at most {most}")).unwrap_or_default();
    let cooldown = plan.cooldown_remaining_sec.map(|seconds| match seconds {
        0 => "over".to_owned(),
        left => format!("{} left", duration(left as f64)),
    });
    let canary = plan.canary_fraction.map(|share| share.to_string());
    let lines = [
        ("activates", list(&plan.plan.activate)),
        ("deactivates", list(&plan.plan.deactivate)),
        ("live then", format!("{} ({}{slots})", list(&plan.target_active), plan.target_active.len())),
        ("live now", list(&plan.current_active)),
        ("decided by", plan.promotion_mode.as_str().replace('_', " ")),
        ("override", plan.override_status.as_str().to_owned()),
        ("cooldown", cooldown.unwrap_or_else(|| "none".to_owned())),
        ("canary", canary.unwrap_or_else(|| "none".to_owned())),
    ];
    for (name, text) in lines {
        let _ = writeln!(out, "{name:<13}{text}");
    }
    let blocked = plan.blocked_reasons.iter().map(|reason| words([reason.as_str()])).collect();
    for (title, lines) in [("in the way", blocked), ("to know", plan.assumptions.clone())] {
        if !lines.is_empty() {
            let rows = lines.into_iter().map(|line| vec![line]).collect();
            let _ = writeln!(out, "\n{}", table(&[title], rows, terminal.width));
        }
    }
    out
}
