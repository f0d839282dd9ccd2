//! Why: the clause behind the colon of a verdict.

use super::page::named;
use crate::eval::{Explanation, ExposureFacts, HysteresisFacts, Rejection, RuleFacts};
use crate::render::amounts::{compared, days, duration, exact, instant, plain};

/// Less than this of a budget is none of it.
pub(super) const ROUNDING: f64 = 1e-9;

/// What a rejection means for the strategy, as a clause without full stop.
pub(super) fn because(story: &Explanation, rejection: &Rejection) -> String {
    match rejection.code.as_str() {
        "rule_failed" | "metrics_missing" => failed_rules(story),
        "score_missing" => "its score has no value".to_owned(),
        "correlation_missing" => "no correlations are given, and the policy demands them".to_owned(),
        "correlation_constraint_failed" => correlation(story, rejection),
        "exposure_gross_budget" => exposure(story, "gross_budget"),
        "exposure_sector_cap" => exposure(story, "per_sector"),
        "exposure_max_leverage" => exposure(story, "max_leverage"),
        "side_missing" => "its side is not given".to_owned(),
        "sector_missing" => "its sector is not given".to_owned(),
        "weight_missing" => "it has no weight that could be used, and no share of a budget stands for it".to_owned(),
        "rank_outside_topk" | "performance_rank_outside_top_k" => outside_cut(story),
        "hysteresis_not_entered" | "hysteresis_exit" => level(story),
        code if rejection.step == "data_currency" => data(story, code),
        code if rejection.step == "hysteresis" => waiting(story, code, rejection),
        code => code.replace('_', " "),
    }
}

fn failed_rules(story: &Explanation) -> String {
    let failed: Vec<_> = story.rules.iter().filter(|rule| rule.blocks()).collect();
    let Some((first, others)) = failed.split_first() else { return "a rule fails".to_owned() };
    let more = match others.len() {
        0 => String::new(),
        1 => ", and 1 other rule fails".to_owned(),
        count => format!(", and {count} other rules fail"),
    };
    rule(first) + &more
}

/// What is wrong with one rule.
pub(super) fn rule(rule: &RuleFacts) -> String {
    let missing: Vec<_> =
        rule.readings.iter().filter(|reading| reading.value.is_none()).map(|reading| reading.metric.clone()).collect();
    if rule.outcome == "missing" && !missing.is_empty() {
        return format!("{} {} missing", named(&missing), if missing.len() == 1 { "is" } else { "are" });
    }
    let (Some(value), Some(threshold), Some(operand)) = (rule.value, rule.threshold, &rule.operand) else {
        return format!("`{}` is {}", rule.condition, rule.outcome);
    };
    let (value, threshold) = compared(value, threshold, rule.quantity);
    let relation = match rule.operator {
        Some("<=") => "exceeds",
        Some(">=") => "is below",
        Some("<") => "is not below",
        Some(">") => "does not exceed",
        Some("!=") => "equals",
        _ => "differs from",
    };
    format!("its `{operand}` of {value} {relation} {threshold}")
}

fn correlation(story: &Explanation, rejection: &Rejection) -> String {
    let blocker = story.blocked_by.iter().find(|blocker| rejection.by.contains(&blocker.strategy));
    match blocker.and_then(|blocker| blocker.rho.zip(blocker.max_pairwise)) {
        Some((rho, limit)) => {
            let quantity = crate::eval::Quantity { unit: "number", percent: false };
            let (rho, limit) = compared(rho, if rho < 0.0 { -limit } else { limit }, quantity);
            let by: Vec<String> = rejection.by.iter().take(1).cloned().collect();
            let more = rejection.by.len().saturating_sub(1);
            let others = if more > 0 { format!(", and {more} more are too alike") } else { String::new() };
            let relation = if rho.starts_with('-') { "is below" } else { "exceeds" };
            format!("its correlation of {rho} with {} {relation} {limit}{others}", named(&by))
        }
        None => format!("it is too much like {}", named(&rejection.by)),
    }
}

fn exposure(story: &Explanation, limit: &str) -> String {
    let Some(facts) = story.exposure.iter().find(|facts| facts.limit == limit) else {
        return "its exposure has no room".to_owned();
    };
    let own = facts.own.map_or_else(|| "an unknown size".to_owned(), plain);
    let (left, cap) = (facts.cap - facts.used, plain(facts.cap));
    // Sums of weights are rounded: what is left over by rounding is nothing.
    if left < ROUNDING {
        return format!("{}, {cap}, is used up, and it needs {own}", budget(facts));
    }
    format!("{} has {} left of {cap}, and it needs {own}", budget(facts), plain(left))
}

