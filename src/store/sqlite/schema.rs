//! The tables, and how a file comes to have them.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// How a store is told from other SQLite files: "qmtl" in ASCII, in the header of the file.
pub(super) const APPLICATION_ID: i32 = 0x716d_746c;

/// What brings a file from each schema to the next, beginning with an empty file. The number of
/// steps taken is the file's schema; steps are only ever added.
pub(super) const STEPS: [&str; 1] = [
    // The checks and triggers keep slips of the hand away; whoever means it is found by `verify`.
    "CREATE TABLE store (clock TEXT NOT NULL CHECK (clock IN ('wall', 'simulated'))) STRICT;
     CREATE TABLE events (
         number   INTEGER PRIMARY KEY CHECK (number > 0),
         id       TEXT NOT NULL UNIQUE,
         at       TEXT NOT NULL,
         kind     TEXT NOT NULL,
         body     TEXT NOT NULL,
         previous TEXT NOT NULL,
         hash     TEXT NOT NULL
     ) STRICT;
     CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
     BEGIN SELECT RAISE(ABORT, 'recorded events do not change'); END;
     CREATE TRIGGER events_do_not_vanish BEFORE DELETE ON events
     BEGIN SELECT RAISE(ABORT, 'recorded events do not vanish'); END;",
];

/// The schema of an open file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Takes the steps that a file has not seen, all or none. Another process may be doing the same, so
/// the file is asked again once nobody else can write.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    take(&transaction, steps)?;
    transaction.commit()
}

fn take(transaction: &Transaction<'_>, steps: &[&str]) -> rusqlite::Result<()> {
    let taken = usize::try_from(version(transaction)?).unwrap_or(0);
    for step in steps.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len().max(taken) as i64)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)
}

/// What SQLite keeps about tables and triggers, in one text.
pub(super) fn described(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement =
        connection.prepare("SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")?;
    let lines = statement.query_map((), |row| row.get::<_, String>(0))?;
    lines.collect::<rusqlite::Result<Vec<_>>>().map(|lines| lines.join("\n"))
}

/// The same of a file as it should be.
pub(super) fn expected() -> rusqlite::Result<String> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection, &STEPS)?;
    described(&connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: [&str; 3] = [
        STEPS[0],
        "ALTER TABLE store ADD COLUMN name TEXT NOT NULL DEFAULT 'unnamed';",
        "CREATE TABLE runs (id TEXT PRIMARY KEY) STRICT;",
    ];

    fn with_event(steps: &[&str]) -> Connection {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection, steps).expect("the steps");
        connection.execute("INSERT INTO store VALUES ('wall')", ()).expect("a clock");
        let event = "INSERT INTO events VALUES (1, 'a', 'b', 'c', '{}', 'd', 'e')";
        connection.execute(event, ()).expect("an event");
        connection
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM events", (), |row| row.get(0)).expect("a count")
    }

    #[test]
    fn an_older_file_takes_the_steps_it_has_not_seen() {
        let mut connection = with_event(&STEPS);
        assert_eq!(version(&connection), Ok(1));
        for steps in [&LATER[..2], &LATER, &LATER] {
            migrate(&mut connection, steps).expect("more steps");
            assert_eq!(version(&connection), Ok(steps.len() as i64));
            assert_eq!(count(&connection), 1);
        }
        let name = connection.query_row("SELECT name FROM store", (), |row| row.get::<_, String>(0));
        assert_eq!(name.as_deref(), Ok("unnamed"));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut connection = with_event(&STEPS);
        let before = described(&connection).expect("a description");
        let steps = [LATER[0], LATER[1], "CREATE TABLE half (a TEXT) STRICT; CREATE TABLE events (a TEXT);"];
        assert!(migrate(&mut connection, &steps).is_err());
        assert_eq!(version(&connection), Ok(1));
        assert_eq!((described(&connection), count(&connection)), (Ok(before), 1));
    }

    #[test]
    fn events_are_guarded_against_slips() {
        let connection = with_event(&STEPS);
        for slip in ["UPDATE events SET kind = 'x'", "DELETE FROM events", "UPDATE events SET number = 0"] {
            assert!(connection.execute(slip, ()).is_err(), "{slip}");
        }
        assert_eq!(expected(), described(&connection));
    }
}
