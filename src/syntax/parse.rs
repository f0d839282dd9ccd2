//! Parses the text of an expression into its tree.

use std::sync::LazyLock;

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::number;
use super::scan;
use super::{ArithmeticOperator, Comparison, Expr, ExprKind, LiteralUnit};
use crate::source::{Limits, Locator, Span};

/// The parser that `pest` builds from the grammar.
mod grammar {
    #![allow(missing_docs, reason = "the derive writes one item per rule of the grammar")]
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/expr.pest"]
    pub struct Expressions;
}
use grammar::{Expressions, Rule};

/// An expression with the defects found in it.
pub type Parsed = Result<Expr, ExpressionError>;

/// Why the text of an expression could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// The place.
    pub span: Span,
    /// One line.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether a limit was exceeded, not the grammar broken.
    pub limit: bool,
}

static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(Op::prefix(Rule::negation))
        .op(left(Rule::less_equal)
            | left(Rule::greater_equal)
            | left(Rule::equal)
            | left(Rule::not_equal)
            | left(Rule::less)
            | left(Rule::greater)
            | Op::postfix(Rule::within))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide))
        .op(Op::prefix(Rule::minus))
        .op(Op::infix(Rule::power, Assoc::Right))
});

/// Parses an expression; `locator` tells where its characters stand in the file.
pub fn parse_expression(text: &str, locator: &Locator, limits: &Limits) -> Parsed {
    let refuse = |at: usize, message: String, help: &str| ExpressionError {
        span: locator.span(at, at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)),
        message,
        help: Some(help.to_owned()),
        limit: true,
    };
    if text.len() > limits.expression_bytes {
        let message = format!("expression of {} bytes: at most {} are read", text.len(), limits.expression_bytes);
        return Err(refuse(0, message, "name parts of it under `define`"));
    }
    if let Some(at) = scan::too_deep(text, limits.expression_depth) {
        let message = format!("expression nests deeper than {} levels", limits.expression_depth);
        return Err(refuse(at, message, "name parts of it under `define`"));
    }
    let mut pairs = Expressions::parse(Rule::expression, text).map_err(|error| explain(text, &error, locator))?;
    let builder = Builder { locator };
    let term = pairs.next().and_then(|expression| expression.into_inner().next());
    let built = term.and_then(|term| builder.term(term.into_inner()));
    built.ok_or_else(|| refuse(0, "expression holds a number that is too large".to_owned(), "use a smaller number"))
}

struct Builder<'a> {
    locator: &'a Locator,
}

impl Builder<'_> {
    /// None where a number overflows; everything else the grammar guarantees.
    fn term(&self, pairs: Pairs<'_, Rule>) -> Option<Expr> {
        PRECEDENCE
            .map_primary(|pair| self.primary(pair))
            .map_prefix(|operator, right| {
                let right = right?;
                let span = self.span(&operator).to(right.span);
                let negation = operator.as_rule() == Rule::negation;
                let kind = if negation { ExprKind::Not(Box::new(right)) } else { ExprKind::Negate(Box::new(right)) };
                Some(Expr { span, kind })
            })
            .map_postfix(|value, range| self.within(value?, range))
            .map_infix(|left, operator, right| infix(left?, operator.as_rule(), right?))
            .parse(pairs)
    }

    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        // Rules end behind the white space that follows them.
        self.locator.span(span.start(), span.start() + pair.as_str().trim_end().len())
    }

    fn primary(&self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number => {
                let text = pair.as_str();
                let mut parts = pair.into_inner();
                let digits = parts.next()?.as_str();
                let (value, unit) = number::literal(digits, parts.next().map_or("", |unit| unit.as_str()))?;
                ExprKind::Number { value, unit, text: text.into() }
            }
            Rule::boolean => ExprKind::Boolean(pair.as_str() == "true"),
            Rule::text => ExprKind::Text(unescaped(pair).into()),
            Rule::path => ExprKind::Path(pair.into_inner().map(segment).collect()),
            Rule::parameter => ExprKind::Parameter(pair.into_inner().next()?.as_str().into()),
            Rule::group => ExprKind::Group(Box::new(self.term(pair.into_inner().next()?.into_inner())?)),
            Rule::call => {
                let mut parts = pair.into_inner();
                let name = parts.next()?;
                let arguments = parts.map(|argument| self.term(argument.into_inner())).collect::<Option<_>>()?;
                ExprKind::Call { name: name.as_str().into(), name_span: self.span(&name), arguments }
            }
            _ => return None,
        };
        Some(Expr { span, kind })
    }

    fn within(&self, value: Expr, range: Pair<'_, Rule>) -> Option<Expr> {
        let span = value.span.to(self.span(&range));
        let mut parts = range.into_inner();
        parts.next()?;
        let open = parts.next()?.as_str() == "[";
        let low = self.term(parts.next()?.into_inner())?;
        let high = self.term(parts.next()?.into_inner())?;
        let close = parts.next()?.as_str() == "]";
        let (low, high) = ((Box::new(low), open), (Box::new(high), close));
        Some(Expr { span, kind: ExprKind::Within { value: Box::new(value), low, high } })
    }
}

