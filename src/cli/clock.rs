//! The only clock of the program, and the times that arguments name.

use std::time::SystemTime;

use clap::Args;
use jiff::Timestamp;

use super::Failure;
use crate::eval::parse_instant;

/// What time it is.
#[derive(Debug, Clone, Args)]
pub(super) struct NowArguments {
    /// The time, RFC 3339, instead of the clock's
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

impl NowArguments {
    /// The time that was given.
    pub fn given(&self) -> Result<Option<Timestamp>, Failure> {
        self.now.as_deref().map(|text| time("--now", text)).transpose()
    }

    /// The time that was given, else the second that the clock shows.
    pub fn moment(&self) -> Result<Timestamp, Failure> {
        match self.given()? {
            Some(given) => Ok(given),
            None => Timestamp::from_second(wall_clock()?.as_second()).map_err(|_| unusable()),
        }
    }
}

/// The time of an argument.
pub(super) fn time(argument: &str, text: &str) -> Result<Timestamp, Failure> {
    let wrong = || Failure::new(format!("{argument} `{text}` is not a time such as 2026-01-31T21:00:00Z"));
    parse_instant(text).ok_or_else(wrong)
}

/// What the clock says.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn wall_clock() -> Result<Timestamp, Failure> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| unusable())?;
    let nanoseconds = i128::try_from(since.as_nanos()).map_err(|_| unusable())?;
    Timestamp::from_nanosecond(nanoseconds).map_err(|_| unusable())
}

fn unusable() -> Failure {
    Failure::new("the clock of this machine is not set: set it, times are recorded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_was_given_or_the_second_of_the_clock() {
        let moment = |text: &str| NowArguments { now: Some(text.to_owned()) }.moment();
        assert_eq!(moment("2026-01-31").ok(), "2026-01-31T00:00:00Z".parse().ok());
        assert!(moment("soon").is_err_and(|failure| failure.0.contains("--now `soon`")));
        let before = wall_clock().expect("a clock");
        let now = NowArguments { now: None }.moment().expect("a clock");
        assert!(now.as_second() >= before.as_second() && now.subsec_nanosecond() == 0);
    }
}
