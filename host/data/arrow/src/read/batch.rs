//! A batch: its head says where in its body the buffers of each column are.

use super::column::{Column, Items, Values, is_set, key};
use super::dictionary::Dictionaries;
use super::ends::Ends;
use super::fault::Fault;
use super::flatbuffer::{Table, Vector};
use super::schema::ColumnLayout;
use crate::error::ReadError;
use crate::types::{DataType, Integer};

/// What was not given to a column yet.
struct Buffers<'a> {
    /// The rows and nulls of each column.
    nodes: Option<Vector<'a>>,
    node: usize,
    /// Where each buffer is in the body, and how long it is.
    places: Option<Vector<'a>>,
    place: usize,
    /// How many buffers of bytes each column of views has.
    counts: Option<Vector<'a>>,
    count: usize,
    body: &'a [u8],
    /// The bytes that buffers may still have. Buffers together are not longer than the body: if many columns could
    /// name the same bytes, a short stream could take a long time.
    left: usize,
}

/// The rows of a batch, and its columns.
pub(super) fn read<'a>(
    head: Table<'a>,
    body: &'a [u8],
    layout: &[ColumnLayout<'a>],
    dictionaries: &Dictionaries<'a>,
) -> Result<(usize, Vec<Column<'a>>), Fault> {
    if let Some(compression) = head.table(3)? {
        let codec = match compression.u8(0)? {
            0 => "LZ4",
            1 => "Zstandard",
            _ => "an unknown method",
        };
        return Err(ReadError::Compressed { codec }.into());
    }
    let rows = usize::try_from(head.i64(0)?).map_err(|_| "a negative number of rows")?;
    let mut buffers = Buffers {
        nodes: head.vector(1, 16, 8)?,
        node: 0,
        places: head.vector(2, 16, 8)?,
        place: 0,
        counts: head.vector(4, 8, 8)?,
        count: 0,
        body,
        left: body.len(),
    };
    let mut columns = Vec::new();
    for column in layout {
        let read = buffers.column(column, dictionaries)?;
        if read.rows != rows {
            return Err("a column has not as many rows as its batch".into());
        }
        columns.push(read);
    }
    buffers.end()?;
    Ok((rows, columns))
}

