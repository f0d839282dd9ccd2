//! Reads what the mode of execution depends on.

use crate::eval::Value;
use crate::lifecycle::fields::{Fields, ReadFieldError};
use crate::syntax::parse_duration;

use super::{DecidedMode, Domain, Mode, ModeContext};

const CONTEXT_KEYS: &[&str] = &[
    "now",
    "requested_mode",
    "existing_mode",
    "decision",
    "as_of",
    "dataset_fingerprint",
    "require",
    "previous_domain",
    "activation",
    "halted",
];
const MODES: &str = "validate, compute-only, backtest, paper, dryrun, shadow or live";
const DECIDED_MODES: &str = "validate, compute-only, paper, shadow or live";
const DOMAINS: &str = "backtest, dryrun, shadow or live";
const TTL: &str = "a number of seconds or a duration such as `5m`";

impl ModeContext {
    /// Reads a context. Only `now` must be there; what `require` does not name is not required.
    ///
    /// # Errors
    /// At the first value that is not what its place asks for.
    pub fn read(value: &Value) -> Result<Self, ReadFieldError> {
        let fields = Fields::new(value, "", CONTEXT_KEYS)?;
        let required = fields.texts("require")?.unwrap_or_default();
        if required.iter().any(|name| !["as_of", "dataset_fingerprint"].contains(&name.as_str())) {
            return Err(fields.wrong("require", "a list of `as_of` and `dataset_fingerprint`"));
        }
        let requires = |name: &str| required.iter().any(|known| known == name);
        let activation = fields.value("activation");
        let activation = activation.map(|value| Fields::new(value, "activation", &["freeze", "drain"])).transpose()?;
        let flag = |key: &str| activation.map_or(Ok(false), |fields| fields.flag(key));
        let fingerprint = fields.text("dataset_fingerprint")?.filter(|text| !text.trim().is_empty());
        Ok(Self {
            now: fields.needed_time("now")?,
            requested_mode: fields.word("requested_mode", MODES, Mode::from_name)?,
            existing_mode: fields.word("existing_mode", MODES, Mode::from_name)?,
            decision: fields.value("decision").map(read_decision).transpose()?.flatten(),
            as_of: fields.time("as_of")?,
            dataset_fingerprint: fingerprint.map(str::to_owned),
            require_as_of: requires("as_of"),
            require_dataset_fingerprint: requires("dataset_fingerprint"),
            previous_domain: fields.word("previous_domain", DOMAINS, Domain::from_name)?,
            freeze: flag("freeze")?,
            drain: flag("drain")?,
            halted: fields.flag("halted")?,
        })
    }
}

/// A decision without a mode decides nothing.
fn read_decision(value: &Value) -> Result<Option<DecidedMode>, ReadFieldError> {
    let fields = Fields::new(value, "decision", &["effective_mode", "issued_at", "ttl"])?;
    let decided = |name: &str| Mode::from_name(name).filter(|mode| mode.is_decided());
    let ttl = match fields.value("ttl") {
        None => None,
        Some(Value::Number(seconds)) if seconds.is_finite() && *seconds >= 0.0 => Some(*seconds),
        Some(Value::Text(text)) => Some(parse_duration(text).ok_or_else(|| fields.wrong("ttl", TTL))?),
        Some(_) => return Err(fields.wrong("ttl", TTL)),
    };
    let issued_at = fields.time("issued_at")?;
    let mode = fields.word("effective_mode", DECIDED_MODES, decided)?;
    Ok(mode.map(|mode| DecidedMode { mode, issued_at, ttl }))
}
