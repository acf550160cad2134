//! Reads the rows of an Arrow stream that go into a table.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use fractalaw_adbc_client::limits::{COLUMNS, INSERTED_ROWS};
use fractalaw_adbc_client::{CallError, Code};

/// Rows that were read.
#[derive(Debug)]
pub(crate) struct RowsIn {
    pub(crate) schema: Arc<Schema>,
    pub(crate) batches: Vec<RecordBatch>,
}

/// Reads a stream. A malformed stream is an error. The decoder takes memory only for bytes that are there.
pub(crate) fn read(stream: &[u8]) -> Result<RowsIn, CallError> {
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(stream)));
    let rows_in = match decoded {
        Ok(Ok(rows_in)) => rows_in,
        Ok(Err(error)) => return Err(malformed(&error.to_string())),
        // If the decoder panics, the guest gets an error.
        Err(_) => return Err(malformed("the decoder gave up")),
    };
    let columns = rows_in.schema.fields().len();
    let rows: usize = rows_in.batches.iter().map(RecordBatch::num_rows).sum();
    for (count, most, what) in [(columns, COLUMNS, "columns"), (rows, INSERTED_ROWS, "rows")] {
        if count > most {
            let message = format!("{count} {what}, expected at most {most} in one call");
            return Err(CallError::new(Code::TooLarge, message));
        }
    }
    Ok(rows_in)
}

fn malformed(why: &str) -> CallError {
    let why: String = why.chars().take(200).collect();
    CallError::new(
        Code::Type,
        format!("the data is not one Arrow IPC stream: {why}"),
    )
    .hint("write it with a stream writer (not a file writer), uncompressed")
}

fn decode(stream: &[u8]) -> Result<RowsIn, ArrowError> {
    let mut rest = Buffer::from(stream);
    let mut decoder = StreamDecoder::new();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        batches.extend(decoder.decode(&mut rest)?);
    }
    decoder.finish()?;
    let schema = decoder
        .schema()
        .ok_or_else(|| ArrowError::IpcError("it has no schema".to_owned()))?;
    Ok(RowsIn { schema, batches })
}

/// The column of a table with this name. Databases differ in whether upper and lower case matter.
pub(crate) fn column<'t>(table: &'t Schema, name: &str) -> Option<&'t Arc<Field>> {
    let mut columns = table.fields().iter();
    let exactly = columns.clone().find(|column| column.name() == name);
    exactly.or_else(|| columns.find(|column| column.name().eq_ignore_ascii_case(name)))
}

/// Checks the stream's columns against the table's. The table must have each column, and the stream must have it
/// only once. If the driver knows the declared types, the values must be of a kind that the column takes.
pub(crate) fn check(found: &Schema, table: &Schema, declared_types: bool) -> Result<(), CallError> {
    if found.fields().is_empty() {
        return Err(CallError::new(Code::Type, "the data has no columns"));
    }
    for (at, field) in found.fields().iter().enumerate() {
        let name = field.name();
        let shown: String = name.chars().take(100).collect();
        let before = found.fields().iter().take(at);
        if before.into_iter().any(|other| other.name() == name) {
            let message = format!("the data has two columns `{shown}`");
            return Err(CallError::new(Code::Type, message));
        }
        let column = column(table, name).ok_or_else(|| {
            CallError::new(Code::NoSuchName, format!("no such column: `{shown}`"))
        })?;
        let (is, takes) = (field.data_type(), column.data_type());
        if declared_types && !fits(is, takes) {
            return Err(CallError::new(
                Code::Type,
                format!("column `{shown}`: {is} in the data, and the table takes {takes}"),
            )
            .hint("give the data the table's type"));
        }
    }
    Ok(())
}

/// Whether values of the first type may go into a column of the second. Nothing may be lost, except when a number
/// is too large, which the database reports.
fn fits(is: &DataType, takes: &DataType) -> bool {
    use DataType as T;
    let text = |of: &T| matches!(of, T::Utf8 | T::LargeUtf8 | T::Utf8View);
    let blob = |of: &T| {
        matches!(
            of,
            T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_)
        )
    };
    let decimal = |of: &T| {
        matches!(
            of,
            T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..)
        )
    };
    let date = |of: &T| matches!(of, T::Date32 | T::Date64);
    match (is, takes) {
        (T::Null, _) => true,
        (T::Dictionary(_, values), takes) => fits(values, takes),
        (is, T::Dictionary(_, values)) => fits(is, values),
        (is, takes) if takes.is_integer() => is.is_integer() || *is == T::Boolean,
        (is, takes) if takes.is_floating() => is.is_numeric(),
        (is, takes) if decimal(takes) => is.is_integer() || decimal(is),
        // Types that a database keeps under its own names, such as JSON and UUID, are text here.
        (is, takes) if text(takes) => text(is),
        (is, takes) if blob(takes) => blob(is),
        (is, takes) if date(takes) => date(is) || text(is),
        (is, T::Timestamp(..)) => matches!(is, T::Timestamp(..)) || text(is),
        (is, T::Boolean) => *is == T::Boolean,
        (
            T::List(is) | T::LargeList(is) | T::FixedSizeList(is, _),
            T::List(takes) | T::LargeList(takes) | T::FixedSizeList(takes, _),
        ) => fits(is.data_type(), takes.data_type()),
        (is, takes) => is == takes,
    }
}
