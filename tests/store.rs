//! The record: what an append takes and refuses, and that nothing changed in it goes unnoticed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::Config;
use qmtl_policy::store::{
    AppendOptions, Clock, DEEPEST_BODY, Event, EventLog, Fault, Lines, MemoryLog, NewEvent, SqliteLog, StoreError,
    export, import,
};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Scratch, run, run_with};

/// The head of a log without events.
const EMPTY: &str = "blake3:genesis";

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

pub fn now() -> AppendOptions {
    AppendOptions::at(at(1_000_000))
}

pub fn event(id: &str, second: i64, body: Value) -> NewEvent {
    NewEvent { id: id.to_owned(), at: at(second), kind: "run_submitted".to_owned(), body }
}

/// Events with everything in them that could be spelt in two ways.
fn varied(number: i64) -> NewEvent {
    let body = json!({
        "strategy": "s1", "sharpe": 0.5 + number as f64, "note": "파일 \"a\"\n\u{1}", "large": 1e300, "small": 1.5e-9,
        "count": u64::MAX, "none": null, "yes": true, "list": [[], {}, -0.0, -1], "z": { "b": 1, "a": 2 },
    });
    let mut event = event(&format!("run-{number}"), number, body);
    event.at = event.at.checked_add(jiff::SignedDuration::from_nanos(120_000_000)).unwrap();
    event
}

fn filled(path: &Path, events: i64) -> SqliteLog {
    let mut log = SqliteLog::create(path, Clock::Wall).unwrap();
    for number in 0..events {
        log.append(&[varied(number)], &now()).unwrap();
    }
    log
}

pub fn lines(log: &dyn EventLog) -> String {
    let mut lines = Vec::new();
    export(log, &mut lines).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(lines).unwrap()
}

fn in_memory(text: &str) -> Result<MemoryLog, StoreError> {
    let mut log = MemoryLog::new(Clock::Wall);
    import(&mut log, &mut Lines::new(text.as_bytes()), at(1_000_000)).map(|_| log)
}

/// An empty log of each sort.
fn both(scratch: &Scratch, clock: Clock) -> Vec<Box<dyn EventLog>> {
    let path = scratch.path().join(format!("{}.db", clock.as_str()));
    vec![Box::new(MemoryLog::new(clock)), Box::new(SqliteLog::create(path, clock).unwrap())]
}

