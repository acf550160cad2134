//! Sends the rows of a query to the host, as pieces of one Arrow stream.
//!
//! Drivers give batches of any length, and the length depends on how a database divides its work. They are joined
//! and divided again, so that the same rows always give the same bytes.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use fractalaw_adbc_client::limits::{BATCH_ROWS, COLUMNS, RESULT_BYTES};
use fractalaw_adbc_client::protocol::Reply;
use fractalaw_adbc_client::{CallError, Code};

/// Why a result was not sent.
pub(crate) enum NotSent {
    /// The driver failed.
    Driver(ArrowError),
    /// A guest may not get the result.
    Refused(CallError),
    /// The host is gone.
    Host,
}

impl From<io::Error> for NotSent {
    fn from(_: io::Error) -> NotSent {
        NotSent::Host
    }
}

/// Sends all rows until it is cancelled.
pub(crate) fn send(
    rows: Box<dyn RecordBatchReader + Send>,
    to: &mut impl Write,
    is_cancelled: impl Fn() -> bool,
) -> Result<(), NotSent> {
    let schema = plain(&rows.schema());
    if schema.fields().len() > COLUMNS {
        return Err(too_many_columns(schema.fields().len()));
    }
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).map_err(no_stream)?;
    let mut waiting = Waiting::new(schema);
    for batch in rows {
        if is_cancelled() {
            return Ok(());
        }
        let batch = batch.map_err(NotSent::Driver)?;
        waiting.add(batch)?;
        while waiting.rows >= BATCH_ROWS {
            waiting.send(BATCH_ROWS, &mut writer, to)?;
        }
    }
    if waiting.rows > 0 {
        waiting.send(waiting.rows, &mut writer, to)?;
    }
    writer.finish().map_err(no_stream)?;
    piece(0, 0, &waiting.schema, &mut writer, to)
}

/// The schema without the driver's own metadata, which is not part of the rows.
fn plain(schema: &Schema) -> Arc<Schema> {
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect();
    Arc::new(Schema::new(fields))
}

/// Batches that have not been sent yet.
struct Waiting {
    schema: Arc<Schema>,
    batches: Vec<RecordBatch>,
    rows: usize,
    /// The bytes of all batches so far, including those that were sent.
    bytes: u64,
}

impl Waiting {
    fn new(schema: Arc<Schema>) -> Waiting {
        Waiting {
            schema,
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    fn add(&mut self, batch: RecordBatch) -> Result<(), NotSent> {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            batch.columns().to_vec(),
            &options,
        )
        .map_err(NotSent::Driver)?;
        self.bytes = self.bytes.saturating_add(bytes(&batch));
        if self.bytes > RESULT_BYTES as u64 {
            return Err(NotSent::Refused(
                CallError::new(
                    Code::TooLarge,
                    format!("the result has more than {RESULT_BYTES} bytes"),
                )
                .hint("ask for fewer rows or columns at a time, with `LIMIT` and `WHERE`"),
            ));
        }
        self.rows += batch.num_rows();
        self.batches.push(batch);
        Ok(())
    }

    /// Sends the first of the waiting rows.
    fn send(
        &mut self,
        rows: usize,
        writer: &mut StreamWriter<Vec<u8>>,
        to: &mut impl Write,
    ) -> Result<(), NotSent> {
        let all = concat_batches(&self.schema, &self.batches).map_err(no_stream)?;
        let first = all.slice(0, rows);
        writer.write(&first).map_err(no_stream)?;
        piece(rows as u64, bytes(&first), &self.schema, writer, to)?;
        self.rows = all.num_rows() - rows;
        self.batches = vec![all.slice(rows, self.rows)];
        Ok(())
    }
}

/// What the writer has written since the last piece.
fn piece(
    rows: u64,
    bytes: u64,
    schema: &Schema,
    writer: &mut StreamWriter<Vec<u8>>,
    to: &mut impl Write,
) -> Result<(), NotSent> {
    let stream = std::mem::take(writer.get_mut());
    let reply = Reply::Rows {
        rows,
        columns: u32::try_from(schema.fields().len()).unwrap_or(u32::MAX),
        bytes,
        stream: &stream,
    };
    Ok(reply.write(to)?)
}

fn too_many_columns(columns: usize) -> NotSent {
    NotSent::Refused(CallError::new(
        Code::TooLarge,
        format!("the result has {columns} columns, expected at most {COLUMNS}"),
    ))
}

fn no_stream(error: ArrowError) -> NotSent {
    NotSent::Refused(CallError::new(
        Code::Type,
        format!("the result is no Arrow stream: {error}"),
    ))
}

/// The bytes of the values of all columns. They are the same however the rows are divided into batches.
fn bytes(batch: &RecordBatch) -> u64 {
    batch.columns().iter().map(|column| of(column)).sum()
}

fn of(array: &dyn Array) -> u64 {
    let rows = array.len() as u64;
    let variable = |length: usize, of_one: u64| length as u64 + of_one * rows;
    match array.data_type() {
        DataType::Null | DataType::Boolean => rows,
        DataType::Utf8 => variable(length(array.as_string::<i32>().value_offsets()), 4),
        DataType::Binary => variable(length(array.as_binary::<i32>().value_offsets()), 4),
        DataType::LargeUtf8 => variable(length(array.as_string::<i64>().value_offsets()), 8),
        DataType::LargeBinary => variable(length(array.as_binary::<i64>().value_offsets()), 8),
        DataType::Utf8View => {
            let values = array.as_string_view().iter().flatten();
            variable(values.map(str::len).sum(), 16)
        }
        DataType::BinaryView => {
            let values = array.as_binary_view().iter().flatten();
            variable(values.map(<[u8]>::len).sum(), 16)
        }
        DataType::FixedSizeBinary(width) => rows * u64::try_from(*width).unwrap_or(0),
        DataType::Struct(_) => {
            let columns = array.as_struct().columns();
            rows + columns.iter().map(|column| of(column)).sum::<u64>()
        }
        other => match other.primitive_width() {
            Some(width) => rows * width as u64,
            // Lists, maps, unions and dictionaries: the bytes of their buffers.
            None => array
                .to_data()
                .get_slice_memory_size()
                .map_or(0, |bytes| bytes as u64),
        },
    }
}

fn length<T: Copy + TryInto<usize>>(offsets: &[T]) -> usize {
    let at = |end: Option<&T>| end.and_then(|end| (*end).try_into().ok()).unwrap_or(0);
    at(offsets.last()).saturating_sub(at(offsets.first()))
}
