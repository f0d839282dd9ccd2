//! The story of one strategy in short sentences for a terminal.

mod because;
mod changes;
mod page;
mod rules;
mod standing;

use super::human::Style;
use crate::eval::{Action, Explanation, HysteresisFacts, Status};
use crate::render::amounts::{self, days, duration, instant, plain};
use because::because;
use page::{Mark, Page, named};

/// The page, ending with a line break.
#[must_use]
pub fn render(story: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(&verdict(story), story.selected);
    page.line(0, &circumstances(story));
    data(&mut page, story);
    rules::write(&mut page, story);
    standing::write(&mut page, story);
    time(&mut page, story);
    result(&mut page, story);
    changes::write(&mut page, story);
    page.finish()
}

/// Whether it is selected, and why, in one sentence.
fn verdict(story: &Explanation) -> String {
    let id = &story.strategy;
    let why = |rejection: Option<&crate::eval::Rejection>| rejection.map(|rejection| because(story, rejection));
    if !story.selected {
        let what = if story.action == Action::Demote { "is no longer" } else { "is not" };
        let why = why(story.rejected_by.as_ref().or(story.not_admitted_by.as_ref()));
        return format!("`{id}` {what} selected: {}.", why.unwrap_or_else(|| "it is not admitted".to_owned()));
    }
    if let Some(why) = why(story.not_admitted_by.as_ref()) {
        return format!("`{id}` stays selected for now, but {why}.");
    }
    let what = if story.action == Action::Promote { "is now selected" } else { "stays selected" };
    let warned = story.rules.iter().any(|rule| rule.status != Status::Pass);
    let rules = if warned { "it meets every rule that blocks" } else { "it meets every rule" };
    let rank =
        story.score.as_ref().and_then(|score| score.rank.map(|rank| format!(" and ranks {rank} of {}", score.of)));
    let data = story.downgrade_reason.map(|reason| format!(", but {}", because::data(story, reason)));
    format!("`{id}` {what}: {rules}{}{}.", rank.unwrap_or_default(), data.unwrap_or_default())
}

fn circumstances(story: &Explanation) -> String {
    let mut parts = vec![story.world.clone().unwrap_or_default()];
    parts.extend(story.policy_version.as_ref().map(|version| format!("version {version}")));
    parts.extend(story.stage.as_ref().map(|stage| format!("stage {stage}")));
    parts.extend(story.profile.as_ref().map(|profile| format!("profile {profile}")));
    parts.extend(story.as_of.as_ref().map(|time| format!("as of {}", instant(time))));
    parts.join(", ")
}

fn data(page: &mut Page, story: &Explanation) {
    let data = &story.data;
    page.heading("Data");
    let limit =
        |text: String, limit: Option<String>| limit.map_or_else(|| text.clone(), |limit| format!("{text} ({limit})"));
    let mut parts = Vec::new();
    if let Some(lag) = data.lag {
        let text = if lag <= 0.0 { "up to date".to_owned() } else { format!("{} behind", duration(lag)) };
        parts.push(limit(text, data.max_lag.map(|most| format!("at most {}", duration(most)))));
    }
    if let Some(history) = data.history {
        let needed = data.min_history.map(|least| format!("at least {}", days(least)));
        parts.push(limit(format!("history of {}", days(history)), needed));
    }
    if !parts.is_empty() {
        page.line(2, &format!("{}.", sentence(&parts.join("; "))));
    }
    match story.downgrade_reason {
        Some(reason) => {
            let what = "Whatever the rules say, it is not promoted, and its mode is at most compute-only.";
            page.item(Mark::Bad, &format!("{}. {what}", sentence(&because::data(story, reason))));
        }
        None if parts.is_empty() => page.line(2, "The policy asks nothing of its age and length."),
        None => {}
    }
    if !data.missing.is_empty() {
        page.item(Mark::Doubtful, &format!("Missing: {}.", named(&data.missing)));
    }
    for note in &data.notes {
        let examples = note.examples.join(", ");
        page.item(Mark::Doubtful, &format!("{}: {examples}.", sentence(&note.message)));
    }
}

fn time(page: &mut Page, story: &Explanation) {
    match &story.hysteresis {
        None => {}
        Some(HysteresisFacts::Levels { metric, value, quantity, enter, exit }) => {
            page.heading("Over time");
            let value = value.map_or_else(|| "missing".to_owned(), |value| amounts::amount(value, *quantity));
            let (enter, exit) = (amounts::exact(*enter, *quantity), amounts::exact(*exit, *quantity));
            let was = if story.was_active { "It was active" } else { "It was not active" };
            page.line(2, &format!("{was}. `{metric}` is {value}; to enter it takes {enter}, to stay {exit}."));
        }
        Some(streaks @ HysteresisFacts::Streaks { .. }) => {
            page.heading("Over time");
            page.line(2, &streak_sentences(story, streaks).join(" "));
        }
    }
}

fn streak_sentences(story: &Explanation, facts: &HysteresisFacts) -> Vec<String> {
    let HysteresisFacts::Streaks {
        pass_streak,
        fail_streak,
        counted,
        promote_after,
        demote_after,
        since,
        may_change_from,
        min_dwell,
        ..
    } = facts
    else {
        return Vec::new();
    };
    let since = since.as_deref().map(|since| format!(" since {}", instant(since))).unwrap_or_default();
    let mut sentences = vec![if story.selected { format!("Active{since}.") } else { format!("Not active{since}.") }];
    let last = |count: u32| {
        if count == 1 { "the last evaluation".to_owned() } else { format!("the last {count} evaluations") }
    };
    sentences.push(match (*pass_streak, *fail_streak) {
        (0, failed) if failed > 0 && story.selected && f64::from(failed) >= *demote_after => {
            format!("Failed {}; {} in a row cost it its place.", last(failed), plain(*demote_after))
        }
        (0, failed) if failed > 0 && story.was_active => {
            format!("Failed {failed} of {} evaluations in a row.", plain(*demote_after))
        }
        (0, failed) if failed > 0 => format!("Failed {}.", last(failed)),
        (passed, _) if passed > 0 && story.selected => format!("Passed {}.", last(passed)),
        (passed, _) => format!("Passed {passed} of {} evaluations in a row.", plain(*promote_after)),
    });
    if !counted {
        sentences.push("This evaluation did not count.".to_owned());
    }
    if let Some(free) = may_change_from {
        sentences.push(format!(
            "It may change from {} ({} after the last change).",
            instant(free),
            duration(*min_dwell)
        ));
    }
    sentences
}

fn result(page: &mut Page, story: &Explanation) {
    let (action, status) = (word(story.action), state(story.status));
    let stage = story.recommended_stage.map(|stage| format!(", fit for {stage}")).unwrap_or_default();
    page.heading("Result");
    page.line(2, &format!("Action {action}, mode {}, status {status}{stage}.", story.effective_mode));
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Promote => "promote",
        Action::Demote => "demote",
        Action::Hold => "hold",
    }
}

fn state(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Warn => "warn",
        Status::Fail => "fail",
    }
}

/// With a capital at the beginning.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().collect::<String>() + characters.as_str()).unwrap_or_default()
}
