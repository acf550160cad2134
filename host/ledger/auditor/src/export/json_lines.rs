//! JSON Lines: one object on each line, as `show --json` prints it.

use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::Result;
use fractalaw_ledger::Entry;

use super::sink::Sink;
use crate::json;

pub(super) struct JsonLines(BufWriter<File>);

impl JsonLines {
    pub(super) fn new(file: File) -> JsonLines {
        JsonLines(BufWriter::new(file))
    }
}

impl Sink for JsonLines {
    fn entry(&mut self, entry: Entry) -> Result<()> {
        Ok(writeln!(self.0, "{}", json::entry(&entry)?)?)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        Ok(self.0.flush()?)
    }
}
