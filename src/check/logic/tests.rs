//! Hand-made cases for the solver, small and large.

use super::*;

const X: Variable = Variable(0);
const Y: Variable = Variable(1);
const Z: Variable = Variable(2);

fn number(value: i64) -> Rational {
    Rational::from_integer(value.into())
}

fn ratio(numerator: i64, denominator: i64) -> Rational {
    Rational::new(numerator.into(), denominator.into())
}

fn constant(value: i64) -> Linear {
    Linear::from_constant(number(value))
}

fn sum(terms: &[(i64, Variable)]) -> Linear {
    let terms = terms.iter().map(|(factor, variable)| (*variable, number(*factor)));
    Linear::new(number(0), terms.collect())
}

fn at_least(left: &Linear, right: i64) -> Formula {
    Formula::less_equal(&constant(right), left)
}

fn at_most(left: &Linear, right: i64) -> Formula {
    Formula::less_equal(left, &constant(right))
}

fn above(left: &Linear, right: i64) -> Formula {
    Formula::less(&constant(right), left)
}

fn below(left: &Linear, right: i64) -> Formula {
    Formula::less(left, &constant(right))
}

fn equals(left: &Linear, right: i64) -> Formula {
    Formula::equal(left, &constant(right))
}

fn x() -> Linear {
    Linear::from_variable(X)
}

fn y() -> Linear {
    Linear::from_variable(Y)
}

fn run_within(domains: &[Domain], formulas: &[Formula]) -> Outcome {
    let borrowed: Vec<&Formula> = formulas.iter().collect();
    let outcome = solve_all(domains, &borrowed, &mut Budget::new(1_000_000));
    if let Outcome::Satisfiable(witness) = &outcome {
        for formula in formulas {
            assert_eq!(formula.evaluate(witness), Some(true));
        }
    }
    outcome
}

fn run(formulas: &[Formula]) -> Outcome {
    run_within(&[], formulas)
}

fn core(domains: &[Domain], formulas: &[Formula]) -> Option<Vec<usize>> {
    let borrowed: Vec<&Formula> = formulas.iter().collect();
    unsatisfiable_core(domains, &borrowed, &mut Budget::new(100_000_000))
}

#[track_caller]
fn assert_satisfiable(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Satisfiable(_)), "{outcome:?}");
}

fn integer() -> Domain {
    Domain { integer: true, ..Domain::unbounded() }
}

fn open(lower: i64, upper: i64) -> Domain {
    let limit = |value| Some(Limit { value: number(value), inclusive: false });
    Domain { lower: limit(lower), upper: limit(upper), integer: false }
}

#[test]
fn decimals_are_exact() {
    assert_eq!(rational_from_decimal(0.1), Some(ratio(1, 10)));
    assert_eq!(rational_from_decimal(-2.5), Some(ratio(-5, 2)));
    assert_eq!(rational_from_decimal(-0.0), Some(number(0)));
    assert_eq!(rational_from_decimal(1200.0), Some(number(1200)));
    assert_eq!(rational_from_decimal(1.5e-7), Some(ratio(15, 100_000_000)));
    assert_eq!(rational_from_decimal(f64::NAN), None);
    assert_eq!(rational_from_decimal(f64::INFINITY), None);
    for extreme in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324] {
        assert!(rational_from_decimal(extreme).is_some());
    }
}

#[test]
fn linear_expressions_normalise() {
    let merged = Linear::new(number(1), vec![(Y, number(2)), (X, number(1)), (Y, number(-2))]);
    assert_eq!(merged.terms(), [(X, number(1))]);
    assert_eq!(x().subtract(&x()).as_constant(), Some(&number(0)));
    assert_eq!(x().scale(&number(0)).as_constant(), Some(&number(0)));
    assert_eq!(x().add(&y()).negate(), sum(&[(-1, Y), (-1, X)]));
}

