//! `metrics`: the catalogue.

use std::io::Write;

use serde_json::json;

use super::args::{MetricsArguments, MetricsFormat};
use super::table::table;
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::diag::nearest;
use crate::ir::Better;
use crate::stdlib::{Definition, Found, MetricEntry, standard};
use crate::value::{Interval, Kind};

pub(super) fn run(arguments: &MetricsArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let catalogue = &standard().catalogue;
    let derived = &standard().library.definitions;
    let mut output = std::io::stdout().lock();
    let Some(name) = &arguments.name else {
        let entries: Vec<_> = catalogue.entries().iter().collect();
        list(&mut output, arguments.format, terminal, &entries, &derived.iter().collect::<Vec<_>>())?;
        return Ok(Outcome::Fine);
    };
    if let Some(found) = catalogue.find(name) {
        match arguments.format {
            MetricsFormat::Json => writeln!(output, "{}", document(&[found.entry], &[])?)?,
            MetricsFormat::Table => describe(&mut output, name, &found)?,
        }
        return Ok(Outcome::Fine);
    }
    let contains = |text: &str| text.contains(name.as_str());
    let known = |entry: &&MetricEntry| contains(&entry.name) || entry.aliases.iter().any(|alias| contains(&alias.name));
    let entries: Vec<_> = catalogue.entries().iter().filter(known).collect();
    let formulas: Vec<_> = derived.iter().filter(|definition| contains(&definition.name)).collect();
    if entries.is_empty() && formulas.is_empty() {
        let names = catalogue.names_like(name);
        let near = nearest(name, names.iter().map(String::as_str)).map(|near| format!(": did you mean `{near}`?"));
        let near = near.unwrap_or_else(|| "; `qmtl-policy metrics` lists all".to_owned());
        return Err(Failure::new(format!("the catalogue has no metric `{name}`{near}")));
    }
    list(&mut output, arguments.format, terminal, &entries, &formulas)?;
    Ok(Outcome::Fine)
}

fn list(
    output: &mut impl Write,
    format: MetricsFormat,
    terminal: &Terminal,
    entries: &[&MetricEntry],
    derived: &[&Definition],
) -> Result<(), Failure> {
    if format == MetricsFormat::Json {
        writeln!(output, "{}", document(entries, derived)?)?;
        return Ok(());
    }
    let row = |entry: &&MetricEntry| {
        vec![
            entry.name.clone(),
            entry.layer.as_str().to_owned(),
            kind(entry.kind).to_owned(),
            range(entry.range),
            entry.summary.clone(),
        ]
    };
    let formula = |definition: &&Definition| {
        vec![
            definition.name.clone(),
            "derived".to_owned(),
            "formula".to_owned(),
            String::new(),
            definition.summary.clone(),
        ]
    };
    let rows = entries.iter().map(row).chain(derived.iter().map(formula)).collect();
    writeln!(output, "{}", table(&["metric", "layer", "unit", "range", "meaning"], rows, terminal.width))?;
    Ok(())
}

fn describe(output: &mut impl Write, asked: &str, found: &Found<'_>) -> Result<(), Failure> {
    let entry = found.entry;
    writeln!(output, "{}", found.name)?;
    writeln!(output, "  {}", entry.summary)?;
    if found.name != asked {
        let factor = found.alias.filter(|alias| alias.factor != 1.0).map(|alias| format!(" times {}", alias.factor));
        writeln!(output, "  `{asked}` is another name for it{}", factor.unwrap_or_default())?;
    }
    writeln!(output, "  unit     {}", kind(entry.kind))?;
    if !entry.range.is_unbounded() {
        writeln!(output, "  range    {}", range(entry.range))?;
    }
    if let Some(better) = better(entry.better) {
        writeln!(output, "  better   {better}")?;
    }
    if entry.magnitude {
        writeln!(output, "  sign     a loss is a positive number")?;
    }
    writeln!(output, "  layer    {}", entry.layer.as_str())?;
    let aliases: Vec<_> = found.aliases().into_iter().map(|(name, _)| name).collect();
    if !aliases.is_empty() {
        writeln!(output, "  aliases  {}", aliases.join(", "))?;
    }
    Ok(())
}

fn document(entries: &[&MetricEntry], derived: &[&Definition]) -> Result<String, Failure> {
    let metric = |entry: &&MetricEntry| {
        let end = |value: f64| value.is_finite().then_some(value);
        json!({
            "name": entry.name,
            "summary": entry.summary,
            "unit": kind(entry.kind),
            "range": [end(entry.range.low), end(entry.range.high)],
            "better": better(entry.better),
            "sign": if entry.magnitude { "magnitude" } else { "signed" },
            "layer": entry.layer.as_str(),
            "aliases": entry.aliases.iter().map(|alias| &alias.name).collect::<Vec<_>>(),
        })
    };
    let formula = |definition: &&Definition| {
        json!({
            "name": definition.name,
            "summary": definition.summary,
            "is": definition.expression.as_text(),
        })
    };
    let metrics: Vec<_> = entries.iter().map(metric).collect();
    let derived: Vec<_> = derived.iter().map(formula).collect();
    let document = json!({ "schema_version": 1, "metrics": metrics, "derived": derived });
    crate::render::pretty(&document).map_err(|error| Failure::new(error.to_string()))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Number(unit) => unit.as_str(),
        Kind::Boolean => "boolean",
        Kind::Text => "string",
    }
}

fn better(better: Option<Better>) -> Option<&'static str> {
    Some(match better? {
        Better::Higher => "higher",
        Better::Lower => "lower",
    })
}

fn range(range: Interval) -> String {
    let end = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    if range.is_unbounded() { String::new() } else { format!("{}…{}", end(range.low), end(range.high)) }
}
