//! Parquet, compressed with Snappy.

use std::fs::File;

use anyhow::Result;
use fractalaw_ledger::{Entry, Reader};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::columns::{Columns, schema};
use super::sink::Sink;

/// The bytes of a row group. A row group stays in memory until it is complete.
const GROUP_BYTES: usize = 64 * 1024 * 1024;

pub(super) struct Parquet {
    columns: Columns,
    writer: ArrowWriter<File>,
}

impl Parquet {
    pub(super) fn new(file: File, reader: &Reader) -> Result<Parquet> {
        let schema = schema(reader);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        Ok(Parquet {
            columns: Columns::new(schema),
            writer,
        })
    }
}

impl Sink for Parquet {
    fn entry(&mut self, entry: Entry) -> Result<()> {
        if let Some(batch) = self.columns.push(&entry)? {
            self.writer.write(&batch)?;
            if self.writer.in_progress_size() > GROUP_BYTES {
                self.writer.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let rest = self.columns.take()?;
        self.writer.write(&rest)?;
        self.writer.close()?;
        Ok(())
    }
}
