//! What happened over time, as SVG: the lanes of a strategy, and how many strategies decisions selected.

use jiff::Timestamp;

use super::drawing::place;
use super::html::escaped;
use super::page::Figure;
use super::words::{Words, moment, moment_of};
use crate::eval::parse_instant;
use crate::lifecycle::{Happening, Stage};
use crate::report::{DecisionSpan, HistoryEntry, StrategyReport, WorldReport};

const WIDTH: f64 = 600.0;
/// Room for the names of lanes.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 8.0;
const LANE: f64 = 24.0;
const AXIS: f64 = 22.0;
/// Dates below the axis.
const TICKS: u8 = 3;
/// Height of the plot of decisions.
const PLOT: f64 = 90.0;
/// Most points drawn; more cannot be told apart.
const MOST_POINTS: usize = 1_000;

/// Where instants stand from left to right.
struct Scale {
    from: Timestamp,
    until: Timestamp,
}

impl Scale {
    /// From the first of some instants to the last; none where there are no two.
    fn over(instants: impl Iterator<Item = Timestamp>) -> Option<Self> {
        let mut scale: Option<Self> = None;
        for at in instants {
            let known = scale.get_or_insert(Self { from: at, until: at });
            (known.from, known.until) = (known.from.min(at), known.until.max(at));
        }
        scale.filter(|scale| scale.from < scale.until)
    }

    fn at(&self, instant: Timestamp) -> f64 {
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        let share = (seconds(self.from, instant) / seconds(self.from, self.until)).clamp(0.0, 1.0);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn axis(&self, top: f64) -> String {
        let whole = self.until.duration_since(self.from).as_secs();
        let line = |left: f64, right: f64| {
            let (left, right, top) = (place(left), place(right), place(top));
            format!("<path class=\"axis\" d=\"M{left} {top}H{right}\"/>")
        };
        let mut out = line(LEFT, WIDTH - RIGHT);
        for tick in 0..TICKS {
            let passed = whole.saturating_mul(i64::from(tick)) / i64::from(TICKS - 1);
            let at = self.from.saturating_add(jiff::SignedDuration::from_secs(passed)).unwrap_or(self.until);
            let anchor = ["start", "middle", "end"].get(usize::from(tick)).unwrap_or(&"end");
            let text = moment(at);
            let text = if whole > 3 * 86_400 { text.get(..10).unwrap_or(&text) } else { &text };
            out += &format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>",
                place(self.at(at)),
                place(top + 15.0)
            );
        }
        out
    }
}

fn image((title, description): (&str, &str), height: f64, body: &str) -> String {
    let (width, height) = (place(WIDTH), place(height));
    let (title, description) = (escaped(title), escaped(description));
    format!(
        "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 {width} {height}\"><title>{title}</title><desc>{description}</desc>{body}</svg>"
    )
}

fn lane_name(name: &str, top: f64) -> String {
    format!("<text x=\"0\" y=\"{}\">{}</text>", place(top + LANE / 2.0 + 4.0), escaped(name))
}

fn stretch(class: &str, (from, until): (f64, f64), top: f64, title: &str) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
        place(from),
        place(top + 5.0),
        place((until - from).max(1.5)),
        place(LANE - 10.0),
        escaped(title)
    )
}

/// A triangle up or down.
fn mark(class: &str, x: f64, top: f64, up: bool, title: &str) -> String {
    let (tip, foot) = if up { (top + 4.0, top + LANE - 4.0) } else { (top + LANE - 4.0, top + 4.0) };
    format!(
        "<path class=\"{class}\" d=\"M{} {}L{} {}H{}Z\"><title>{}</title></path>",
        place(x),
        place(tip),
        place(x + 6.0),
        place(foot),
        place(x - 6.0),
        escaped(title)
    )
}

/// When a decision speaks of: the instant judged, where it names one.
fn instant_of(span: &DecisionSpan) -> Timestamp {
    span.as_of.as_deref().and_then(parse_instant).unwrap_or(span.at)
}

