//! Facts as words: numbers in their units, times, metrics, and the names of documents in a language.

use jiff::Timestamp;

use super::catalogue::Catalogue;
use crate::eval::{Quantity, parse_instant};
use crate::render::amounts;
use crate::report::{CheckFacts, Limit, LimitValue};

const PLAIN: Quantity = Quantity { unit: "number", percent: false };
const PERCENT: Quantity = Quantity { unit: "ratio", percent: true };
const DAY: f64 = 86_400.0;
/// As many figures of a hash as tell policies apart.
const HASH: usize = 12;

/// Writes facts in a language.
pub(super) struct Words {
    catalogue: Catalogue,
}

impl Words {
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue }
    }

    /// A text without braces.
    pub fn say(&self, key: &str) -> String {
        self.catalogue.fill(key, &[])
    }

    /// A text with its braces filled in.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.catalogue.fill(key, values)
    }

    /// The word for a name of documents; of names that their author made, the name.
    pub fn name(&self, family: &str, name: &str) -> String {
        let key = format!("{family}.{}", name.replace('-', "_"));
        self.catalogue.find(&key).map_or_else(|| name.replace('_', " "), str::to_owned)
    }

    pub fn stage(&self, stage: Option<&str>) -> String {
        let known = stage.map(|stage| crate::lifecycle::Stage::from_name(stage).map_or(stage, |known| known.as_str()));
        known.map_or_else(|| self.say("none.value"), |stage| self.name("stage", stage))
    }

    /// Some text, or that there is none.
    pub fn or_none(&self, text: Option<&str>) -> String {
        text.map_or_else(|| self.say("none.value"), str::to_owned)
    }

    pub fn flag(&self, flag: bool) -> String {
        self.say(if flag { "flag.yes" } else { "flag.no" })
    }

    pub fn selected(&self, selected: bool) -> String {
        self.say(if selected { "selected.yes" } else { "selected.no" })
    }

    /// Names of what stands in the way, one after the other.
    pub fn reasons(&self, codes: &[&str]) -> String {
        codes.iter().map(|code| self.name("reason", code)).collect::<Vec<_>>().join(", ")
    }

    /// Why a strategy is kept out, held back, or how a layer found it.
    pub fn code(&self, code: &str, rule: Option<&str>, by: &[String]) -> String {
        let by = by.join(", ");
        let values = [("rule", rule.unwrap_or_default()), ("by", by.as_str())];
        let key = format!("code.{code}");
        if self.catalogue.find(&key).is_some() {
            return self.fill(&key, &values);
        }
        self.scenario(code).unwrap_or_else(|| code.replace('_', " "))
    }

    /// Codes of stress scenarios begin with the name of the scenario.
    fn scenario(&self, code: &str) -> Option<String> {
        let endings =
            ["dd_exceeds_max", "es_exceeds_max", "var_exceeds_max", "dd_missing", "es_missing", "var_missing"];
        let (scenario, ending) =
            endings.iter().find_map(|ending| Some((code.strip_suffix(ending)?.strip_suffix('_')?, ending)))?;
        Some(self.fill(&format!("code.stress_{ending}"), &[("scenario", scenario)]))
    }

    /// A metric as people of the field call it; by its name where they have no other.
    pub fn metric(&self, name: &str) -> String {
        if let Some(text) = self.catalogue.find(&format!("metric.{name}")) {
            return text.to_owned();
        }
        let windowed = || {
            let (family, window) = name.rsplit_once('_')?;
            let key = format!("metric.{family}_window");
            self.catalogue.find(&key)?;
            Some(self.fill(&key, &[("window", &self.window(window)?)]))
        };
        windowed().unwrap_or_else(|| name.to_owned())
    }

    fn window(&self, window: &str) -> Option<String> {
        match window {
            "mid" => return Some(self.say("window.mid")),
            "long" => return Some(self.say("window.long")),
            "short" => return Some(self.say("window.short")),
            _ => {}
        }
        let (number, unit) = window.split_at_checked(window.len().checked_sub(1)?)?;
        number.parse::<u32>().ok()?;
        let key = match unit {
            "d" => "window.days",
            "h" => "window.hours",
            "w" => "window.weeks",
            "m" => "window.minutes",
            _ => return None,
        };
        Some(self.fill(key, &[("n", number)]))
    }

    /// What a check compares, as people call it.
    pub fn compared(&self, check: &CheckFacts) -> String {
        let compared = check.compared.as_ref();
        let metric = compared.and_then(|compared| compared.metric.as_deref()).map(|metric| self.metric(metric));
        let condition = compared.map(|compared| compared.operand.as_ref().unwrap_or(&compared.condition).clone());
        metric.or(condition).unwrap_or_else(|| check.told.id.clone())
    }

    /// Value and threshold of a check, as many figures as tell them apart.
    pub fn values(&self, check: &CheckFacts) -> (Option<String>, Option<String>) {
        let quantity = check.compared.as_ref().map_or(PLAIN, |compared| compared.quantity);
        match (check.told.value, check.told.threshold) {
            (Some(value), Some(threshold)) => {
                let (value, threshold) = self.apart(value, threshold, quantity);
                (Some(value), Some(threshold))
            }
            (value, threshold) => {
                (value.map(|value| self.amount(value, quantity)), threshold.map(|value| self.exact(value, quantity)))
            }
        }
    }

    /// The margin of a check; shares differ by points.
    pub fn margin(&self, check: &CheckFacts) -> Option<String> {
        let quantity = check.compared.as_ref().map_or(PLAIN, |compared| compared.quantity);
        let margin = check.told.margin?;
        if !quantity.percent {
            return Some(signed(margin, &self.amount(margin, quantity)));
        }
        let number = amounts::amount(margin, PERCENT);
        let number = number.trim_end_matches('%');
        let key = if number == "1" { "unit.one_point" } else { "unit.points" };
        Some(signed(margin, &self.fill(key, &[("n", number)])))
    }

    fn apart(&self, value: f64, threshold: f64, quantity: Quantity) -> (String, String) {
        if quantity.unit == "duration" {
            return (self.duration(value), self.duration(threshold));
        }
        let (value, threshold) = amounts::compared(value, threshold, bare(quantity));
        (self.in_unit(&value, quantity), self.in_unit(&threshold, quantity))
    }

    fn amount(&self, value: f64, quantity: Quantity) -> String {
        if quantity.unit == "duration" {
            return self.duration(value);
        }
        self.in_unit(&amounts::amount(value, bare(quantity)), quantity)
    }

    fn exact(&self, value: f64, quantity: Quantity) -> String {
        if quantity.unit == "duration" {
            return self.duration(value);
        }
        self.in_unit(&amounts::exact(value, bare(quantity)), quantity)
    }

    fn in_unit(&self, number: &str, quantity: Quantity) -> String {
        let key = match (quantity.unit, number) {
            ("days", "1") => "unit.one_day",
            ("days", _) => "unit.days",
            ("years", "1") => "unit.one_year",
            ("years", _) => "unit.years",
            _ => return number.to_owned(),
        };
        self.fill(key, &[("n", number)])
    }

    /// A plain number.
    pub fn number(&self, value: f64) -> String {
        amounts::amount(value, PLAIN)
    }

    /// Whole percents that are reached.
    pub fn reached(&self, progress: f64) -> String {
        amounts::exact(libm::floor(progress * 100.0) / 100.0, PERCENT)
    }

    /// So many days.
    pub fn days(&self, days: f64) -> String {
        self.in_unit(&amounts::exact(days, PLAIN), Quantity { unit: "days", percent: false })
    }

    /// Seconds as the two largest units that they fill.
    pub fn duration(&self, seconds: f64) -> String {
        if seconds < 0.0 {
            return format!("−{}", self.duration(-seconds));
        }
        let mut left = seconds;
        let mut parts = Vec::new();
        for (key, length) in [("unit.day", DAY), ("unit.hour", 3_600.0), ("unit.minute", 60.0)] {
            let count = libm::floor(left / length);
            if count >= 1.0 {
                parts.push(self.fill(key, &[("n", &amounts::exact(count, PLAIN))]));
                left -= count * length;
            }
        }
        if left > 0.0 || parts.is_empty() {
            parts.push(self.fill("unit.second", &[("n", &amounts::amount(left, PLAIN))]));
        }
        parts.truncate(2);
        parts.join(" ")
    }

    /// How much a limit allows or asks for.
    pub fn limit(&self, limit: &Limit) -> String {
        let value = match &limit.value {
            LimitValue::Count(value) | LimitValue::Number(value) => amounts::exact(*value, PLAIN),
            LimitValue::Share(value) => amounts::exact(*value, PERCENT),
            LimitValue::Seconds(value) => self.duration(*value),
            LimitValue::Flag(flag) => self.flag(*flag),
            LimitValue::Words(words) => words.join("; "),
            LimitValue::Mode(mode) => self.name("promotion", mode.as_str()),
        };
        match limit.used {
            Some(used) => self.fill("limit.used", &[("value", &value), ("used", &amounts::exact(used, PLAIN))]),
            None => value,
        }
    }
}

