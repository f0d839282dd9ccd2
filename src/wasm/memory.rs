//! The calls that take addresses: the only unsafe code of the project, each use with its reason.
#![allow(unsafe_code, reason = "a host hands over texts as addresses in linear memory")]

use std::alloc::{Layout, alloc, dealloc};

use super::with_guest;

/// Longest text that a host may hand over, in bytes.
const LONGEST: usize = 256 << 20;

fn layout(length: usize) -> Option<Layout> {
    if length == 0 || length > LONGEST { None } else { Layout::from_size_align(length, 1).ok() }
}

/// Memory for a text of the host; null where the length is 0, too large, or there is no more.
#[unsafe(no_mangle)]
pub extern "C" fn qp_alloc(length: usize) -> *mut u8 {
    // SAFETY: the layout has a size above 0.
    layout(length).map_or(std::ptr::null_mut(), |layout| unsafe { alloc(layout) })
}

/// Gives memory back.
///
/// # Safety
/// `address` must come from `qp_alloc` with the same length and not have been given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qp_free(address: *mut u8, length: usize) {
    if let (false, Some(layout)) = (address.is_null(), layout(length)) {
        // SAFETY: the caller vouches that this is an allocation of this layout.
        unsafe { dealloc(address, layout) }
    }
}

/// The bytes of a text of the host; empty where the address is null.
///
/// # Safety
/// `length` bytes must be readable at `address` for as long as the slice lives.
unsafe fn bytes<'m>(address: *const u8, length: usize) -> &'m [u8] {
    if address.is_null() || length > LONGEST {
        return &[];
    }
    // SAFETY: the caller vouches for the address and the length.
    unsafe { std::slice::from_raw_parts(address, length) }
}

/// Checks a policy; 1 where it has errors.
///
/// # Safety
/// `length` bytes must be readable at `address`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qp_check(address: *const u8, length: usize) -> u32 {
    // SAFETY: the caller vouches for the address; the guest keeps nothing of the text.
    let policy = unsafe { bytes(address, length) };
    with_guest(|guest| u32::from(!guest.check(policy)))
}

/// Compiles a policy to a handle; 0 where it is refused.
///
/// # Safety
/// `length` bytes must be readable at `address`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qp_compile(address: *const u8, length: usize) -> u32 {
    // SAFETY: the caller vouches for the address; the guest keeps nothing of the text.
    let policy = unsafe { bytes(address, length) };
    with_guest(|guest| guest.compile(policy))
}

/// Judges a snapshot; 1 where there is no decision.
///
/// # Safety
/// `length` bytes must be readable at `address`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qp_evaluate(handle: u32, address: *const u8, length: usize) -> u32 {
    // SAFETY: the caller vouches for the address; the guest keeps nothing of the text.
    let snapshot = unsafe { bytes(address, length) };
    with_guest(|guest| u32::from(!guest.evaluate(handle, snapshot)))
}

#[cfg(test)]
mod tests {
    use super::super::{qp_result_address, qp_result_length};
    use super::*;

    #[test]
    fn texts_go_in_and_answers_come_out() {
        let text = b"world: w\nselection: { gates: [sharpe >= 0.5] }\n";
        let address = qp_alloc(text.len());
        assert!(!address.is_null());
        // SAFETY: the allocation has this length; the answer stands until the next call.
        unsafe {
            address.copy_from(text.as_ptr(), text.len());
            assert_eq!(qp_check(address, text.len()), 0);
            let answer = std::slice::from_raw_parts(qp_result_address(), qp_result_length());
            assert!(answer.starts_with(b"{\"schema_version\":1"));
            qp_free(address, text.len());
            assert_eq!(qp_check(std::ptr::null(), 5), 1);
        }
        assert!(qp_alloc(0).is_null() && qp_alloc(usize::MAX).is_null());
    }
}
