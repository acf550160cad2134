//! `cargo xtask test --coverage`: which lines of the guests' sources the cases reach.
//!
//! The guests are built once more, from the same sources, without optimisation and with the lines of their code in DWARF. The
//! harness runs the cases with these components and says which instructions ran, block by block.

// From the ground up, as in `main.rs`.
mod dwarf;
mod lines;

mod lcov;
mod table;

pub(crate) mod page;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::build_guests::{self, WithLines};
use crate::cases::asked::Asked;
use crate::cases::recording::{Wanted, record};
use crate::cases::records;
use crate::fault::list;
use crate::files::write_atomically;
use crate::project::Project;
use lines::{Codes, Covered, Lines};

/// Runs the cases, and prints and writes what they reach.
pub(crate) fn run(project: &Project, asked: &Asked) -> Result<ExitCode> {
    let covered = cover(project, asked)?;
    for (why, names) in covered.reasons() {
        eprintln!("not counted: {}: {why}", list(names));
    }
    print!("{}", table::text(&covered));
    let files = [
        ("lcov.info", lcov::text(&covered.lines)),
        ("index.html", page::text(project, &covered)?),
    ];
    for (name, text) in files {
        let path = folder(project).join(name);
        write_atomically(&path, text.as_bytes())?;
        eprintln!("written: {}", project.relative(&path).display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the guests of these cases with their lines, and runs the cases.
pub(crate) fn cover(project: &Project, asked: &Asked) -> Result<Covered> {
    let guests = asked.guests(project)?;
    build_guests::attempt(project, &guests)?.check()?;
    let components = folder(project).join("guests");
    let WithLines {
        modules,
        mut left_out,
    } = build_guests::with_lines(project, &guests, &components)?;
    // Fixtures have components of their own. Where nothing is known of lines, no case has to run.
    let mut known = Vec::new();
    for guest in &guests {
        if build_guests::has_lines(project, guest)? {
            known.push(guest.clone());
        }
    }
    let wanted = Wanted {
        guests: &components,
        cases: asked.of_guests(project, &known),
        profiles: false,
        coverage: true,
        name: "coverage",
    };
    let records = records::read(&record(project, &wanted)?)?;
    let mut codes = Codes::default();
    for (guest, module) in &modules {
        codes.add(guest, dwarf::read(module)?);
    }
    for guest in &known {
        codes.add_inside(guest, build_guests::inside(project, guest)?);
    }
    let cases = records.iter().filter_map(|record| {
        let why = record.no_coverage.clone()?;
        Some((record.case.clone(), why))
    });
    left_out.extend(cases);
    let folders = project.guests()?.into_iter().map(|guest| {
        let folder = project.guest_folder(&guest);
        let folder = project.relative(&folder).to_owned();
        (guest, folder)
    });
    Ok(Covered {
        lines: Lines::of(&records, &codes),
        folders: folders.collect(),
        left_out,
    })
}

fn folder(project: &Project) -> PathBuf {
    project.target.join("coverage")
}
