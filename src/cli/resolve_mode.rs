//! `resolve-mode`: where a strategy executes, and which of its orders pass.

use super::answers::answer;
use super::files::display_name;
use super::inputs::tree;
use super::lifecycle_args::ResolveModeArguments;
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::lifecycle::{ModeContext, ResolvedMode, resolve_mode};

pub(super) fn run(arguments: &ResolveModeArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let name = display_name(&arguments.file);
    let context = ModeContext::read(&tree(&arguments.file)?);
    let context = context.map_err(|error| Failure::new(format!("{name}: {error}")))?;
    answer(&resolve_mode(&context), arguments.format, terminal, page)
}

fn page(resolved: &ResolvedMode) -> String {
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    let lines = [
        ("requested", resolved.requested_mode.as_str()),
        ("executes in", resolved.execution_domain.as_str()),
        ("orders", resolved.order_gate.as_str()),
        ("safe mode", yes(resolved.safe_mode)),
        ("because", resolved.downgrade_reason.map_or("the world decided so", |reason| reason.as_str())),
        ("overridden", yes(resolved.overridden)),
    ];
    lines.iter().map(|(name, text)| format!("{name:<13}{}\n", text.replace('_', " "))).collect()
}
