//! Conditions over texts: whole columns at a time, because texts are compared and nothing else.

use std::borrow::Cow;

use super::code::TextTest;
use super::compute::Truth;
use super::frame::{Data, Frame};
use crate::builtin::{self, Kernel};
use crate::ir::{Expr, ExprKind};
use crate::value::Bitmask;

/// The outcome of a condition over texts in every row.
pub(super) fn test(frame: &Frame<'_>, test: &TextTest) -> Truth {
    let rows = frame.rows();
    match test {
        TextTest::Missing(expression) => {
            let texts = column(frame, expression);
            let present = Bitmask::from_fn(rows, |row| texts.get(row).is_some_and(Option::is_some));
            Truth { yes: Bitmask::filled(rows, true).and_not(&present), no: present }
        }
        TextTest::Same(equal, left, right) => {
            let (left, right) = (column(frame, left), column(frame, right));
            let known = |row: usize| Some((left.get(row)?.as_ref()?, right.get(row)?.as_ref()?));
            let is = |wanted: bool| {
                Bitmask::from_fn(rows, |row| known(row).is_some_and(|(left, right)| (left == right) == wanted))
            };
            Truth { yes: is(*equal), no: is(!equal) }
        }
    }
}

/// The texts that an expression gives; none where missing.
fn column<'a>(frame: &'a Frame<'_>, expression: &'a Expr) -> Vec<Option<Cow<'a, str>>> {
    let rows = frame.rows();
    match &expression.node {
        ExprKind::Text(text) => vec![Some(Cow::Borrowed(text)); rows],
        ExprKind::Metric(id) => match frame.column(*id).map(|values| &values.data) {
            Some(Data::Text(texts)) => texts.iter().map(|text| text.as_deref().map(Cow::Borrowed)).collect(),
            _ => vec![None; rows],
        },
        ExprKind::Call(id, arguments) => match (builtin::by_id(*id).map(|b| &b.kernel), arguments.as_slice()) {
            (Some(Kernel::Coalesce), arguments) => arguments.iter().fold(vec![None; rows], |found, argument| {
                found.into_iter().zip(column(frame, argument)).map(|(known, other)| known.or(other)).collect()
            }),
            (Some(Kernel::Choose), [condition, left, right]) => {
                let condition = frame.truth(condition);
                let both = column(frame, left).into_iter().zip(column(frame, right)).enumerate();
                both.map(|(row, (left, right))| condition.get(row).and_then(|yes| if yes { left } else { right }))
                    .collect()
            }
            _ => vec![None; rows],
        },
        _ => vec![None; rows],
    }
}
