//! The file format of Arrow IPC.

use std::fs::File;
use std::io::BufWriter;

use anyhow::Result;
use arrow_ipc::writer::FileWriter;
use fractalaw_ledger::{Entry, Reader};

use super::columns::{Columns, schema};
use super::sink::Sink;

pub(super) struct Arrow {
    columns: Columns,
    writer: FileWriter<BufWriter<File>>,
}

impl Arrow {
    pub(super) fn new(file: File, reader: &Reader) -> Result<Arrow> {
        let schema = schema(reader);
        let writer = FileWriter::try_new_buffered(file, &schema)?;
        Ok(Arrow {
            columns: Columns::new(schema),
            writer,
        })
    }
}

impl Sink for Arrow {
    fn entry(&mut self, entry: Entry) -> Result<()> {
        if let Some(batch) = self.columns.push(&entry)? {
            self.writer.write(&batch)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let rest = self.columns.take()?;
        if rest.num_rows() > 0 {
            self.writer.write(&rest)?;
        }
        Ok(self.writer.finish()?)
    }
}
