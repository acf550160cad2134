//! A host with data, and a database of permits.

use std::path::PathBuf;

use fractalaw_data::Data;
use fractalaw_host::{Host, HostBuilder, Report, Run, Section};
use fractalaw_testing::RUNTIME;
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) file: PathBuf,
}

const SET_UP: &str = "
    CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT NOT NULL, holder TEXT);
    CREATE TABLE secret (word TEXT);
    CREATE TABLE note (text TEXT);
    CREATE TABLE site (name TEXT PRIMARY KEY);
    CREATE TABLE visit (at TEXT, site TEXT REFERENCES site(name) DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO permit VALUES (1, 'north', 'Ada'), (2, 'east', 'Bo'), (3, 'south', NULL);
    INSERT INTO secret VALUES ('hush');
";

impl Lab {
    pub(crate) fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("register.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch(SET_UP).unwrap();
        Lab { folder, file }
    }

    /// Policy lines that grant both interfaces, the database, and these lines.
    pub(crate) fn section(&self, lines: &str) -> Section {
        let file = self.file.display();
        let lines = format!(
            "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n\
             data.file = \"{file}\"\n{lines}"
        );
        Section::parse(&lines).unwrap()
    }

    /// A run that may do everything.
    pub(crate) fn run(&self) -> Run {
        Run::new().grant(self.section("data.read = true\ndata.write = true"))
    }

    /// The result of a query, as text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let connection = Connection::open(&self.file).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

pub(crate) fn builder() -> HostBuilder {
    Host::builder().slots(4).offer(Data::new())
}

pub(crate) fn host() -> Host {
    builder().build().unwrap()
}

/// Loads and runs a component.
pub(crate) fn ran(host: &Host, component: &[u8], run: &Run) -> Report {
    let app = host.load(component).unwrap();
    RUNTIME.block_on(host.run(&app, run)).unwrap()
}

pub(crate) fn effects(report: &Report) -> Vec<String> {
    report.effects.iter().map(ToString::to_string).collect()
}
