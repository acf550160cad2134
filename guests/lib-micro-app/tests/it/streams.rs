//! Streams as Arrow's own crates write them.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Schema, SchemaRef};
use micro_app::{Error, Rows};
use serde::de::DeserializeOwned;

pub(crate) fn schema(columns: &[(&str, ArrayRef)]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// One batch with these columns.
pub(crate) fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array));
    RecordBatch::try_new(schema(columns), arrays.collect()).unwrap()
}

/// All batches, and their schema before them.
pub(crate) fn stream(schema: &Schema, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A stream of one batch with these columns.
pub(crate) fn of(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let batch = batch(columns);
    stream(&batch.schema(), &[batch])
}

/// All rows of such a stream.
pub(crate) fn read<T: DeserializeOwned>(columns: &[(&str, ArrayRef)]) -> Result<Vec<T>, Error> {
    Rows::from_stream(of(columns)).to_vec()
}