/// The lanes of a strategy: what was observed, decisions, promotion, the world. None where nothing lies apart.
pub(super) fn lanes(words: &Words, world: &WorldReport, one: &StrategyReport) -> Option<Figure> {
    let spans: Vec<_> = one.history.iter().filter_map(HistoryEntry::decisions).collect();
    let happenings: Vec<_> = one.history.iter().filter_map(HistoryEntry::happening).collect();
    let ends = spans.iter().filter_map(|span| span.until_as_of.as_deref().and_then(parse_instant));
    let instants = spans.iter().map(|span| instant_of(span)).chain(ends).chain(happenings.iter().map(|one| one.at));
    let mut instants: Vec<_> = instants.collect();
    // What still lasts, lasts until now, unless the record is of another time.
    instants.extend(Some(world.generated_at).filter(|now| is_near(&instants, *now)));
    let scale = Scale::over(instants.into_iter())?;
    let mut body = String::new();
    let mut top = 0.0;
    let mut lane = |name: &str, drawn: String, body: &mut String| {
        if !drawn.is_empty() {
            *body += &format!("<g transform=\"translate(0 {})\">{}{drawn}</g>", place(top), lane_name(name, 0.0));
            top += LANE;
        }
    };
    lane(&words.say("lane.observed"), observed(words, &scale, one), &mut body);
    lane(&words.say("lane.decision"), decisions(words, &scale, &spans), &mut body);
    lane(&words.say("lane.promotion"), promotion(words, &scale, one, &happenings), &mut body);
    lane(&words.say("lane.world"), halts(words, &scale, &happenings), &mut body);
    let height = body_height(&body);
    body += &scale.axis(height + 4.0);
    let (from, until) = (moment(scale.from), moment(scale.until));
    let title = words.fill("plot.timeline", &[("from", &from), ("until", &until)]);
    let legend = legend(words, &body);
    let drawing = image((&title, &words.say("plot.timeline_desc")), height + AXIS, &body);
    Some(Figure { drawing, legend, text: None })
}

/// What the colours that occur stand for.
fn legend(words: &Words, body: &str) -> Vec<(&'static str, String)> {
    let keys = [
        ("backtest", "legend.backtest"),
        ("paper", "legend.paper"),
        ("live", "legend.live"),
        ("chosen", "legend.selected"),
        ("blocked", "legend.blocked"),
        ("halt", "legend.halted"),
        ("up", "legend.up"),
        ("down", "legend.down"),
    ];
    let occurs = |(class, _): &(&str, &str)| body.contains(&format!("class=\"{class}\""));
    keys.into_iter().filter(occurs).map(|(class, key)| (class, words.say(key))).collect()
}

/// From the first run of each stage to the last.
fn observed(words: &Words, scale: &Scale, one: &StrategyReport) -> String {
    let draw = |stage: &Stage| {
        let runs = || one.runs.iter().filter(|run| run.stage == *stage);
        let (from, until) = (runs().map(|run| run.created_at).min()?, runs().map(|run| run.updated_at).max()?);
        let class = match stage {
            Stage::Backtest => "backtest",
            Stage::Paper | Stage::Shadow => "paper",
            Stage::Live => "live",
        };
        let title = format!("{}: {} – {}", words.name("stage", stage.as_str()), moment(from), moment(until));
        Some(stretch(class, (scale.at(from), scale.at(until)), 0.0, &title))
    };
    Stage::ALL.iter().filter_map(draw).collect()
}

fn body_height(body: &str) -> f64 {
    body.matches("<g ").count() as f64 * LANE
}

/// Whether now is so near to what happened that it may stand on the same axis.
fn is_near(instants: &[Timestamp], now: Timestamp) -> bool {
    let (Some(first), Some(last)) = (instants.iter().min(), instants.iter().max()) else { return false };
    now >= *last && now.duration_since(*last) <= last.duration_since(*first)
}

fn decisions(words: &Words, scale: &Scale, spans: &[&DecisionSpan]) -> String {
    let ends = spans.iter().skip(1).map(|span| Some(instant_of(span))).chain([None]);
    let draw = |(span, end): (&&DecisionSpan, Option<Timestamp>)| {
        let class = match (span.selected, span.effective_mode.as_str()) {
            (true, "live") => "live",
            (true, _) => "chosen",
            (false, _) => "blocked",
        };
        let until = end.unwrap_or(scale.until);
        let title = format!("{}: {}", moment(instant_of(span)), super::history::standing(words, span));
        stretch(class, (scale.at(instant_of(span)), scale.at(until)), 0.0, &title)
    };
    spans.iter().zip(ends).map(draw).collect()
}

