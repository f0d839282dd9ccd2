//! Which profile judges a snapshot, and which stage comes of it.

use super::notes::Notes;
use crate::ir::{Profile, Program, normalized_name};

/// A chosen profile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen<'p> {
    pub profile: &'p Profile,
    /// Whether neither the caller nor the stage named it: then it never leads to live.
    pub fallback: bool,
}

/// Why no profile could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownProfile(pub String);

/// Who asked for a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedBy {
    /// The caller: an unknown name is an error.
    Caller,
    /// The snapshot: an unknown name is an error for native policies only.
    Snapshot,
}

/// Chooses the profile: the one asked for, that of the stage, or a fallback.
pub(super) fn choose<'p>(
    program: &'p Program,
    asked: Option<(&str, AskedBy)>,
    stage: Option<&str>,
    notes: &mut Notes,
) -> Result<Option<Chosen<'p>>, UnknownProfile> {
    let find = |name: &str| {
        let wanted = normalized_name(name);
        program.profiles.iter().find(|profile| normalized_name(&profile.name) == wanted)
    };
    if let Some((name, by)) = asked {
        match find(name) {
            Some(profile) => return Ok(Some(Chosen { profile, fallback: false })),
            None if by == AskedBy::Caller || program.dialect.is_native() => {
                return Err(UnknownProfile(name.to_owned()));
            }
            None => notes.add("unknown_profile", "the snapshot asks for a profile that does not exist", name),
        }
    }
    if program.profiles.is_empty() {
        return Ok(None);
    }
    let stage = stage.map(normalized_name).filter(|stage| !stage.is_empty());
    let mapped = |stage: &str| {
        let default = program.default_profiles.iter().find(|(key, _)| normalized_name(key) == stage);
        default.and_then(|(_, name)| find(name))
    };
    let of = |stage: &str| mapped(stage).or_else(|| mapped(&format!("{stage}_only"))).or_else(|| find(stage));
    // A dry run is paper under another name.
    let named =
        stage.as_deref().and_then(|stage| of(stage).or_else(|| if stage == "dryrun" { of("paper") } else { None }));
    if let Some(profile) = named {
        return Ok(Some(Chosen { profile, fallback: false }));
    }
    let first_default = program.default_profiles.iter().find_map(|(_, name)| find(name));
    let profile = first_default.or_else(|| find("backtest")).or_else(|| find("paper")).or(program.profiles.first());
    if let Some(profile) = profile {
        let message = "no profile belongs to the stage; another one judges, and nothing goes live by it";
        notes.add("profile_fallback", message, profile.name.clone());
    }
    Ok(profile.map(|profile| Chosen { profile, fallback: true }))
}

/// The stage that a decision recommends.
pub(super) fn recommended_stage(stage: Option<&str>, profile: Option<&str>) -> Option<&'static str> {
    let of_stage = match stage.map(normalized_name).as_deref() {
        Some("backtest" | "backtest_only") => Some("backtest_only"),
        Some("paper" | "paper_only" | "dryrun") => Some("paper_only"),
        Some("live" | "paper_ok_live_candidate") => Some("paper_ok_live_candidate"),
        _ => None,
    };
    of_stage.or_else(|| match profile.map(normalized_name).as_deref() {
        Some("backtest") => Some("backtest_only"),
        Some("paper") => Some("paper_only"),
        Some("live") => Some("paper_ok_live_candidate"),
        _ => None,
    })
}
