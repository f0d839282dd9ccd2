//! The record among processes: killed ones, two at once, full disks, files that cannot be written.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use qmtl_policy::store::{BUSY_ATTEMPTS, BUSY_WAIT, Clock, EventLog, SqliteLog, StoreError};
use rusqlite::Connection;
use serde_json::json;

use crate::store::{event, lines, now};
use crate::support::Scratch;

/// The variable that makes this program one of the processes.
const TASK: &str = "QMTL_POLICY_TEST_TASK";

/// This program again, as the process of a task.
fn task(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["store_processes::as_a_process", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(TASK, words.join("\n")).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// No test by itself: what the tests start as a process.
#[test]
fn as_a_process() {
    let Ok(words) = std::env::var(TASK) else { return };
    match words.split('\n').collect::<Vec<_>>()[..] {
        ["append", path, prefix, count, size] => append(path, prefix, count.parse().unwrap(), size.parse().unwrap()),
        ["fill", path] => fill(Path::new(path)),
        ["read_only", path] => read_only(Path::new(path)),
        _ => panic!("no such task: {words}"),
    }
}

/// Appends events, so many at once, and says which are recorded as soon as they are.
fn append(path: &str, prefix: &str, count: usize, size: usize) {
    let mut log = SqliteLog::open(path).unwrap();
    let mut output = std::io::stdout();
    writeln!(output, "\nready").unwrap();
    for first in (0..count).step_by(size) {
        let id = |number| format!("{prefix}-{number}");
        let events: Vec<_> =
            (first..first + size).map(|number| event(&id(number), 0, json!({ "n": number }))).collect();
        let recorded = log.append(&events, &now()).unwrap();
        let text: String = recorded.iter().map(|event| format!("recorded {} {}\n", event.id, event.hash)).collect();
        output.write_all(text.as_bytes()).unwrap();
        output.flush().unwrap();
    }
}

/// Waits for so many acknowledged events, or all; returns ids and hashes.
fn acknowledged(child: &mut Child, least: usize, stop: impl FnOnce(&mut Child)) -> Vec<(String, String)> {
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut found = Vec::new();
    let mut take = |row: String| {
        if let ["recorded", id, hash] = row.split(' ').collect::<Vec<_>>()[..] {
            found.push((id.to_owned(), hash.to_owned()));
        }
        found.len()
    };
    for row in rows.by_ref().map(Result::unwrap) {
        let said = row == "ready" || row.starts_with("recorded");
        if take(row) >= least && said {
            break;
        }
    }
    stop(child);
    // What was written before the end counts, but a line may be cut.
    for row in rows.map_while(Result::ok).filter(|row| row.len() > 70) {
        take(row);
    }
    child.wait().unwrap();
    found
}

/// Numbers that differ in every run.
fn random() -> impl FnMut(u64) -> u64 {
    let mut state = RandomState::new().build_hasher().finish();
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_leaves_nothing_half() {
    let scratch = Scratch::new();
    let path = scratch.path().join("store.db");
    SqliteLog::create(&path, Clock::Wall).unwrap().close().unwrap();
    let mut random = random();
    let mut before = 0;
    for round in 0..12 {
        let size = if round % 3 == 2 { 50 } else { 1 };
        let (prefix, size_text) = (format!("round{round}"), size.to_string());
        let words = ["append", path.to_str().unwrap(), &prefix, "1000", &size_text];
        let mut child = task(&words).spawn().unwrap();
        let least = random(990) as usize;
        let pause = Duration::from_micros(random(4_000));
        let acknowledged = acknowledged(&mut child, least, |child| {
            std::thread::sleep(pause);
            child.kill().unwrap();
        });
        let log = SqliteLog::open(&path).unwrap();
        let head = log.verify(None).unwrap_or_else(|error| panic!("round {round}: {error}"));
        for (id, hash) in &acknowledged {
            let found = log.find(id).unwrap().unwrap_or_else(|| panic!("round {round}: {id} is lost"));
            assert_eq!(&found.hash, hash);
        }
        let recorded = head.number as usize - before;
        assert_eq!(recorded % size, 0, "round {round}: half an append");
        let unheard = recorded - acknowledged.len();
        assert!(unheard <= size, "round {round}: {recorded} recorded, {} acknowledged", acknowledged.len());
        println!("round {round}: killed after {} acknowledged, {recorded} recorded", acknowledged.len());
        before = head.number as usize;
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how long a process takes is measured")]
fn a_killed_submission_is_recorded_whole_or_not_at_all() {
    let scratch = Scratch::new();
    let store = scratch.path().join("store.db");
    let policy = scratch.file("policy.yaml", "world: w\nselection: { gates: [sharpe >= 0.5] }\n");
    let snapshot = scratch.file("snapshot.json", r#"{"metrics": {"a": {"sharpe": 0.7}}}"#);
    let arguments = |verb: &[&str]| -> Vec<String> {
        let files = [policy.to_str().unwrap(), "--store", store.to_str().unwrap(), "--format", "json"];
        verb.iter().chain(&files).map(|word| (*word).to_owned()).collect()
    };
    let program = |arguments: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qmtl-policy"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    crate::support::run(&["store", "init", "--store", store.to_str().unwrap()]).exits(0);
    let mut random = random();
    let (mut acknowledged, mut killed) = (BTreeSet::new(), 0);
    // The longest of those that ended by themselves: pauses around it hit every place.
    let mut whole = Duration::from_secs(1);
    for number in 0..60 {
        let run = format!("r{number}");
        let mut words = arguments(&["run", "submit"]);
        let snapshot = snapshot.to_str().unwrap();
        let of = ["--strategy", "a", "--snapshot", snapshot, "--stage", "backtest", "--run", &run];
        words.extend(of.map(str::to_owned));
        let started = std::time::Instant::now();
        let mut child = program(&words).spawn().unwrap();
        if number % 10 != 0 {
            std::thread::sleep(Duration::from_micros(random(whole.as_micros() as u64 * 5 / 4)));
            let _ = child.kill();
        }
        // Whoever ended by itself has said that it is done.
        match child.wait().unwrap().code() {
            Some(0) => drop(acknowledged.insert(run)),
            code => killed += i32::from(code.is_none()),
        }
        if number % 10 == 0 {
            whole = started.elapsed();
        }
    }
    let log = SqliteLog::open(&store).unwrap();
    log.verify(None).unwrap();
    let events: Vec<_> = log.events(0..).map(Result::unwrap).collect();
    let of = |kind: &str| -> BTreeSet<String> {
        let of_kind = events.iter().filter(|event| event.kind == kind);
        of_kind.map(|event| event.body["run"].as_str().unwrap().to_owned()).collect()
    };
    let (submitted, evaluated) = (of("run_submitted"), of("run_evaluated"));
    assert_eq!(submitted, evaluated, "half a submission");
    assert!(acknowledged.is_subset(&submitted), "an acknowledged run is lost");
    println!("{killed} killed, {} acknowledged, {} recorded", acknowledged.len(), submitted.len());
    assert!(killed > 0 && !acknowledged.is_empty(), "the pauses fit this machine");
}

#[test]
fn two_processes_at_once_lose_and_double_nothing() {
    const EACH: usize = 300;
    let scratch = Scratch::new();
    let path = scratch.path().join("store.db");
    // Neither waits for a store: whoever comes first makes it.
    let made: Vec<_> = (0..4)
        .map(|_| path.clone())
        .map(|path| std::thread::spawn(move || SqliteLog::create(path, Clock::Wall).map(|_| ())))
        .collect();
    for thread in made {
        thread.join().unwrap().unwrap();
    }
    let count = EACH.to_string();
    // The first two have ids of their own; the others, the same ones.
    let mut children: Vec<_> = ["one", "two", "same", "same"]
        .map(|prefix| task(&["append", path.to_str().unwrap(), prefix, &count, "1"]).spawn().unwrap())
        .into();
    let found: Vec<_> = children.iter_mut().map(|child| acknowledged(child, usize::MAX, |_| ())).collect();
    assert!(found.iter().all(|found| found.len() == EACH), "{:?}", found.iter().map(Vec::len).collect::<Vec<_>>());
    assert_eq!(found[2], found[3], "both heard of the same events");
    let log = SqliteLog::open(&path).unwrap();
    assert_eq!(log.verify(None).map(|head| head.number as usize), Ok(3 * EACH));
    let ids: BTreeSet<_> = log.events(0..).map(|event| event.unwrap().id).collect();
    assert_eq!(ids.len(), 3 * EACH);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 3, "the file, its log and the index of that");
}

#[test]
fn a_busy_file_is_waited_for_but_not_forever() {
    let scratch = Scratch::new();
    let path = scratch.path().join("store.db");
    let mut log = SqliteLog::create(&path, Clock::Wall).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = std::thread::spawn(move || log.append(&[event("a", 0, json!({}))], &now()).map(|_| log));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!waiting.is_finished());
    other.execute_batch("COMMIT; BEGIN IMMEDIATE").or_else(|_| other.execute_batch("SELECT 1")).unwrap();
    if !other.is_autocommit() {
        std::thread::sleep(Duration::from_millis(300));
        other.execute_batch("COMMIT").unwrap();
    }
    let mut log = waiting.join().unwrap().unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = log.append(&[event("b", 0, json!({}))], &now());
    assert_eq!(
        busy,
        Err(StoreError::Busy { path: path.display().to_string() }),
        "after {BUSY_ATTEMPTS} × {BUSY_WAIT:?}"
    );
    assert_eq!(log.verify(None).map(|head| head.number), Ok(1), "reading does not wait");
    other.execute_batch("COMMIT").unwrap();
    assert!(log.append(&[event("b", 0, json!({}))], &now()).is_ok());
}

/// Runs a task on a small file system of its own, where the machine lets us make one.
#[cfg(target_os = "linux")]
fn on_a_small_disk(words: &[&str], disk: &Path) {
    std::fs::create_dir_all(disk).unwrap();
    let mount = "mount -t tmpfs -o size=600k tmpfs \"$0\" && exec \"$@\"";
    let small = |program: &[&std::ffi::OsStr]| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", mount]).arg(disk).args(program).env(TASK, words.join("\n"));
        command.output()
    };
    if !small(&["true".as_ref()]).is_ok_and(|output| output.status.success()) {
        println!("not tested: this machine lets us make no small disk");
        return;
    }
    let command = task(words);
    let program: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let output = small(&program).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("done"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    println!("{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_and_keeps() {
    let scratch = Scratch::new();
    let disk = scratch.path().join("disk");
    on_a_small_disk(&["fill", disk.join("store.db").to_str().unwrap()], &disk);
}

fn fill(path: &Path) {
    let full = StoreError::Full { path: path.display().to_string() };
    let ballast = path.with_file_name("ballast");
    // No space for a store at all: nothing is left of it.
    std::fs::write(&ballast, vec![1; 590 << 10]).unwrap();
    assert_eq!(SqliteLog::create(path, Clock::Wall).map(drop), Err(full.clone()));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    std::fs::write(&ballast, vec![1; 150 << 10]).unwrap();
    let mut log = SqliteLog::create(path, Clock::Wall).unwrap();
    let wide = |number: usize| event(&format!("e{number}"), 0, json!({ "text": "x".repeat(3_000) }));
    let mut count = 0;
    let error = loop {
        match log.append(&[wide(count)], &now()) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, full);
    assert!(count > 20, "{count}");
    assert_eq!(log.append(&(count..count + 9).map(wide).collect::<Vec<_>>(), &now()), Err(full));
    assert_eq!(log.verify(None).map(|head| head.number as usize), Ok(count));
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(log.append(&[wide(count)], &now()).map(|events| events[0].number as usize), Ok(count + 1));
    log.close().unwrap();
    let log = SqliteLog::open(path).unwrap();
    assert_eq!(log.verify(None).map(|head| head.number as usize), Ok(count + 1));
    println!("\ndone: full after {count} events");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_or_directory_that_cannot_be_written_is_left_alone() {
    let scratch = Scratch::new();
    let disk = scratch.path().join("disk");
    on_a_small_disk(&["read_only", disk.join("store.db").to_str().unwrap()], &disk);
}

fn read_only(path: &Path) {
    let mount = |arguments: &[&str]| assert!(Command::new("mount").args(arguments).status().unwrap().success());
    let (file, disk) = (path.to_str().unwrap(), path.parent().unwrap().to_str().unwrap());
    let refused = StoreError::ReadOnly { path: file.to_owned() };
    let mut log = SqliteLog::create(path, Clock::Wall).unwrap();
    log.append(&[event("a", 0, json!({}))], &now()).unwrap();
    let text = lines(&log);
    log.close().unwrap();
    let before = std::fs::read(path).unwrap();
    // What cannot be written can still be read.
    mount(&["--bind", file, file]);
    mount(&["-o", "remount,bind,ro", file]);
    let mut log = SqliteLog::open(path).unwrap();
    assert_eq!(log.append(&[event("b", 0, json!({}))], &now()), Err(refused.clone()));
    assert!(log.verify(None).is_ok());
    assert_eq!(lines(&log), text);
    drop(log);
    assert!(Command::new("umount").arg(file).status().unwrap().success());
    mount(&["-o", "remount,ro", disk]);
    let mut log = SqliteLog::open(path).unwrap();
    assert_eq!(log.append(&[event("b", 0, json!({}))], &now()), Err(refused));
    assert!(log.verify(None).is_ok());
    assert_eq!(lines(&log), text);
    drop(log);
    let other = path.with_file_name("other.db");
    let refused = StoreError::ReadOnly { path: other.display().to_string() };
    assert_eq!(SqliteLog::create(&other, Clock::Wall).map(drop), Err(refused));
    mount(&["-o", "remount,rw", disk]);
    assert!(std::fs::read(path).unwrap() == before);
    let mut log = SqliteLog::open(path).unwrap();
    assert!(log.append(&[event("b", 0, json!({}))], &now()).is_ok());
    println!("\ndone");
}
