//! Files, temporary directories, and the program run as a process.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use qmtl_policy::{LoadedFile, Loader};

/// No run of the program takes nearly as long; one that does hangs.
const HANG: Duration = Duration::from_secs(90);

/// The directory of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the project.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// All files below a directory of the project with one of the endings, sorted; none if it is absent.
pub fn files(directory: impl AsRef<Path>, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A path as people write it: relative to the project, with `/`.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string().replace('\\', "/")
}

/// The policies under `examples/`.
pub fn example_policies() -> Vec<PathBuf> {
    let found: Vec<_> = files("examples", &["yaml"]).into_iter().filter(|path| path.ends_with("policy.yaml")).collect();
    assert!(found.len() >= 3, "the examples are gone");
    found
}

/// Loads imports from beside the file that imports, named relative to the project.
pub struct Beside;

impl Loader for Beside {
    fn load(&self, name: &str, importer: &str) -> Result<LoadedFile, String> {
        let mut parts: Vec<&str> = importer.split('/').collect();
        parts.pop();
        for part in name.split('/').filter(|part| *part != ".") {
            match part {
                ".." => _ = parts.pop(),
                part => parts.push(part),
            }
        }
        let name = parts.join("/");
        let text = std::fs::read_to_string(root().join(&name)).map_err(|_| format!("there is no file {name}"))?;
        Ok(LoadedFile { name, text })
    }
}

/// A directory of its own for one test, removed afterwards.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scratch-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How one run of the program ended.
#[derive(Debug)]
pub struct Run {
    pub command: String,
    /// None if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Fails unless the program ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit code {code}, got {self}");
        self
    }

    /// Fails unless standard error holds a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "standard error lacks {text:?}: {self}");
        self
    }

    /// Fails unless standard output holds a text.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "standard output lacks {text:?}: {self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| text.chars().take(4000).collect::<String>();
        let code = self.code.map_or("a signal".to_owned(), |code| format!("code {code}"));
        write!(
            formatter,
            "{code} from `{}`\n--- stdout\n{}\n--- stderr\n{}",
            self.command,
            cut(&self.stdout),
            cut(&self.stderr)
        )
    }
}

/// Runs the program in the directory of the project.
#[track_caller]
pub fn run(arguments: &[&str]) -> Run {
    run_with(arguments, b"", &[])
}

/// Runs the program with a standard input and environment variables.
#[track_caller]
pub fn run_with(arguments: &[&str], input: &[u8], environment: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qmtl-policy"));
    command.args(arguments).current_dir(root()).env_remove("NO_COLOR").env("COLUMNS", "100");
    command.envs(environment.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("qmtl-policy {}", arguments.join(" "));
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start `{shown}`: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that stops reading early closes the pipe; that is its right.
    std::thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(HANG), stderr.recv_timeout(HANG)) else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("`{shown}` hangs");
    };
    Run { command: shown, code: child.wait().unwrap().code(), stdout, stderr }
}

/// Reads a stream to its end on a thread of its own.
fn collect(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
