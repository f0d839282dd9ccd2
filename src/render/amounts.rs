//! Numbers as people of the field write them: 27.3%, 63 days, 5m, 0.62.

use crate::eval::{Amount, Quantity, Reading};

const FIGURES: usize = 4;
const PERCENT_FIGURES: usize = 3;
/// Doubles that need more figures than this stand next to a shorter number that is meant.
const MOST_WRITTEN_FIGURES: usize = 15;
const DAY: f64 = 86_400.0;

/// A number rounded for reading.
pub(in crate::render) fn amount(value: f64, quantity: Quantity) -> String {
    let text = with_figures(value, quantity, Some(if quantity.percent { PERCENT_FIGURES } else { FIGURES }));
    // Nearly all is not all.
    if quantity.percent && text == "100%" { compared(value, 1.0, quantity).0 } else { text }
}

/// A number as it is.
pub(in crate::render) fn exact(value: f64, quantity: Quantity) -> String {
    with_figures(value, quantity, None)
}

/// A value and what it is compared with; the value with as many figures as tell them apart.
pub(in crate::render) fn compared(value: f64, threshold: f64, quantity: Quantity) -> (String, String) {
    let limit = exact(threshold, quantity);
    let least = if quantity.percent { PERCENT_FIGURES } else { FIGURES };
    let misleads = |text: &String| (*text == limit && value != threshold) || (text == "100%" && value != 1.0);
    let texts = (least..=MOST_WRITTEN_FIGURES).map(|figures| with_figures(value, quantity, Some(figures)));
    let apart = texts.into_iter().find(|text| !misleads(text));
    (apart.unwrap_or_else(|| exact(value, quantity)), limit)
}

/// The value that a change asks for.
pub(in crate::render) fn wanted(value: f64, quantity: Quantity) -> String {
    let short: f64 = format!("{value:.*e}", MOST_WRITTEN_FIGURES - 1).parse().unwrap_or(value);
    let near = exact(short, quantity);
    if short.next_up() == value {
        format!("just above {near}")
    } else if short.next_down() == value {
        format!("just below {near}")
    } else {
        exact(value, quantity)
    }
}

/// A distance between two numbers of a quantity.
pub(in crate::render) fn distance(value: f64, quantity: Quantity) -> String {
    if quantity.percent {
        let points = with_figures(value, quantity, Some(PERCENT_FIGURES));
        let points = points.trim_end_matches('%');
        return format!("{points} {}", if points == "1" { "point" } else { "points" });
    }
    amount(value, quantity)
}

/// The value of a metric, or that there is none.
pub(in crate::render) fn reading(reading: &Reading) -> String {
    match &reading.value {
        None => "missing".to_owned(),
        Some(Amount::Number(value)) => amount(*value, reading.quantity),
        Some(Amount::Truth(value)) => value.to_string(),
        Some(Amount::Text(text)) => format!("`{text}`"),
    }
}

/// A plain number rounded for reading.
pub(in crate::render) fn plain(value: f64) -> String {
    amount(value, Quantity { unit: "number", percent: false })
}

/// Seconds as days.
pub(in crate::render) fn days(seconds: f64) -> String {
    amount(seconds / DAY, Quantity { unit: "days", percent: false })
}

/// Seconds as the two largest units that they fill.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 0.0 {
        return format!("-{}", duration(-seconds));
    }
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, length) in [("d", DAY), ("h", 3_600.0), ("m", 60.0)] {
        let count = libm::floor(left / length);
        if count >= 1.0 {
            parts.push(format!("{count}{unit}"));
            left -= count * length;
        }
    }
    if left > 0.0 || parts.is_empty() {
        parts.push(format!("{}s", rounded(left, 0, Some(FIGURES))));
    }
    parts.truncate(2);
    parts.join(" ")
}

/// An instant; a date alone where it is midnight.
pub(in crate::render) fn instant(text: &str) -> &str {
    text.strip_suffix("T00:00:00Z").unwrap_or(text)
}

fn with_figures(value: f64, quantity: Quantity, figures: Option<usize>) -> String {
    let counted = |unit: &str| {
        let number = rounded(value, 0, figures);
        let plural = if number == "1" { "" } else { "s" };
        format!("{number} {unit}{plural}")
    };
    match quantity.unit {
        _ if quantity.percent => format!("{}%", rounded(value, 2, figures)),
        "days" => counted("day"),
        "years" => counted("year"),
        "duration" => duration(value),
        "currency" => grouped(&rounded(value, 0, figures)),
        _ => rounded(value, 0, figures),
    }
}

/// Decimal text with the point moved to the right; figures before the point are never rounded away.
fn rounded(value: f64, places: i32, figures: Option<usize>) -> String {
    let whole = format!("{value:e}");
    let (_, exponent) = whole.split_once('e').unwrap_or((&whole, "0"));
    let before_point = exponent.parse::<i32>().unwrap_or(0) + 1 + places;
    let text = match figures {
        Some(figures) => format!("{value:.*e}", figures.max(usize::try_from(before_point).unwrap_or(0)).max(1) - 1),
        None => whole,
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    shifted(mantissa, exponent.parse::<i32>().unwrap_or(0) + places)
}

fn shifted(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    let text = if digits.is_empty() {
        return "0".to_owned();
    } else if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        format!("0.{}{digits}", "0".repeat(zeros))
    } else if digits.len() <= point {
        format!("{digits}{}", "0".repeat(point - digits.len()))
    } else {
        let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
        format!("{whole}.{fraction}")
    };
    format!("{sign}{text}")
}

/// Thousands apart.
fn grouped(number: &str) -> String {
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{text}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(unit: &'static str, percent: bool) -> Quantity {
        Quantity { unit, percent }
    }

    #[test]
    fn numbers_are_written_in_their_unit() {
        let texts = [
            (amount(0.273114, of("ratio", true)), "27.3%"),
            (amount(0.273114, of("ratio", false)), "0.2731"),
            (amount(8313.0, of("days", false)), "8313 days"),
            (amount(1.0, of("days", false)), "1 day"),
            (amount(123_456.0, of("count", false)), "123456"),
            (amount(-1_234_567.25, of("currency", false)), "-1,234,567"),
            (amount(300.0, of("duration", false)), "5m"),
            (amount(0.0, of("ratio", true)), "0%"),
            (amount(1.0, of("ratio", true)), "100%"),
            (amount(-0.05, of("ratio", true)), "-5%"),
            (exact(0.0005, of("ratio", true)), "0.05%"),
            (exact(1e-9, of("ratio", false)), "0.000000001"),
            (distance(0.0731, of("ratio", true)), "7.31 points"),
            (duration(93_784.0), "1d 2h"),
            (duration(0.5), "0.5s"),
            (wanted(0.6_f64.next_up(), of("ratio", false)), "just above 0.6"),
            (wanted(0.2_f64.next_down(), of("ratio", true)), "just below 20%"),
            (wanted(0.62, of("ratio", false)), "0.62"),
        ];
        for (found, expected) in texts {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_value_never_looks_like_the_threshold_it_misses() {
        assert_eq!(compared(0.200_04, 0.2, of("ratio", true)), ("20.004%".to_owned(), "20%".to_owned()));
        assert_eq!(compared(0.2, 0.2, of("ratio", true)), ("20%".to_owned(), "20%".to_owned()));
        assert_eq!(compared(0.273, 0.2, of("ratio", true)), ("27.3%".to_owned(), "20%".to_owned()));
    }
}