impl<'a> Buffers<'a> {
    fn column(
        &mut self,
        layout: &ColumnLayout<'a>,
        dictionaries: &Dictionaries<'a>,
    ) -> Result<Column<'a>, Fault> {
        let (rows, nulls) = self.node()?;
        let field = &layout.field;
        if let (DataType::Null, None) = (field.data_type, field.keys) {
            if nulls != rows {
                return Err("a column of nulls has a row that is not null".into());
            }
            let (valid, values) = (None, Values::Null);
            return Ok(Column {
                rows,
                valid,
                values,
            });
        }
        let valid = self.valid(rows, nulls)?;
        if nulls > 0 && !field.nullable {
            return Err("a null in a column that has no nulls".into());
        }
        let values = match (field.keys, layout.dictionary) {
            (Some(keys), Some(number)) => {
                let (at, values) = dictionaries.now(number);
                let bytes = self.of_width(keys.bytes(), rows)?;
                check_keys(keys, bytes, valid, values)?;
                Values::Dictionary { at, keys, bytes }
            }
            _ => self.values(field.data_type, rows)?,
        };
        Ok(Column {
            rows,
            valid,
            values,
        })
    }

    fn values(&mut self, data_type: DataType<'a>, rows: usize) -> Result<Values<'a>, Fault> {
        Ok(match data_type {
            DataType::Null => Values::Null,
            DataType::Boolean => Values::Boolean(self.bits(rows)?),
            DataType::Integer(width) => Values::Integer(width, self.of_width(width.bytes(), rows)?),
            DataType::Float16 => Values::Float16(self.of_width(2, rows)?.as_chunks().0),
            DataType::Float32 => Values::Float32(self.of_width(4, rows)?.as_chunks().0),
            DataType::Float64 => Values::Float64(self.of_width(8, rows)?.as_chunks().0),
            DataType::Date32 => Values::Date32(self.of_width(4, rows)?.as_chunks().0),
            DataType::Date64 => Values::Date64(self.of_width(8, rows)?.as_chunks().0),
            DataType::Timestamp(unit, _) => {
                Values::Timestamp(unit, self.of_width(8, rows)?.as_chunks().0)
            }
            DataType::Utf8 => self.text(false, rows)?,
            DataType::LargeUtf8 => self.text(true, rows)?,
            DataType::Binary => self.bytes(false, rows)?,
            DataType::LargeBinary => self.bytes(true, rows)?,
            DataType::Utf8View => self.views(true, rows)?,
            DataType::BinaryView => self.views(false, rows)?,
            DataType::FixedSizeBinary(width) => {
                let width = size(width)?;
                Values::FixedSizeBinary(width, self.of_width(width, rows)?)
            }
            DataType::Decimal128 { precision, scale } => {
                self.decimals(16, precision, scale, rows)?
            }
            DataType::Decimal256 { precision, scale } => {
                self.decimals(32, precision, scale, rows)?
            }
            DataType::List { .. } => {
                let ends = self.buffer()?;
                let (count, items) = self.items()?;
                Values::List(Ends::new(ends, false, rows, count)?, items)
            }
            DataType::FixedSizeList { length, .. } => {
                let length = size(length)?;
                let (count, items) = self.items()?;
                if rows.checked_mul(length).is_none_or(|needed| needed > count) {
                    return Err("a column of lists has too few values".into());
                }
                Values::FixedSizeList(length, items)
            }
        })
    }

    fn text(&mut self, is_large: bool, rows: usize) -> Result<Values<'a>, Fault> {
        let (ends, bytes) = (self.buffer()?, self.buffer()?);
        let ends = Ends::new(ends, is_large, rows, bytes.len())?;
        let (first, last) = ends.all();
        let text = std::str::from_utf8(bytes.get(first..last).unwrap_or_default());
        let text = text.map_err(|_| NOT_UTF8)?;
        if !text.is_ascii() && !ends.each().all(|end| text.is_char_boundary(end)) {
            return Err(NOT_UTF8.into());
        }
        Ok(Values::Text(ends, text))
    }

    fn bytes(&mut self, is_large: bool, rows: usize) -> Result<Values<'a>, Fault> {
        let (ends, bytes) = (self.buffer()?, self.buffer()?);
        Ok(Values::Bytes(
            Ends::new(ends, is_large, rows, bytes.len())?,
            bytes,
        ))
    }

    fn views(&mut self, are_text: bool, rows: usize) -> Result<Values<'a>, Fault> {
        let views = self.of_width(16, rows)?.as_chunks().0;
        let count = next(&self.counts, &mut self.count)?.i64(self.count - 1)?;
        let count = usize::try_from(count).map_err(|_| "a negative number of buffers")?;
        let buffers = (0..count).map(|_| self.buffer());
        Ok(Values::Views {
            views,
            buffers: buffers.collect::<Result<_, _>>()?,
            are_text,
        })
    }

    fn decimals(
        &mut self,
        width: usize,
        precision: u8,
        scale: i8,
        rows: usize,
    ) -> Result<Values<'a>, Fault> {
        Ok(Values::Decimal {
            width,
            bytes: self.of_width(width, rows)?,
            precision,
            scale,
        })
    }

    /// The `Float32` values of a column of lists, and how many there are.
    fn items(&mut self) -> Result<(usize, Items<'a>), Fault> {
        let (count, nulls) = self.node()?;
        let valid = self.valid(count, nulls)?;
        let numbers = self.of_width(4, count)?;
        Ok((count, Items { numbers, valid }))
    }

    fn node(&mut self) -> Result<(usize, usize), Fault> {
        let (rows, nulls) = next(&self.nodes, &mut self.node)?.pair(self.node - 1)?;
        let counts = usize::try_from(rows).and_then(|rows| Ok((rows, usize::try_from(nulls)?)));
        counts.map_err(|_| "a negative number of rows or nulls".into())
    }

    fn buffer(&mut self) -> Result<&'a [u8], Fault> {
        let (at, length) = next(&self.places, &mut self.place)?.pair(self.place - 1)?;
        let buffer = usize::try_from(at)
            .and_then(|at| Ok((at, usize::try_from(length)?)))
            .ok()
            .and_then(|(at, length)| self.body.get(at..)?.get(..length))
            .ok_or("a buffer is outside of its body")?;
        let left = self.left.checked_sub(buffer.len());
        self.left = left.ok_or("buffers lie over each other")?;
        Ok(buffer)
    }

    /// A buffer with a bit for each row.
    fn bits(&mut self, rows: usize) -> Result<&'a [u8], Fault> {
        let bits = self.buffer()?.get(..rows.div_ceil(8));
        bits.ok_or("a column has fewer bits than rows".into())
    }

    /// A buffer with so many bytes for each row.
    fn of_width(&mut self, width: usize, rows: usize) -> Result<&'a [u8], Fault> {
        let length = width.checked_mul(rows);
        let bytes = self.buffer()?;
        let bytes = length.and_then(|length| bytes.get(..length));
        bytes.ok_or("a column has fewer values than rows".into())
    }

    /// Which rows are not null. Nothing if no row is.
    fn valid(&mut self, rows: usize, nulls: usize) -> Result<Option<&'a [u8]>, Fault> {
        if nulls == 0 {
            self.buffer()?;
            return Ok(None);
        }
        let bits = self.bits(rows)?;
        let whole: usize = bits.iter().map(|byte| byte.count_ones() as usize).sum();
        let beyond = (rows..8 * bits.len())
            .filter(|at| is_set(bits, *at))
            .count();
        if whole - beyond + nulls != rows {
            return Err("a column has not as many nulls as it says".into());
        }
        Ok(Some(bits))
    }

    /// Checks that columns have everything.
    fn end(&self) -> Result<(), Fault> {
        let is_end = |vector: &Option<Vector<'_>>, read| vector.map_or(0, |all| all.len()) == read;
        let ended = is_end(&self.nodes, self.node)
            && is_end(&self.places, self.place)
            && is_end(&self.counts, self.count);
        ended
            .then_some(())
            .ok_or("a batch has more than its columns".into())
    }
}

const NOT_UTF8: &str = "text that is not UTF-8";

/// The vector, if it has one value more than were read. That one counts as read.
fn next<'a>(vector: &Option<Vector<'a>>, read: &mut usize) -> Result<Vector<'a>, &'static str> {
    let vector = vector.filter(|vector| *read < vector.len());
    *read += 1;
    vector.ok_or("a batch has less than its columns")
}

fn size(length: i32) -> Result<usize, &'static str> {
    usize::try_from(length).map_err(|_| "a type of negative length")
}

/// Checks that each key stands for one of so many values.
fn check_keys(
    keys: Integer,
    bytes: &[u8],
    valid: Option<&[u8]>,
    values: usize,
) -> Result<(), &'static str> {
    let rows = bytes.len() / keys.bytes();
    let is_known = |row| key(keys, bytes, row).is_some_and(|key| key < values);
    let all = (0..rows).all(|row| valid.is_some_and(|bits| !is_set(bits, row)) || is_known(row));
    all.then_some(()).ok_or("a key of no value")
}
