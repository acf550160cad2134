//! NATS servers on loopback, alone or as a cluster, each with JetStream in a folder of the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    )
}

/// The server, or `None` after saying that the test is skipped.
pub(crate) fn program() -> Option<PathBuf> {
    let program = target().join("tools/nats/nats-server");
    if program.is_file() {
        return Some(program);
    }
    println!("SKIPPED: there is no `nats-server`: `cargo xtask servers` fetches it");
    None
}

pub(crate) struct Servers {
    folder: TempDir,
    program: PathBuf,
    ports: Vec<(u16, u16)>,
    running: Vec<Option<Child>>,
}

/// A port that the system gives to no connection by itself. Otherwise a client could have it while a server is down.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id() * 61;
    loop {
        let port = (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000 + 20_000;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Servers {
    /// Starts so many servers. `more` stands in the configuration of each.
    pub(crate) fn start(count: usize, more: &str) -> Option<Servers> {
        let program = program()?;
        let mut servers = Servers {
            folder: tempfile::tempdir().unwrap(),
            program,
            ports: (0..count).map(|_| (free_port(), free_port())).collect(),
            running: (0..count).map(|_| None).collect(),
        };
        for at in 0..count {
            fs::write(servers.config(at), servers.text(at, more)).unwrap();
            servers.restart(at);
        }
        Some(servers)
    }

    fn config(&self, at: usize) -> PathBuf {
        self.folder.path().join(format!("server-{at}.conf"))
    }

    fn text(&self, at: usize, more: &str) -> String {
        let (port, route) = self.ports[at];
        let store = self.folder.path().join(format!("store-{at}"));
        let mut text = format!(
            "server_name: s{at}\nlisten: \"127.0.0.1:{port}\"\nmax_payload: 2MB\n\
             jetstream {{ store_dir: \"{}\" }}\n{more}\n",
            store.display()
        );
        if self.ports.len() > 1 {
            let routes = self
                .ports
                .iter()
                .map(|(_, port)| format!("\"nats://127.0.0.1:{port}\""));
            let routes: Vec<String> = routes.collect();
            text += &format!(
                "cluster {{ name: c, listen: \"127.0.0.1:{route}\", routes: [{}] }}\n",
                routes.join(", ")
            );
        }
        text
    }

    /// The list of servers for the configuration of a node.
    pub(crate) fn addresses(&self) -> String {
        let all = self
            .ports
            .iter()
            .map(|(port, _)| format!("\"nats://127.0.0.1:{port}\""));
        all.collect::<Vec<_>>().join(", ")
    }

    /// The address of the first one.
    pub(crate) fn first(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports[0].0)
    }

    pub(crate) fn kill(&mut self, at: usize) {
        if let Some(mut server) = self.running[at].take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Starts a server with what it had, and returns when it listens.
    pub(crate) fn restart(&mut self, at: usize) {
        self.kill(at);
        let log = fs::File::create(self.folder.path().join(format!("log-{at}"))).unwrap();
        let mut server = Command::new(&self.program)
            .arg("-c")
            .arg(self.config(at))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        loop {
            assert_eq!(server.try_wait().unwrap(), None, "the server ended");
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.ports[at].0)) {
                stream
                    .set_read_timeout(Some(Duration::from_secs(5)))
                    .unwrap();
                let mut line = String::new();
                let _ = BufReader::new(stream).read_line(&mut line);
                if line.starts_with("INFO ") {
                    break;
                }
            }
            std::thread::yield_now();
        }
        self.running[at] = Some(server);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        (0..self.running.len()).for_each(|at| self.kill(at));
    }
}
