//! Turns real values of whole-number variables into whole ones where it can.

use std::collections::BTreeMap;

use super::compile::Meaning;
use super::number::Number;
use super::outcome::Exhausted;
use super::state::State;

/// Up to this many fractional values every up/down combination is tried.
const EXHAUSTIVE: usize = 4;

/// Rounds the values of integer columns so that ranges and rows still hold.
pub(super) fn round_to_integers(
    state: &mut State<'_>,
    values: BTreeMap<usize, Number>,
    rows: &[usize],
) -> Result<Option<BTreeMap<usize, Number>>, Exhausted> {
    let is_integer = |column: &usize| state.problem.columns.get(*column).is_some_and(|column| column.integer);
    let fractional: Vec<usize> = values
        .iter()
        .filter(|(column, value)| is_integer(column) && !value.is_integer())
        .map(|(column, _)| *column)
        .collect();
    if fractional.is_empty() {
        return Ok(Some(values));
    }
    let choices: u64 = match fractional.len() {
        few if few <= EXHAUSTIVE => 1 << few,
        _ => 2,
    };
    for choice in 0..choices {
        let mut rounded = values.clone();
        for (position, column) in fractional.iter().enumerate() {
            // Beyond the exhaustive case: all down, then all up.
            let up = match choices {
                2 => choice == 1,
                _ => choice & (1 << position) != 0,
            };
            if let Some(value) = rounded.get_mut(column) {
                *value = if up { value.ceiling() } else { value.floor() };
            }
        }
        if respects(state, &rounded, rows)? {
            return Ok(Some(rounded));
        }
    }
    Ok(None)
}

fn respects(state: &mut State<'_>, values: &BTreeMap<usize, Number>, rows: &[usize]) -> Result<bool, Exhausted> {
    let within =
        |column: &usize, value: &Number| state.intervals.get(*column).is_some_and(|known| known.contains(value));
    state.budget.spend(values.len() as u64)?;
    if !values.iter().all(|(column, value)| within(column, value)) {
        return Ok(false);
    }
    for row in rows {
        let column = state.problem.columns.get(*row);
        let Some(Meaning::Row(terms)) = column.map(|column| &column.meaning) else {
            continue;
        };
        state.budget.spend(terms.len() as u64)?;
        let mut sum = Number::ZERO;
        for (column, coefficient) in terms {
            let Some(value) = values.get(column) else {
                return Ok(false);
            };
            sum = &sum + &(value * coefficient);
        }
        if !state.intervals.get(*row).is_some_and(|known| known.contains(&sum)) {
            return Ok(false);
        }
    }
    Ok(true)
}
