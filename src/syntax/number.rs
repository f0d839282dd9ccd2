//! Numbers as people write them: `1_000`, `25%`, `5bp`, `3h`.

use super::LiteralUnit;

/// Reads the figures and the suffix of a literal. None when the value is too large for a double.
///
/// Percent and basis points shift the decimal point of the text, so `0.1%` is the double nearest
/// to 0.001; durations are multiplied out to seconds, rounding once.
pub(super) fn literal(figures: &str, suffix: &str) -> Option<(f64, LiteralUnit)> {
    let plain: String = figures.chars().filter(|&character| character != '_').collect();
    let (value, unit) = match suffix {
        "%" => (shifted(&plain, -2)?, LiteralUnit::Ratio),
        "bp" => (shifted(&plain, -4)?, LiteralUnit::Ratio),
        "" => (plain.parse().ok()?, LiteralUnit::Bare),
        _ => (plain.parse::<f64>().ok()? * seconds(suffix)?, LiteralUnit::Duration),
    };
    value.is_finite().then_some((value, unit))
}

fn shifted(figures: &str, places: i64) -> Option<f64> {
    let (mantissa, exponent) = figures.split_once(['e', 'E']).unwrap_or((figures, "0"));
    let exponent = exponent.parse::<i64>().ok()?.checked_add(places)?;
    format!("{mantissa}e{exponent}").parse().ok()
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return None,
    })
}

/// Reads a whole text such as `5m` or `1.5h` as seconds. Negative durations do not exist.
#[must_use]
pub fn parse_duration(text: &str) -> Option<f64> {
    match parse_quantity(text)? {
        (value, LiteralUnit::Duration) if value >= 0.0 => Some(value),
        _ => None,
    }
}

/// Reads a whole text as a signed number with its suffix: what a YAML value such as `25%` means.
#[must_use]
pub fn parse_quantity(text: &str) -> Option<(f64, LiteralUnit)> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let suffix_start = text.rfind(|character: char| character.is_ascii_digit() || character == '.')? + 1;
    let (figures, suffix) = text.split_at_checked(suffix_start)?;
    let first = figures.chars().next()?;
    let well_formed = (first.is_ascii_digit() || first == '.')
        && figures.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | 'e' | 'E' | '+' | '-'));
    let (value, unit) = literal(figures, suffix).filter(|_| well_formed)?;
    Some((if negative { -value } else { value }, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_and_basis_points_round_once() {
        assert_eq!(parse_quantity("0.1%"), Some((0.001, LiteralUnit::Ratio)));
        assert_eq!(parse_quantity("18%"), Some((0.18, LiteralUnit::Ratio)));
        assert_eq!(parse_quantity("5bp"), Some((0.0005, LiteralUnit::Ratio)));
        assert_eq!(parse_quantity("1e3%"), Some((10.0, LiteralUnit::Ratio)));
        assert_eq!(parse_quantity("-1_000"), Some((-1000.0, LiteralUnit::Bare)));
    }

    #[test]
    fn durations_need_a_unit_and_a_sign_of_life() {
        assert_eq!(parse_duration("1.5h"), Some(5_400.0));
        assert_eq!(parse_duration("2w"), Some(1_209_600.0));
        for wrong in ["", "5", "5x", "-5m", "5 days", "d", "1e999d", "P1D"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
