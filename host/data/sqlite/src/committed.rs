//! What the calls of a run have committed, if each call is a transaction of its own.

use fractalaw_data_call::{Quota, Stop};

use crate::changes::{Changes, RowChange, TableChanges};
use crate::limits::{CHANGED_BYTES, CHANGED_ROWS};
use crate::touched::Row;
use crate::value::Value;

/// The changes of all calls. They are kept for the report, within the limits of a run that commits once.
#[derive(Default)]
pub(crate) struct Committed {
    /// In the order of the calls.
    pub(crate) tables: Vec<TableChanges>,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    rows: usize,
    bytes_before: usize,
    bytes_after: usize,
}

impl Committed {
    /// Adds what a call is about to commit to the size. Fails if that is more than one run may change.
    pub(crate) fn count(&mut self, changes: &Changes) -> Result<(), Stop> {
        let bytes = |row: &Option<Row>| row.iter().flatten().map(Value::bytes).sum::<usize>();
        let mut size = self.size;
        for RowChange { before, after, .. } in changes.tables.iter().flat_map(|table| &table.rows) {
            size.rows += 1;
            size.bytes_before += bytes(before);
            size.bytes_after += bytes(after);
        }
        if size.rows > CHANGED_ROWS {
            return Err(Stop::Quota(Quota::ChangedRows));
        }
        if size.bytes_before.max(size.bytes_after) > CHANGED_BYTES {
            return Err(Stop::Quota(Quota::ChangedBytes));
        }
        self.size = size;
        Ok(())
    }
}
