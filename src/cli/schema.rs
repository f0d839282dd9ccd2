//! `schema`: the JSON Schema of policies.

use std::io::Write;

use super::{Failure, Outcome};

pub(super) fn run() -> Result<Outcome, Failure> {
    let text = crate::render::pretty(&crate::json_schema()).map_err(|error| Failure::new(error.to_string()))?;
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(Outcome::Fine)
}
