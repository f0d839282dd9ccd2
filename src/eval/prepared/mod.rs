//! A policy prepared for columns in a fixed order: rules and score without a snapshot, without a copy.

mod column;
mod error;
mod row;

use super::code::{Row, RowStack, Slot, TextTest};
use super::compute::{self, Truth};
use super::notes::Notes;
use super::plan::{Found, Plan, Wanted};
use super::profile::{AskedBy, choose};
use super::window::{Input, within};
use crate::ir::{MetricId, Program, Rule, Step};
use crate::value::{Bitmask, Interval, Kind};

pub use column::Column;
pub use error::{ColumnsError, PrepareError};
use row::FlatRow;

/// A policy prepared for columns in a fixed order. It can be shared between threads.
///
/// It judges what each strategy is by itself: every blocking rule as a strategy faces it that is not
/// active, the score, and the cut where `topk` has nothing but a `total`. What further steps a policy
/// has, [`Prepared::further_steps`] tells; they need a snapshot and
/// [`Policy::evaluate`](crate::Policy::evaluate).
#[derive(Debug, Clone)]
pub struct Prepared {
    plan: Plan,
    /// For each slot the column it reads and how; none for those that are computed.
    sources: Vec<Option<Source>>,
    columns: usize,
    flat: Option<FlatRow>,
    best: Option<usize>,
    further: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy)]
struct Source {
    column: usize,
    factor: f64,
    kind: SourceKind,
}

/// What a column must hold.
#[derive(Debug, Clone, Copy)]
enum SourceKind {
    /// Numbers; values outside the range are missing.
    Numbers(Interval),
    /// Numbers; the plan itself takes values outside the range as missing.
    Bounded(Interval),
    Truths,
}

impl SourceKind {
    fn range(self) -> Option<Interval> {
        match self {
            Self::Numbers(range) | Self::Bounded(range) => Some(range),
            Self::Truths => None,
        }
    }
}

/// Which rules judge.
#[derive(Debug, Clone, Copy, Default)]
pub struct PrepareOptions<'o> {
    /// The stage; its profile's rules count, too.
    pub stage: Option<&'o str>,
    /// The profile, whatever the stage.
    pub profile: Option<&'o str>,
}

/// How a batch of columns is judged.
#[derive(Clone, Copy)]
pub struct BatchOptions<'o> {
    /// Ids by row: of equal scores the lesser id is better. Without them the earlier row is.
    pub ids: Option<&'o (dyn Fn(usize) -> &'o str + Sync)>,
    /// Most threads to work on; each takes at least 65,536 rows.
    pub threads: usize,
}

impl Default for BatchOptions<'_> {
    fn default() -> Self {
        Self { ids: None, threads: 1 }
    }
}

/// What a batch of columns gives: a bit a row, and 8 bytes a row where the policy has a score. Its memory
/// is used again from call to call.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    found: Found,
    rows: usize,
    selected: Option<Vec<u32>>,
}

/// What one row gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowOutcome {
    passes: bool,
    /// NaN is none. So the whole fits into two registers.
    score: f64,
}

impl RowOutcome {
    const REJECTED: Self = Self { passes: false, score: f64::NAN };

    /// Whether it meets every blocking rule.
    #[must_use]
    pub fn passes(self) -> bool {
        self.passes
    }

    /// Its score; none where it has none, where the policy has none, or where it does not pass.
    #[must_use]
    pub fn score(self) -> Option<f64> {
        (!self.score.is_nan()).then_some(self.score)
    }
}