#[test]
fn bounds_on_one_variable() {
    assert_eq!(run(&[at_least(&x(), 1), at_most(&x(), 0)]), Outcome::Unsatisfiable);
    assert_eq!(run(&[below(&x(), 1), at_least(&x(), 1)]), Outcome::Unsatisfiable);
    assert_satisfiable(&run(&[at_most(&x(), 1), at_least(&x(), 1)]));
    assert_satisfiable(&run(&[above(&x(), 0), below(&x(), 1)]));
    assert_eq!(run(&[equals(&x(), 1), equals(&x(), 2)]), Outcome::Unsatisfiable);
    assert_eq!(run(&[equals(&x(), 1), Formula::not(equals(&x(), 1))]), Outcome::Unsatisfiable);
}

#[test]
fn several_variables_meet() {
    let both = sum(&[(1, X), (1, Y)]);
    let caps = [at_most(&x(), 1), at_most(&y(), 1)];
    let [first, second] = caps;
    let with = |goal| run(&[goal, first.clone(), second.clone()]);
    assert_eq!(with(at_least(&both, 3)), Outcome::Unsatisfiable);
    assert_eq!(with(above(&both, 2)), Outcome::Unsatisfiable);
    assert_satisfiable(&with(at_least(&both, 2)));
}

#[test]
fn rows_need_the_exact_check() {
    // Bounds say nothing here; only adding the rows up shows the conflict.
    let cycle =
        [below(&sum(&[(1, X), (-1, Y)]), 0), below(&sum(&[(1, Y), (-1, Z)]), 0), below(&sum(&[(1, Z), (-1, X)]), 0)];
    assert_eq!(run(&cycle), Outcome::Unsatisfiable);
    assert_eq!(core(&[], &cycle), Some(vec![0, 1, 2]));
    assert_satisfiable(&run(&cycle[..2]));
    let halves = [at_least(&sum(&[(1, X), (1, Y)]), 4), at_most(&sum(&[(2, X), (2, Y)]), 7)];
    assert_eq!(run(&halves), Outcome::Unsatisfiable);
    let equations = [equals(&sum(&[(1, X), (1, Y)]), 3), equals(&sum(&[(1, X), (-1, Y)]), 2)];
    let Outcome::Satisfiable(witness) = run(&equations) else {
        panic!("the equations have a solution");
    };
    assert_eq!(witness.number(X), Some(&ratio(5, 2)));
    assert_eq!(witness.number(Y), Some(&ratio(1, 2)));
}

#[test]
fn creeping_bounds_still_end() {
    let chase = [above(&sum(&[(1, X), (-1, Y)]), 0), above(&sum(&[(1, Y), (-1, X)]), 0)];
    let domains = [open(0, 1_000_000), open(0, 1_000_000)];
    assert_eq!(run_within(&domains, &chase), Outcome::Unsatisfiable);
    let halving = [at_least(&sum(&[(1, X), (-2, Y)]), 0), at_least(&sum(&[(1, Y), (-2, X)]), 0)];
    assert_eq!(run_within(&domains, &halving), Outcome::Unsatisfiable);
}

#[test]
fn nested_boolean_structure() {
    let flag = Formula::Boolean(BooleanVariable(7));
    let either = Formula::or(vec![
        Formula::and(vec![at_least(&x(), 5), flag.clone()]),
        Formula::and(vec![at_least(&y(), 5), Formula::or(vec![at_most(&y(), 4), Formula::not(flag.clone())])]),
    ]);
    assert_satisfiable(&run(&[either.clone(), flag.clone()]));
    assert_satisfiable(&run(&[either.clone(), Formula::not(flag.clone())]));
    assert_eq!(run(&[either.clone(), flag.clone(), below(&x(), 5)]), Outcome::Unsatisfiable);
    let implied = Formula::and(vec![either.clone(), either.negated()]);
    assert_eq!(run(&[implied]), Outcome::Unsatisfiable);
}

