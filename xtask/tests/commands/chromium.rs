//! A headless Chromium, driven through its debugging pipe: JSON messages with a NUL after each.

use std::io::{BufRead, BufReader, Write, stderr};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Its names on the systems that have it.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The time for one answer. A busy machine is slow to start a browser.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one page. It ends when it is dropped.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    /// What the page complained of, in the browser's words.
    complaints: Vec<String>,
    loads: u64,
    _folder: TempDir,
}

impl Browser {
    /// `None` if there is no Chromium. The message goes past the test harness, which hides what a passing test
    /// prints.
    pub(crate) fn start(test: &str) -> Option<Browser> {
        let is_there = |name: &&&str| {
            let asked = Command::new(name).arg("--version").output();
            asked.is_ok_and(|output| output.status.success())
        };
        let Some(name) = NAMES.iter().find(is_there) else {
            let _ = writeln!(
                stderr(),
                "SKIPPED {test}: no Chromium here, expected one of {} on the path",
                NAMES.join(", ")
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // The pipe is descriptors 3 and 4, which only a shell provides without `unsafe`. The page is our own, and
        // Chromium's sandbox refuses to run as root, which is the user of containers.
        let script = format!(
            "exec {name} --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe \
             --user-data-dir=\"$0\" about:blank 3<&0 4>&1 >/dev/null 2>&1"
        );
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                if let Ok(message) = serde_json::from_slice(&message) {
                    // Nobody listens any more, because the test has ended.
                    if sender.send(message).is_err() {
                        return;
                    }
                }
            }
        });
        let mut browser = Browser {
            to: child.stdin.take().unwrap(),
            child,
            from,
            calls: 0,
            session: None,
            complaints: Vec::new(),
            loads: 0,
            _folder: folder,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = browser.call(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Shows a file in a window of this width, dark or light.
    pub(crate) fn open(&mut self, file: &Path, fragment: &str, width: u32, dark: bool) {
        let url = format!("file://{}{fragment}", file.display());
        self.open_url(&url, width, dark);
    }

    /// Shows what is at an address.
    pub(crate) fn open_url(&mut self, url: &str, width: u32, dark: bool) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
            }),
        );
        let scheme = if dark { "dark" } else { "light" };
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
        // Through an empty page, because another fragment alone would load nothing.
        for url in ["about:blank", url] {
            let before = self.loads;
            self.call("Page.navigate", json!({ "url": url }));
            while self.loads == before {
                let message = self.next();
                self.note(&message);
            }
        }
    }

    /// The value of an expression, as soon as it exists.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        );
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Saves a picture of the whole page, if a folder for pictures is named.
    pub(crate) fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("XTASK_PICTURES") else {
            return;
        };
        let picture = self.call(
            "Page.captureScreenshot",
            json!({ "captureBeyondViewport": true }),
        );
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// Errors, warnings and everything that was written to the console.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.to, "{message}\0").unwrap();
        self.to.flush().unwrap();
        loop {
            let answer = self.next();
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.note(&answer);
        }
    }

    fn next(&mut self) -> Value {
        let next = self.from.recv_timeout(PATIENCE);
        next.expect("Chromium answers in time")
    }

    fn note(&mut self, event: &Value) {
        match event["method"].as_str() {
            Some("Page.loadEventFired") => self.loads += 1,
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => {
                self.complaints.push(event["params"].to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends its other processes itself. Killing it would leave them behind.
        self.session = None;
        let asked = write!(
            self.to,
            "{}\0",
            json!({ "id": 0, "method": "Browser.close" })
        );
        let mut patience = if asked.and_then(|()| self.to.flush()).is_ok() {
            100
        } else {
            0
        };
        while patience > 0 && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(100));
            patience -= 1;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