impl Batch {
    /// How many rows were judged.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether a row meets every blocking rule.
    #[must_use]
    pub fn passes(&self, row: usize) -> bool {
        row < self.rows && self.found.passed.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// A bit for each row that meets every blocking rule, the lowest of each word first.
    #[must_use]
    pub fn passed_bits(&self) -> &[u64] {
        self.found.passed.get(..self.rows.div_ceil(64)).unwrap_or_default()
    }

    /// How many rows meet every blocking rule.
    #[must_use]
    pub fn passed_count(&self) -> usize {
        self.passed_bits().iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The score of each row; NaN where it does not pass or has none. Empty where the policy has no score.
    #[must_use]
    pub fn scores(&self) -> &[f64] {
        self.found.scores.get(..self.rows).unwrap_or_default()
    }

    /// The rows that pass, ascending, each with its score.
    pub fn passing(&self) -> impl Iterator<Item = (usize, Option<f64>)> {
        let score = |row: usize| self.scores().get(row).copied().filter(|score| !score.is_nan());
        (0..self.rows).filter(|row| self.passes(*row)).map(move |row| (row, score(row)))
    }

    /// The selected rows, best first; none where further steps decide.
    #[must_use]
    pub fn selected(&self) -> Option<&[u32]> {
        self.selected.as_deref()
    }
}

impl Prepared {
    pub(crate) fn new(program: &Program, columns: &[&str], options: &PrepareOptions<'_>) -> Result<Self, PrepareError> {
        let asked = options.profile.map(|profile| (profile, AskedBy::Caller));
        let chosen = choose(program, asked, options.stage, &mut Notes::default())
            .map_err(|error| PrepareError::UnknownProfile(error.0))?;
        let rules = program.rules_under(chosen.map(|chosen| chosen.profile));
        Self::of_rules(program, &rules, columns)
    }

    fn of_rules(program: &Program, rules: &[&Rule], columns: &[&str]) -> Result<Self, PrepareError> {
        let mut plan = Plan::new(rules.iter().copied(), super::selection::score(program));
        let source = |slot: &Slot| match slot {
            Slot::Metric(id) => source(program, *id, columns).map(Some),
            Slot::Cohort { .. } => Ok(None),
            Slot::Text(_) => {
                let text = program.metrics.iter().find(|metric| metric.kind == Kind::Text);
                Err(PrepareError::Text { metric: text.map(|metric| metric.name.clone()).unwrap_or_default() })
            }
        };
        let mut sources = plan.slots.iter().map(source).collect::<Result<Vec<_>, _>>()?;
        for (slot, source) in sources.iter_mut().enumerate() {
            let Some(source) = source.as_mut().filter(|source| source.factor == 1.0) else { continue };
            if let SourceKind::Numbers(range) = source.kind
                && plan.narrow_to_range(slot as u32, range.low, range.high)
            {
                source.kind = SourceKind::Bounded(range);
            }
        }
        let flat = FlatRow::new(&plan, &sources);
        let further = further_steps(program);
        let total = program.steps.iter().find_map(|step| match step {
            Step::Cut(cut) => cut.total.as_ref().map(|total| total.value as usize),
            _ => None,
        });
        let best = further.is_empty().then(|| total.unwrap_or(usize::MAX));
        Ok(Self { plan, sources, columns: columns.len(), flat, best, further })
    }

    /// Steps of the policy that only a snapshot can answer, in their order.
    #[must_use]
    pub fn further_steps(&self) -> &[&'static str] {
        &self.further
    }

    /// Judges one row whose values stand in the order of the columns. NaN is missing; a truth value is
    /// 1 or 0. Columns beyond the values are missing. Nothing is allocated unless the policy looks at
    /// the whole cohort, which here is this row alone.
    #[must_use]
    #[inline]
    pub fn row(&self, values: &[f64]) -> RowOutcome {
        match &self.flat {
            Some(flat) => flat.judge(values),
            None => self.any_row(values),
        }
    }

    fn any_row(&self, values: &[f64]) -> RowOutcome {
        if self.sources.iter().any(Option::is_none) {
            return self.row_as_cohort(values);
        }
        let row = RowValues { sources: &self.sources, values };
        let mut stack = RowStack::default();
        let passes = self.plan.passes(&row, &mut stack);
        let score = if passes { self.plan.score_of(&row, &mut stack) } else { f64::NAN };
        RowOutcome { passes, score }
    }

    fn row_as_cohort(&self, values: &[f64]) -> RowOutcome {
        let columns: Vec<_> = values.iter().map(Column::one).collect();
        let mut batch = Batch::default();
        let judged = self.judge(&columns, 1, BatchOptions::default(), &mut batch);
        let score = batch.scores().first().copied().unwrap_or(f64::NAN);
        RowOutcome { passes: judged.is_ok() && batch.passes(0), score }
    }

    /// Judges columns of any number of rows, in the order that the policy was prepared for. No column
    /// is copied as a whole; what is found replaces what `batch` holds.
    ///
    /// # Errors
    /// If the columns are not those that the policy was prepared for, or differ in length.
    pub fn evaluate(
        &self,
        columns: &[Column<'_>],
        options: BatchOptions<'_>,
        batch: &mut Batch,
    ) -> Result<(), ColumnsError> {
        // What was found before must not pass for an answer to this call.
        (batch.rows, batch.selected) = (0, None);
        if columns.len() != self.columns {
            return Err(ColumnsError::Count { wanted: self.columns, found: columns.len() });
        }
        let rows = columns.first().map_or(0, Column::rows);
        let mut others = columns.iter().enumerate();
        if let Some((column, found)) = others.find_map(|(index, column)| Some((index, column.other_rows(rows)?))) {
            return Err(ColumnsError::Length { column, wanted: rows, found });
        }
        if u32::try_from(rows).is_err() {
            return Err(ColumnsError::TooMany(rows));
        }
        self.judge(columns, rows, options, batch)
    }

    fn judge(
        &self,
        columns: &[Column<'_>],
        rows: usize,
        options: BatchOptions<'_>,
        batch: &mut Batch,
    ) -> Result<(), ColumnsError> {
        let flags: Vec<_> = columns.iter().map(Column::flags).collect();
        let mut inputs = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            inputs.push(match source {
                Some(source) => source.input(columns, &flags)?,
                None => Input::Nothing,
            });
        }
        let wanted = Wanted { best: self.best.unwrap_or(0), ids: options.ids };
        let threads = options.threads.max(1);
        // Texts are refused when a policy is prepared.
        let no_text = |_: &TextTest| Truth { yes: Bitmask::filled(rows, false), no: Bitmask::filled(rows, false) };
        let selected = compute::with_computed(&self.plan.slots, &inputs, rows, &no_text, |inputs| {
            self.plan.run(inputs, rows, threads, wanted, &mut batch.found)
        });
        batch.rows = rows;
        batch.selected = self.best.map(|_| selected);
        Ok(())
    }
}

impl Source {
    fn input<'a>(
        &self,
        columns: &[Column<'a>],
        flags: &'a [Option<(Bitmask, Bitmask)>],
    ) -> Result<Input<'a>, ColumnsError> {
        let kind = |wanted| ColumnsError::Kind { column: self.column, wanted };
        let Some(column) = columns.get(self.column) else { return Ok(Input::Nothing) };
        let range = match self.kind {
            SourceKind::Numbers(range) => Some(range),
            SourceKind::Bounded(_) => None,
            SourceKind::Truths => {
                let flags = flags.get(self.column).and_then(Option::as_ref).ok_or_else(|| kind("truth values"))?;
                return Ok(Input::Flags(&flags.0, &flags.1));
            }
        };
        let (values, validity) = column.numbers().ok_or_else(|| kind("numbers"))?;
        Ok(Input::Numbers { values, validity, factor: self.factor, range })
    }
}

/// Values of one row in the order of the columns.
struct RowValues<'v> {
    sources: &'v [Option<Source>],
    values: &'v [f64],
}

impl Row for RowValues<'_> {
    #[inline(always)]
    fn number(&self, slot: u32) -> f64 {
        let Some(Some(Source { column, factor, kind })) = self.sources.get(slot as usize) else { return f64::NAN };
        let Some(range) = kind.range() else { return f64::NAN };
        self.values.get(*column).map_or(f64::NAN, |value| within(value * factor, range))
    }

