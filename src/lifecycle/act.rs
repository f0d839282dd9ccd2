//! Who does something, and why: everything that a person decides needs both.

use super::rules::WorldRules;

/// Somebody with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// Why somebody may not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// Nobody is named.
    #[error("an actor is needed: say who decides")]
    NoActor,
    /// No reason is given.
    #[error("a reason is needed: say why")]
    NoReason,
    /// Characters that would move what stands around them.
    #[error("the {0} holds a line break or another control character: write it in one plain line")]
    ControlCharacter(&'static str),
    /// Somebody who is no approver.
    #[error("`{actor}` may not decide that: the policy names {approvers}")]
    NotApprover {
        /// Who.
        actor: String,
        /// Who may.
        approvers: String,
    },
}

/// Somebody with a reason, neither of them blank, both in one line.
pub(super) fn act(actor: &str, reason: &str) -> Result<Act, ActError> {
    let (actor, reason) = (actor.trim(), reason.trim());
    if actor.is_empty() {
        return Err(ActError::NoActor);
    }
    if reason.is_empty() {
        return Err(ActError::NoReason);
    }
    for (what, text) in [("actor", actor), ("reason", reason)] {
        if text.contains(char::is_control) {
            return Err(ActError::ControlCharacter(what));
        }
    }
    Ok(Act { actor: actor.to_owned(), reason: reason.to_owned() })
}

impl Act {
    /// Fails unless the actor may approve.
    pub(super) fn must_approve(&self, rules: &WorldRules) -> Result<(), ActError> {
        let named = || rules.approvers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        if rules.is_approver(&self.actor) {
            return Ok(());
        }
        Err(ActError::NotApprover { actor: self.actor.clone(), approvers: named() })
    }
}
