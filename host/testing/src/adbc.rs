//! Databases behind ADBC drivers. `cargo xtask drivers` fetches the drivers, and `cargo xtask test` builds the program that
//! loads them. A test for which one of them is missing prints `SKIPPED`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fractalaw_adbc_client::protocol::{Library, Open, Opened, Reply, Request, read_frame};
use fractalaw_adbc_client::{Ingest, Traits};
use tempfile::TempDir;

use crate::places::target;

/// Where the program that loads drivers is, if it was built.
pub fn adbc_program_path() -> PathBuf {
    target().join("debug/fractalaw-adbc")
}

/// The program that loads drivers, if it was built.
pub fn adbc_program() -> Option<PathBuf> {
    or_skipped(built_program())
}

/// The shared library of a driver, if it was fetched.
pub fn adbc_driver(name: &str) -> Option<PathBuf> {
    or_skipped(fetched_driver(name))
}

/// Whether a driver that was fetched is beside the programs too, so that an address alone finds it.
pub fn adbc_driver_is_beside(name: &str) -> bool {
    let beside = adbc_driver(name).and_then(|path| {
        let path = target().join("debug").join(path.file_name()?);
        let why = format!("`{}` is missing: run `cargo xtask drivers`", path.display());
        or_skipped(path.is_file().then_some(path).ok_or(why))
    });
    beside.is_some()
}

/// Why there is no DuckDB on this machine, if there is none.
pub fn no_duckdb() -> Option<String> {
    built_program().and(fetched_driver("duckdb")).err()
}

fn built_program() -> Result<PathBuf, String> {
    let path = adbc_program_path();
    let why =
        "there is no program `fractalaw-adbc`: run `cargo build -p fractalaw-adbc`".to_owned();
    path.is_file().then_some(path).ok_or(why)
}

fn fetched_driver(name: &str) -> Result<PathBuf, String> {
    let library = match name {
        "duckdb" => "libduckdb.so".to_owned(),
        name => format!("libadbc_driver_{name}.so"),
    };
    let path = target().join("tools/adbc").join(name).join(library);
    let why = format!("there is no ADBC driver for {name}: run `cargo xtask drivers`");
    path.is_file().then_some(path).ok_or(why)
}

fn or_skipped(found: Result<PathBuf, String>) -> Option<PathBuf> {
    found.inspect_err(|why| eprintln!("SKIPPED: {why}")).ok()
}

/// A DuckDB database in a file. Only one process at a time can open the file, so a host must be dropped before a test looks
/// into it.
pub struct Duckdb {
    /// The file.
    pub path: PathBuf,
    driver: PathBuf,
    program: PathBuf,
    _folder: TempDir,
}

impl Duckdb {
    /// A database for which these statements were run, if there are a driver and the program.
    pub fn seeded(sql: &[&str]) -> Option<Duckdb> {
        let (program, driver) = (adbc_program()?, adbc_driver("duckdb")?);
        let folder = tempfile::tempdir().expect("a folder for the database");
        let database = Duckdb {
            path: folder.path().join("register.duckdb"),
            driver,
            program,
            _folder: folder,
        };
        database.run(sql);
        Some(database)
    }

    /// The line of policy that names it.
    pub fn line(&self) -> String {
        format!(
            "data.adbc = {{ driver = \"duckdb\", path = \"{}\", library = \"{}\" }}",
            self.path.display(),
            self.driver.display()
        )
    }

    /// The rows of a query as lines of CSV, without a head.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let to = self.path.with_extension("csv");
        self.run(&[&format!(
            "COPY ({sql}) TO '{}' (HEADER false)",
            to.display()
        )]);
        let text = fs::read_to_string(&to).expect("the rows were written");
        text.lines().map(str::to_owned).collect()
    }

    /// Runs statements that no guest may run, in one transaction, past the client.
    pub fn run(&self, sql: &[&str]) {
        let folder = tempfile::tempdir().expect("a folder for the socket");
        let open = Open {
            library: Library::File(self.driver.clone()),
            entrypoint: "duckdb_adbc_init".to_owned(),
            options: vec![("path".to_owned(), self.path.display().to_string())],
            traits: Traits {
                savepoints: false,
                ingest: Ingest::Staged,
                declared_types: true,
                asks_for_parameters: false,
            },
            socket: folder.path().join("runs"),
        };
        let mut program = started(&self.program, &open);
        let mut stream = UnixStream::connect(&open.socket).expect("the program listens");
        let mut ask = |request: Request<'_>| {
            for piece in request.frame().expect("it is short") {
                stream.write_all(&piece).expect("the program reads");
            }
            let (kind, body) = read_frame(&mut stream).expect("the program answers");
            match Reply::read(kind, &body) {
                Some(Reply::Done(_)) => {}
                other => panic!("{request:?}: {other:?}"),
            }
        };
        ask(Request::Begin(""));
        for sql in sql {
            ask(Request::Execute(sql));
        }
        ask(Request::Commit);
        drop(stream);
        drop(program.stdin.take());
        program.wait().expect("the program ends");
    }
}

fn started(program: &Path, open: &Open) -> Child {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = serde_json::to_vec(open).expect("it is plain data");
    line.push(b'\n');
    let input = child.stdin.as_mut().expect("it is piped");
    input.write_all(&line).expect("the program reads");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let opened = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| serde_json::from_str::<Opened>(&line).ok());
    assert!(matches!(opened, Some(Opened::Ready)), "{opened:?}");
    child
}