    fn flag(&self, slot: u32) -> Option<bool> {
        let source = self.sources.get(slot as usize)?.as_ref()?;
        self.values.get(source.column).and_then(|value| truth_value(*value))
    }
}

/// A truth value as a number: 1 is true, 0 is false, anything else is missing.
fn truth_value(value: f64) -> Option<bool> {
    if value == 1.0 { Some(true) } else { (value == 0.0).then_some(false) }
}

/// The column of a metric: the one with its name, else with one of its other names.
fn source(program: &Program, id: MetricId, columns: &[&str]) -> Result<Source, PrepareError> {
    let missing = PrepareError::NoColumn { metric: String::new(), near: None };
    let Some(metric) = program.metric(id) else { return Err(missing) };
    if metric.kind == Kind::Text {
        return Err(PrepareError::Text { metric: metric.name.clone() });
    }
    let factor = |column: &str| {
        let alias = || metric.aliases.iter().find(|(alias, _)| alias == column).map(|(_, factor)| *factor);
        if column == metric.name { Some(1.0) } else { alias() }
    };
    let mut found = columns.iter().enumerate().filter_map(|(index, column)| Some((index, *column, factor(column)?)));
    let Some((column, name, factor)) = found.next() else {
        let near = crate::diag::nearest(&metric.name, columns.iter().copied()).map(str::to_owned);
        return Err(PrepareError::NoColumn { metric: metric.name.clone(), near });
    };
    if let Some((_, second, _)) = found.next() {
        let (metric, first) = (metric.name.clone(), name.to_owned());
        return Err(PrepareError::DoubleColumn { metric, first, second: second.to_owned() });
    }
    let range = if program.dialect.is_native() { metric.range } else { Interval::ALL };
    let kind = if metric.kind == Kind::Boolean { SourceKind::Truths } else { SourceKind::Numbers(range) };
    Ok(Source { column, factor, kind })
}

/// The steps that a row by itself cannot answer.
pub(super) fn further_steps(program: &Program) -> Vec<&'static str> {
    let mut found = Vec::new();
    if program.currency.max_lag.is_some() || program.currency.min_history.is_some() {
        found.push("data_currency");
    }
    found.extend(program.steps.iter().filter_map(|step| match step {
        Step::Score(_) => None,
        Step::Cut(cut) => (!cut.by_side.is_empty()).then_some("cut"),
        Step::Correlation(_) => Some("correlation"),
        Step::Exposure(_) => Some("exposure"),
        Step::Streaks(_) | Step::MetricHysteresis(_) => Some("hysteresis"),
        Step::TopK(_) => Some("cut"),
        Step::PostCorrelation(_) => Some("post_correlation"),
    }));
    found
}
