//! Collects entries as Arrow columns in batches. `LEDGER.md` documents the schema.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeBinaryBuilder, StringBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use fractalaw_ledger::{Entry, Reader};

/// A batch is full when it reaches either of these.
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

const UTC: &str = "UTC";

/// The columns, with the ledger's identity and its last entry as metadata.
pub(super) fn schema(reader: &Reader) -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()));
    let field = |name, kind| Field::new(name, kind, false);
    let fields = vec![
        field("entry_id", DataType::UInt64),
        Field::new("run_id", DataType::UInt64, true),
        field("timestamp", time),
        field("node_id", DataType::Utf8),
        field("actor_id", DataType::Utf8),
        field("actor_role", DataType::Utf8),
        field("event_type", DataType::Utf8),
        field("resource", DataType::Utf8),
        field("detail", DataType::Utf8),
        field("prev_hash", DataType::FixedSizeBinary(32)),
        Field::new("signature", DataType::FixedSizeBinary(64), true),
    ];
    let metadata = [
        ("ledger_id", reader.identity().ledger_id.to_string()),
        ("public_key", reader.identity().public_key.to_string()),
        ("entry_count", reader.entry_count().to_string()),
        ("head_hash", reader.head_hash().to_string()),
    ];
    let metadata: HashMap<_, _> = metadata
        .map(|(name, value)| (format!("fractalaw.{name}"), value))
        .into();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// The batch that is being filled.
pub(super) struct Columns {
    schema: SchemaRef,
    rows: usize,
    bytes: usize,
    entry_id: UInt64Builder,
    run_id: UInt64Builder,
    timestamp: TimestampNanosecondBuilder,
    texts: [StringBuilder; 6],
    prev_hash: FixedSizeBinaryBuilder,
    signature: FixedSizeBinaryBuilder,
}

impl Columns {
    pub(super) fn new(schema: SchemaRef) -> Columns {
        Columns {
            schema,
            rows: 0,
            bytes: 0,
            entry_id: UInt64Builder::new(),
            run_id: UInt64Builder::new(),
            timestamp: TimestampNanosecondBuilder::new().with_timezone(UTC),
            texts: Default::default(),
            prev_hash: FixedSizeBinaryBuilder::new(32),
            signature: FixedSizeBinaryBuilder::new(64),
        }
    }

    /// Adds an entry, and returns a batch if one is full.
    pub(super) fn push(&mut self, entry: &Entry) -> Result<Option<RecordBatch>, ArrowError> {
        self.entry_id.append_value(entry.entry_id);
        self.run_id.append_option(entry.run_id);
        // The ledger stores this number in the same type, so it fits.
        self.timestamp
            .append_value(i64::try_from(entry.timestamp).unwrap_or(i64::MAX));
        let texts = [
            &*entry.node_id,
            &entry.actor_id,
            entry.actor_role.name(),
            &entry.event_type,
            &entry.resource,
            &entry.detail,
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.append_value(text);
            self.bytes += text.len();
        }
        self.prev_hash.append_value(entry.prev_hash.0)?;
        match entry.signature {
            Some(signature) => self.signature.append_value(signature.0)?,
            None => self.signature.append_null(),
        }
        self.rows += 1;
        if self.rows < BATCH_ROWS && self.bytes < BATCH_BYTES {
            return Ok(None);
        }
        self.take().map(Some)
    }

    /// Returns what was collected so far.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        (self.rows, self.bytes) = (0, 0);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.entry_id.finish()),
            Arc::new(self.run_id.finish()),
            Arc::new(self.timestamp.finish()),
        ];
        for column in &mut self.texts {
            columns.push(Arc::new(column.finish()));
        }
        columns.push(Arc::new(self.prev_hash.finish()));
        columns.push(Arc::new(self.signature.finish()));
        RecordBatch::try_new(self.schema.clone(), columns)
    }
}
