//! Debian's `docker-registry` on loopback. `cargo xtask servers` fetches it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A registry with a folder of its own. It is ended when it is dropped.
pub(crate) struct Registry {
    pub(crate) folder: TempDir,
    child: Child,
    pub(crate) host: String,
}

fn program() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let program = target.join("tools/registry/docker-registry");
    if program.is_file() {
        return Some(program);
    }
    println!("SKIPPED: there is no `docker-registry`: `cargo xtask servers` fetches it");
    None
}

impl Registry {
    /// Starts a registry, and waits until it answers. `more` stands in its configuration.
    pub(crate) fn start(more: &str) -> Option<Registry> {
        Registry::start_in(tempfile::tempdir().unwrap(), "", more)
    }

    /// The same in a folder that has files. `http` stands with the address. `FOLDER` is the folder in both texts.
    pub(crate) fn start_in(folder: TempDir, http: &str, more: &str) -> Option<Registry> {
        let program = program()?;
        // Nothing else is told this port before the registry has it, except by accident.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        drop(listener);
        let (config, root) = (folder.path().join("config.yml"), folder.path().join("data"));
        // `ada` with the password `open sesame`.
        let users = "ada:$2b$04$W1Cch.JcmuAaNU8vJli58uDWWOCkxfQPKDTVkTHtbafka55e71xeq\n";
        fs::write(folder.path().join("users"), users).unwrap();
        let shown = folder.path().display().to_string();
        let (http, more) = (
            http.replace("FOLDER", &shown),
            more.replace("FOLDER", &shown),
        );
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{host}\"{http}}}\n{more}",
            root.display()
        );
        fs::write(&config, text).unwrap();
        let child = Command::new(program)
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut registry = Registry {
            folder,
            child,
            host,
        };
        while TcpStream::connect(&registry.host).is_err() {
            assert!(
                registry.child.try_wait().unwrap().is_none(),
                "the registry has ended"
            );
            std::thread::yield_now();
        }
        Some(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
