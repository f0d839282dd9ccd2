//! Arguments of the verbs that read and write the record of a world.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::clock::NowArguments;
use super::lifecycle_args::AnswerFormat;
use super::store_file::StoreArguments;

/// What the verbs about the record of a world read.
#[derive(Debug, Args)]
pub(super) struct RecordArguments {
    /// The policy, `-` for standard input
    pub policy: PathBuf,
    /// The world, where the policy does not name it
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    #[command(flatten)]
    pub answer: RecordAnswer,
}

/// The same for verbs that stop something: they need no policy, which may be broken just then.
#[derive(Debug, Args)]
pub(super) struct StopArguments {
    /// The policy, for its world
    #[arg(required_unless_present = "world")]
    pub policy: Option<PathBuf>,
    /// The world; then no policy is needed
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    #[command(flatten)]
    pub answer: RecordAnswer,
}

/// From where, when, and how to answer.
#[derive(Debug, Args)]
pub(super) struct RecordAnswer {
    #[command(flatten)]
    pub store: StoreArguments,
    #[command(flatten)]
    pub now: NowArguments,
    /// How to write the answer; a table on a terminal and JSON elsewhere by default
    #[arg(long, value_enum)]
    pub format: Option<AnswerFormat>,
}

/// Who decides, and why.
#[derive(Debug, Args)]
pub(super) struct ActArguments {
    /// Who decides
    #[arg(long, value_name = "NAME")]
    pub actor: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

impl ActArguments {
    pub fn by(&self) -> (&str, &str) {
        (&self.actor, &self.reason)
    }
}

/// Which run.
#[derive(Debug, Args)]
pub(super) struct RunOf {
    /// The strategy
    #[arg(long, value_name = "ID")]
    pub strategy: String,
    /// The run
    #[arg(long, value_name = "ID")]
    pub run: String,
}

impl RunOf {
    pub fn of(&self) -> (&str, &str) {
        (&self.strategy, &self.run)
    }
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    #[command(subcommand)]
    pub verb: RunVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum RunVerb {
    /// Submit a run, judge it and record both
    Submit(Box<RunSubmit>),
    /// List the runs of a world
    List(Box<RunList>),
    /// Show one run with its metrics and its decision
    Show(Box<RunShow>),
    /// Move a run to another state
    Transition(Box<RunTransition>),
    /// Say something about a run, whatever the rules say
    Override(Box<RunOverride>),
}

#[derive(Debug, Args)]
pub(super) struct RunSubmit {
    #[command(flatten)]
    pub record: RecordArguments,
    /// The strategy
    #[arg(long, value_name = "ID")]
    pub strategy: String,
    /// The snapshot, JSON or YAML, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub snapshot: PathBuf,
    /// The run [default: one for world, strategy, stage and day, as `campaign tick` suggests it]
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// What the run observes: backtest, paper, shadow or live, instead of the snapshot's stage
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// From when the data is that the run is judged on
    #[arg(long, value_name = "TIME", requires = "data_end")]
    pub data_start: Option<String>,
    /// Until when that data is
    #[arg(long, value_name = "TIME", requires = "data_start")]
    pub data_end: Option<String>,
    /// The mode that is hoped for; a hint that raises nothing
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// The evaluated run that this one takes the place of
    #[arg(long, value_name = "ID", requires = "reason")]
    pub supersedes: Option<String>,
    /// Why it takes its place
    #[arg(long, value_name = "TEXT", requires = "supersedes")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct RunList {
    #[command(flatten)]
    pub record: RecordArguments,
    /// Only those of this strategy
    #[arg(long, value_name = "ID")]
    pub strategy: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct RunShow {
    #[command(flatten)]
    pub record: RecordArguments,
    #[command(flatten)]
    pub run: RunOf,
}

#[derive(Debug, Args)]
pub(super) struct RunTransition {
    #[command(flatten)]
    pub record: RecordArguments,
    #[command(flatten)]
    pub run: RunOf,
    /// The state: backtest_running, evaluating, activated, rejected or expired
    #[arg(long, value_name = "STATE")]
    pub to: String,
}

#[derive(Debug, Args)]
pub(super) struct RunOverride {
    #[command(flatten)]
    pub record: RecordArguments,
    #[command(flatten)]
    pub run: RunOf,
    /// What is said about it
    #[arg(long, value_enum)]
    pub status: SaidStatus,
    #[command(flatten)]
    pub act: ActArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SaidStatus {
    /// It may go live
    Approved,
    /// It may not
    Rejected,
    /// Nothing any more
    None,
}

#[derive(Debug, Args)]
pub(super) struct ActOnRun {
    #[command(flatten)]
    pub record: RecordArguments,
    #[command(flatten)]
    pub run: RunOf,
    #[command(flatten)]
    pub act: ActArguments,
}

#[derive(Debug, Args)]
pub(super) struct ApplyRun {
    #[command(flatten)]
    pub record: RecordArguments,
    #[command(flatten)]
    pub run: RunOf,
    #[command(flatten)]
    pub act: ActArguments,
    /// When the risk snapshot was taken
    #[arg(long, value_name = "TIME")]
    pub risk_snapshot: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct DemoteStrategy {
    #[command(flatten)]
    pub stop: StopArguments,
    /// The strategy
    #[arg(long, value_name = "ID")]
    pub strategy: String,
    /// The run it is live by; the strategy is stopped whichever that is
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    #[command(flatten)]
    pub act: ActArguments,
}

#[derive(Debug, Args)]
pub(super) struct WorldVerbs {
    #[command(subcommand)]
    pub verb: WorldVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum WorldVerb {
    /// Show phase, progress, key metrics and what blocks each strategy
    Status(Box<WorldStatusArguments>),
    /// Stop all promotions; orders only reduce positions
    Halt(Box<WorldHalt>),
    /// Let a halted world go on
    Resume(Box<WorldResume>),
}

#[derive(Debug, Args)]
pub(super) struct WorldStatusArguments {
    #[command(flatten)]
    pub record: RecordArguments,
    /// Only this strategy
    #[arg(long, value_name = "ID")]
    pub strategy: Option<String>,
    /// When the risk snapshot was taken
    #[arg(long, value_name = "TIME")]
    pub risk_snapshot: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// The policy, `-` for standard input
    pub policy: PathBuf,
    /// The world, where the policy does not name it
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    /// Only this strategy
    #[arg(long, value_name = "ID")]
    pub strategy: Option<String>,
    /// The language
    #[arg(long, value_enum, default_value_t = ReportLanguage::En, value_name = "LANGUAGE")]
    pub lang: ReportLanguage,
    /// How to write the report
    #[arg(long, value_enum)]
    pub format: ReportFormat,
    /// When the risk snapshot was taken
    #[arg(long, value_name = "TIME")]
    pub risk_snapshot: Option<String>,
    #[command(flatten)]
    pub store: StoreArguments,
    #[command(flatten)]
    pub now: NowArguments,
    /// Write to a file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// Markdown, for a terminal or a mail
    Md,
    /// One HTML file with plots, for a browser or paper
    Html,
    /// One JSON document
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportLanguage {
    /// English
    En,
    /// Korean
    Ko,
}

#[derive(Debug, Args)]
pub(super) struct WorldHalt {
    #[command(flatten)]
    pub stop: StopArguments,
    #[command(flatten)]
    pub act: ActArguments,
}

#[derive(Debug, Args)]
pub(super) struct WorldResume {
    #[command(flatten)]
    pub record: RecordArguments,
    #[command(flatten)]
    pub act: ActArguments,
}