fn segment(pair: Pair<'_, Rule>) -> Box<str> {
    if pair.as_rule() == Rule::text { unescaped(pair).into() } else { pair.as_str().into() }
}

fn unescaped(pair: Pair<'_, Rule>) -> String {
    let characters = pair.into_inner().map(|character| character.as_str());
    characters.map(|character| character.strip_prefix('\\').unwrap_or(character)).collect()
}

fn infix(left: Expr, operator: Rule, right: Expr) -> Option<Expr> {
    let span = left.span.to(right.span);
    let kind = match operator {
        Rule::or => match left.kind {
            ExprKind::Or(items) => ExprKind::Or(with(items, right)),
            _ => ExprKind::Or(vec![left, right]),
        },
        Rule::and => match left.kind {
            ExprKind::And(items) => ExprKind::And(with(items, right)),
            _ => ExprKind::And(vec![left, right]),
        },
        Rule::power => ExprKind::Power(Box::new(left), Box::new(right)),
        _ => match (comparison(operator), arithmetic(operator)) {
            (Some(operator), _) => match left.kind {
                ExprKind::Compare { first, rest } => ExprKind::Compare { first, rest: with(rest, (operator, right)) },
                _ => ExprKind::Compare { first: Box::new(left), rest: vec![(operator, right)] },
            },
            (None, Some(operator)) => chain(left, operator, right),
            (None, None) => return None,
        },
    };
    Some(Expr { span, kind })
}

fn chain(left: Expr, operator: ArithmeticOperator, right: Expr) -> ExprKind {
    match left.kind {
        ExprKind::Arithmetic { first, rest }
            if rest.iter().all(|(other, _)| other.is_multiplicative() == operator.is_multiplicative()) =>
        {
            ExprKind::Arithmetic { first, rest: with(rest, (operator, right)) }
        }
        _ => ExprKind::Arithmetic { first: Box::new(left), rest: vec![(operator, right)] },
    }
}

fn with<T>(mut items: Vec<T>, last: T) -> Vec<T> {
    items.push(last);
    items
}

fn comparison(rule: Rule) -> Option<Comparison> {
    Some(match rule {
        Rule::less => Comparison::Less,
        Rule::less_equal => Comparison::LessEqual,
        Rule::greater => Comparison::Greater,
        Rule::greater_equal => Comparison::GreaterEqual,
        Rule::equal => Comparison::Equal,
        Rule::not_equal => Comparison::NotEqual,
        _ => return None,
    })
}

fn arithmetic(rule: Rule) -> Option<ArithmeticOperator> {
    Some(match rule {
        Rule::add => ArithmeticOperator::Add,
        Rule::subtract => ArithmeticOperator::Subtract,
        Rule::multiply => ArithmeticOperator::Multiply,
        Rule::divide => ArithmeticOperator::Divide,
        _ => return None,
    })
}

