//! A log in a SQLite file that processes share.
//!
//! Writers take turns (`BEGIN IMMEDIATE`), readers never wait (write-ahead log), and an append
//! returns only when its events are on the disk (`synchronous = FULL`). One append is one
//! transaction: a thousand events in one append cost one wait for the disk.

mod file;
mod problem;
mod rows;
mod schema;

use std::fmt;
use std::io::ErrorKind;
use std::ops::RangeFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use super::append::{Step, plan};
use super::chain::{self, checked};
use super::{AppendOptions, Clock, Event, EventLog, Events, Fault, Head, NewEvent, StoreError};
use problem::explain;
use rows::Rows;

/// How often a writer asks for its turn.
pub const BUSY_ATTEMPTS: u32 = 5;
/// How long it waits each time.
pub const BUSY_WAIT: Duration = Duration::from_secs(2);
/// The pause where SQLite says at once that waiting is pointless.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// A log in a SQLite file.
pub struct SqliteLog {
    connection: Connection,
    path: PathBuf,
    clock: Clock,
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteLog").field("path", &self.path).field("clock", &self.clock).finish()
    }
}

impl SqliteLog {
    /// Makes a store, or opens the one that is there.
    ///
    /// # Errors
    /// If the file is there and is no store, or one that follows the other clock; if it cannot be made.
    pub fn create(path: impl AsRef<Path>, clock: Clock) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if !path.try_exists().unwrap_or(true) {
            match Self::build(path, clock, |_| Ok(())) {
                Ok(()) | Err(StoreError::Taken { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let log = Self::open(path)?;
        if log.clock != clock {
            return Err(StoreError::OtherClock { found: clock.as_str(), wanted: log.clock.as_str() });
        }
        Ok(log)
    }

    /// Makes a store out of an empty one, all or nothing: the file appears when `fill` has succeeded.
    ///
    /// # Errors
    /// If `fill` fails, the file cannot be made, or is there already.
    pub fn build(
        path: impl AsRef<Path>,
        clock: Clock,
        fill: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = path.as_ref();
        let built = file::beside(path);
        file::clear(&built);
        let name = || path.display().to_string();
        let done = Self::begin(&built, clock)
            .and_then(|mut log| fill(&mut log).and_then(|()| log.close()))
            .map_err(|error| renamed(error, path))
            .and_then(|()| match file::publish(&built, path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(StoreError::Taken { path: name() }),
                published => published.map_err(|error| StoreError::File { path: name(), problem: error.to_string() }),
            });
        file::clear(&built);
        done
    }

    fn begin(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(path, flags)?;
        let mut begin = || {
            schema::migrate(&mut connection, &schema::STEPS)?;
            connection.execute("INSERT INTO store VALUES (?1)", (clock.as_str(),))?;
            connection.pragma_update(None, "journal_mode", "WAL")
        };
        begin().map_err(|error| explain(path, &error))?;
        Ok(Self { connection, path: path.to_owned(), clock })
    }

    /// Opens a store, and brings it to the schema of this version.
    ///
    /// # Errors
    /// If there is none, the file is something else, is of a newer schema, or cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        file::recognise(path)?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let known = schema::STEPS.len() as i64;
        let mut update = || {
            if schema::version(&connection)? < known {
                schema::migrate(&mut connection, &schema::STEPS)?;
            }
            schema::version(&connection)
        };
        let found = patiently(&mut update).map_err(|error| explain(path, &error))?;
        if found > known {
            return Err(StoreError::NewerSchema { path: path.display().to_string(), found, known });
        }
        let clock = connection.query_row("SELECT clock FROM store", (), |row| row.get::<_, String>(0));
        let clock = clock.optional().map_err(|error| explain(path, &error))?.unwrap_or_default();
        let known = Clock::ALL.into_iter().find(|known| known.as_str() == clock);
        let problem = || format!("it follows the clock `{clock}`, which there is not");
        let clock =
            known.ok_or_else(|| StoreError::Damaged { path: path.display().to_string(), problem: problem() })?;
        Ok(Self { connection, path: path.to_owned(), clock })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the file, and says whether that went well; dropping it does not.
    ///
    /// # Errors
    /// If what was recorded cannot be moved from the write-ahead log; it is kept there.
    pub fn close(self) -> Result<(), StoreError> {
        self.connection.close().map_err(|(_, error)| explain(&self.path, &error))
    }

    fn rows(&self) -> Rows<'_> {
        Rows { connection: &self.connection, path: &self.path }
    }

    /// Does something while nobody else writes; what it has written is on the disk when it returns.
    fn writing<T>(&mut self, write: impl FnOnce(Rows<'_>, Clock) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let explained = |error| explain(&self.path, &error);
        let transaction = patiently(|| begin(&self.connection)).map_err(explained)?;
        let written = write(Rows { connection: &transaction, path: &self.path }, self.clock)?;
        transaction.commit().map_err(explained)?;
        Ok(written)
    }

    /// What the chain does not tell: whether the file is sound, and its tables are those of a store.
    fn check_file(&self) -> Result<(), StoreError> {
        let path = || self.path.display().to_string();
        let explained = |error| explain(&self.path, &error);
        let found = schema::described(&self.connection).map_err(explained)?;
        if found != schema::expected().map_err(explained)? {
            return Err(StoreError::Damaged { path: path(), problem: "its tables were altered".to_owned() });
        }
        let problem: String =
            self.connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0)).map_err(explained)?;
        if problem == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: path(), problem }) }
    }
}

