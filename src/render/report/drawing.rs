//! Small images of numbers, as SVG: a value against its bound, and how far something is.

use super::html::escaped;
use super::page::Tone;

const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 16.0;
/// Room left and right of what is drawn.
const ROOM: f64 = 0.1;

/// The class of a tone in the style sheet.
pub(super) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Doubtful => "doubtful",
        Tone::Bad => "bad",
    }
}

/// A coordinate, to a tenth.
pub(super) fn place(value: f64) -> String {
    let tenths = libm::round(value * 10.0) as i64;
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{:.1}", tenths as f64 / 10.0) }
}

fn image(title: &str, body: &str) -> String {
    let (width, height) = (place(WIDTH), place(HEIGHT));
    let title = escaped(title);
    format!("<svg class=\"bar\" role=\"img\" viewBox=\"0 0 {width} {height}\"><title>{title}</title>{body}</svg>")
}

fn rectangle(class: &str, from: f64, to: f64, top: f64, height: f64) -> String {
    let (left, width) = (place(from.min(to)), place(libm::fabs(to - from).max(1.0)));
    let (top, height) = (place(top), place(height));
    format!("<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>")
}

/// A value as a bar, the allowed side of its bound as a band, and the bound as a line.
pub(super) fn bullet(title: &str, value: f64, threshold: f64, operator: &str, tone: Tone) -> String {
    let (low, high) = (value.min(threshold).min(0.0), value.max(threshold).max(0.0));
    let span = if high > low { high - low } else { 1.0 };
    let (low, high) =
        (if low < 0.0 { low - span * ROOM } else { low }, if high > 0.0 { high + span * ROOM } else { high });
    let at = |number: f64| if high > low { (number - low) / (high - low) * WIDTH } else { 0.0 };
    let mut body = rectangle("track", 0.0, WIDTH, 1.0, HEIGHT - 2.0);
    match operator {
        ">=" | ">" => body += &rectangle("allowed", at(threshold), WIDTH, 1.0, HEIGHT - 2.0),
        "<=" | "<" => body += &rectangle("allowed", 0.0, at(threshold), 1.0, HEIGHT - 2.0),
        _ => {}
    }
    body += &rectangle(class(tone), at(0.0), at(value), 5.0, HEIGHT - 10.0);
    body += &rectangle("bound", (at(threshold) - 1.0).max(0.0), (at(threshold) + 1.0).max(2.0), 0.0, HEIGHT);
    image(title, &body)
}

/// How much of something is there, from 0 to 1.
pub(super) fn progress(title: &str, share: f64, tone: Tone) -> String {
    let mut body = rectangle("track", 0.0, WIDTH, 3.0, HEIGHT - 6.0);
    if share > 0.0 {
        body += &rectangle(class(tone), 0.0, WIDTH * share.min(1.0), 3.0, HEIGHT - 6.0);
    }
    image(title, &body)
}