#[test]
fn disequalities_fill_an_integer_range() {
    let whole = Domain { integer: true, ..Domain::closed(number(0), number(3)) };
    let holes: Vec<Formula> = (0..4).map(|hole| Formula::not(equals(&x(), hole))).collect();
    assert_eq!(run_within(std::slice::from_ref(&whole), &holes), Outcome::Unsatisfiable);
    assert_satisfiable(&run_within(&[whole], &holes[..3]));
    assert_satisfiable(&run_within(&[Domain::closed(number(0), number(3))], &holes));
}

#[test]
fn integers_tighten_single_bounds() {
    let between = [above(&x(), 3), below(&x(), 4)];
    assert_eq!(run_within(&[integer()], &between), Outcome::Unsatisfiable);
    assert_satisfiable(&run(&between));
    let twice = sum(&[(2, X)]);
    assert_eq!(run_within(&[integer()], &[equals(&twice, 5)]), Outcome::Unsatisfiable);
    let rounded = run_within(&[integer(), integer()], &[above(&sum(&[(2, X), (3, Y)]), 0)]);
    assert_satisfiable(&rounded);
    // True only of fractions: not refuted over the reals, and no whole witness.
    let parity = equals(&sum(&[(2, X), (2, Y)]), 5);
    assert_eq!(run_within(&[integer(), integer()], &[parity]), Outcome::Undecided);
}

#[test]
fn domains_limit_variables() {
    assert_eq!(run_within(&[open(0, 1)], &[at_least(&x(), 1)]), Outcome::Unsatisfiable);
    assert_satisfiable(&run_within(&[open(0, 1)], &[above(&x(), 0)]));
    let empty = [open(0, 0)];
    assert_eq!(run_within(&empty, &[at_least(&x(), -5)]), Outcome::Unsatisfiable);
    assert_eq!(core(&empty, &[at_least(&x(), -5)]), Some(vec![]));
    assert_satisfiable(&run_within(&empty, &[at_least(&y(), 0)]));
}

#[test]
fn opaque_parts_only_support_refutation() {
    let unknown = Formula::Opaque(1);
    assert_eq!(run(std::slice::from_ref(&unknown)), Outcome::Undecided);
    assert_eq!(run(&[unknown.clone(), Formula::not(unknown.clone())]), Outcome::Unsatisfiable);
    assert_eq!(run(&[unknown.clone(), Formula::not(Formula::Opaque(2))]), Outcome::Undecided);
    assert_eq!(run(&[unknown, at_least(&x(), 1), at_most(&x(), 0)]), Outcome::Unsatisfiable);
}

#[test]
fn an_empty_budget_leaves_everything_undecided() {
    let formula = Formula::and(vec![at_least(&x(), 1), at_most(&x(), 0)]);
    for steps in 0..4 {
        let mut budget = Budget::new(steps);
        assert_eq!(solve(&[], &formula, &mut budget), Outcome::Undecided);
        assert_eq!(budget.steps, 0);
    }
    let mut budget = Budget::new(100);
    assert_eq!(solve(&[], &formula, &mut budget), Outcome::Unsatisfiable);
    assert!(budget.steps < 100);
}

#[test]
fn hard_problems_stop_at_the_budget() {
    // Twelve pigeons in eleven holes: exponential for case splitting.
    let inside = |pigeon: u32, hole: u32| Formula::Boolean(BooleanVariable(pigeon * 11 + hole));
    let mut formulas = Vec::new();
    for pigeon in 0..12 {
        formulas.push(Formula::or((0..11).map(|hole| inside(pigeon, hole)).collect()));
        for other in 0..pigeon {
            for hole in 0..11 {
                let pair = Formula::and(vec![inside(pigeon, hole), inside(other, hole)]);
                formulas.push(Formula::not(pair));
            }
        }
    }
    assert_eq!(run(&formulas), Outcome::Undecided);
}

#[test]
fn deep_nesting_is_undecided_not_fatal() {
    let mut formula = at_least(&x(), 1);
    for _ in 0..2_000 {
        formula = Formula::Not(Box::new(Formula::And(vec![formula])));
    }
    assert_eq!(run(&[formula]), Outcome::Undecided);
}

