//! Snapshots that differ in one point from the one given: what would be decided if.

use super::snapshot::{Leaf, Snapshot, Strategy};

impl Snapshot {
    /// The snapshot with another value of one metric of one strategy, by the metric's canonical name.
    ///
    /// `weight` is the attribute of that name. A row that does not exist changes nothing.
    #[must_use]
    pub fn with_metric(&self, strategy_row: usize, name: &str, value: f64) -> Self {
        let mut changed = self.clone();
        let mut rows = std::mem::take(&mut changed.strategies).into_rows();
        if let Some(strategy) = rows.get_mut(strategy_row) {
            strategy.replace(name, value);
        }
        changed.strategies = rows.into();
        changed
    }

    /// The snapshot without one of its strategies.
    #[must_use]
    pub(super) fn without(&self, strategy_row: usize) -> Self {
        let mut changed = self.clone();
        let rows = std::mem::take(&mut changed.strategies).into_rows().into_iter().enumerate();
        changed.strategies = rows.filter(|(row, _)| *row != strategy_row).map(|(_, strategy)| strategy).collect();
        changed
    }

    /// One strategy of the snapshot as a snapshot of its own.
    #[must_use]
    pub(super) fn alone(&self, strategy_row: usize) -> Self {
        let strategies = self.strategies.get(strategy_row).into_iter().collect();
        Self { strategies, as_of: self.as_of, ..Self::default() }
    }
}

impl Strategy {
    fn replace(&mut self, name: &str, value: f64) {
        if name == "weight" {
            self.weight = Some(value);
            return;
        }
        let leaves = &mut self.metrics;
        let exact = leaves.iter().position(|(path, _)| path == name);
        // Threshold documents read the first number in document order that has the name last.
        let first = leaves.iter().position(|(path, leaf)| {
            path.rsplit('.').next() == Some(name) && matches!(leaf, Leaf::Number(number) if !number.is_nan())
        });
        match exact {
            Some(index) if first.is_none_or(|first| first >= index) => {
                if let Some((_, leaf)) = leaves.get_mut(index) {
                    *leaf = Leaf::Number(value);
                }
            }
            _ => {
                leaves.retain(|(path, _)| path != name);
                leaves.insert(0, (name.to_owned(), Leaf::Number(value)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Options;
    use crate::eval::Snapshot;
    use crate::policy::Policy;

    fn selected(policy: &str, snapshot: &str, name: &str, value: f64) -> bool {
        let policy = Policy::compile(policy).unwrap();
        let snapshot = Snapshot::from_json(snapshot).unwrap().with_metric(0, name, value);
        !policy.evaluate(&snapshot, &Options::default()).unwrap().selected.is_empty()
    }

    #[test]
    fn the_changed_value_is_the_one_that_is_read() {
        let native = "world: w\nselection: { gates: [sharpe >= 0.5] }\n";
        let threshold = "world: w\nthresholds: { t: { metric: sharpe, min: 0.5 } }\n";
        let snapshots = [
            r#"{"metrics": {"s": {}}}"#,
            r#"{"metrics": {"s": {"sharpe": 0.1}}}"#,
            r#"{"metrics": {"s": {"sharpe": null}}}"#,
            r#"{"metrics": {"s": {"returns": {"sharpe": 0.1}}}}"#,
            r#"{"metrics": {"s": {"returns": {"sharpe": 0.1}, "sharpe": 0.2}}}"#,
            r#"{"metrics": {"s": {"a": {"sharpe": 0.1}, "b": {"sharpe": 0.2}}}}"#,
            r#"{"metrics": {"s": {"sharpe_ratio": 0.1}}}"#,
        ];
        for snapshot in snapshots {
            for policy in [native, threshold] {
                assert!(selected(policy, snapshot, "sharpe", 0.5), "{policy}{snapshot}");
                assert!(!selected(policy, snapshot, "sharpe", 0.4), "{policy}{snapshot}");
            }
        }
    }
}
