//! Random formulas against brute force, and numbers against rationals.

use proptest::prelude::*;

use super::number::Number;
use super::oracle::is_satisfiable;
use super::*;

fn linear() -> impl Strategy<Value = Linear> {
    let coefficient = prop_oneof![3 => Just(0_i64), 4 => -3..=3_i64];
    (prop::collection::vec(coefficient, 3), -4..=4_i64).prop_map(|(coefficients, constant)| {
        let whole = |value: i64| Rational::from_integer(value.into());
        let terms = coefficients.into_iter().enumerate();
        let terms = terms.map(|(index, value)| (Variable(u32::try_from(index).unwrap()), whole(value)));
        Linear::new(whole(constant), terms.collect())
    })
}

fn leaf() -> impl Strategy<Value = Formula> {
    let relation = prop_oneof![Just(Relation::LessEqual), Just(Relation::Less), Just(Relation::Equal)];
    prop_oneof![
        8 => (linear(), relation).prop_map(|(linear, relation)| Formula::atom(linear, relation)),
        1 => (0..2_u32).prop_map(|index| Formula::Boolean(BooleanVariable(index))),
    ]
}

fn formula(depth: u32, size: u32) -> impl Strategy<Value = Formula> {
    leaf().prop_recursive(depth, size, 4, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..5).prop_map(Formula::And),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Formula::Or),
            1 => inner.prop_map(|inner| Formula::Not(Box::new(inner))),
        ]
    })
}

fn domain() -> impl Strategy<Value = Domain> {
    let limit = || {
        prop::option::of(
            (-3..=3_i64, any::<bool>())
                .prop_map(|(value, inclusive)| Limit { value: Rational::from_integer(value.into()), inclusive }),
        )
    };
    (limit(), limit(), prop::bool::weighted(0.2)).prop_map(|(lower, upper, integer)| Domain { lower, upper, integer })
}

/// The range as a formula, for reasoning over the reals.
fn range(variable: Variable, domain: &Domain) -> Formula {
    let place = Linear::from_variable(variable);
    let compare = |left: &Linear, right: &Linear, inclusive| match inclusive {
        true => Formula::less_equal(left, right),
        false => Formula::less(left, right),
    };
    let end = |limit: &Limit| Linear::from_constant(limit.value.clone());
    let mut parts = Vec::new();
    if let Some(limit) = &domain.lower {
        parts.push(compare(&end(limit), &place, limit.inclusive));
    }
    if let Some(limit) = &domain.upper {
        parts.push(compare(&place, &end(limit), limit.inclusive));
    }
    Formula::and(parts)
}

/// Every assignment of a grid of half steps that lies within the domains.
fn grid(domains: &[Domain]) -> impl Iterator<Item = Witness> {
    let steps: Vec<Rational> = (-8..=8_i64).map(|step| Rational::new(step.into(), 2.into())).collect();
    let axis = |index: usize| -> Vec<Rational> {
        let inside = steps.iter().filter(|step| domains[index].contains(step));
        inside.cloned().collect()
    };
    let [first, second, third] = [axis(0), axis(1), axis(2)];
    let mut points = Vec::new();
    for (x, y, z) in first.iter().flat_map(|x| {
        let third = &third;
        second.iter().flat_map(move |y| third.iter().map(move |z| (x, y, z)))
    }) {
        for choice in 0..4 {
            points.push(Witness {
                numbers: [x, y, z]
                    .into_iter()
                    .enumerate()
                    .map(|(index, value)| (Variable(u32::try_from(index).unwrap()), value.clone()))
                    .collect(),
                booleans: vec![(BooleanVariable(0), choice & 1 != 0), (BooleanVariable(1), choice & 2 != 0)],
            });
        }
    }
    points.into_iter()
}

fn mentioned(formula: &Formula, found: &mut Vec<Variable>) {
    match formula {
        Formula::Atom(atom) => found.extend(atom.linear.terms().iter().map(|term| term.0)),
        Formula::Not(inner) => mentioned(inner, found),
        Formula::And(parts) | Formula::Or(parts) => {
            parts.iter().for_each(|part| mentioned(part, found));
        }
        _ => {}
    }
}

