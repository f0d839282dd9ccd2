//! Score, place, who is in the way, and the budgets.

use super::because::{ROUNDING, budget};
use super::page::{Mark, Page, named};
use super::sentence;
use crate::eval::{Blocker, CutFacts, Explanation, ExposureFacts, Placed, ScoreFacts};
use crate::render::amounts::plain;

pub(super) fn write(page: &mut Page, story: &Explanation) {
    if let Some(score) = &story.score {
        place(page, score);
    }
    // Who uses up a budget stands with the budget.
    let others: Vec<_> = story.blocked_by.iter().filter(|blocker| blocker.step != "exposure").collect();
    if !others.is_empty() {
        page.heading("In the way");
        for blocker in others {
            page.item(Mark::Bad, &blocked(blocker));
        }
    }
    if !story.exposure.is_empty() {
        page.heading("Exposure");
        for facts in &story.exposure {
            exposure(page, facts);
        }
    }
}

fn place(page: &mut Page, score: &ScoreFacts) {
    match (&score.expression, score.value) {
        (Some(expression), Some(value)) => {
            page.heading(&format!("Score {}", plain(value)));
            if score.terms.is_empty() {
                page.line(2, &format!("It is `{expression}`."));
            }
            let rows = score
                .terms
                .iter()
                .map(|term| vec![term.expression.clone(), term.value.map_or_else(|| "missing".to_owned(), signed)]);
            page.columns(2, &rows.collect::<Vec<Vec<String>>>());
        }
        (Some(expression), None) => {
            page.heading("Score missing");
            page.line(2, &format!("`{expression}` has no value."));
        }
        (None, _) => page.heading("Place"),
    }
    let mut sentences = Vec::new();
    match (score.rank, score.would_rank) {
        (Some(rank), _) => sentences.push(format!("Rank {rank} of {}.", score.of)),
        (None, Some(rank)) => {
            let of = score.of + 1;
            sentences.push(format!("No rank, because rules fail; its score would be number {rank} of {of}."));
        }
        _ => sentences.push("No rank.".to_owned()),
    }
    sentences.extend(score.before.as_ref().map(|before| format!("Directly before it: {}.", with_score(before))));
    page.line(2, &sentences.join(" "));
    if let Some(cut) = &score.cut {
        page.line(2, &places(cut));
    }
}

/// Terms below each other with their signs.
fn signed(value: f64) -> String {
    if value < 0.0 { plain(value) } else { format!("+{}", plain(value)) }
}

fn with_score(placed: &Placed) -> String {
    let rank = placed.rank.map(|rank| format!("rank {rank}"));
    let score = placed.score.map(|score| format!("score {}", plain(score)));
    let details: Vec<_> = rank.into_iter().chain(score).collect();
    if details.is_empty() {
        format!("`{}`", placed.strategy)
    } else {
        format!("`{}` ({})", placed.strategy, details.join(", "))
    }
}

fn places(cut: &CutFacts) -> String {
    let total = cut.total.map(|total| format!("{} of {} places are taken", cut.taken, plain(total)));
    let side = cut.side.map(|side| format!("{} of {} on its side", cut.side_taken, plain(side)));
    let taken: Vec<_> = total.into_iter().chain(side).collect();
    let last = cut.last.as_ref().map(|last| format!("; the last went to {}", with_score(last)));
    format!("{}{}.", taken.join(", "), last.unwrap_or_default())
}

fn blocked(blocker: &Blocker) -> String {
    let placed = Placed { strategy: blocker.strategy.clone(), rank: blocker.rank, score: blocker.score };
    let who = with_score(&placed);
    match (blocker.rho, blocker.max_pairwise) {
        (Some(rho), Some(limit)) if libm::fabs(rho) > limit => {
            format!("{who}: correlation {}; at most {} is allowed.", plain(rho), plain(limit))
        }
        _ => match blocker.step {
            "cut" => format!("{who}: has the last place."),
            _ => format!("{who}: stands before it."),
        },
    }
}

fn exposure(page: &mut Page, facts: &ExposureFacts) {
    let own = facts.own.map_or_else(|| "its size is unknown".to_owned(), |own| format!("it needs {}", plain(own)));
    let fits = facts.own.is_some_and(|own| own + facts.used <= facts.cap + ROUNDING);
    let ids: Vec<String> = facts.by.iter().map(|(id, _)| id.clone()).collect();
    let by = if ids.is_empty() { String::new() } else { format!(" by {}", named(&ids)) };
    let mark = if fits { Mark::Good } else { Mark::Bad };
    let (cap, used) = (plain(facts.cap), plain(facts.used));
    page.item(mark, &format!("{}: {cap}; before it {used} used{by}; {own}.", sentence(&budget(facts))));
}
