//! `rule`: the page of a diagnostic code, or the list of all.

use std::io::Write;

use super::args::RuleArguments;
use super::table::table;
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::check::{registry, rule};
use crate::diag::nearest;
use crate::render::rule_page;

pub(super) fn run(arguments: &RuleArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut output = std::io::stdout().lock();
    let Some(name) = &arguments.code else {
        let row = |rule: &&crate::diag::Rule| {
            [rule.code, rule.severity.as_str(), rule.slug, rule.summary].map(str::to_owned).to_vec()
        };
        let rows = registry().iter().map(row).collect();
        writeln!(output, "{}", table(&["code", "severity", "name", "what is wrong"], rows, terminal.width))?;
        return Ok(Outcome::Fine);
    };
    let Some(found) = rule(name) else {
        let known = registry();
        let names = known.iter().flat_map(|rule| [rule.code, rule.slug]);
        let near = nearest(name, names).map(|near| format!(": did you mean {near}?"));
        let near = near.unwrap_or_else(|| "; `qmtl-policy rule` lists all".to_owned());
        return Err(Failure::new(format!("there is no code `{name}`{near}")));
    };
    write!(output, "{}", rule_page::render(found, terminal.width))?;
    Ok(Outcome::Fine)
}
