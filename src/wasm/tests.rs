//! The guest by its exported names, natively. Each test has a thread of its own, and so a guest of its own.

use serde_json::{Value, json};

use super::calls::*;
use crate::eval::Options;
use crate::{Policy, Snapshot};

const POLICY: &str = "world: w\nmetrics: { liquid: { type: boolean } }\nselection:\n  gates: [sharpe >= 0.5, liquid]\n  \
                      score: sharpe\n  topk: { total: 2 }\n";
const SNAPSHOT: &str = r#"{"metrics": {"a": {"sharpe": 0.7, "liquid": true}, "b": {"sharpe": 0.3, "liquid": true}}}"#;

/// Writes a text into a block of its own.
#[track_caller]
fn text(text: impl AsRef<[u8]>) -> (usize, usize) {
    let text = text.as_ref();
    let address = qp_alloc(text.len());
    assert_ne!(address, 0, "{}", answer());
    let place = std::ptr::with_exposed_provenance_mut::<u8>(address);
    // SAFETY: the block has that many bytes, and nobody else knows of it yet.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), place, text.len()) };
    (address, text.len())
}

/// Values at an address that the guest gave.
fn values<'a, T>(address: usize, count: usize) -> &'a mut [T] {
    assert_ne!(address, 0, "{}", answer());
    assert!(address.is_multiple_of(align_of::<T>()));
    // SAFETY: the guest gave the address of so many values, and a test looks at one such slice at a time.
    unsafe { std::slice::from_raw_parts_mut(std::ptr::with_exposed_provenance_mut(address), count) }
}

fn answer() -> String {
    let (address, length) = (qp_result_address(), qp_result_length());
    if length == 0 {
        return String::new();
    }
    String::from_utf8(values::<u8>(address, length).to_vec()).expect("UTF-8")
}

fn document() -> Value {
    serde_json::from_str(&answer()).expect("JSON")
}

/// The code of the refusal that the last call answered.
#[track_caller]
fn code() -> String {
    let answer = answer();
    let document: Value = serde_json::from_str(&answer).unwrap_or_default();
    document["error"]["code"].as_str().unwrap_or_else(|| panic!("no refusal: {answer}")).to_owned()
}

/// A call that must be refused with a code.
#[track_caller]
fn refused(found: u32, code_wanted: &str) {
    assert!(found == 0 || found == 2, "gave {found}");
    assert_eq!(code(), code_wanted, "{}", answer());
}

#[track_caller]
fn policy() -> u32 {
    let (address, length) = text(POLICY);
    let policy = qp_compile(address, length);
    assert_ne!(policy, 0, "{}", answer());
    assert_eq!(qp_free(address, length), 0);
    policy
}

