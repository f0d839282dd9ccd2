//! Files: told apart before SQLite touches them, made so that they are whole from the start.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::StoreError;
use super::schema::APPLICATION_ID;

/// How every SQLite file begins.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the header of a SQLite file says whose it is: four bytes, the highest first.
const APPLICATION_ID_AT: usize = 68;
/// Bytes of the header.
const HEADER: u64 = 100;

/// Refuses what is no store. Opening a foreign database would be enough to change it: SQLite finishes
/// what its last user left half done. So its header is read as a plain file.
pub(super) fn recognise(path: &Path) -> Result<(), StoreError> {
    let name = || path.display().to_string();
    let mut header = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER).read_to_end(&mut header));
    let foreign = |what| Err(StoreError::Foreign { path: name(), what });
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(StoreError::Absent { path: name() }),
        Err(_) if path.is_dir() => return foreign("a directory"),
        Err(error) => return Err(StoreError::File { path: name(), problem: error.to_string() }),
        Ok(0) => return foreign("an empty file"),
        Ok(_) => {}
    }
    let id = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
    match id {
        _ if !header.starts_with(MAGIC) => foreign("not a SQLite file"),
        Some(id) if id == APPLICATION_ID.to_be_bytes() => Ok(()),
        _ => foreign("the SQLite file of another program"),
    }
}

/// Where a file is built before it gets its name, apart from those of other processes and threads.
pub(super) fn beside(path: &Path) -> PathBuf {
    static BUILT: AtomicU64 = AtomicU64::new(0);
    let number = BUILT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{number}.new", std::process::id()));
    path.with_file_name(name)
}

/// Gives a finished file its name, unless another process was faster.
pub(super) fn publish(built: &Path, path: &Path) -> std::io::Result<()> {
    // A hard link, as it alone never replaces a file that is there.
    let linked = match std::fs::hard_link(built, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => std::fs::rename(built, path),
        linked => linked,
    };
    linked.and_then(|()| sync_directory(path))
}

/// The name must outlast a power cut as the content does.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Removes what building left, if it is there.
pub(super) fn clear(built: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = built.as_os_str().to_os_string();
        name.push(ending);
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
}
