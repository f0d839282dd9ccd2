//! How large, deep and repetitive an input may be.

/// Bounds that every reader checks before it works, so that no input can exhaust the machine.
///
/// The defaults are far above what people write; a host may change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, in bytes.
    pub bytes: usize,
    /// Most YAML nodes in one document.
    pub nodes: usize,
    /// Deepest nesting of YAML collections.
    pub depth: usize,
    /// Most nodes that aliases and merge keys may add by repetition.
    pub alias_nodes: usize,
    /// Deepest nesting within one expression.
    pub expression_depth: usize,
    /// Longest single expression, in bytes.
    pub expression_bytes: usize,
    /// Most files one policy may import, directly and through others.
    pub imports: usize,
    /// Most steps the static analysis may take over one policy before it leaves the rest undecided.
    pub analysis_steps: u64,
}

impl Limits {
    /// 16 MiB.
    pub const BYTES: usize = 16 << 20;
    /// Four million nodes.
    pub const NODES: usize = 4_000_000;
    /// 64 levels.
    pub const DEPTH: usize = 64;
    /// A hundred thousand repeated nodes.
    pub const ALIAS_NODES: usize = 100_000;
    /// 64 levels.
    pub const EXPRESSION_DEPTH: usize = 64;
    /// 64 KiB.
    pub const EXPRESSION_BYTES: usize = 64 << 10;
    /// 64 files.
    pub const IMPORTS: usize = 64;
    /// Two million steps: well under a second.
    pub const ANALYSIS_STEPS: u64 = 2_000_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: Self::BYTES,
            nodes: Self::NODES,
            depth: Self::DEPTH,
            alias_nodes: Self::ALIAS_NODES,
            expression_depth: Self::EXPRESSION_DEPTH,
            expression_bytes: Self::EXPRESSION_BYTES,
            imports: Self::IMPORTS,
            analysis_steps: Self::ANALYSIS_STEPS,
        }
    }
}
