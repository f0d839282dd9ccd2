//! Why a log refuses, or is broken.

/// Why a log refuses, or is broken. Events count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// An event older than the last.
    #[error("the event is of {at}, before the last one of {last}: record events in the order of their times")]
    Older {
        /// The refused event's time.
        at: String,
        /// The last event's time.
        last: String,
    },
    /// An event from later than the clock on the wall.
    #[error(
        "the event is of {at}, but it is only {now}: record it when it has happened, or use a store made with --simulated"
    )]
    Ahead {
        /// The refused event's time.
        at: String,
        /// What the clock says.
        now: String,
    },
    /// The same id with other content.
    #[error("an event `{id}` is recorded with other content: give the new one an id of its own")]
    OtherContent {
        /// The id.
        id: String,
    },
    /// An event that cannot be kept.
    #[error("the event `{id}` cannot be recorded: {problem}")]
    Unrecordable {
        /// The id.
        id: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// Somebody else has recorded something meanwhile.
    #[error("the log ends with {head}, no longer with {expected}: read what is new and decide again")]
    Moved {
        /// What it ends with.
        head: String,
        /// What the caller had seen.
        expected: String,
    },
    /// An event that is not what was recorded.
    #[error("event {number} is not what was recorded: {fault}; trust only the events before it, or an export")]
    Broken {
        /// Its place.
        number: u64,
        /// How it shows.
        fault: Fault,
    },
    /// The last event is not the expected one, and no earlier one is.
    #[error("the log ends with {head} and nowhere has {expected}: its tail was cut, or it is another log")]
    OtherHead {
        /// What it ends with.
        head: String,
        /// What was expected.
        expected: String,
    },
    /// The expected head is in the log, and more follows.
    #[error("the expected head is event {number} of {events}: the log goes on after it, up to {head}")]
    GoesOn {
        /// The place of the expected head.
        number: u64,
        /// How many events there are.
        events: u64,
        /// What it ends with.
        head: String,
    },
    /// A line of an export that is no event.
    #[error("line {line} is not an event as it was exported: {problem}")]
    Unreadable {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// An import into a log that has events.
    #[error("the store has {events} events already: import into a new one")]
    NotEmpty {
        /// How many it has.
        events: u64,
    },
    /// A log that follows the other clock.
    #[error("this needs a store of {found} time, and this one is of {wanted} time: make another with `store init`")]
    OtherClock {
        /// What the log follows.
        found: &'static str,
        /// What the store follows.
        wanted: &'static str,
    },
    /// There is no such file.
    #[error("there is no store {path}: make one with `store init`, or name another with --store")]
    Absent {
        /// The file.
        path: String,
    },
    /// The file appeared while it was being made.
    #[error("another process made {path} meanwhile, and its file was kept: look at that one first")]
    Taken {
        /// The file.
        path: String,
    },
    /// A file that is no store.
    #[error("{path} is {what} and left as it is: name a store with --store")]
    Foreign {
        /// The file.
        path: String,
        /// What it is instead.
        what: &'static str,
    },
    /// A store of a later version.
    #[error("{path} has schema {found}, and this version knows {known}: use the newer version that wrote it")]
    NewerSchema {
        /// The file.
        path: String,
        /// Its schema.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// A file or a directory that cannot be written.
    #[error("{path} cannot be written: allow writing to the file and to its directory, or use a copy elsewhere")]
    ReadOnly {
        /// The file.
        path: String,
    },
    /// No space.
    #[error("no space is left for {path}, and nothing was recorded: free some and try again")]
    Full {
        /// The file.
        path: String,
    },
    /// Other processes keep it busy.
    #[error("{path} is busy with another process, and nothing was recorded: try again when that one is done")]
    Busy {
        /// The file.
        path: String,
    },
    /// A file that SQLite finds broken.
    #[error("{path} is damaged: {problem}; keep the file, and import the last export into a new store")]
    Damaged {
        /// The file.
        path: String,
        /// What SQLite says.
        problem: String,
    },
    /// Anything else that goes wrong with files.
    #[error("cannot use {path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

impl StoreError {
    /// Whether the record itself is not what it should be, rather than the request or the machine.
    #[must_use]
    pub const fn is_broken_record(&self) -> bool {
        matches!(
            self,
            Self::Broken { .. }
                | Self::OtherHead { .. }
                | Self::GoesOn { .. }
                | Self::Unreadable { .. }
                | Self::Damaged { .. }
        )
    }
}

/// How it shows that an event is not what was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Another event stands in its place.
    #[error("event {found} stands in its place")]
    Place {
        /// The number found there.
        found: String,
    },
    /// It does not follow the event before.
    #[error("it does not carry the hash of the event before")]
    Previous,
    /// Its hash is not that of its content.
    #[error("its hash does not follow from its content")]
    Hash,
    /// Its time is before that of the event before.
    #[error("it is older than the event before")]
    Order,
    /// Its id is that of another event.
    #[error("its id is that of an earlier event")]
    Id,
    /// A field that cannot be read, or not as it was written.
    #[error("its {field} is not as it was written")]
    Field {
        /// The field.
        field: &'static str,
    },
}
