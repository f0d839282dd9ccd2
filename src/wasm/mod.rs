//! The guest: a small C-style interface over linear memory, for hosts that load the module.
//!
//! The module imports nothing. A host writes a text into memory that it got from `qp_alloc`, calls a
//! function with its address and length, and reads the answer, always JSON, at `qp_result_address`
//! for `qp_result_length` bytes; the answer stands until the next call. A call that fails answers
//! with `{"error": {"code", "message"}}` (a policy that is refused with its diagnostics) and never
//! traps on input. Policies are handles; a handle that was released is refused.
//!
//! | call | gives |
//! |---|---|
//! | `qp_abi_version()` | the version of this interface, 1 |
//! | `qp_alloc(length)` | an address, or 0 where the length is 0 or too large |
//! | `qp_free(address, length)` | gives memory back |
//! | `qp_check(address, length)` | 0 fine, 1 errors found; answer: the document of `check --format json` |
//! | `qp_compile(address, length)` | a handle, or 0; answer: diagnostics |
//! | `qp_evaluate(handle, address, length)` | 0 or 1; answer: the decision, or an error |
//! | `qp_release(handle)` | 0, or 1 where there is no such handle |

#![allow(unsafe_code, reason = "exported names are unsafe attributes")]

mod guest;
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

/// The version of this interface.
#[unsafe(no_mangle)]
pub extern "C" fn qp_abi_version() -> u32 {
    ABI_VERSION
}

/// Where the answer of the last call stands.
#[unsafe(no_mangle)]
pub extern "C" fn qp_result_address() -> *const u8 {
    with_guest(|guest| guest.answer().as_ptr())
}

/// How many bytes the answer of the last call has.
#[unsafe(no_mangle)]
pub extern "C" fn qp_result_length() -> usize {
    with_guest(|guest| guest.answer().len())
}

/// Forgets a policy; 1 where there is no such handle.
#[unsafe(no_mangle)]
pub extern "C" fn qp_release(handle: u32) -> u32 {
    with_guest(|guest| u32::from(!guest.release(handle)))
}
