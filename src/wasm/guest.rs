//! What the guest keeps between calls, and what the calls do. Nothing here is unsafe.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::compile::NoFiles;
use crate::diag::has_errors;
use crate::eval::{Options, Snapshot};
use crate::policy::{CompileError, Policy, check};
use crate::render::{Report, json as findings};
use crate::source::Limits;

/// Most policies that can be open at once.
const MOST_POLICIES: usize = 1024;
/// How messages call a policy that has no file.
const POLICY_NAME: &str = "policy";

/// Open policies and the answer of the last call.
#[derive(Default)]
pub struct Guest {
    policies: BTreeMap<u32, Policy>,
    next: u32,
    answer: Vec<u8>,
}

impl Guest {
    /// The answer of the last call, JSON.
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    fn say(&mut self, document: &impl Serialize) {
        self.answer.clear();
        if serde_json::to_writer(&mut self.answer, document).is_err() {
            self.answer = br#"{"error":{"code":"internal","message":"the answer cannot be written"}}"#.to_vec();
        }
    }

    fn refuse(&mut self, code: &str, message: &str) {
        self.say(&json!({ "error": { "code": code, "message": message } }));
    }

    fn text<'t>(&mut self, bytes: &'t [u8]) -> Option<&'t str> {
        let text = std::str::from_utf8(bytes).ok();
        if text.is_none() {
            self.refuse("not_utf8", "the text is not UTF-8");
        }
        text
    }

    /// Checks a policy; whether it has no errors.
    pub fn check(&mut self, policy: &[u8]) -> bool {
        let Some(text) = self.text(policy) else { return false };
        let checked = check(POLICY_NAME, text, &NoFiles, &Limits::default());
        let report =
            Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document: Some(&checked.document) };
        self.say(&findings::render(&[report]));
        !has_errors(&checked.diagnostics)
    }

    /// Compiles a policy to a handle; 0 where it is refused.
    pub fn compile(&mut self, policy: &[u8]) -> u32 {
        let Some(text) = self.text(policy) else { return 0 };
        if self.policies.len() >= MOST_POLICIES {
            self.refuse("too_many_policies", "release a policy first");
            return 0;
        }
        match Policy::compile_with(POLICY_NAME, text, &NoFiles, &Limits::default()) {
            Ok(policy) => {
                let report = Report { diagnostics: policy.warnings(), sources: policy.sources(), document: None };
                self.say(&findings::render(&[report]));
                self.keep(policy)
            }
            Err(CompileError(checked)) => {
                let report = Report {
                    diagnostics: &checked.diagnostics,
                    sources: &checked.sources,
                    document: Some(&checked.document),
                };
                self.say(&findings::render(&[report]));
                0
            }
        }
    }

    /// Handles are not used again until all of them have been.
    fn keep(&mut self, policy: Policy) -> u32 {
        loop {
            self.next = self.next.wrapping_add(1);
            if self.next != 0 && !self.policies.contains_key(&self.next) {
                self.policies.insert(self.next, policy);
                return self.next;
            }
        }
    }

    /// Judges a snapshot, JSON; whether there is a decision.
    pub fn evaluate(&mut self, handle: u32, snapshot: &[u8]) -> bool {
        let Some(text) = self.text(snapshot) else { return false };
        let Some(policy) = self.policies.get(&handle) else {
            self.refuse("unknown_handle", "there is no policy under this handle");
            return false;
        };
        let decided = Snapshot::from_json(text).map_err(|error| ("snapshot", error.to_string())).and_then(|snapshot| {
            policy.evaluate(&snapshot, &Options::default()).map_err(|error| ("evaluate", error.to_string()))
        });
        match decided {
            Ok(decision) => {
                self.say(&decision);
                true
            }
            Err((code, message)) => {
                self.refuse(code, &message);
                false
            }
        }
    }

    /// Forgets a policy; false where there is none.
    pub fn release(&mut self, handle: u32) -> bool {
        self.answer.clear();
        self.policies.remove(&handle).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lives_from_compile_to_release() {
        let mut guest = Guest::default();
        let handle = guest.compile(b"world: w\nselection: { gates: [sharpe >= 0.5] }\n");
        assert_ne!(handle, 0);
        assert!(guest.evaluate(handle, br#"{"metrics": {"a": {"sharpe": 1}}}"#));
        let decision: serde_json::Value = serde_json::from_slice(guest.answer()).expect("JSON");
        assert_eq!(decision["selected"], serde_json::json!(["a"]));
        assert!(guest.release(handle));
        assert!(!guest.release(handle));
        assert!(!guest.evaluate(handle, b"{}"));
        assert!(guest.answer().starts_with(b"{\"error\":{\"code\":\"unknown_handle\""));
    }

    #[test]
    fn what_is_wrong_is_answered() {
        let mut guest = Guest::default();
        assert_eq!(guest.compile(b"world: w\nselection: { gates: [sharp >= 0.5] }\n"), 0);
        assert!(String::from_utf8_lossy(guest.answer()).contains("QP2001"));
        assert_eq!(guest.compile(b"\xff\xfe"), 0);
        assert!(!guest.check(b""));
        assert!(!guest.check(b"\0"));
    }
}