fn explain(text: &str, error: &pest::error::Error<Rule>, locator: &Locator) -> ExpressionError {
    let at = match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((start, _)) => start,
    };
    let rest = text.get(at..).unwrap_or("");
    let at = at + (rest.len() - rest.trim_start().len());
    let rest = rest.trim_start();
    let found = token(rest);
    let wants_value = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => {
            positives.iter().any(|rule| matches!(rule, Rule::number | Rule::path | Rule::term | Rule::name))
        }
        ErrorVariant::CustomError { .. } => false,
    };
    let message = match (found.is_empty(), wants_value) {
        (true, _) if text.trim().is_empty() => "expression is empty".to_owned(),
        (true, true) => "expression ends where a value is expected".to_owned(),
        (true, false) => "expression ends too early: a bracket or a quote is not closed".to_owned(),
        (false, true) => format!("expected a value, found `{found}`"),
        (false, false) => format!("expected an operator or the end, found `{found}`"),
    };
    let help = advice(text, at, found);
    ExpressionError { span: locator.span(at, at + found.len()), message, help, limit: false }
}

/// The piece of text that starts here, as a person would name it.
fn token(rest: &str) -> &str {
    let word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    let Some(first) = rest.chars().next() else { return "" };
    let end = if word(first) {
        rest.find(|character| !word(character)).unwrap_or(rest.len())
    } else {
        let symbol = |character: char| matches!(character, '=' | '<' | '>' | '!' | '&' | '|');
        let run = rest.find(|character| !symbol(character)).unwrap_or(rest.len());
        run.max(first.len_utf8())
    };
    rest.get(..end).unwrap_or(rest)
}

fn advice(text: &str, at: usize, found: &str) -> Option<String> {
    let before = text.get(..at).unwrap_or("").trim_end();
    let written = |known: &str| Some(format!("write `{known}`"));
    let fixed = match found {
        "=" => written("=="),
        "=>" | "≥" => written(">="),
        "=<" | "≤" => written("<="),
        "<>" | "≠" | "=!" => written("!="),
        "===" => written("=="),
        "&" => written("and"),
        "|" => written("or"),
        "AND" | "And" => written("and"),
        "OR" | "Or" => written("or"),
        "NOT" | "Not" => written("not"),
        "IN" | "In" => written("in"),
        "**" => written("^"),
        "*" if before.ends_with('*') => Some("for a power write `^`".to_owned()),
        ">" | "<" if before.ends_with('=') => written(if found == ">" { ">=" } else { "<=" }),
        "," if !text.contains('(') => Some("write decimals with a point".to_owned()),
        _ => None,
    };
    let capital = || {
        let word = before.rsplit(char::is_whitespace).next().unwrap_or("");
        matches!(word, "AND" | "OR" | "NOT" | "IN").then(|| format!("write `{}`", word.to_lowercase()))
    };
    let unit = || {
        let number = before.chars().next_back().is_some_and(|last| last.is_ascii_digit());
        (number && !found.is_empty() && found.chars().all(char::is_alphabetic))
            .then(|| "units are `%`, `bp`, `s`, `m`, `h`, `d` and `w`, right behind the number".to_owned())
    };
    fixed.or_else(capital).or_else(unit).or_else(|| unclosed(text))
}

/// Points out brackets that do not match.
fn unclosed(text: &str) -> Option<String> {
    let count = |wanted: &[char]| text.chars().filter(|character| wanted.contains(character)).count();
    let (open, close) = (count(&['(', '[']), count(&[')', ']']));
    (open != close).then(|| {
        let (more, fewer) = if open > close { ("opened", "closed") } else { ("closed", "opened") };
        format!("more brackets are {more} than {fewer}")
    })
}

impl LiteralUnit {
    /// Whether the literal is written in units of time.
    #[must_use]
    pub fn is_duration(self) -> bool {
        self == Self::Duration
    }
}
