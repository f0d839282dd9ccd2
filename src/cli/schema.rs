//! `schema`: the JSON Schema of policies.

use std::io::Write;

use super::{Failure, Outcome};

pub(super) fn run() -> Result<Outcome, Failure> {
    let text = serde_json::to_string_pretty(&crate::json_schema()).map_err(|error| Failure::new(error.to_string()))?;
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(Outcome::Fine)
}