/// What a budget is called.
pub(super) fn budget(facts: &ExposureFacts) -> String {
    match (facts.limit, &facts.group) {
        ("gross_budget", Some(side)) => format!("the budget of side `{side}`"),
        ("per_sector", Some(sector)) => format!("the cap of sector `{sector}`"),
        _ => "the leverage limit".to_owned(),
    }
}

fn outside_cut(story: &Explanation) -> String {
    let rank = story.score.as_ref().and_then(|score| score.rank);
    let last = story.score.as_ref().and_then(|score| score.cut.as_ref()).and_then(|cut| cut.last.as_ref());
    let rank = rank.map_or_else(|| "its rank is".to_owned(), |rank| format!("its rank of {rank} is"));
    let last = last.map(|last| format!(" `{}` took the last place", last.strategy));
    format!("{rank} outside the cut{}", last.map(|last| format!(";{last}")).unwrap_or_default())
}

fn level(story: &Explanation) -> String {
    let Some(HysteresisFacts::Levels { metric, value, quantity, enter, exit }) = &story.hysteresis else {
        return "its level is too low".to_owned();
    };
    let (limit, what) = if story.was_active { (*exit, "stay") } else { (*enter, "enter") };
    match value {
        None => format!("`{metric}` is missing"),
        Some(value) => {
            let (value, limit) = compared(*value, limit, *quantity);
            format!("its `{metric}` of {value} is below the level to {what}, {limit}")
        }
    }
}

/// What is wrong with the data.
pub(super) fn data(story: &Explanation, code: &str) -> String {
    let data = &story.data;
    let limit = data.max_lag.map(duration).unwrap_or_default();
    match code {
        "stale_data" => {
            format!("its data is {} behind, and at most {limit} is allowed", data.lag.map(duration).unwrap_or_default())
        }
        "missing_data_end" => "nothing says how far its data reaches".to_owned(),
        "future_data" => "its data ends after the snapshot was taken".to_owned(),
        "missing_as_of" => "the snapshot has no time, so the age of its data is unknown".to_owned(),
        "insufficient_history" => {
            let needed = data.min_history.map(days).unwrap_or_default();
            match data.history {
                Some(history) => format!("its data covers {}, and {needed} are needed", days(history)),
                None => format!("nothing says how long its history is, and {needed} are needed"),
            }
        }
        code => code.replace('_', " "),
    }
}

/// Why no evaluation of this snapshot promotes anybody, whatever has passed.
pub(super) fn standstill(story: &Explanation) -> Option<&'static str> {
    match &story.hysteresis {
        Some(HysteresisFacts::Streaks { .. }) if story.as_of.is_none() => {
            Some("the snapshot has no `as_of`, so evaluations of it do not count")
        }
        Some(HysteresisFacts::Streaks { incomplete: true, .. }) => {
            Some("the snapshot lacks too many of the active strategies, so only risk exits happen")
        }
        _ => None,
    }
}

fn waiting(story: &Explanation, code: &str, rejection: &Rejection) -> String {
    if let Some(reason) = story.downgrade_reason.filter(|_| code == "hysteresis_pending") {
        return data(story, reason);
    }
    if let Some(cause) = standstill(story).filter(|_| code == "hysteresis_pending") {
        return cause.to_owned();
    }
    match (code, &story.hysteresis) {
        ("hysteresis_pending", Some(HysteresisFacts::Streaks { pass_streak, promote_after, .. })) => {
            let quantity = crate::eval::Quantity { unit: "number", percent: false };
            format!("it passed {pass_streak} of {} evaluations in a row", exact(*promote_after, quantity))
        }
        ("hysteresis_dwell", Some(HysteresisFacts::Streaks { may_change_from: Some(free), .. })) => {
            format!("it changed lately and may not change before {}", instant(free))
        }
        ("hysteresis_capacity", _) => {
            format!("every place is taken by active strategies, such as {}", named(&rejection.by))
        }
        ("hysteresis_constraint", _) => format!("{} is active and leaves it no room", named(&rejection.by)),
        ("risk_exit", _) => "a risk rule fails".to_owned(),
        (code, _) => code.replace('_', " "),
    }
}