#[test]
fn cores_are_minimal() {
    let formulas = [
        at_least(&y(), 0),
        at_least(&x(), 2),
        Formula::or(vec![at_most(&x(), 1), at_most(&y(), 5)]),
        at_most(&x(), 9),
        at_least(&y(), 6),
    ];
    assert_eq!(core(&[], &formulas), Some(vec![1, 2, 4]));
    assert_eq!(core(&[], &formulas[..4]), None);
    assert_eq!(core(&[], &[at_least(&x(), 0), Formula::False]), Some(vec![1]));
}

#[test]
fn irrelevant_choices_are_jumped_over() {
    let mut formulas = Vec::new();
    for index in 10..210 {
        let free = Linear::from_variable(Variable(index));
        formulas.push(Formula::or(vec![at_least(&free, 1), at_most(&free, -1)]));
    }
    let (difference, total) = (sum(&[(1, X), (-1, Y)]), sum(&[(1, X), (1, Y)]));
    formulas.push(Formula::or(vec![above(&difference, 3), above(&total, 9)]));
    formulas.push(Formula::or(vec![below(&difference, 0), below(&total, 0)]));
    formulas.push(Formula::or(vec![equals(&difference, 1), equals(&total, 5)]));
    assert_eq!(run(&formulas), Outcome::Unsatisfiable);
    assert_eq!(core(&[], &formulas), Some(vec![200, 201, 202]));
}

#[test]
fn huge_and_tiny_constants() {
    let scaled = |value: f64| Linear::from_constant(rational_from_decimal(value).unwrap());
    let formulas = [
        Formula::less_equal(&scaled(1e300), &sum(&[(1, X), (3, Y)])),
        Formula::less_equal(&x().scale(&ratio(1, 7)), &scaled(5e-324)),
        Formula::less(&y().scale(&number(i64::MAX)), &scaled(1e290)),
    ];
    assert_eq!(run(&formulas), Outcome::Unsatisfiable);
    assert_satisfiable(&run(&formulas[..2]));
    let least = at_least(&x().scale(&number(i64::MIN)), i64::MIN);
    assert_satisfiable(&run_within(&[integer()], &[least]));
}

#[test]
fn many_formulas_at_once() {
    let bound = |index: u32| {
        let variable = Linear::from_variable(Variable(index % 2_500));
        match index % 2 {
            0 => at_least(&variable, i64::from(index % 17)),
            _ => at_most(&variable, 20 + i64::from(index % 17)),
        }
    };
    let mut formulas: Vec<Formula> = (0..10_000).map(bound).collect();
    let domains = vec![Domain::closed(number(-100), number(100)); 2_600];
    assert_eq!(core(&domains, &formulas), None);
    formulas.push(below(&Linear::from_variable(Variable(1_200)), 1));
    let found = core(&domains, &formulas);
    assert_eq!(found.map(|core| core.len()), Some(2));
    for pair in formulas.windows(2) {
        let query = Formula::and(pair.to_vec());
        solve(&domains, &query, &mut Budget::new(10_000));
    }
    let mut mixed: Vec<Formula> = (0..10_000)
        .map(|index| {
            let variable = |offset| Variable((index * 7 + offset) % 2_500);
            let row = sum(&[(1, variable(0)), (2, variable(1))]);
            match index % 10 {
                0 => at_most(&row, 90),
                1 => Formula::or(vec![at_least(&row, -60), bound(index)]),
                _ => Formula::or(vec![bound(index), bound(index + 4)]),
            }
        })
        .collect();
    assert_satisfiable(&run_within(&domains, &mixed));
    mixed.push(above(&sum(&[(1, Variable(0)), (2, Variable(1))]), 90));
    let found = core(&domains, &mixed);
    assert_eq!(found.map(|core| core.len()), Some(2));
    let chain: Vec<Formula> =
        (0..60).map(|index| below(&sum(&[(1, Variable(index)), (-1, Variable((index + 1) % 60))]), 0)).collect();
    let found = core(&[], &chain);
    assert_eq!(found.map(|core| core.len()), Some(60));
}
