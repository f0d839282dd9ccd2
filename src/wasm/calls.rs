//! The exported names. Texts are addresses and lengths; the guest looks them up among its blocks.
//!
//! They are safe to call natively, too, where tests and fuzzing do it: nothing is read at an address before
//! it is looked up.

use super::{ABI_VERSION, with_guest};

/// A text of the host.
type Text = (usize, usize);

#[unsafe(no_mangle)]
pub extern "C" fn qp_abi_version() -> u32 {
    ABI_VERSION
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_engine() -> u32 {
    with_guest(|guest| guest.engine())
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_result_address() -> usize {
    with_guest(|guest| guest.answer().as_ptr().addr())
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_result_length() -> usize {
    with_guest(|guest| guest.answer().len())
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_alloc(length: usize) -> usize {
    with_guest(|guest| guest.alloc(length))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_free(address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.free((address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_limits(address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.limits((address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_check(address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.check((address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_compile(address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.compile((address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_evaluate(
    policy: u32,
    address: usize,
    length: usize,
    options: usize,
    options_length: usize,
) -> u32 {
    let (snapshot, options): (Text, Text) = ((address, length), (options, options_length));
    with_guest(|guest| guest.evaluate(policy, snapshot, options))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_explain(policy: u32, address: usize, length: usize, options: usize, options_length: usize) -> u32 {
    let (snapshot, options): (Text, Text) = ((address, length), (options, options_length));
    with_guest(|guest| guest.explain(policy, snapshot, options))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_prepare(policy: u32, address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.prepare(policy, (address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame(prepared: u32, rows: usize) -> u32 {
    with_guest(|guest| guest.frame(prepared, rows))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_column(frame: u32, index: usize) -> usize {
    with_guest(|guest| guest.frame_column(frame, index))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_validity(frame: u32, index: usize) -> usize {
    with_guest(|guest| guest.frame_validity(frame, index))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_rows(frame: u32, rows: usize) -> u32 {
    with_guest(|guest| guest.frame_rows(frame, rows))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_evaluate(frame: u32) -> u32 {
    with_guest(|guest| guest.frame_evaluate(frame))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_passed(frame: u32) -> usize {
    with_guest(|guest| guest.frame_found(frame, |frame| address(frame.passed())))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_passed_count(frame: u32) -> usize {
    with_guest(|guest| guest.frame_found(frame, |frame| frame.passed_count()))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_scores(frame: u32) -> usize {
    with_guest(|guest| guest.frame_found(frame, |frame| address(frame.scores())))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_selected(frame: u32) -> usize {
    with_guest(|guest| guest.frame_found(frame, |frame| frame.selected().map_or(0, |rows| rows.as_ptr().addr())))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_frame_selected_count(frame: u32) -> usize {
    with_guest(|guest| guest.frame_found(frame, |frame| frame.selected().map_or(0, <[u32]>::len)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_log(address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.log((address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_log_load(log: u32, address: usize, length: usize, now: usize, now_length: usize) -> u32 {
    with_guest(|guest| guest.log_load(log, (address, length), (now, now_length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_log_lines(log: u32, from: u32) -> u32 {
    with_guest(|guest| guest.log_lines(log, from))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_log_command(log: u32, policy: u32, address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.log_command(log, policy, (address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_log_query(log: u32, policy: u32, address: usize, length: usize) -> u32 {
    with_guest(|guest| guest.log_query(log, policy, (address, length)))
}

#[unsafe(no_mangle)]
pub extern "C" fn qp_release(handle: u32) -> u32 {
    with_guest(|guest| guest.release(handle))
}

/// Where values stand; 0 where there are none.
fn address<T>(values: &[T]) -> usize {
    if values.is_empty() { 0 } else { values.as_ptr().addr() }
}