/// The same quantity without a unit behind the number.
fn bare(quantity: Quantity) -> Quantity {
    if matches!(quantity.unit, "days" | "years") { PLAIN } else { quantity }
}

fn signed(value: f64, text: &str) -> String {
    if value > 0.0 { format!("+{text}") } else { text.replacen('-', "−", 1) }
}

/// A comparison as people write it.
pub(super) fn operator(operator: &str) -> &'static str {
    match operator {
        ">=" => "≥",
        "<=" => "≤",
        ">" => ">",
        "<" => "<",
        "!=" => "≠",
        _ => "=",
    }
}

/// What is true where a comparison is not.
pub(super) fn opposite(operator: &str) -> &'static str {
    match operator {
        ">=" => "<",
        "<=" => ">",
        ">" => "≤",
        "<" => "≥",
        "!=" => "=",
        _ => "≠",
    }
}

/// An instant: the date alone where it is midnight, seconds where they count.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let Some((date, time)) = text.split_once('T') else { return text };
    let (hours, seconds) = (time.get(..5).unwrap_or(time), time.get(5..).unwrap_or_default());
    match (hours, seconds) {
        ("00:00", ":00Z") => date.to_owned(),
        (_, ":00Z") => format!("{date} {hours}Z"),
        _ => format!("{date} {}Z", time.get(..8).unwrap_or(time)),
    }
}

/// An instant of a document.
pub(super) fn moment_of(text: &str) -> String {
    parse_instant(text).map_or_else(|| text.to_owned(), moment)
}

/// A hash by its first figures.
pub(super) fn short_hash(hash: &str) -> String {
    let (kind, figures) = hash.split_once(':').unwrap_or(("", hash));
    let shown: String = figures.chars().take(HASH).collect();
    if kind.is_empty() { shown } else { format!("{kind}:{shown}…") }
}
