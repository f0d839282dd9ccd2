//! What SQLite's errors mean for whoever uses a store.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use super::StoreError;

/// The error in the words of the store.
pub(super) fn explain(path: &Path, error: &Error) -> StoreError {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir());
    let path = path.display().to_string();
    let problem = error.to_string();
    // The index over the log of a file lies beside it, and must grow there, too.
    let no_space = [ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMMAP];
    if error.sqlite_error().is_some_and(|error| no_space.contains(&error.extended_code)) {
        return StoreError::Full { path };
    }
    if let Error::SqlInputError { msg, .. } = error {
        // The questions are right; it is a table that is missing.
        return StoreError::Damaged { path, problem: msg.clone() };
    }
    match (error.sqlite_error_code(), directory) {
        (Some(ErrorCode::CannotOpen), Some(directory)) => {
            StoreError::File { path, problem: format!("there is no directory {}; make it first", directory.display()) }
        }
        (code, _) => by_code(code, path, problem),
    }
}

fn by_code(code: Option<ErrorCode>, path: String, problem: String) -> StoreError {
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StoreError::ReadOnly { path }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { path, what: "not a SQLite file" },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, problem },
        _ => StoreError::File { path, problem },
    }
}
