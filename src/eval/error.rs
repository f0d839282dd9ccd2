//! Why a snapshot cannot be judged by a policy.

/// Why a snapshot cannot be judged by a policy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The policy names another world.
    #[error("the policy is for world `{policy}`, not `{asked}`")]
    OtherWorld {
        /// The policy's.
        policy: String,
        /// The one asked for.
        asked: String,
    },
    /// Nobody names a world.
    #[error("the policy names no world: give one")]
    NoWorld,
    /// The state is another world's.
    #[error("the previous state is of world `{state}`, not `{world}`")]
    StateOfOtherWorld {
        /// The state's.
        state: String,
        /// This one.
        world: String,
    },
    /// The state names no world, and the policy does.
    #[error(
        "the previous state names no world, so it is not that of `{world}`: give the state that an evaluation of it left"
    )]
    StateOfNoWorld {
        /// This world.
        world: String,
    },
    /// The state is newer than the snapshot.
    #[error("the previous state is of {state}, after this snapshot of {snapshot}: judge snapshots in order")]
    StateFromLater {
        /// The state's instant.
        state: String,
        /// The snapshot's.
        snapshot: String,
    },
    /// There is no such profile.
    #[error("there is no profile `{0}`")]
    UnknownProfile(String),
    /// There is no such stage.
    #[error("there is no stage `{0}`: the stages are {stages}", stages = crate::compile::STAGES.join(", "))]
    UnknownStage(String),
}
