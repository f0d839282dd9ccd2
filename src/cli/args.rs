//! Arguments of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::clock::NowArguments;
use super::lifecycle_args::{CampaignArguments, PromoteArguments, ResolveModeArguments};
use super::record_args::{ReportArguments, RunArguments, WorldVerbs};
use super::store_file::StoreArguments;

/// Checks world policies and judges strategies with them.
#[derive(Debug, Parser)]
#[command(name = "qmtl-policy", version, max_term_width = 100)]
pub(super) struct Arguments {
    /// When to use colour; NO_COLOR turns `auto` off
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    #[command(subcommand)]
    pub verb: Verb,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Check policies: syntax, names, units, logic, lifecycle
    Check(CheckArguments),
    /// Judge a snapshot by a policy
    Eval(Box<EvalArguments>),
    /// Explain the decision about one strategy, and what would change it
    Explain(Box<ExplainArguments>),
    /// Format policies in place, keeping comments
    Fmt(FmtArguments),
    /// Explain a diagnostic code, or list all
    Rule(RuleArguments),
    /// List the metrics of the catalogue, or describe one
    Metrics(MetricsArguments),
    /// Submit, list and move evaluation runs
    Run(RunArguments),
    /// Follow strategies on their way from backtest to live
    Campaign(CampaignArguments),
    /// Plan, approve and apply promotions to live, and take them back
    Promote(PromoteArguments),
    /// Show where a world stands; halt it and let it go on
    World(WorldVerbs),
    /// Report where the strategies of a world stand and why, for operators and risk officers
    Report(Box<ReportArguments>),
    /// Tell where a strategy executes, and which of its orders pass
    ResolveMode(ResolveModeArguments),
    /// Print the JSON Schema of policies, for editors
    Schema,
    /// Measure how fast a policy judges
    Bench(BenchArguments),
    /// Make, verify, export and import the record of what was decided
    #[command(subcommand)]
    Store(StoreVerb),
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Policies; a directory stands for its .yaml and .yml files, `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to write what was found
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
    /// Exit with 1 for warnings, too
    #[arg(long)]
    pub deny_warnings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0
    Sarif,
}

/// What judging reads.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
    /// The policy, `-` for standard input
    pub policy: PathBuf,
    /// The snapshot, JSON or YAML, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub snapshot: PathBuf,
    /// The world, where the policy does not name it
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    /// The stage of the strategies, instead of the snapshot's
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// The profile, instead of that of the stage
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// What was active before: a state, a decision, or a list of ids
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// Correlations as CSV with the columns a, b, rho
    #[arg(long, value_name = "FILE")]
    pub correlations: Option<PathBuf>,
    /// The time of the snapshot, instead of its own
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct EvalArguments {
    #[command(flatten)]
    pub inputs: InputArguments,
    /// How to write the decision; a table on a terminal and JSON elsewhere by default
    #[arg(long, value_enum)]
    pub format: Option<EvalFormat>,
    /// Which strategies to write out; selected ones in a table and all in JSON by default
    #[arg(long, value_enum)]
    pub detail: Option<Detail>,
    /// Exit with 1 unless this strategy is selected, with 3 if only data is missing for that
    #[arg(long, value_name = "ID")]
    pub require: Vec<String>,
    /// Take approvals and what was active before from this store
    #[arg(long, value_name = "FILE", conflicts_with = "previous")]
    pub store: Option<PathBuf>,
    /// Append the decision to the store, with the state for the next one; without --store to the one of all verbs
    #[arg(long)]
    pub record: bool,
    #[command(flatten)]
    pub now: NowArguments,
    /// Write to a file; the endings .csv and .parquet write a row for each strategy
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EvalFormat {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// The same document on one line
    Ndjson,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    pub inputs: InputArguments,
    /// The strategy
    #[arg(long, value_name = "ID")]
    pub strategy: String,
    /// How to write the explanation
    #[arg(long, value_enum, default_value_t = ExplainFormat::Human)]
    pub format: ExplainFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    /// For people
    Human,
    /// One JSON document
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Detail {
    /// None
    None,
    /// Those selected
    Selected,
    /// All
    All,
}

#[derive(Debug, Args)]
pub(super) struct FmtArguments {
    /// Policies; `-` reads standard input and writes standard output
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change nothing; name the files that are not formatted and exit with 1
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub(super) struct BenchArguments {
    /// The policy
    pub policy: PathBuf,
    /// Judge so many rows, made up around the thresholds of the policy
    #[arg(long, value_name = "N", conflicts_with = "snapshot")]
    pub rows: Option<usize>,
    /// Judge the strategies of a snapshot, or of the last instant of a table
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// The world, where the policy does not name it
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    /// The stage, whose profile judges
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// The profile, instead of that of the stage
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// How to write what was measured
    #[arg(long, value_enum, default_value_t = BenchFormat::Table)]
    pub format: BenchFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum BenchFormat {
    /// For people
    Table,
    /// One JSON document
    Json,
}

#[derive(Debug, Args)]
pub(super) struct RuleArguments {
    /// A code such as QP3001, or its name
    pub code: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct MetricsArguments {
    /// A metric, or a part of a name
    pub name: Option<String>,
    /// How to write them
    #[arg(long, value_enum, default_value_t = MetricsFormat::Table)]
    pub format: MetricsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MetricsFormat {
    /// For people
    Table,
    /// One JSON document
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum StoreVerb {
    /// Make a store, unless it is there
    Init(StoreInitArguments),
    /// Find any edit, gap or reorder in the record
    Verify(StoreVerifyArguments),
    /// Write the record as JSON lines
    Export(StoreExportArguments),
    /// Read exported JSON lines into an empty store, or a new one
    Import(StoreImportArguments),
}

#[derive(Debug, Args)]
pub(super) struct StoreInitArguments {
    #[command(flatten)]
    pub store: StoreArguments,
    /// Let time be what --now says, for simulations; otherwise nothing is recorded ahead of the clock
    #[arg(long)]
    pub simulated: bool,
    /// How to write where the record ends
    #[arg(long, value_enum, default_value_t = StoreFormat::Table)]
    pub format: StoreFormat,
}

#[derive(Debug, Args)]
pub(super) struct StoreVerifyArguments {
    #[command(flatten)]
    pub store: StoreArguments,
    /// Exit with 1 unless the record ends with this hash: finds a tail that was cut off
    #[arg(long, value_name = "HASH")]
    pub expect_head: Option<String>,
    /// How to write what was found
    #[arg(long, value_enum, default_value_t = StoreFormat::Table)]
    pub format: StoreFormat,
}

#[derive(Debug, Args)]
pub(super) struct StoreExportArguments {
    #[command(flatten)]
    pub store: StoreArguments,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to write where the record ends; on standard error, where standard output has the lines
    #[arg(long, value_enum, default_value_t = StoreFormat::Table)]
    pub format: StoreFormat,
}

#[derive(Debug, Args)]
pub(super) struct StoreImportArguments {
    /// The exported lines, `-` for standard input
    pub file: PathBuf,
    #[command(flatten)]
    pub store: StoreArguments,
    /// How to write where the record ends
    #[arg(long, value_enum, default_value_t = StoreFormat::Table)]
    pub format: StoreFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StoreFormat {
    /// For people
    Table,
    /// One JSON document
    Json,
}
