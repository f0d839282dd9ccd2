//! Headless Chromium, driven over the pipe of its DevTools protocol: nothing but the browser and `sh` is needed.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Scratch;

/// Nothing that is waited for takes nearly as long, even on a machine that is busy with other tests.
const HANG: Duration = Duration::from_secs(90);
/// How long a browser may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(25);
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// One browser at a time: each takes more than a core while it starts.
static ONE: Mutex<()> = Mutex::new(());

/// The program, by `QMTL_POLICY_CHROMIUM` or where programs are.
pub fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("QMTL_POLICY_CHROMIUM") {
        return Some(named.into());
    }
    find(&NAMES)
}

/// The first of these programs that is installed.
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// A browser with one page.
pub struct Browser {
    child: Child,
    pipe: Option<ChildStdin>,
    messages: Receiver<Value>,
    session: Option<String>,
    count: u64,
    /// What pages complained of.
    pub complaints: Vec<String>,
    /// Every address that was asked for.
    pub requests: Vec<String>,
    _profile: Scratch,
    _one: MutexGuard<'static, ()>,
}

impl Browser {
    pub fn start(program: &std::path::Path) -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = Scratch::new();
        // The browser reads commands from descriptor 3 and answers on 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while answers.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
                bytes.pop();
                let Ok(message) = serde_json::from_slice(&bytes) else { break };
                if sender.send(message).is_err() {
                    break;
                }
                bytes.clear();
            }
        });
        let pipe = child.stdin.take();
        let mut browser = Self {
            child,
            pipe,
            messages,
            session: None,
            count: 0,
            complaints: Vec::new(),
            requests: Vec::new(),
            _profile: profile,
            _one: one,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.count += 1;
        let mut message = json!({ "id": self.count, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.pipe.as_mut().unwrap().write_all(&bytes).expect("the browser reads");
        loop {
            let answer = self.messages.recv_timeout(HANG);
            let answer = answer.unwrap_or_else(|error| panic!("{method} is not answered: {error}"));
            if answer["id"] == json!(self.count) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.note(&answer);
        }
    }

    fn note(&mut self, event: &Value) {
        let said = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.complaints.push(said["exceptionDetails"].to_string()),
            Some("Log.entryAdded") if said["entry"]["level"] == "error" => {
                self.complaints.push(said["entry"].to_string())
            }
            Some("Runtime.consoleAPICalled") if said["type"] == "error" => {
                self.complaints.push(said["args"].to_string())
            }
            Some("Network.requestWillBeSent") => {
                self.requests.extend(said["request"]["url"].as_str().map(str::to_owned));
            }
            _ => {}
        }
    }

    /// The value of an expression of the page, awaited.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    #[track_caller]
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression} is no text: {value}")).to_owned()
    }

    /// Waits until an expression of the page is true.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        for _ in 0..HANG.as_millis() / POLL.as_millis() {
            if self.value(&format!("Boolean({expression})")) == json!(true) {
                return;
            }
            std::thread::sleep(POLL);
        }
        let page = self.value("document.body.innerText.slice(0, 3000)");
        panic!("never true: {expression}\n{:?}\n{page}", self.complaints);
    }

    /// Opens an address.
    #[track_caller]
    pub fn go(&mut self, address: &str) {
        // A fragment alone would not load the page again.
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.call("Page.navigate", json!({ "url": address }));
    }

    /// Opens an address and waits for the playground to be ready.
    #[track_caller]
    pub fn open(&mut self, address: &str) {
        self.go(address);
        self.until("document.documentElement?.dataset.ready === 'yes'");
    }

    pub fn window(&mut self, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Types a text where the caret is, as a keyboard or an input method does.
    #[track_caller]
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key that writes nothing.
    #[track_caller]
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Moves the mouse to the middle of an element, and clicks there if asked to.
    #[track_caller]
    pub fn point(&mut self, selector: &str, clicks: bool) {
        let place = self.value(&format!(
            "(() => {{ const element = document.querySelector({selector:?}); \
             if (!element.closest('.layer')) element.scrollIntoView({{ block: 'center' }}); \
             const {{ x, y, width, height }} = element.getBoundingClientRect(); \
             return {{ x: x + width / 2, y: y + height / 2 }}; }})()"
        ));
        let mut kinds = vec!["mouseMoved"];
        if clicks {
            kinds.extend(["mousePressed", "mouseReleased"]);
        }
        for kind in kinds {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": place["x"], "y": place["y"], "button": button, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends by itself when nobody holds the pipe; children that it started end with it.
        drop(self.pipe.take());
        for _ in 0..GRACE.as_millis() / POLL.as_millis() {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
