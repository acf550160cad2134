//! `cargo xtask test --coverage`: which lines of the guests' sources the cases reach.
//!
//! The guests are built once more, from the same sources, without optimisation and with the lines of their code in DWARF. The
//! harness runs the cases with these components and says which instructions ran, block by block.

// From the ground up, as in `main.rs`.
mod dwarf;
mod lines;

mod lcov;
mod page;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;

use crate::build_guests;
use crate::cases::asked::Asked;
use crate::cases::recording::{Wanted, record};
use crate::cases::records;
use crate::files::write_atomically;
use crate::project::Project;
use lines::Lines;

/// Runs the cases, and prints and writes what they reach.
pub(crate) fn run(project: &Project, asked: Asked) -> Result<ExitCode> {
    let guests = asked.guests(project)?;
    build_guests::attempt(project, &guests)?.check()?;
    let folder = project.target.join("coverage");
    let components = folder.join("guests");
    let modules = build_guests::with_lines(project, &guests, &components)?;
    let wanted = Wanted {
        guests: &components,
        cases: asked,
        profiles: false,
        coverage: true,
        name: "coverage",
    };
    let records = records::read(&record(project, &wanted)?)?;
    let mut codes = BTreeMap::new();
    for module in &modules {
        let code = dwarf::read(module)?;
        codes.insert(code.sha256.clone(), code);
    }
    let lines = Lines::of(&records, &codes);
    for record in &records {
        if let Some(why) = &record.no_coverage {
            eprintln!("not counted: `{}`: {why}", record.case);
        }
    }
    print!("{}", table::text(&lines));
    let files = [
        ("lcov.info", lcov::text(&lines)),
        ("index.html", page::text(project, &lines)?),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        write_atomically(&path, text.as_bytes())?;
        eprintln!("written: {}", project.relative(&path).display());
    }
    Ok(ExitCode::SUCCESS)
}
