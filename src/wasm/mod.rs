//! The guest: a small, versioned C-style interface over linear memory, for hosts that load the module.
//!
//! The module imports nothing, so every WASM runtime can load it. A text goes in as the address and the
//! length of bytes within one block from `qp_alloc`; anything else is refused, and so nothing that a host
//! hands over is read outside such blocks. A call that answers leaves a document at `qp_result_address()`
//! for `qp_result_length()` bytes, until the next call. Memory may grow in any call: a host looks up its
//! views again after each.
//!
//! Statuses are the exit codes of the program: 0 fine, 1 findings (a policy has errors), 2 refused, with
//! `{"error": {"code", "message"}}` as the answer. Calls that give a handle or an address give 0 where
//! they are refused; the answer is the error then, too (of a policy that has errors it is its
//! diagnostics). Handles are never used twice. No input traps: sizes, depth and memory are checked before
//! the work, see `qp_limits`. Should a call trap all the same, the host discards the instance.
//!
//! | call | gives |
//! |---|---|
//! | `qp_abi_version()` | the version of this interface, 1 |
//! | `qp_engine()` | 0; answer: name, version, version of this interface |
//! | `qp_alloc(length)` | the address of a block, or 0 |
//! | `qp_free(address, length)` | 0, or 2 where there is no such block |
//! | `qp_result_address()`, `qp_result_length()` | where the last answer stands |
//! | `qp_limits(text)` | 0, 2; sets the limits that a JSON object names; answer: all that are in force |
//! | `qp_check(policy)` | 0, 1, 2; answer: the document of `check --format json` |
//! | `qp_compile(policy)` | a policy; answer: its diagnostics |
//! | `qp_evaluate(policy, snapshot, options)` | 0, 2; answer: the document of `eval --format json` |
//! | `qp_explain(policy, snapshot, options)` | 0, 2; answer: the document of `explain --format json` |
//! | `qp_prepare(policy, columns)` | a prepared policy; answer: its columns and what further steps it has |
//! | `qp_frame(prepared, rows)` | a frame: room for so many rows, all missing |
//! | `qp_frame_column(frame, index)` | the address of its numbers, a double a row; NaN is missing, truth values are 1 and 0 |
//! | `qp_frame_validity(frame, index)` | the address of a bit a row, lowest first, all set at first; rows whose bit is clear are missing |
//! | `qp_frame_rows(frame, rows)` | 0, 2; judges only the first so many rows |
//! | `qp_frame_evaluate(frame)` | 0, 2 |
//! | `qp_frame_passed(frame)`, `qp_frame_passed_count(frame)` | the address of a bit a row in words of 64, and how many are set |
//! | `qp_frame_scores(frame)` | the address of a double a row, NaN where there is none; 0 where the policy has no score |
//! | `qp_frame_selected(frame)`, `qp_frame_selected_count(frame)` | the address of row numbers of 32 bits, best first; 0 where further steps decide |
//! | `qp_log(options)` | a log, for one `world`, by the `clock` `wall` or `simulated` |
//! | `qp_log_load(log, lines, now)` | 0, 2; takes back what `qp_log_lines` gave, into an empty log |
//! | `qp_log_lines(log, from)` | 0, 2; answer: the events from a number on as lines, to be persisted |
//! | `qp_log_command(log, policy, command)` | 0, 2; answer: what was recorded, with the lines to persist |
//! | `qp_log_query(log, policy, query)` | 0, 2; answer: the document of the verb |
//! | `qp_release(handle)` | 0, or 2 where there is no such handle |
//!
//! Options of judging: `world`, `stage`, `profile`, `as_of`, `detail` (`none`, `selected`, `changed`,
//! `all`), `shown`, `previous` (a decision or its state), and `strategy` for `qp_explain`. Columns:
//! `columns`, `stage`, `profile`. Commands and queries are listed in `logs.rs`. Keys that a document does
//! not have are refused with the nearest that it has.

#![allow(unsafe_code, reason = "exported names are unsafe attributes")]

mod calls;
mod documents;
mod frame;
mod guest;
mod limits;
mod logs;
mod memory;

pub use guest::Guest;

use std::cell::RefCell;

/// The version of this interface.
const ABI_VERSION: u32 = 1;

thread_local! {
    static GUEST: RefCell<Guest> = RefCell::default();
}

/// Runs a call on the guest of this thread. A module has one thread, so it is never borrowed twice.
fn with_guest<T>(call: impl FnOnce(&mut Guest) -> T) -> T {
    GUEST.with(|guest| call(&mut guest.borrow_mut()))
}