impl EventLog for SqliteLog {
    fn clock(&self) -> Clock {
        self.clock
    }

    fn append(&mut self, events: &[NewEvent], options: &AppendOptions) -> Result<Vec<Event>, StoreError> {
        self.writing(|rows, clock| {
            let steps = plan(events, options, clock, head(rows, clock)?, |id| rows.find(id))?;
            for step in &steps {
                if let Step::New(event) = step {
                    rows.insert(event)?;
                }
            }
            Ok(steps.into_iter().map(Step::event).collect())
        })
    }

    fn restore(&mut self, events: &mut dyn Iterator<Item = Result<Event, StoreError>>) -> Result<Head, StoreError> {
        self.writing(|rows, clock| {
            if let Some(last) = rows.last()? {
                return Err(StoreError::NotEmpty { events: last.number });
            }
            for event in checked(clock, events) {
                let event = event?;
                if rows.find(&event.id)?.is_some() {
                    return Err(StoreError::Broken { number: event.number, fault: Fault::Id });
                }
                rows.insert(&event)?;
            }
            head(rows, clock)
        })
    }

    fn events(&self, numbers: RangeFrom<u64>) -> Events<'_> {
        Box::new(self.rows().from(numbers))
    }

    fn find(&self, id: &str) -> Result<Option<Event>, StoreError> {
        self.rows().find(id)
    }

    fn head(&self) -> Result<Head, StoreError> {
        head(self.rows(), self.clock)
    }

    fn verify(&self, expected_head: Option<&str>) -> Result<Head, StoreError> {
        let head = chain::verify(self.clock, self.events(0..), expected_head)?;
        self.check_file().map(|()| head)
    }
}

/// Where the log ends. The next event would vouch for the last, so the last must be sound.
fn head(rows: Rows<'_>, clock: Clock) -> Result<Head, StoreError> {
    let Some(last) = rows.last()? else { return Ok(Head::empty(clock)) };
    if last.hash == last.expected_hash() {
        Ok(last.head())
    } else {
        Err(StoreError::Broken { number: last.number, fault: Fault::Hash })
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    // SQLite takes some names, such as `:memory:`, for no file at all.
    let absolute = std::path::absolute(path);
    let absolute =
        absolute.map_err(|error| StoreError::File { path: path.display().to_string(), problem: error.to_string() })?;
    let connect = || {
        let connection = Connection::open_with_flags(absolute, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // On macOS only this reaches the disk; elsewhere it is nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        Ok(connection)
    };
    connect().map_err(|error| explain(path, &error))
}

fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

/// Tries again, a bounded number of times, while others keep the file busy. SQLite waits by itself,
/// but says at once that it is busy where it fears that two would wait for each other.
fn patiently<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    for _ in 1..BUSY_ATTEMPTS {
        match attempt() {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                std::thread::sleep(BUSY_PAUSE);
            }
            done => return done,
        }
    }
    attempt()
}

/// The error of a file that was being built, under the name that it was to have.
fn renamed(error: StoreError, path: &Path) -> StoreError {
    let path = path.display().to_string();
    match error {
        StoreError::ReadOnly { .. } => StoreError::ReadOnly { path },
        StoreError::Full { .. } => StoreError::Full { path },
        StoreError::Busy { .. } => StoreError::Busy { path },
        StoreError::File { problem, .. } => StoreError::File { path, problem },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(number: usize) -> NewEvent {
        let body = json!({ "text": "x".repeat(3_000) });
        NewEvent { id: format!("e{number}"), at: jiff::Timestamp::UNIX_EPOCH, kind: "kind".to_owned(), body }
    }

    /// SQLite itself plays a disk of thirty pages.
    #[test]
    fn a_full_file_takes_nothing_and_loses_nothing() {
        let path = std::env::temp_dir().join(format!("qmtl-policy-full-{}.db", std::process::id()));
        file::clear(&path);
        let now = AppendOptions::at(jiff::Timestamp::UNIX_EPOCH);
        let mut log = SqliteLog::create(&path, Clock::Wall).expect("a store");
        log.connection.pragma_update(None, "max_page_count", 30).expect("a limit");
        let count = (0..100).take_while(|&number| log.append(&[event(number)], &now).is_ok()).count();
        assert!((10..30).contains(&count), "{count}");
        let full = StoreError::Full { path: path.display().to_string() };
        assert_eq!(log.append(&[event(count), event(count + 1)], &now), Err(full));
        assert_eq!(log.verify(None).map(|head| head.number), Ok(count as u64));
        log.connection.pragma_update(None, "max_page_count", 1_000).expect("no limit");
        assert!(log.append(&[event(count)], &now).is_ok());
        drop(log);
        file::clear(&path);
    }

    #[test]
    fn every_append_waits_for_the_disk() {
        let path = std::env::temp_dir().join(format!("qmtl-policy-settings-{}.db", std::process::id()));
        file::clear(&path);
        let log = SqliteLog::create(&path, Clock::Wall).expect("a store");
        let setting = |name| log.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let mode = log.connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        assert_eq!((mode.as_deref(), setting("synchronous"), setting("fullfsync")), (Ok("wal"), Ok(2), Ok(1)));
        drop(log);
        file::clear(&path);
    }
}
