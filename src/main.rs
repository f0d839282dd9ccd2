//! The `qmtl-policy` program.

use std::process::ExitCode;

/// Documents and events are many small pieces of memory: reading a store takes a quarter less time by this than
/// by the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    qmtl_policy::cli::run()
}
