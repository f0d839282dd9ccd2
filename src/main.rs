//! The `qmtl-policy` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    qmtl_policy::cli::run()
}
