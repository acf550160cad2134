//! A PostgreSQL server of a test's own: in a temporary folder, on a socket there, run by an unprivileged user. A test prints
//! `SKIPPED` if there is no server or no driver.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::adbc::{adbc_driver, adbc_program};

/// The password of every role of the server.
pub const PASSWORD: &str = "correct horse/battery:staple";

/// The user that runs the server, if this process is `root`, for which PostgreSQL does not run: `nobody`.
const UNPRIVILEGED: u32 = 65_534;

/// A server with one database. It ends when this is dropped.
pub struct Postgresql {
    folder: TempDir,
    programs: PathBuf,
    driver: PathBuf,
    server: Child,
}

impl Postgresql {
    /// A server, with a database for which these statements were run, if everything is there that it needs.
    pub fn seeded(sql: &[&str]) -> Option<Postgresql> {
        let programs = programs()?;
        adbc_program()?;
        let driver = adbc_driver("postgresql")?;
        let folder = tempfile::tempdir().expect("a folder for the server");
        let user = user(folder.path());
        let as_user = |name: &str| {
            let mut command = Command::new(programs.join(name));
            if let Some(user) = user {
                command.uid(user).gid(user);
            }
            command.current_dir(folder.path()).env_remove("RUST_LOG");
            command
        };
        fs::write(folder.path().join("password"), PASSWORD).expect("the folder takes it");
        let made = as_user("initdb")
            .args([
                "-D",
                "data",
                "-U",
                "owner",
                "-E",
                "UTF8",
                "--locale=C",
                "-A",
                "scram-sha-256",
            ])
            .args(["--no-sync", "--pwfile", "password"])
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("initdb starts").success(), "initdb failed");
        let log = fs::File::create(folder.path().join("log")).expect("the folder takes it");
        let server = as_user("postgres")
            .args(["-D", "data", "-k"])
            .arg(folder.path())
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_prepared_transactions=16",
            ])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let database = Postgresql {
            folder,
            programs,
            driver,
            server,
        };
        database.wait();
        database.run(sql);
        Some(database)
    }

    /// The line of policy that connects as this role. `REGISTER_PASSWORD` is the variable with the password.
    pub fn line(&self, role: &str) -> String {
        format!(
            "data.adbc = {{ driver = \"postgresql\", uri = \"{}\", library = \"{}\" }}",
            self.address(role),
            self.driver.display()
        )
    }

    /// The address that connects as this role. With it, the driver must be where the program looks: see
    /// [`adbc_driver_is_beside`](crate::adbc_driver_is_beside).
    pub fn address(&self, role: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgresql://{role}:${{REGISTER_PASSWORD}}@/postgres?host={socket}")
    }

    /// Runs statements as the owner, each in a transaction of its own.
    pub fn run(&self, sql: &[&str]) {
        for sql in sql {
            self.rows(sql);
        }
    }

    /// The rows of a query as lines of CSV, without a head.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let output = self
            .client("psql")
            .args(["-q", "--csv", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .output()
            .expect("psql starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {errors}");
        let text = String::from_utf8(output.stdout).expect("it is UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until the server answers. Starting a client takes longer than the server needs between two attempts.
    fn wait(&self) {
        for _ in 0..1_000 {
            let ready = self.client("pg_isready").arg("-q").status();
            if ready.expect("pg_isready starts").success() {
                return;
            }
        }
        let log = fs::read_to_string(self.folder.path().join("log"));
        panic!("the server does not start: {log:?}");
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.arg("-h").arg(self.folder.path());
        command.args(["-U", "owner", "-d", "postgres"]);
        command.env("PGPASSWORD", PASSWORD);
        command
    }
}

impl Drop for Postgresql {
    fn drop(&mut self) {
        // It must end before its folder goes.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The folder with the newest server's programs. Debian keeps them out of the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut folders: Vec<PathBuf> = versions
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    let newest = folders.pop();
    if newest.is_none() {
        eprintln!("SKIPPED: there is no PostgreSQL server: install the package `postgresql`");
    }
    newest
}

/// Gives the folder to the user who runs the server. `None` if that is the user of this process.
fn user(folder: &Path) -> Option<u32> {
    let mine = fs::metadata(folder).expect("the folder is there").uid();
    if mine != 0 {
        return None;
    }
    chown(folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("root may give folders away");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("root may do that");
    Some(UNPRIVILEGED)
}
