//! What would get the strategy selected, or how safe its place is.

use super::because::{because, data, standstill};
use super::page::{Mark, Page, named};
use super::sentence;
use crate::eval::{Change, ChangeOutcome, Explanation, HysteresisFacts, Room};
use crate::render::amounts::{amount, compared, distance, instant, plain, wanted};

pub(super) fn write(page: &mut Page, story: &Explanation) {
    match &story.room {
        Some(room) => {
            if !story.selected {
                page.heading("What is left to do");
                page.line(2, &format!("It is admitted as it is. {}", remaining(story)));
            }
            safe(page, story, room);
        }
        None => needed(page, story),
    }
}

fn needed(page: &mut Page, story: &Explanation) {
    page.heading(if story.selected { "What would keep it selected" } else { "What would get it selected" });
    if !story.changes.is_empty() {
        let several = story.changes.len() > 1;
        let start = if several { "Any one of these changes is enough" } else { "One change is enough" };
        page.line(2, &format!("{start}; the changed snapshot was judged to verify it."));
        for change in &story.changes {
            let then = change.outcome.as_ref().map(|outcome| after(story, outcome)).unwrap_or_default();
            page.item(Mark::Point, &format!("{}. {then}", step(change)));
        }
        return;
    }
    if story.changes_together.is_empty() {
        let why = story.obstacle.as_ref().map(|obstacle| obstacle_sentence(story, obstacle));
        page.line(2, &format!("No change of its numeric metrics was found to be enough. {}", why.unwrap_or_default()));
        return;
    }
    if story.changes_together.len() > 1 {
        page.line(
            2,
            "No single metric is enough. These changes together are; the changed snapshot was judged to verify it.",
        );
    } else {
        page.line(2, "This change is enough; the changed snapshot was judged to verify it.");
    }
    for change in &story.changes_together {
        page.item(Mark::Point, &format!("{}.", step(change)));
    }
    if let Some(outcome) = &story.outcome {
        page.line(2, &after(story, outcome));
    }
}

fn obstacle_sentence(story: &Explanation, obstacle: &crate::eval::Rejection) -> String {
    match &obstacle.rule {
        Some(rule) => format!("Rule `{rule}` cannot be met by a number that was found."),
        None if obstacle.by.is_empty() => format!("What stands in the way: {}.", because(story, obstacle)),
        None => {
            let code = obstacle.code.replace('_', " ");
            format!("Even with every rule met it is kept out: {code}, by {}.", named(&obstacle.by))
        }
    }
}

fn step(change: &Change) -> String {
    let from = change.from.map_or_else(|| "missing".to_owned(), |from| compared(from, change.to, change.quantity).0);
    format!("`{}`: {from} → {}", change.metric, wanted(change.to, change.quantity))
}

/// What becomes of it with a change.
fn after(story: &Explanation, outcome: &ChangeOutcome) -> String {
    let mut sentences = Vec::new();
    let rank = outcome.rank.map(|rank| format!(", rank {rank}")).unwrap_or_default();
    if outcome.selected {
        sentences.push(format!("Then it is selected{rank}."));
    } else {
        sentences.push(format!("Then it is admitted{rank}."));
        sentences.push(waits(story, outcome));
    }
    if !outcome.displaced.is_empty() {
        sentences.push(format!("{} would lose its place.", named(&outcome.displaced)));
    }
    sentences.join(" ")
}

fn waits(story: &Explanation, outcome: &ChangeOutcome) -> String {
    if let Some(reason) = outcome.downgrade_reason {
        return format!("It is not promoted yet: {}.", data(story, reason));
    }
    let code = outcome.rejected_by.as_ref().map_or("", |rejection| rejection.code.as_str());
    match (code, &story.hysteresis) {
        ("hysteresis_pending", Some(HysteresisFacts::Streaks { promote_after, may_change_from, .. }))
            if standstill(story).is_none() =>
        {
            let passes = format!("It is promoted once it has passed {} evaluations in a row", plain(*promote_after));
            format!("{passes}{}.", not_before(may_change_from.as_ref()))
        }
        (_, _) => outcome.rejected_by.as_ref().map(|rejection| waiting_for(story, rejection)).unwrap_or_default(),
    }
}

/// The end of a promise that a dwell time holds up.
fn not_before(free: Option<&String>) -> String {
    free.map(|free| format!(", but not before {}", instant(free))).unwrap_or_default()
}

fn waiting_for(story: &Explanation, rejection: &crate::eval::Rejection) -> String {
    format!("It then waits: {}.", because(story, rejection))
}

/// What an admitted strategy that is not selected waits for.
fn remaining(story: &Explanation) -> String {
    if let Some(reason) = story.downgrade_reason {
        return format!("It can be promoted when its data is good enough: {}.", data(story, reason));
    }
    let code = story.rejected_by.as_ref().map_or("", |rejection| rejection.code.as_str());
    match (code, &story.hysteresis) {
        ("hysteresis_pending", Some(HysteresisFacts::Streaks { pass_streak, promote_after, may_change_from, .. }))
            if standstill(story).is_none() =>
        {
            let left = (*promote_after - f64::from(*pass_streak)).max(1.0);
            let passes = if left > 1.0 {
                format!("when it passes the next {} evaluations", plain(left))
            } else {
                "at the next evaluation that it passes".to_owned()
            };
            format!("It is promoted {passes}{}.", not_before(may_change_from.as_ref()))
        }
        _ => story.rejected_by.as_ref().map(|rejection| waiting_for(story, rejection)).unwrap_or_default(),
    }
}

fn safe(page: &mut Page, story: &Explanation, room: &Room) {
    page.heading("How safe its place is");
    let nearest = room.nearest.as_ref().and_then(|id| story.rules.iter().find(|rule| rule.id == *id));
    if let Some((rule, relative)) = nearest.zip(room.relative) {
        let operand = rule.operand.as_deref().unwrap_or(&rule.id);
        let margin = rule.margin.map(|margin| distance(margin, rule.quantity)).unwrap_or_default();
        let value = rule.value.map(|value| amount(value, rule.quantity)).unwrap_or_default();
        let share = format!("{}%", plain(libm::round(relative * 100.0)));
        page.line(
            2,
            &format!(
                "It is nearest to failing `{}`: `{operand}` is {value}, {margin} to spare, {share} of the threshold.",
                rule.id
            ),
        );
    }
    let successors = match room.successors.as_slice() {
        [] => "nobody would take its place".to_owned(),
        ids => format!("{} would take its place", named(ids)),
    };
    page.line(2, &format!("{}.", sentence(&format!("without it {successors}"))));
}
