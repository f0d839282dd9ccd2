//! Which store a verb means: read here, for all verbs.

use std::path::{Path, PathBuf};

use clap::Args;
use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use super::Failure;
use crate::store::{Clock, SqliteLog, StoreError};

/// The variable that names the store.
const VARIABLE: &str = "QMTL_POLICY_STORE";
/// The store in the user's data directory.
const DEFAULT_NAME: &str = "qmtl-policy.db";

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}

/// Which store.
#[derive(Debug, Clone, Args)]
pub(super) struct StoreArguments {
    /// The store [default: what QMTL_POLICY_STORE names, else qmtl-policy.db in the user's data directory]
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
}

impl StoreArguments {
    /// The file, which may not be there.
    pub fn path(&self) -> Result<PathBuf, Failure> {
        let named = || std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
        self.store.clone().or_else(named).map_or_else(default_path, Ok)
    }

    /// Opens the store.
    pub fn open(&self) -> Result<SqliteLog, Failure> {
        Ok(SqliteLog::open(self.path()?)?)
    }

    /// Makes the store, or opens the one that is there.
    pub fn create(&self, clock: Clock) -> Result<SqliteLog, Failure> {
        Ok(SqliteLog::create(self.path_to_make()?, clock)?)
    }

    /// The file to make. Nobody need make the directory that nobody named.
    pub fn path_to_make(&self) -> Result<PathBuf, Failure> {
        let path = self.path()?;
        if let Some(directory) = path.parent().filter(|_| default_path().is_ok_and(|default| default == path)) {
            let failed = |error| Failure::new(format!("cannot make {}: {error}", directory.display()));
            std::fs::create_dir_all(directory).map_err(failed)?;
        }
        Ok(path)
    }
}

/// Where data of the user's programs lies: XDG on Linux, Application Support on macOS, APPDATA on Windows.
fn default_path() -> Result<PathBuf, Failure> {
    let directories = choose_native_strategy();
    let unknown =
        |_| Failure::new(format!("there is no home directory for the store: name it with --store or {VARIABLE}"));
    Ok(directories.map_err(unknown)?.data_dir().join(Path::new(DEFAULT_NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_store_is_the_one() {
        let named = StoreArguments { store: Some(PathBuf::from("here.db")) };
        assert_eq!(named.path().ok(), Some(PathBuf::from("here.db")));
        assert!(default_path().is_ok_and(|path| path.ends_with(DEFAULT_NAME)));
    }
}
