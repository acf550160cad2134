//! `cargo xtask report`: one page of what every case does and costs, to be read in a browser.
//!
//! The file needs no other file and loads nothing from the network. The modules below read, compare and draw the
//! records. This file only calls them in order.

// From the ground up, as in `main.rs`.
mod functions;
mod outcome;
mod timeline;

mod difference;
mod facts;

mod view;

mod html;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use crate::build_guests;
use crate::cases::asked::Asked;
use crate::cases::names::Cases;
use crate::cases::recording::{Wanted, record};
use crate::cases::records::{self, Record};
use crate::coverage;
use crate::fault::{Fault, USAGE};
use crate::files::write_atomically;
use crate::flags;
use crate::guest::Guest;
use crate::page::shown::Grouped;
use crate::progress::Progress;
use crate::project::Project;
use crate::revision;

/// Runs the command. Prints the path and the size of the page.
pub(crate) fn run(project: &Project, flags: &flags::Report) -> Result<()> {
    let home = project.target.join("report");
    let asked = match &flags.filter {
        // Existing records may have other names.
        Some(filter) if flags.records.is_none() => {
            Asked::Cases(Cases::find(project).containing(filter)?)
        }
        _ => Asked::Everything,
    };
    let against = flags.against.as_deref();
    let mut earlier = against
        .map(|against| earlier(project, against, &asked))
        .transpose()?;
    let folder = match &flags.records {
        Some(folder) => folder.clone(),
        None => {
            build_guests::attempt(project, &asked.guests(project)?)?.check()?;
            record(project, &wanted("report", &project.outputs(), &asked))?
        }
    };
    let covered = match flags.coverage {
        true => Some(coverage::cover(project, &asked)?),
        false => None,
    };
    let progress = Progress::new();
    progress.say("reading records");
    let mut records = read(&folder, project.relative(&folder))?;
    if let Some(filter) = &flags.filter {
        // The baseline is filtered too, because a case that was not asked for was not deleted.
        for records in [Some(&mut records), earlier.as_mut()].into_iter().flatten() {
            records.retain(|record| record.case.contains(filter));
        }
        if records.is_empty() {
            let folder = project.relative(&folder).display();
            return Err(Fault::new(USAGE, format!("no case is called `{filter}`"))
                .hint(format!("the records are those in `{folder}`"))
                .into());
        }
    }
    progress.say("writing the page");
    let section = covered
        .map(|covered| coverage::page::section(project, &covered))
        .transpose()?;
    let languages = languages(project, &records);
    let mut page = html::page(&records, earlier.as_deref(), section, &languages)?;
    page.push('\n');
    let out = flags.out.clone().unwrap_or_else(|| home.join("index.html"));
    write_atomically(&out, page.as_bytes())?;
    drop(progress);
    let plural = if records.len() == 1 { "" } else { "s" };
    println!(
        "{} case{plural}, {} bytes: {}",
        records.len(),
        Grouped(page.len() as u64),
        project.relative(&out).display()
    );
    Ok(())
}

fn wanted<'a>(name: &'a str, guests: &'a Path, asked: &Asked) -> Wanted<'a> {
    Wanted {
        guests,
        cases: asked.clone(),
        profiles: true,
        coverage: false,
        name,
    }
}

/// The baseline's records: from a folder, or of another revision's guests.
fn earlier(project: &Project, against: &str, asked: &Asked) -> Result<Vec<Record>> {
    let folder = Path::new(against);
    if folder.is_dir() {
        return read(folder, folder);
    }
    let guests = revision::guests(project, against, &[])?;
    // A case of a guest that did not exist yet is new.
    let asked = asked.with_components(project, &guests)?;
    let folder = record(project, &wanted("against", &guests, &asked))?;
    match asked {
        Asked::Cases(names) if names.is_empty() => Ok(Vec::new()),
        _ => read(&folder, project.relative(&folder)),
    }
}

/// The language of each guest that this workspace has. Records from elsewhere may be of other guests.
fn languages(project: &Project, records: &[Record]) -> BTreeMap<String, &'static str> {
    let guests = records.iter().filter(|record| !record.is_fixture);
    let names: BTreeSet<&String> = guests.map(|record| &record.subject).collect();
    let spoken = |name: &String| {
        let guest = Guest::read(project, name).ok()?;
        Some((
            name.clone(),
            guest.other.map_or("Rust", |other| other.spoken().0),
        ))
    };
    names.into_iter().filter_map(spoken).collect()
}

/// All records in a folder, by subject. `shown` is the folder's name for messages.
fn read(folder: &Path, shown: &Path) -> Result<Vec<Record>> {
    let mut records = records::read(folder)?;
    if records.is_empty() {
        return Err(Fault::new(
            USAGE,
            format!(
                "`{}` holds no records, expected files such as `hello-world/default.json`",
                shown.display()
            ),
        )
        .hint("`cargo xtask report` leaves those of its cases in `target/records/report`")
        .into());
    }
    records.sort_by(|a, b| (&a.subject, &a.case).cmp(&(&b.subject, &b.case)));
    Ok(records)
}
