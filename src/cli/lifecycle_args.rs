//! Arguments of the verbs about campaigns, promotion and execution.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::clock::NowArguments;
use super::record_args::{ActOnRun, ApplyRun, DemoteStrategy};
use super::store_file::StoreArguments;

/// How to write an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerFormat {
    /// For people
    Table,
    /// One JSON document
    Json,
}

/// What the verbs about strategies of a world read.
#[derive(Debug, Args)]
pub(super) struct WorldArguments {
    /// The policy, `-` for standard input
    pub policy: PathBuf,
    /// The runs: a JSON list of run records, `-` for standard input; without it, those of the store
    #[arg(long, value_name = "FILE", conflicts_with = "store")]
    pub runs: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArguments,
    /// The world, where the policy does not name it
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    #[command(flatten)]
    pub now: NowArguments,
    /// How to write the answer; a table on a terminal and JSON elsewhere by default
    #[arg(long, value_enum)]
    pub format: Option<AnswerFormat>,
}

#[derive(Debug, Args)]
pub(super) struct CampaignArguments {
    #[command(subcommand)]
    pub verb: CampaignVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum CampaignVerb {
    /// Show how far each strategy is, and what is missing
    Status(CampaignStrategies),
    /// Recommend what to do next for each strategy; nothing is done
    Tick(CampaignStrategies),
}

#[derive(Debug, Args)]
pub(super) struct CampaignStrategies {
    #[command(flatten)]
    pub world: WorldArguments,
    /// Only this strategy
    #[arg(long, value_name = "ID")]
    pub strategy: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PromoteArguments {
    #[command(subcommand)]
    pub verb: PromoteVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum PromoteVerb {
    /// List who may be next to go live, and what stands in the way
    Candidates(Box<PromoteCandidates>),
    /// Show what promoting a run would change, and what stands in the way
    Plan(Box<PromotePlan>),
    /// Approve a run for live, under this policy only
    Approve(Box<ActOnRun>),
    /// Turn a run down for live
    Reject(Box<ActOnRun>),
    /// Make a run live, if nothing stands in the way
    Apply(Box<ApplyRun>),
    /// Stop a strategy
    Demote(Box<DemoteStrategy>),
    /// Take the newest apply of a run back
    Rollback(Box<ApplyRun>),
}

/// What promotions depend on beside policy and runs.
#[derive(Debug, Args)]
pub(super) struct CircumstanceArguments {
    /// What is live now
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub current_active: Option<Vec<String>>,
    /// When the risk snapshot was taken
    #[arg(long, value_name = "TIME")]
    pub risk_snapshot: Option<String>,
    /// When the newest apply was completed
    #[arg(long, value_name = "TIME")]
    pub last_apply: Option<String>,
    /// Whether anything may go live, where the policy does not say
    #[arg(long, value_name = "BOOL", action = ArgAction::Set)]
    pub allow_live: Option<bool>,
}

#[derive(Debug, Args)]
pub(super) struct PromoteCandidates {
    #[command(flatten)]
    pub world: WorldArguments,
    /// Only this strategy
    #[arg(long, value_name = "ID")]
    pub strategy: Option<String>,
    #[command(flatten)]
    pub circumstances: CircumstanceArguments,
}

#[derive(Debug, Args)]
pub(super) struct PromotePlan {
    #[command(flatten)]
    pub world: WorldArguments,
    /// The strategy
    #[arg(long, value_name = "ID")]
    pub strategy: String,
    /// The run
    #[arg(long, value_name = "ID")]
    pub run: String,
    #[command(flatten)]
    pub circumstances: CircumstanceArguments,
}

#[derive(Debug, Args)]
pub(super) struct ResolveModeArguments {
    /// The context, JSON or YAML, `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to write the answer; a table on a terminal and JSON elsewhere by default
    #[arg(long, value_enum)]
    pub format: Option<AnswerFormat>,
}
