//! The whole way in one call: a text checked, or compiled to a policy that judges.

use crate::check::check as run_lints;
use crate::compile::{Compiled, Loader, NoFiles, compile};
use crate::diag::{Diagnostic, Severity, has_errors};
use crate::eval::{
    Compared, Decision, Detail, EvaluateError, ExplainError, Explanation, MetricColumn, Options, Plans, PrepareError,
    PrepareOptions, Prepared, Quick, Snapshot, SnapshotError, compared, evaluate, explain, metric_columns,
};
use crate::ir::{Fingerprints, Metric, Program, fingerprints};
use crate::source::{Document, Limits, Sources, Span};
use crate::stdlib::{is_standard, standard};
use crate::syntax::document;

/// A policy ready to judge. It is immutable and can be shared between threads.
#[derive(Debug, Clone)]
pub struct Policy {
    program: Program,
    fingerprints: Fingerprints,
    plans: Plans,
    quick: Option<Quick>,
    warnings: Vec<Diagnostic>,
    sources: Sources,
}

/// A text with everything found in it.
#[derive(Debug)]
pub struct Checked {
    /// The text and what it imports.
    pub sources: Sources,
    /// Its tree.
    pub document: Document,
    /// The program, where the text is a policy at all; incomplete where there are errors.
    pub program: Option<Program>,
    /// Everything found, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A text that cannot be used as a policy, with all its diagnostics.
#[derive(Debug)]
pub struct CompileError(pub Box<Checked>);

impl std::fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let errors: Vec<_> = self.0.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
        write!(formatter, "the policy has {} error(s)", errors.len())?;
        if let Some(first) = errors.first() {
            let place = self.0.sources.get(first.span.file).map(|source| {
                let position = source.position(first.span.start as usize);
                format!("{}:{}:{}: ", source.name(), position.line, position.column)
            });
            write!(formatter, ", first {}{}: {}", place.unwrap_or_default(), first.code(), first.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileError {}

/// Why a text selects nothing, not even nobody.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// It is no snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// It does not belong to the policy.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// Compiles a text and runs every check over it.
#[must_use]
pub fn check(name: &str, text: &str, loader: &dyn Loader, limits: &Limits) -> Checked {
    let Compiled { sources, document, program, mut diagnostics } = compile(name, text, loader, limits);
    if let Some(program) = &program {
        let found = run_lints(program, has_errors(&diagnostics), limits.analysis_steps);
        // A library of the standard is written for many policies: what is idle in this one is not its fault.
        let standard = |span: Span| sources.get(span.file).is_some_and(|source| is_standard(source.name()));
        diagnostics
            .extend(found.into_iter().filter(|found| found.severity == Severity::Error || !standard(found.span)));
    }
    crate::order::sort_by(&mut diagnostics, |left, right| {
        (left.span, left.code(), &left.message).cmp(&(right.span, right.code(), &right.message))
    });
    diagnostics.dedup();
    Checked { sources, document, program, diagnostics }
}

/// The JSON Schema of policies, for editors.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    document::json_schema(&standard().policy_shape, "World policy of qmtl-policy")
}

impl Policy {
    /// Compiles and checks a policy that imports no files of its own.
    ///
    /// # Errors
    /// With all diagnostics, if any of them is an error.
    pub fn compile(text: &str) -> Result<Self, CompileError> {
        Self::compile_with("policy", text, &NoFiles, &Limits::default())
    }

    /// Compiles and checks a policy. `name` is what messages call it, and where imports start from.
    ///
    /// # Errors
    /// With all diagnostics, if any of them is an error.
    pub fn compile_with(name: &str, text: &str, loader: &dyn Loader, limits: &Limits) -> Result<Self, CompileError> {
        let checked = check(name, text, loader, limits);
        if has_errors(&checked.diagnostics) {
            return Err(CompileError(Box::new(checked)));
        }
        match checked {
            Checked { sources, program: Some(program), diagnostics, .. } => {
                let fingerprints = fingerprints(&program);
                let (plans, quick) = (Plans::new(&program), Quick::new(&program));
                Ok(Self { program, fingerprints, plans, quick, warnings: diagnostics, sources })
            }
            without_program => Err(CompileError(Box::new(without_program))),
        }
    }

    /// Judges a snapshot. The same input gives the same decision, byte for byte.
    ///
    /// # Errors
    /// If the snapshot, its state or the options do not belong to this policy.
    pub fn evaluate(&self, snapshot: &Snapshot, options: &Options) -> Result<Decision, EvaluateError> {
        evaluate(&self.program, &self.fingerprints, &self.plans, snapshot, options)
    }

    /// What a JSON snapshot selects, best first, each with its score where the policy has one: the
    /// `selected` of [`Policy::evaluate`] without anything that explains it.
    ///
    /// Snapshots of flat numbers are judged while they are read, if the policy has rules, a score and a
    /// `total` only. All others take the way of [`Policy::evaluate`]; the answer is the same.
    ///
    /// ```
    /// use qmtl_policy::{Options, Policy};
    ///
    /// let policy = Policy::compile("world: demo\nselection: { gates: [sharpe >= 0.5], score: sharpe }\n")?;
    /// let text = r#"{"metrics": {"a": {"sharpe": 0.7}, "b": {"sharpe": 0.9}, "c": {"sharpe": 0.1}}}"#;
    /// let selected = policy.select_json(text, &Options::default())?;
    /// assert_eq!(selected, [("b".to_owned(), Some(0.9)), ("a".to_owned(), Some(0.7))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the text is no snapshot, or does not belong to this policy.
    pub fn select_json(&self, text: &str, options: &Options) -> Result<Vec<(String, Option<f64>)>, SelectError> {
        let plain = options.profile.is_none() && (options.world.is_none() || options.world == self.program.world);
        let quick = self.quick.as_ref().filter(|_| plain && self.program.world.is_some());
        if let Some(selected) = quick.and_then(|quick| quick.select(text)) {
            return Ok(selected);
        }
        let options = Options { detail: Detail::Selected, ..options.clone() };
        let decision = self.evaluate(&Snapshot::from_json(text)?, &options)?;
        let score = |id: &str| decision.strategies.iter().find(|(known, _)| known == id).and_then(|(_, own)| own.score);
        Ok(decision.selected.iter().map(|id| (id.clone(), score(id))).collect())
    }

    /// Prepares the policy for columns in a fixed order: the way to judge single rows in nanoseconds and
    /// millions near the speed of memory.
    ///
    /// ```
    /// use qmtl_policy::{Batch, BatchOptions, Column, Policy, PrepareOptions};
    ///
    /// let text = "world: demo\nselection: { gates: [sharpe >= 0.5], score: sharpe - max_drawdown, topk: { total: 1 } }\n";
    /// let policy = Policy::compile(text)?;
    /// let prepared = policy.prepare(&["sharpe", "max_drawdown"], &PrepareOptions::default())?;
    ///
    /// let outcome = prepared.row(&[0.75, 0.25]);
    /// assert!(outcome.passes());
    /// assert_eq!(outcome.score(), Some(0.5));
    ///
    /// let (sharpe, drawdown) = (vec![0.75, 0.9, 0.4], vec![0.25, 0.1, f64::NAN]);
    /// let mut batch = Batch::default();
    /// prepared.evaluate(&[Column::from(&sharpe), Column::from(&drawdown)], BatchOptions::default(), &mut batch)?;
    /// assert_eq!(batch.passed_count(), 2);
    /// assert_eq!(batch.selected(), Some([1].as_slice()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a metric of the policy has no column, or two; if a rule reads texts; if the profile is unknown.
    pub fn prepare(&self, columns: &[&str], options: &PrepareOptions<'_>) -> Result<Prepared, PrepareError> {
        Prepared::new(&self.program, columns, options)
    }

    /// Explains what is decided about one strategy, and what would have to change.
    ///
    /// # Errors
    /// If the snapshot lacks the strategy, or cannot be judged by this policy.
    pub fn explain(&self, snapshot: &Snapshot, options: &Options, strategy: &str) -> Result<Explanation, ExplainError> {
        explain(&self.program, &self.fingerprints, &self.plans, &self.sources, snapshot, options, strategy)
    }

    /// What a rule compares, in words and units; none where there is no such rule under the profile.
    /// `threshold` is the constant that a decision names for it.
    #[must_use]
    pub fn compared(&self, profile: Option<&str>, rule: &str, threshold: Option<f64>) -> Option<Compared> {
        compared(&self.program, &self.sources, profile, rule, threshold)
    }

    /// The metrics that the policy reads.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.program.metrics
    }

    /// The values of every metric that the policy reads and that is no text, as the policy reads them:
    /// under their own names, converted, and missing where they are out of range.
    #[must_use]
    pub fn metric_columns(&self, snapshot: &Snapshot) -> Vec<(String, MetricColumn)> {
        metric_columns(&self.program, snapshot)
    }

    /// The typed program.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// `blake3:…` over everything that has meaning: stable under comments, key order and formatting.
    #[must_use]
    pub fn ruleset_hash(&self) -> &str {
        &self.fingerprints.ruleset
    }

    /// `blake3:…` over what can alter a selection.
    #[must_use]
    pub fn selection_hash(&self) -> &str {
        &self.fingerprints.selection
    }

    /// Warnings and notes.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The texts that warnings speak of.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}