#[test]
fn an_append_is_whole_and_done_once() {
    let scratch = Scratch::new();
    for mut log in both(&scratch, Clock::Wall) {
        let first = log.append(&[event("a", 1, json!({"x": 1})), event("b", 2, json!({}))], &now()).unwrap();
        assert_eq!(first.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((first[0].previous.as_str(), &first[1].previous), (EMPTY, &first[0].hash));
        // Known ones come back as recorded, however late it is; new ones follow.
        let again = log.append(&[event("b", 2, json!({})), event("c", 2, json!({})), event("c", 2, json!({}))], &now());
        let again = again.unwrap();
        assert_eq!((again[0].clone(), again[1].number, &again[2]), (first[1].clone(), 3, &again[1]));
        let head = log.head().unwrap();
        // One wrong event keeps the others out.
        let refused = [
            (event("a", 1, json!({"x": 2})), StoreError::OtherContent { id: "a".into() }),
            (event("d", 1, json!({})), StoreError::Older { at: at(1).to_string(), last: at(3).to_string() }),
            (
                event("d", 2_000_000, json!({})),
                StoreError::Ahead { at: at(2_000_000).to_string(), now: at(1_000_000).to_string() },
            ),
        ];
        for (wrong, error) in refused {
            let found = log.append(&[event("new", 3, json!({})), wrong, event("newer", 3, json!({}))], &now());
            assert_eq!(found, Err(error));
            assert_eq!((log.head(), log.find("new")), (Ok(head.clone()), Ok(None)));
        }
        // Whoever has seen less decides again, but need not repeat what is recorded.
        let behind = AppendOptions { only_after: Some(first[1].hash.clone()), ..now() };
        let moved = StoreError::Moved { head: head.hash.clone(), expected: first[1].hash.clone() };
        assert_eq!(log.append(&[event("e", 3, json!({}))], &behind), Err(moved));
        assert!(log.append(&[event("a", 1, json!({"x": 1}))], &behind).is_ok());
        let ahead = AppendOptions { only_after: Some(head.hash.clone()), ..now() };
        let two = log.append(&[event("e", 3, json!({})), event("f", 3, json!({}))], &ahead).unwrap();
        assert_eq!(log.verify(Some(&two[1].hash)).map(|head| head.number), Ok(5));
        assert_eq!(log.events(4..).collect::<Result<Vec<_>, _>>(), Ok(two));
        assert_eq!(log.events(6..).count(), 0);
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let scratch = Scratch::new();
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    for mut log in both(&scratch, Clock::Wall) {
        assert!(log.append(&[event("deep", 0, nested(DEEPEST_BODY))], &now()).is_ok());
        let long = "x".repeat(2_000);
        for wrong in [event("deeper", 0, nested(DEEPEST_BODY + 1)), event("", 0, json!({})), event(&long, 0, json!({}))]
        {
            let error = log.append(&[wrong], &now()).unwrap_err();
            assert!(matches!(error, StoreError::Unrecordable { .. }), "{error}");
            assert!(error.to_string().len() < 250, "{error}");
        }
        log.append(&[event("nul \0 and quote ' and 파일", 0, json!("\0"))], &now()).unwrap();
        assert!(log.find("nul \0 and quote ' and 파일").unwrap().is_some());
        assert_eq!(in_memory(&lines(&*log)).map(|copy| lines(&copy)), Ok(lines(&*log)));
    }
}

#[test]
fn simulated_time_runs_ahead_but_never_back_and_shows() {
    let scratch = Scratch::new();
    for mut log in both(&scratch, Clock::Simulated) {
        log.append(&[event("a", 9_000_000, json!({}))], &now()).unwrap();
        assert!(matches!(log.append(&[event("b", 0, json!({}))], &now()), Err(StoreError::Older { .. })));
        let text = lines(&*log);
        let clocks = StoreError::OtherClock { found: "simulated", wanted: "wall" };
        assert_eq!(in_memory(&text).map(|_| ()), Err(clocks));
    }
    let path = scratch.path().join("simulated.db");
    assert!(matches!(SqliteLog::create(&path, Clock::Wall), Err(StoreError::OtherClock { .. })));
    assert_eq!(SqliteLog::open(&path).map(|log| log.clock()).unwrap(), Clock::Simulated);
}

/// One call of both logs, with few ids and times, so that they meet.
fn call() -> impl Strategy<Value = (Vec<NewEvent>, u8, i64)> {
    let body = prop_oneof![
        Just(json!({})),
        any::<f64>().prop_map(|number| json!({ "b": number, "a": [number] })),
        ".{0,8}".prop_map(|text| json!({ "text": text })),
        any::<i64>().prop_map(|number| json!(number)),
    ];
    let event = (0..12_u8, 0..8_i64, 0..2_u8, body).prop_map(|(id, second, kind, body)| {
        let kind = if kind == 0 { "run_submitted" } else { "evaluated" };
        NewEvent { id: format!("e{id}"), at: at(second), kind: kind.to_owned(), body }
    });
    (prop::collection::vec(event, 0..4), 0..4_u8, 2..9_i64)
}

proptest! {
    #![proptest_config(Config { cases: 40, failure_persistence: None, ..Config::default() })]

    #[test]
    fn both_logs_are_the_same(calls in prop::collection::vec(call(), 1..12), simulated: bool) {
        let scratch = Scratch::new();
        let clock = if simulated { Clock::Simulated } else { Clock::Wall };
        let mut logs = both(&scratch, clock);
        for (events, after, now) in calls {
            let only_after = match after {
                0 => Some(logs[0].head().unwrap().hash),
                1 => Some(EMPTY.to_owned()),
                _ => None,
            };
            let options = AppendOptions { now: at(now), only_after };
            let [one, other] = [0, 1].map(|log: usize| logs[log].append(&events, &options));
            assert_eq!(one, other);
            assert_eq!(logs[0].head(), logs[1].head());
        }
        let all = |log: &dyn EventLog| log.events(0..).collect::<Result<Vec<Event>, _>>().unwrap();
        assert_eq!(all(&*logs[0]), all(&*logs[1]));
        assert_eq!(logs[0].verify(None), logs[1].verify(None));
        for id in (0..12).map(|id| format!("e{id}")) {
            assert_eq!(logs[0].find(&id), logs[1].find(&id));
        }
        let text = lines(&*logs[1]);
        let mut copy = SqliteLog::create(scratch.path().join("copy.db"), clock).unwrap();
        import(&mut copy, &mut Lines::new(text.as_bytes()), at(9)).unwrap();
        assert_eq!(lines(&copy), text);
    }
}

#[test]
fn the_store_that_nobody_names_is_in_the_users_data_directory() {
    let scratch = Scratch::new();
    let home = scratch.path().join("home").display().to_string();
    let environment = [("QMTL_POLICY_STORE", ""), ("XDG_DATA_HOME", ""), ("HOME", &home), ("APPDATA", &home)];
    let path = if cfg!(target_os = "macos") {
        "Library/Application Support/qmtl-policy.db"
    } else if cfg!(windows) {
        "qmtl-policy.db"
    } else {
        ".local/share/qmtl-policy.db"
    };
    let path = Path::new(&home).join(path);
    run_with(&["store", "verify"], b"", &environment).exits(2).says(path.to_str().unwrap());
    run_with(&["store", "init"], b"", &environment).exits(0);
    assert!(path.exists());
    run_with(&["store", "verify"], b"", &environment).exits(0).prints(path.to_str().unwrap());
}

/// A connection that may do what no program should.
fn intruder(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER events_do_not_change; DROP TRIGGER events_do_not_vanish; PRAGMA ignore_check_constraints = ON;",
        )
        .unwrap();
    connection
}

#[test]
fn every_flipped_bit_of_every_field_is_found_and_named() {
    let scratch = Scratch::new();
    let path = scratch.path().join("store.db");
    let log = filled(&path, 3);
    let raw = intruder(&path);
    raw.execute_batch("PRAGMA synchronous = OFF").unwrap();
    let mut flips = 0;
    for number in 1..=3_u64 {
        for field in ["id", "at", "kind", "body", "previous", "hash"] {
            let read = format!("SELECT CAST({field} AS BLOB) FROM events WHERE number = ?1");
            let bytes: Vec<u8> = raw.query_row(&read, [number as i64], |row| row.get(0)).unwrap();
            let write = format!("UPDATE events SET {field} = CAST(?1 AS TEXT) WHERE number = ?2");
            for (index, bit) in (0..bytes.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
                let mut changed = bytes.clone();
                changed[index] ^= 1 << bit;
                // An id that becomes that of another event cannot even be written.
                if raw.execute(&write, (&changed, number as i64)).is_err() {
                    continue;
                }
                let found = log.verify(None);
                let named = matches!(&found, Err(StoreError::Broken { number: named, .. }) if *named == number);
                assert!(named, "bit {bit} of byte {index} of {field} of event {number}: {found:?}");
                flips += 1;
            }
            raw.execute(&write, (&bytes, number as i64)).unwrap();
        }
    }
    for bit in 0..64 {
        let flipped = 2 ^ (1_i64 << bit);
        if raw.execute("UPDATE events SET number = ?1 WHERE number = 2", [flipped]).is_ok() {
            assert!(matches!(log.verify(None), Err(StoreError::Broken { .. })), "number {flipped}");
            raw.execute("UPDATE events SET number = 2 WHERE number = ?1", [flipped]).unwrap();
            flips += 1;
        }
    }
    println!("{flips} flips found");
    assert!(matches!(log.verify(None), Err(StoreError::Damaged { .. })), "only the triggers are missing now");
    raw.execute("UPDATE store SET clock = 'simulated'", ()).unwrap();
    let other = SqliteLog::open(&path).unwrap();
    assert_eq!(other.verify(None), Err(StoreError::Broken { number: 1, fault: Fault::Previous }));
    raw.execute("UPDATE store SET clock = 'walk'", ()).unwrap();
    assert!(matches!(SqliteLog::open(&path), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_flipped_byte_of_the_file_is_found_or_touches_nothing() {
    let scratch = Scratch::new();
    let path = scratch.path().join("store.db");
    let log = filled(&path, 12);
    let text = lines(&log);
    log.close().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let copy = scratch.path().join("copy.db");
    let (mut found, mut random) = (0, 7_u64);
    for _ in 0..600 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let index = (random >> 20) as usize % bytes.len();
        let mut changed = bytes.clone();
        changed[index] ^= 1 << ((random >> 60) & 7);
        std::fs::write(&copy, &changed).unwrap();
        match SqliteLog::open(&copy).and_then(|log| log.verify(None).map(|_| lines(&log))) {
            Ok(same) => assert_eq!(same, text, "byte {index}"),
            Err(_) => found += 1,
        }
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(scratch.path().join(format!("copy.db{ending}")));
        }
    }
    println!("{found} of 600 found, the others lie in unused bytes");
    assert!(found > 100);
}

#[test]
fn gaps_reorders_insertions_and_edits_are_named() {
    let broken = |number, fault| Err(StoreError::Broken { number, fault });
    let place = |found: &str| Fault::Place { found: found.to_owned() };
    let swap = "UPDATE events SET number = 99 WHERE number = 2; UPDATE events SET number = 2 WHERE number = 3;
                UPDATE events SET number = 3 WHERE number = 99;";
    let cases = [
        ("DELETE FROM events WHERE number = 3", broken(3, place("4"))),
        ("DELETE FROM events WHERE number = 1", broken(1, place("2"))),
        (swap, broken(2, Fault::Previous)),
        ("UPDATE events SET kind = 'approved' WHERE number = 4", broken(4, Fault::Hash)),
        ("UPDATE events SET at = '2020-01-01T00:00:00Z' WHERE number = 4", broken(4, Fault::Hash)),
        ("UPDATE events SET body = body || ' ' WHERE number = 4", broken(4, Fault::Field { field: "body" })),
        ("UPDATE events SET number = 9 WHERE number = 5", broken(5, place("9"))),
        ("INSERT INTO events SELECT 0, 'x', at, kind, body, previous, hash FROM events LIMIT 1", broken(1, place("0"))),
        (
            "INSERT INTO events SELECT 6, 'x', at, kind, body, hash, hash FROM events WHERE number = 5",
            broken(6, Fault::Hash),
        ),
    ];
    for (tampering, expected) in cases {
        let scratch = Scratch::new();
        let path = scratch.path().join("store.db");
        let log = filled(&path, 5);
        intruder(&path).execute_batch(tampering).unwrap();
        assert_eq!(log.verify(None).map(|_| ()), expected, "{tampering}");
        assert!(export(&log, &mut std::io::sink()).is_err(), "{tampering}");
    }
}

#[test]
fn a_cut_tail_is_found_by_the_head_and_nothing_follows_a_changed_event() {
    let scratch = Scratch::new();
    let path = scratch.path().join("store.db");
    let mut log = filled(&path, 5);
    let head = log.head().unwrap();
    let earlier = log.find("run-1").unwrap().unwrap().hash;
    let goes_on = StoreError::GoesOn { number: 2, events: 5, head: head.hash.clone() };
    assert_eq!(log.verify(Some(&earlier)), Err(goes_on));
    assert_eq!(log.verify(Some(&head.hash)), Ok(head.clone()));
    let raw = intruder(&path);
    raw.execute("UPDATE events SET kind = 'x' WHERE number = 5", ()).unwrap();
    let refused = log.append(&[varied(9)], &now());
    assert_eq!(refused, Err(StoreError::Broken { number: 5, fault: Fault::Hash }));
    raw.execute("DELETE FROM events WHERE number = 5", ()).unwrap();
    let found = log.verify(Some(&head.hash));
    assert!(matches!(found, Err(StoreError::OtherHead { .. })), "{found:?}");
}

#[test]
fn files_that_are_no_stores_are_refused_and_stay_as_they_are() {
    let scratch = Scratch::new();
    let foreign = scratch.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
    let newer = scratch.path().join("newer.db");
    filled(&newer, 2).close().unwrap();
    Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let text = scratch.file("text.db", "no database at all\n".repeat(100));
    let short = scratch.file("short.db", "SQLite format 3\0");
    let empty = scratch.file("empty.db", "");
    let files = [
        (foreign, "the SQLite file of another program"),
        (newer, "schema 999, and this version knows 1: use the newer version"),
        (text, "not a SQLite file"),
        (short, "the SQLite file of another program"),
        (empty, "an empty file"),
        (scratch.path().to_owned(), "a directory"),
    ];
    let content = || -> BTreeMap<PathBuf, Vec<u8>> {
        let paths = std::fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path());
        paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    };
    let before = content();
    for (path, message) in &files {
        let path = path.to_str().unwrap();
        for verb in ["verify", "init", "export"] {
            run(&["store", verb, "--store", path]).exits(2).says(message);
        }
        run_with(&["store", "import", "-", "--store", path], b"", &[]).exits(2).says(message);
    }
    assert!(before == content(), "something was changed");
    let absent = scratch.path().join("absent.db");
    run(&["store", "verify", "--store", absent.to_str().unwrap()]).exits(2).says("store init");
    let nowhere = scratch.path().join("nowhere/store.db");
    run(&["store", "init", "--store", nowhere.to_str().unwrap()]).exits(2).says("there is no directory");
    assert!(before == content(), "something was left");
}

#[test]
fn verbs_make_verify_export_and_import() {
    let scratch = Scratch::new();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let (store, copy, out) = (path("store.db"), path("copy.db"), path("lines.jsonl"));
    run(&["store", "init", "--store", &store]).exits(0).prints("events  0").prints(EMPTY);
    let log = filled(Path::new(&store), 5);
    let head = log.head().unwrap().hash;
    run(&["store", "init", "--store", &store]).exits(0).prints(&head);
    run(&["store", "init", "--store", &store, "--simulated"]).exits(2).says("store of simulated time");
    let verify = |more: &[&str]| run(&[&["store", "verify", "--store", &store], more].concat());
    verify(&["--expect-head", &head]).exits(0).prints(&head);
    verify(&["--expect-head", &head[..20]]).exits(2).says("is no hash");
    verify(&["--expect-head", EMPTY]).exits(1).says("event 0 of 5");
    let document = verify(&["--format", "json"]).exits(0).json();
    let expected = json!({
        "schema_version": 1, "store": store, "clock": "wall", "verified": true, "events": 5,
        "last": "2025-06-15T15:06:44.12Z", "head": head,
    });
    assert_eq!(document, expected);
    // What goes out comes back the same, by file and by pipe.
    run(&["store", "export", "--store", &store, "--out", &out]).exits(0).prints(&head);
    let exported = std::fs::read_to_string(&out).unwrap();
    let piped = run(&["store", "export", "--store", &store]).exits(0).says(&head);
    assert_eq!((piped.stdout.as_str(), exported.lines().count()), (exported.as_str(), 5));
    run(&["store", "import", &out, "--store", &copy]).exits(0).prints(&head);
    assert_eq!(run(&["store", "export", "--store", &copy]).exits(0).stdout, exported);
    run(&["store", "import", &out, "--store", &copy]).exits(2).says("has 5 events already");
    let other = path("other.db");
    let environment = [("QMTL_POLICY_STORE", other.as_str())];
    run_with(&["store", "init"], b"", &environment).exits(0).prints("other.db");
    run_with(&["store", "import", "-"], exported.as_bytes(), &environment).exits(0).prints(&head);
    // A changed line is found, and leaves nothing behind.
    let changed = exported.replacen("s1", "s2", 1);
    let third = path("third.db");
    run_with(&["store", "import", "-", "--store", &third], changed.as_bytes(), &[]).exits(1).says("event 1 is not");
    assert!(!Path::new(&third).exists());
    intruder(Path::new(&store)).execute("UPDATE events SET kind = 'x' WHERE number = 3", ()).unwrap();
    verify(&[]).exits(1).says("event 3 is not what was recorded");
    let document = verify(&["--format", "json"]).exits(1).json();
    assert_eq!((&document["verified"], &document["event"]), (&json!(false), &json!(3)));
    std::fs::remove_file(&out).unwrap();
    run(&["store", "export", "--store", &store, "--out", &out]).exits(1).says("event 3");
    assert!(!Path::new(&out).exists());
}

#[test]
fn an_export_is_read_only_as_it_was_written() {
    let scratch = Scratch::new();
    let log = filled(&scratch.path().join("store.db"), 4);
    let text = lines(&log);
    for index in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(in_memory(&changed).is_err(), "bit {bit} of byte {index}");
        }
    }
    let rows: Vec<_> = text.lines().collect();
    let joined = |order: &[usize]| order.iter().map(|&row| format!("{}\n", rows[row])).collect::<String>();
    let place = |number, found: &str| StoreError::Broken { number, fault: Fault::Place { found: found.to_owned() } };
    assert_eq!(in_memory(&joined(&[0, 2, 3])).map(|_| ()), Err(place(2, "3")));
    assert_eq!(in_memory(&joined(&[0, 2, 1, 3])).map(|_| ()), Err(place(2, "3")));
    assert!(in_memory(&joined(&[1, 2, 3])).is_err());
    assert!(in_memory(text.trim_end()).is_err_and(|error| error.to_string().starts_with("line 4 is not")));
    assert!(in_memory(&text.replace('\n', "\r\n")).is_err());
    let early = import(&mut MemoryLog::new(Clock::Wall), &mut Lines::new(text.as_bytes()), at(2));
    assert!(matches!(early, Err(StoreError::Ahead { .. })));
    // All or nothing, in a file as well.
    let path = scratch.path().join("half.db");
    let mut half = SqliteLog::create(&path, Clock::Wall).unwrap();
    assert!(import(&mut half, &mut Lines::new(text.trim_end().as_bytes()), at(9)).is_err());
    assert_eq!(half.head().map(|head| head.number), Ok(0));
}
