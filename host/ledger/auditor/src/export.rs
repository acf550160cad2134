//! `fractalaw-ledger export`: writes all entries to a file for other tools, if they verify. The file is written
//! under a temporary name in the same folder and renamed when it is complete.

// From the ground up:
mod columns;
mod sink;

// The formats:
mod arrow;
mod json_lines;
mod parquet;

use std::fs::File;

use anyhow::{Context, Result};
use fractalaw_folders::{folder_of, sync_name};
use fractalaw_ledger::{Chain, Reader, VerifyError};
use tempfile::NamedTempFile;

use self::sink::Sink;
use crate::flags::{self, Format};

/// Runs the command.
pub(crate) fn run(flags: &flags::Export) -> Result<()> {
    let reader = Reader::open(&flags.ledger)?;
    let out = &flags.out;
    let failed = || format!("could not write `{}`", out.display());
    anyhow::ensure!(
        out.symlink_metadata().is_err(),
        "`{}` is already there, expected to make a new file",
        out.display()
    );
    let file = NamedTempFile::new_in(folder_of(out)).with_context(failed)?;
    let target = file.reopen().with_context(failed)?;
    let mut sink = sink(flags.format, target, &reader)?;
    let mut chain = (!flags.unverified).then(|| Chain::new(reader.identity(), &[]));
    reader.visit(1, |entry| {
        if let Some(chain) = &mut chain {
            chain.push(&entry).map_err(VerifyError::Flaw)?;
        }
        sink.entry(entry).with_context(failed)
    })?;
    if let Some(chain) = chain {
        chain
            .finish(reader.entry_count(), reader.head_hash())
            .map_err(VerifyError::Flaw)?;
    }
    sink.finish().with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    file.persist_noclobber(out)
        .map_err(|error| error.error)
        .and_then(|_| sync_name(out))
        .with_context(failed)?;
    Ok(())
}

fn sink(format: Format, file: File, reader: &Reader) -> Result<Box<dyn Sink>> {
    Ok(match format {
        Format::JsonLines => Box::new(json_lines::JsonLines::new(file)),
        Format::Arrow => Box::new(arrow::Arrow::new(file, reader)?),
        Format::Parquet => Box::new(parquet::Parquet::new(file, reader)?),
    })
}