fn promotion(words: &Words, scale: &Scale, one: &StrategyReport, happenings: &[&Happening]) -> String {
    let id = &one.strategy_id;
    let named = |ids: &[String]| ids.iter().any(|own| own == id);
    let mut out = String::new();
    let mut marks = String::new();
    let mut live_from: Option<Timestamp> = None;
    let mut applied: Option<(bool, bool)> = None;
    for happening in happenings {
        let (up, down) = match happening.kind {
            "promotion_frozen" => {
                applied = Some((named(&happening.activated), named(&happening.deactivated)));
                continue;
            }
            "promotion_completed" => applied.take().unwrap_or_default(),
            "promotion_rolled_back" => (named(&happening.activated), named(&happening.deactivated)),
            "promotion_approved" => (true, false),
            "promotion_rejected" | "demoted" => (false, happening.strategy.as_ref() == Some(id)),
            _ => continue,
        };
        if !up && !down {
            continue;
        }
        let x = scale.at(happening.at);
        let title = format!("{}: {}", moment(happening.at), super::history::what(words, happening));
        marks += &mark(if up { "up" } else { "down" }, x, 0.0, up, &title);
        match (happening.kind, up, live_from) {
            ("promotion_completed" | "promotion_rolled_back", true, _) => live_from = live_from.or(Some(happening.at)),
            ("promotion_approved" | "promotion_rejected", ..) | (_, _, None) => {}
            (_, false, Some(from)) => {
                out += &stretch("live", (scale.at(from), x), 0.0, &words.name("verdict", "live"));
                live_from = None;
            }
            _ => {}
        }
    }
    if let Some(from) = live_from {
        out += &stretch("live", (scale.at(from), scale.at(scale.until)), 0.0, &words.name("verdict", "live"));
    }
    out + &marks
}

fn halts(words: &Words, scale: &Scale, happenings: &[&Happening]) -> String {
    let mut out = String::new();
    let mut since: Option<Timestamp> = None;
    let mut draw = |from: Timestamp, until: Timestamp| {
        out += &stretch("halt", (scale.at(from), scale.at(until)), 0.0, &words.say("legend.halted"));
    };
    for happening in happenings {
        match (happening.kind, since) {
            ("world_halted", None) => since = Some(happening.at),
            ("world_resumed", Some(from)) => {
                draw(from, happening.at);
                since = None;
            }
            _ => {}
        }
    }
    if let Some(from) = since {
        draw(from, scale.until);
    }
    out
}

/// How many strategies decisions selected over time. None where there are no two decisions.
pub(super) fn counts(words: &Words, world: &WorldReport) -> Option<Figure> {
    let instant = |index: usize| {
        let point = world.decisions.get(index)?;
        Some((point.as_of.as_deref().and_then(parse_instant).unwrap_or(point.at), point.selected))
    };
    let step = world.decisions.len().div_ceil(MOST_POINTS).max(1);
    let points: Vec<_> = (0..world.decisions.len()).step_by(step).filter_map(instant).collect();
    let scale = Scale::over(points.iter().map(|(at, _)| *at))?;
    let (least, most) = (points.iter().map(|point| point.1).min()?, points.iter().map(|point| point.1).max()?);
    let height = |selected: usize| PLOT - 8.0 - selected as f64 / most.max(1) as f64 * (PLOT - 20.0);
    let mut path = String::new();
    for (at, selected) in &points {
        let (x, y) = (place(scale.at(*at)), place(height(*selected)));
        path += &if path.is_empty() { format!("M{x} {y}") } else { format!("H{x}V{y}") };
    }
    let label = |count: usize| {
        let y = place(height(count) + 4.0);
        format!("<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{count}</text>", place(LEFT - 8.0))
    };
    let mut body = label(most) + &if most == 0 { String::new() } else { label(0) };
    body += &format!("<path class=\"steps\" d=\"{path}\"/>");
    body += &scale.axis(PLOT - 4.0);
    let (from, until) = (moment(scale.from), moment(scale.until));
    let (least, most) = (least.to_string(), most.to_string());
    let values = [("from", from.as_str()), ("until", &until), ("least", &least), ("most", &most)];
    let title = words.fill("plot.decisions", &values);
    let drawing = image((&title, &title), PLOT + AXIS - 6.0, &body);
    Some(Figure { drawing, legend: Vec::new(), text: Some(title) })
}

/// From when until when decisions spoke.
pub(super) fn period(span: &DecisionSpan) -> (String, String) {
    let text = |as_of: &Option<String>, at: Timestamp| as_of.as_deref().map_or_else(|| moment(at), moment_of);
    (text(&span.as_of, span.at), text(&span.until_as_of, span.until))
}