#[track_caller]
fn frame(rows: usize) -> u32 {
    let (address, length) = text(r#"{"columns": ["sharpe", "liquid"]}"#);
    let prepared = qp_prepare(policy(), address, length);
    assert_ne!(prepared, 0, "{}", answer());
    let frame = qp_frame(prepared, rows);
    assert_ne!(frame, 0, "{}", answer());
    frame
}

#[test]
fn it_says_what_it_is() {
    assert_eq!((qp_abi_version(), qp_engine()), (1, 0));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(document(), json!({ "name": "qmtl-policy", "version": version, "abi_version": 1 }));
}

#[test]
fn a_snapshot_is_judged_as_by_the_library() {
    let policy = policy();
    let (address, length) = text(SNAPSHOT);
    assert_eq!(qp_evaluate(policy, address, length, 0, 0), 0);
    let native = Policy::compile(POLICY).expect("a policy");
    let snapshot = Snapshot::from_json(SNAPSHOT).expect("a snapshot");
    let decision = native.evaluate(&snapshot, &Options::default()).expect("a decision");
    assert_eq!(answer(), serde_json::to_string_pretty(&decision).expect("JSON"));
    let (options, options_length) = text(r#"{"strategy": "b"}"#);
    assert_eq!(qp_explain(policy, address, length, options, options_length), 0);
    let story = native.explain(&snapshot, &Options::default(), "b").expect("a story");
    assert_eq!(answer(), serde_json::to_string_pretty(&story).expect("JSON"));
    refused(qp_explain(policy, address, length, 0, 0), "json");
    let (options, options_length) = text(r#"{"strategi": "b"}"#);
    refused(qp_explain(policy, address, length, options, options_length), "unknown_key");
    assert!(answer().contains("did you mean `strategy`"), "{}", answer());
}

#[test]
fn findings_are_no_refusal() {
    let (address, length) = text("world: w\nselection: { gates: [sharp >= 0.5] }\n");
    assert_eq!(qp_check(address, length), 1);
    let checked = answer();
    assert!(checked.contains("QP2001"), "{checked}");
    assert_eq!(qp_compile(address, length), 0);
    assert_eq!(answer(), checked);
}

#[test]
fn columns_are_judged_where_they_stand() {
    let frame = frame(70);
    let sharpe: &mut [f64] = values(qp_frame_column(frame, 0), 70);
    assert!(sharpe.iter().all(|value| value.is_nan()));
    (0_u32..).zip(sharpe).for_each(|(row, value)| *value = f64::from(row) / 10.0);
    values::<f64>(qp_frame_column(frame, 1), 70).fill(1.0);
    refused(qp_frame_column(frame, 2) as u32, "columns");
    assert_eq!((qp_frame_passed(frame), qp_frame_passed_count(frame), qp_frame_scores(frame)), (0, 0, 0));
    assert_eq!(qp_frame_evaluate(frame), 0);
    assert_eq!(qp_frame_passed_count(frame), 65);
    assert_eq!(values::<u64>(qp_frame_passed(frame), 2), [u64::MAX << 5, 0x3f]);
    assert_eq!(values::<u32>(qp_frame_selected(frame), qp_frame_selected_count(frame)), [69, 68]);
    let scores = values::<f64>(qp_frame_scores(frame), 70);
    assert!(scores[4].is_nan() && scores[5] == 0.5, "{scores:?}");
    // Rows whose bit is clear are missing, in either column.
    values::<u8>(qp_frame_validity(frame, 0), 9)[8] = 0b1_1111;
    values::<u8>(qp_frame_validity(frame, 1), 9)[8] = 0b0_1111;
    assert_eq!(qp_frame_evaluate(frame), 0);
    assert_eq!(values::<u32>(qp_frame_selected(frame), qp_frame_selected_count(frame)), [67, 66]);
    // Fewer rows: what was found before is gone.
    assert_eq!((qp_frame_rows(frame, 6), qp_frame_passed(frame)), (0, 0));
    assert_eq!((qp_frame_evaluate(frame), qp_frame_passed_count(frame)), (0, 1));
    refused(qp_frame_rows(frame, 71), "too_large");
    assert_eq!((qp_frame_rows(frame, 0), qp_frame_evaluate(frame), qp_frame_passed_count(frame)), (0, 0, 0));
}

#[test]
fn handles_are_of_one_kind_and_used_once() {
    let (policy, frame) = (policy(), frame(1));
    let (address, length) = text(r#"{"world": "w"}"#);
    let log = qp_log(address, length);
    for other in [0, frame, log, 99, u32::MAX] {
        refused(qp_evaluate(other, address, length, 0, 0), "unknown_handle");
        refused(qp_explain(other, address, length, 0, 0), "unknown_handle");
        refused(qp_prepare(other, address, length), "unknown_handle");
        refused(qp_log_command(log, other, address, length), "unknown_handle");
        refused(qp_log_query(log, other, address, length), "unknown_handle");
    }
    for other in [0, policy, log, 99] {
        refused(qp_frame(other, 1), "unknown_handle");
        refused(qp_frame_column(other, 0) as u32, "unknown_handle");
        refused(qp_frame_validity(other, 0) as u32, "unknown_handle");
        refused(qp_frame_rows(other, 0), "unknown_handle");
        refused(qp_frame_evaluate(other), "unknown_handle");
        for found in [qp_frame_passed, qp_frame_scores, qp_frame_selected, qp_frame_passed_count] {
            refused(found(other) as u32, "unknown_handle");
        }
        refused(qp_frame_selected_count(other) as u32, "unknown_handle");
    }
    for other in [0, policy, frame, 99] {
        refused(qp_log_load(other, 0, 0, 0, 0), "unknown_handle");
        refused(qp_log_lines(other, 0), "unknown_handle");
        refused(qp_log_command(other, policy, address, length), "unknown_handle");
        refused(qp_log_query(other, policy, address, length), "unknown_handle");
    }
    for handle in [policy, frame, log] {
        assert_eq!(qp_release(handle), 0);
        refused(qp_release(handle), "unknown_handle");
    }
    refused(qp_evaluate(policy, address, length, 0, 0), "unknown_handle");
    let (address, length) = text(POLICY);
    assert!(qp_compile(address, length) > log.max(frame), "a handle is used twice");
}

/// A frame holds what it was made of: releasing that changes nothing for it.
#[test]
fn a_frame_outlives_its_policy() {
    let policy = policy();
    let (address, length) = text(r#"{"columns": ["sharpe", "liquid"]}"#);
    let prepared = qp_prepare(policy, address, length);
    let frame = qp_frame(prepared, 1);
    assert_eq!((qp_release(policy), qp_release(prepared)), (0, 0));
    values::<f64>(qp_frame_column(frame, 0), 1)[0] = 2.0;
    values::<f64>(qp_frame_column(frame, 1), 1)[0] = 1.0;
    assert_eq!((qp_frame_evaluate(frame), qp_frame_passed_count(frame)), (0, 1));
}

#[test]
fn texts_lie_in_blocks_and_are_utf8() {
    let (address, length) = text(POLICY);
    let wild = [(address, length + 1), (address + 1, length), (0, 1), (8, 8), (usize::MAX, 1), (1, usize::MAX >> 8)];
    for (address, length) in wild {
        qp_check(address, length);
        assert!(["bad_address", "too_large"].contains(&code().as_str()), "{}", answer());
        refused(qp_free(address, length), "bad_address");
    }
    assert_eq!(qp_check(address, length), 0);
    assert_eq!((qp_free(address, length), qp_free(address, length)), (0, 2));
    refused(qp_check(address, length), "bad_address");
    let (address, length) = text(b"world: \xff\xfe");
    refused(qp_check(address, length), "not_utf8");
    refused(qp_alloc(0) as u32, "memory");
}

#[test]
fn limits_refuse_before_the_work() {
    let limit = |limits: Value| {
        let (address, length) = text(limits.to_string());
        assert_eq!(qp_limits(address, length), 0, "{}", answer());
        assert_eq!(qp_free(address, length), 0);
    };
    let held = frame(8);
    let (address, length) = text(POLICY);
    limit(json!({ "rows": 4 }));
    let (columns, columns_length) = text(r#"{"columns": ["sharpe", "liquid"]}"#);
    let prepared = qp_prepare(policy(), columns, columns_length);
    refused(qp_frame(prepared, 5), "too_large");
    assert_ne!(qp_frame(prepared, 4), 0, "{}", answer());
    limit(json!({ "policy_bytes": length - 1 }));
    refused(qp_check(address, length), "too_large");
    limit(json!({ "policy_bytes": length, "handles": 2 }));
    refused(qp_compile(address, length), "too_many_handles");
    let (looser, looser_length) = text(r#"{"memory_bytes": 1073741824, "text_bytes": 60}"#);
    limit(json!({ "handles": 100, "memory_bytes": 1000 }));
    refused(qp_compile(address, length), "memory");
    refused(qp_frame(prepared, 4), "memory");
    refused(qp_alloc(1000) as u32, "memory");
    // What is over a limit that was lowered goes on; it can only not grow.
    assert_eq!(qp_frame_evaluate(held), 0);
    assert_eq!(qp_limits(looser, looser_length), 0, "{}", answer());
    refused(qp_alloc(61) as u32, "too_large");
    refused(qp_check(address, length), "too_large");
    let (address, length) = text(r#"{"rows": 0}"#);
    refused(qp_limits(address, length), "json");
    assert_eq!((qp_limits(0, 0), document()["text_bytes"].as_u64()), (0, Some(60)));
    // Limits that are too tight for anything can be set anew from a block that is there.
    let (wide, wide_length) = text(r#"{"text_bytes": 9999, "memory_bytes": 99999999}"#);
    limit(json!({ "text_bytes": 1, "memory_bytes": 1 }));
    refused(qp_alloc(1) as u32, "memory");
    assert_eq!(qp_limits(wide, wide_length), 0, "{}", answer());
    assert_eq!(qp_limits(0, 0), 0);
    assert_ne!(qp_alloc(1), 0);
}

#[test]
fn a_log_is_persisted_and_taken_back() {
    let policy = policy();
    let (address, length) = text(r#"{"world": "w", "clock": "simulated"}"#);
    let (log, again) = (qp_log(address, length), qp_log(address, length));
    let snapshot: Value = serde_json::from_str(SNAPSHOT).expect("JSON");
    let command =
        json!({ "command": "submit", "now": "2026-01-05", "strategy": "a", "stage": "paper", "snapshot": snapshot });
    let (address, length) = text(command.to_string());
    assert_eq!(qp_log_command(log, policy, address, length), 0, "{}", answer());
    let told = document();
    assert_eq!(qp_log_lines(log, 1), 0);
    let lines = answer();
    assert_eq!(told["lines"], lines.as_str());
    let ((now, now_length), (address, length)) = (text("2026-01-06"), text(&lines));
    assert_eq!(qp_log_load(again, address, length, now, now_length), 0, "{}", answer());
    assert_eq!(document()["head"], told["head"]);
    refused(qp_log_load(again, address, length, now, now_length), "store");
    refused(qp_log_load(again, address, length, 0, 0), "json");
    let (address, length) = text(r#"{"query": "runs", "now": "2026-01-06"}"#);
    assert_eq!(qp_log_query(again, policy, address, length), 0, "{}", answer());
    assert_eq!(document()["runs"][0]["strategy_id"], "a");
    for (wrong, code) in [
        (r#"{"query": "run", "now": "2026-01-06"}"#, "unknown_key"),
        (r#"{"query": "runs"}"#, "json"),
        (r#"{"query": "runs", "now": "2026-01-06", "run": "x"}"#, "unknown_key"),
        (r#"{"query": "plan", "now": "2026-01-06", "strategy": "a", "run": "x"}"#, "refused"),
    ] {
        let (address, length) = text(wrong);
        refused(qp_log_query(again, policy, address, length), code);
    }
}
