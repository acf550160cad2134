//! `cargo xtask report`: one page of what every case does and costs, to be read in a browser.
//!
//! The file needs nothing beside it and asks the network for nothing. How records are read, compared and
//! drawn stands in the modules below; here is only the order of things.

mod difference;
mod flame;
mod html;
mod obtain;
mod outcome;
mod progress;
mod record;
mod timeline;
mod view;
mod written;

use std::path::Path;

use anyhow::Result;

use crate::fault::{Fault, USAGE};
use crate::files::write_atomically;
use crate::flags;
use crate::project::Project;
use progress::Progress;
use written::Grouped;

/// The command. It says where the page is, and how large.
pub(crate) fn run(project: &Project, flags: &flags::Report) -> Result<()> {
    let home = project.target.join("report");
    let mut earlier = flags.against.as_deref().map(earlier).transpose()?;
    let folder = match &flags.records {
        Some(folder) => folder.clone(),
        None => {
            let folder = home.join("records");
            obtain::obtain(project, flags.filter.as_deref(), &folder)?;
            folder
        }
    };
    let progress = Progress::new();
    progress.say("reading records");
    let mut records = record::read_all(&folder, project.relative(&folder))?;
    if let Some(filter) = &flags.filter {
        // The baseline's too: what was not asked for is not gone.
        for records in [Some(&mut records), earlier.as_mut()].into_iter().flatten() {
            records.retain(|record| record.case.raw().contains(filter));
        }
        if records.is_empty() {
            return Err(Fault::new(USAGE, format!("no case is called `{filter}`"))
                .hint("`cargo xtask test -- --list` shows the name of every case")
                .into());
        }
    }
    progress.say("writing the page");
    let mut page = html::page(&records, earlier.as_deref())?;
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

/// The baseline's records.
fn earlier(against: &Path) -> Result<Vec<record::Record>> {
    if !against.is_dir() {
        return Err(Fault::new(
            USAGE,
            format!(
                "`{}` is not there, expected a folder of records",
                against.display()
            ),
        )
        .hint(
            "`cargo xtask report` leaves its records in `target/report/records`, which may be named \
             after the change",
        )
        .into());
    }
    record::read_all(against, against)
}
