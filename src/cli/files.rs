//! Reads and writes files, with errors that name them.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::compile::{LoadedFile, Loader};
use crate::source::Limits;

/// The name of standard input among files.
const STANDARD_INPUT: &str = "-";
/// How messages call it.
const STANDARD_INPUT_NAME: &str = "<stdin>";
/// How a SQLite file begins.
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";
/// Largest snapshot that is read as one text, in bytes.
const LARGEST_SNAPSHOT: u64 = 4 << 30;

/// Whether a path stands for standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

/// How messages call a path.
pub(super) fn display_name(path: &Path) -> String {
    if is_standard_input(path) { STANDARD_INPUT_NAME.to_owned() } else { path.display().to_string() }
}

/// Reads a policy; a text longer than the limit is cut just behind it, which the compiler reports.
pub(super) fn read_policy(path: &Path) -> Result<String, Failure> {
    read(path, Limits::BYTES as u64 + 1)
}

/// Reads a snapshot, a state or a table.
pub(super) fn read_data(path: &Path) -> Result<String, Failure> {
    read(path, LARGEST_SNAPSHOT)
}

/// Opens a file that is read line by line.
pub(super) fn open_lines(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if is_standard_input(path) {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(path);
    let file = file.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    Ok(Box::new(BufReader::new(file)))
}

fn read(path: &Path, most: u64) -> Result<String, Failure> {
    let name = display_name(path);
    let failed = |error: std::io::Error| Failure::new(format!("cannot read {name}: {error}"));
    let mut bytes = Vec::new();
    if is_standard_input(path) {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    String::from_utf8(bytes).or_else(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let before = bytes.get(..at).unwrap_or_default();
        // The cut at the limit may go through a character: what is left must still be over the limit.
        if bytes.len() as u64 == most && bytes.len() - at < 4 {
            return Ok(String::from_utf8_lossy(before).into_owned() + "    ");
        }
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let text = String::from_utf8_lossy(before);
        let column = text.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Err(Failure::new(format!("{name}:{line}:{column}: the file is not UTF-8; save it as UTF-8")))
    })
}

/// Fails where a file that is to be written is one of those that are read.
pub(super) fn apart<'p>(out: Option<&Path>, read: impl IntoIterator<Item = &'p Path>) -> Result<(), Failure> {
    let Some(out) = out else { return Ok(()) };
    let Ok(written) = std::fs::canonicalize(out) else { return Ok(()) };
    let same = |path: &&Path| std::fs::canonicalize(path).is_ok_and(|path| path == written);
    match read.into_iter().find(same) {
        None => Ok(()),
        Some(_) => Err(Failure::new(format!("{} is read here: write to another file", out.display()))),
    }
}

/// Whether a file begins as SQLite's do.
fn is_sqlite(path: &Path) -> bool {
    let mut first = [0; SQLITE_HEADER.len()];
    let regular = std::fs::metadata(path).is_ok_and(|file| file.is_file());
    regular && File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == *SQLITE_HEADER
}

/// Writes a file so that it is either the old one or the whole new one.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = WholeFile::create(path)?;
    file.write_all(text.as_bytes()).map_err(|error| file.failed(error))?;
    file.finish()
}

/// The same for what is written piece by piece.
pub(super) fn write_whole_with<T, Error: From<Failure>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut file = WholeFile::create(path)?;
    let done = write(&mut file)?;
    file.finish()?;
    Ok(done)
}

/// A file that is written beside the old one and takes its place once it is finished.
pub(super) struct WholeFile {
    path: PathBuf,
    /// Where it is written; none where it is written in place.
    beside: Option<PathBuf>,
    writer: Option<BufWriter<File>>,
}

impl WholeFile {
    /// # Errors
    /// If no file can be written there, or a store stands there: nothing is written over a record.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
        if is_sqlite(path) {
            let name = path.display();
            return Err(Failure::new(format!("{name} is a SQLite file, perhaps a store: write to another file")));
        }
        // A link stays, and what it leads to is written.
        let path_behind = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let old = std::fs::metadata(&path_behind).ok();
        // Devices and pipes are written to as they are.
        let beside = match &old {
            Some(old) if !old.is_file() => None,
            _ => {
                let mut name = path_behind.file_name().unwrap_or_default().to_os_string();
                name.push(format!(".{}.tmp", std::process::id()));
                Some(path_behind.with_file_name(name))
            }
        };
        let file = match &beside {
            Some(beside) => File::create_new(beside),
            None => std::fs::OpenOptions::new().write(true).open(&path_behind),
        };
        let file = file.map_err(failed)?;
        let whole = Self { path: path_behind, beside, writer: Some(BufWriter::new(file)) };
        // The new file has the old one's permissions from the start.
        if let (Some(beside), Some(old)) = (&whole.beside, old) {
            std::fs::set_permissions(beside, old.permissions()).map_err(failed)?;
        }
        Ok(whole)
    }

    fn failed(&self, error: std::io::Error) -> Failure {
        Failure::new(format!("cannot write {}: {error}", self.path.display()))
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.put().map_err(|error| self.failed(error))
    }

    fn put(&mut self) -> std::io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        let Some(beside) = self.beside.take() else { return Ok(()) };
        let put = file.sync_all().and_then(|()| std::fs::rename(&beside, &self.path));
        if put.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        put
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.as_mut().map_or(Ok(bytes.len()), |writer| writer.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for WholeFile {
    /// What was not finished leaves nothing behind; after a finish there is nothing to remove.
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = std::fs::remove_file(beside);
        }
    }
}

/// The policies that a list of arguments stands for; directories are searched, sorted by name.
pub(super) fn policies(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for argument in arguments {
        if argument.is_dir() {
            let before = found.len();
            search(argument, &mut found)?;
            if found.len() == before {
                let name = argument.display();
                return Err(Failure::new(format!("{name} holds no .yaml or .yml file; name the policy itself")));
            }
        } else {
            found.push(argument.clone());
        }
    }
    Ok(found)
}

fn search(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", directory.display()));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let known = path.extension().is_some_and(|extension| ["yaml", "yml"].iter().any(|known| extension == *known));
        if path.is_dir() && !hidden && !path.is_symlink() {
            search(&path, found)?;
        } else if known && !hidden && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// Loads imports from files beside the file that imports.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileLoader;

impl Loader for FileLoader {
    fn load(&self, name: &str, importer: &str) -> Result<LoadedFile, String> {
        let directory = Path::new(importer).parent().unwrap_or(Path::new(""));
        let path = directory.join(name);
        let text = read_policy(&path).map_err(|failure| failure.0)?;
        // One file has one name, whatever the way to it.
        let name = std::fs::canonicalize(&path).unwrap_or(path.clone());
        let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
        let name = name.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(name);
        Ok(LoadedFile { name: name.display().to_string(), text })
    }
}
