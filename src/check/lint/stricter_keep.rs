//! QP3007: a `keep` that is stricter than its `when`.

use super::Lint;
use crate::check::logic::Formula;
use crate::check::{Encoder, Facts};
use crate::diag::{Diagnostic, Rule as Page, Severity};

static RULE: Page = Page {
    code: "QP3007",
    slug: "stricter-keep",
    severity: Severity::Error,
    summary: "A `keep` asks more of active strategies than `when` asks of new ones.",
    why: "A strategy could enter and be thrown out by the same numbers at the next evaluation, over and over. `keep` \
          is there to be looser: it gives active strategies room.",
    wrong: "world: demo\nselection:\n  gates:\n    - { when: max_drawdown <= 20%, keep: max_drawdown <= 15% }\n",
    right: "world: demo\nselection:\n  gates:\n    - { when: max_drawdown <= 15%, keep: max_drawdown <= 20% }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in facts.program.all_rules() {
        let Some(keep) = &rule.keep else { continue };
        let mut encoder = Encoder::new(facts);
        let (enter, stay) = (encoder.formula(&rule.when), encoder.formula(keep));
        let stays_only_where_it_enters = facts.refuted(encoder.domains(), &[&stay, &Formula::not(enter.clone())]);
        if stays_only_where_it_enters && facts.satisfied(encoder.domains(), &[&enter, &Formula::not(stay)]) {
            let message = format!("`keep` of `{}` is stricter than its `when`", rule.id);
            let diagnostic = Diagnostic::new(&RULE, keep.span, message).also(rule.when.span, "enters under this");
            found.push(diagnostic.help("make `keep` looser than `when`, or leave it out"));
        }
    }
    found
}
