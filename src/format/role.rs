//! Which values of a policy are expressions, by the keys that lead to them.

/// What a node is for, as far as the formatter cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The whole document.
    Policy,
    /// `selection`.
    Selection,
    /// A gate: an expression, or a list or tree of them.
    Gates,
    /// `define`.
    Definitions,
    /// A value of `define`: an expression, or a mapping with one.
    Definition,
    /// `validation`, or one profile.
    Sections,
    /// `validation_profiles`.
    Profiles,
    /// A section of rules.
    Section,
    /// The rules of a section, or one of them.
    Rules,
    /// An expression.
    Expression,
    /// Anything else.
    Other,
}

impl Role {
    /// What the value of a key is for.
    pub(super) fn child(self, key: &str) -> Self {
        match (self, key) {
            // What is merged plays the part of what it is merged into.
            (role, "<<") => role,
            (Self::Policy, "selection") => Self::Selection,
            (Self::Policy, "define") => Self::Definitions,
            (Self::Policy, "validation") => Self::Sections,
            (Self::Policy, "validation_profiles") => Self::Profiles,
            (Self::Selection, "gates") => Self::Gates,
            (Self::Selection, "score") => Self::Expression,
            (Self::Gates, "and" | "all" | "or" | "any" | "not") => Self::Gates,
            (Self::Gates | Self::Rules, "when" | "keep") => Self::Expression,
            (Self::Definitions, _) => Self::Definition,
            (Self::Definition, "is") => Self::Expression,
            (Self::Profiles, _) => Self::Sections,
            (Self::Sections, _) => Self::Section,
            (Self::Section, "rules") => Self::Rules,
            _ => Self::Other,
        }
    }

    /// What an item of a list is for.
    pub(super) fn item(self) -> Self {
        match self {
            Self::Expression | Self::Definition => Self::Other,
            // Lists of gates and of rules, and of mappings to merge.
            role => role,
        }
    }

    /// Whether a scalar here is an expression.
    pub(super) fn is_expression(self) -> bool {
        matches!(self, Self::Gates | Self::Definition | Self::Expression)
    }
}
