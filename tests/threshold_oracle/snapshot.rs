//! A snapshot as plain data, how it is written, and how its metrics are found.

use super::tree::Tree;

/// Metrics of one strategy: paths with their values, in the order in which they are put down.
#[derive(Debug, Clone)]
pub struct Strategy {
    pub id: String,
    pub metrics: Tree,
}

#[derive(Debug, Clone)]
pub struct Snapshot {
    pub stage: Option<String>,
    pub profile: Option<String>,
    pub strategies: Vec<Strategy>,
    /// Ids that stand under `strategies` only and so have no metrics; judged after the others.
    pub without_metrics: Vec<String>,
    pub previous: Option<Vec<String>>,
    pub correlations: Option<Vec<(String, String, f64)>>,
}

/// What a name yields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    Number(f64),
    Missing,
    /// Something that is no number stands there.
    Wrong,
}

impl Reading {
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// Puts a value into a tree of blocks, unless its place is taken.
pub fn put(entries: &mut Vec<(String, Tree)>, path: &[&str], value: Tree) {
    let [first, rest @ ..] = path else { return };
    match entries.iter_mut().find(|(key, _)| key == first) {
        Some((_, Tree::Map(inner))) if !rest.is_empty() => put(inner, rest, value),
        Some(_) => {}
        None if rest.is_empty() => entries.push(((*first).to_owned(), value)),
        None => {
            let mut inner = Vec::new();
            put(&mut inner, rest, value);
            entries.push(((*first).to_owned(), Tree::Map(inner)));
        }
    }
}

/// Leaves with their paths in document order.
fn leaves<'t>(tree: &'t Tree, path: &mut Vec<&'t str>, found: &mut Vec<(Vec<&'t str>, &'t Tree)>) {
    let Tree::Map(entries) = tree else {
        found.push((path.clone(), tree));
        return;
    };
    for (key, value) in entries {
        path.push(key);
        leaves(value, path, found);
        path.pop();
    }
}

fn reading(leaf: &Tree) -> Reading {
    match leaf {
        Tree::Number(number) if number.is_finite() => Reading::Number(*number),
        Tree::Number(_) | Tree::Null => Reading::Missing,
        _ => Reading::Wrong,
    }
}

impl Strategy {
    fn leaves(&self) -> Vec<(Vec<&str>, &Tree)> {
        let mut found = Vec::new();
        leaves(&self.metrics, &mut Vec::new(), &mut found);
        found
    }

    /// A value by its whole path.
    pub fn at(&self, path: &[&str]) -> Reading {
        self.leaves().iter().find(|(own, _)| own == path).map_or(Reading::Missing, |(_, leaf)| reading(leaf))
    }

    /// A value by its short name: the first number in document order that has it; else what stands at
    /// the top, else what comes first.
    pub fn named(&self, name: &str) -> Reading {
        let leaves = self.leaves();
        let same: Vec<_> = leaves.iter().filter(|(path, _)| path.last() == Some(&name)).collect();
        let number = same.iter().map(|(_, leaf)| reading(leaf)).find(|reading| matches!(reading, Reading::Number(_)));
        let top = || same.iter().find(|(path, _)| path.len() == 1);
        let first = || same.first();
        number.unwrap_or_else(|| top().or_else(first).map_or(Reading::Missing, |(_, leaf)| reading(leaf)))
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.named(name).number()
    }

    pub fn has_any_number(&self) -> bool {
        self.leaves().iter().any(|(_, leaf)| matches!(reading(leaf), Reading::Number(_)))
    }
}

impl Snapshot {
    /// The judged strategies in their order.
    pub fn judged(&self) -> Vec<Strategy> {
        let without = self.without_metrics.iter().map(|id| Strategy { id: id.clone(), metrics: Tree::Map(Vec::new()) });
        self.strategies.iter().cloned().chain(without).collect()
    }

    /// The correlation of two strategies: of repeats the largest by magnitude, of no entry none at all.
    pub fn rho(&self, first: &str, second: &str) -> f64 {
        let pairs = self.correlations.iter().flatten();
        let of_both = pairs.filter(|(a, b, _)| (a == first && b == second) || (a == second && b == first));
        of_both.map(|(_, _, rho)| rho.abs()).fold(0.0, f64::max)
    }

    pub fn json(&self) -> String {
        let ids = |ids: &Vec<String>| Tree::List(ids.iter().map(Tree::text).collect());
        let pair =
            |(a, b, rho): &(String, String, f64)| Tree::List(vec![Tree::text(a), Tree::text(b), Tree::Number(*rho)]);
        let metrics = self.strategies.iter().map(|strategy| (strategy.id.clone(), strategy.metrics.clone())).collect();
        let further =
            self.without_metrics.iter().map(|id| (id.clone(), Tree::map([("side", Some(Tree::text("long")))])));
        Tree::map([
            ("stage", Some(self.stage.as_ref().map_or(Tree::Null, Tree::text))),
            ("profile", self.profile.as_ref().map(Tree::text)),
            ("metrics", Some(Tree::Map(metrics))),
            ("strategies", Some(Tree::Map(further.collect()))),
            ("previous", self.previous.as_ref().map(ids)),
            ("correlations", self.correlations.as_ref().map(|pairs| Tree::List(pairs.iter().map(pair).collect()))),
        ])
        .json()
    }
}