fn budget() -> Budget {
    Budget::new(10_000_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(256)))]

    #[test]
    fn agrees_with_the_grid(
        formula in formula(4, 24),
        domains in prop::collection::vec(domain(), 3),
    ) {
        let outcome = solve(&domains, &formula, &mut budget());
        match &outcome {
            Outcome::Satisfiable(witness) => {
                prop_assert_eq!(formula.evaluate(witness), Some(true));
                for (variable, value) in &witness.numbers {
                    prop_assert!(domains[variable.0 as usize].contains(value));
                }
            }
            Outcome::Unsatisfiable => {
                for point in grid(&domains) {
                    prop_assert_ne!(formula.evaluate(&point), Some(true), "{:?}", point);
                }
            }
            Outcome::Undecided => prop_assert!(domains.iter().any(|domain| domain.integer)),
        }
    }

    #[test]
    fn agrees_with_elimination_over_the_reals(
        parts in prop::collection::vec(formula(3, 6), 1..5),
        mut domains in prop::collection::vec(domain(), 3),
    ) {
        domains.iter_mut().for_each(|domain| domain.integer = false);
        let borrowed: Vec<&Formula> = parts.iter().collect();
        let outcome = solve_all(&domains, &borrowed, &mut budget());
        let mut variables = Vec::new();
        parts.iter().for_each(|part| mentioned(part, &mut variables));
        let ranged = |indices: &mut dyn Iterator<Item = usize>| {
            let chosen = indices.map(|index| parts[index].clone());
            let mut variables = variables.clone();
            variables.sort();
            variables.dedup();
            let ranges = variables.iter().map(|it| range(*it, &domains[it.0 as usize]));
            Formula::and(ranges.chain(chosen).collect())
        };
        let expected = is_satisfiable(&ranged(&mut (0..parts.len())));
        prop_assert_eq!(matches!(outcome, Outcome::Satisfiable(_)), expected);
        prop_assert_eq!(outcome == Outcome::Unsatisfiable, !expected);
        let core = unsatisfiable_core(&domains, &borrowed, &mut budget());
        prop_assert_eq!(core.is_some(), !expected);
        if let Some(core) = core {
            prop_assert!(!is_satisfiable(&ranged(&mut core.iter().copied())));
            for left_out in &core {
                let rest: Vec<&Formula> =
                    core.iter().filter(|it| *it != left_out).map(|it| &parts[*it]).collect();
                let outcome = solve_all(&domains, &rest, &mut budget());
                prop_assert!(matches!(outcome, Outcome::Satisfiable(_)));
            }
        }
    }

    #[test]
    fn normal_form_keeps_the_meaning(
        formula in formula(4, 16),
        x in -6..=6_i64, y in -6..=6_i64, z in -6..=6_i64, a: bool, b: bool,
    ) {
        let place = |index, value: i64| (Variable(index), Rational::new(value.into(), 2.into()));
        let witness = Witness {
            numbers: vec![place(0, x), place(1, y), place(2, z)],
            booleans: vec![(BooleanVariable(0), a), (BooleanVariable(1), b)],
        };
        let truth = formula.evaluate(&witness);
        prop_assert!(truth.is_some());
        prop_assert_eq!(formula.to_negation_normal_form().evaluate(&witness), truth);
        prop_assert_eq!(formula.negated().evaluate(&witness), truth.map(|it| !it));
    }

    #[test]
    fn a_small_budget_never_changes_an_answer(
        formula in formula(4, 24),
        domains in prop::collection::vec(domain(), 3),
        steps in 0..400_u64,
    ) {
        let full = solve(&domains, &formula, &mut budget());
        let short = solve(&domains, &formula, &mut Budget::new(steps));
        prop_assert!(short == Outcome::Undecided || short == full);
    }

    #[test]
    fn numbers_match_rationals(
        (a, b) in numerator_and_denominator(),
        (c, d) in numerator_and_denominator(),
    ) {
        let exact = |n: i64, d: i64| Rational::new(n.into(), d.into());
        let (left, right) = (exact(a, b), exact(c, d));
        let [one, two] = [Number::from_rational(&left), Number::from_rational(&right)];
        let same = |number: &Number, rational: Rational| *number == Number::from_rational(&rational)
            && number.to_rational() == rational;
        prop_assert!(same(&(&one + &two), &left + &right));
        prop_assert!(same(&(&one - &two), &left - &right));
        prop_assert!(same(&(&one * &two), &left * &right));
        prop_assert!(same(&one.floor(), left.floor()));
        prop_assert!(same(&one.ceiling(), left.ceil()));
        prop_assert_eq!(one.cmp(&two), left.cmp(&right));
        let squared = &(&one * &one) * &two;
        prop_assert!(same(&squared, &left * &left * &right));
        prop_assert_eq!(squared.cmp(&one), (&left * &left * &right).cmp(&left));
        match one.divide(&two) {
            Some(quotient) => prop_assert!(same(&quotient, left / right)),
            None => prop_assert_eq!(c, 0),
        }
    }
}

fn numerator_and_denominator() -> impl Strategy<Value = (i64, i64)> {
    let any_size = || prop_oneof![-9..=9_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX)];
    (any_size(), any_size().prop_filter("a denominator is not zero", |it| *it != 0))
}

/// More cases than usual when asked for through the environment.
fn cases(usual: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}
