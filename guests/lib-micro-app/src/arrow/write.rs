//! Columns as a stream: a schema and one batch.

use super::builder::{Builder, Values};
use super::flatbuffer_out::{Buffer, Offset, Slot};

/// What a message contains, as Arrow's `Message.fbs` numbers it.
const SCHEMA: u8 = 1;
const BATCH: u8 = 3;

/// Version 5 of the format, which all of today's libraries write.
const VERSION: Slot = Slot::I16(4);

/// No bytes: where no row is null, which rows are is left out.
const NOTHING: Part<'static> = Part::Bytes(&[]);

/// A buffer of a column.
#[derive(Clone, Copy)]
enum Part<'c> {
    Bytes(&'c [u8]),
    Ends(&'c [u32]),
    Integers(&'c [i64]),
    Reals(&'c [f64]),
}

impl Part<'_> {
    fn bytes(self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::Ends(ends) => 4 * ends.len(),
            Part::Integers(numbers) => 8 * numbers.len(),
            Part::Reals(numbers) => 8 * numbers.len(),
        }
    }

    /// Fills the beginning of `room`.
    fn put(self, room: &mut [u8]) {
        match self {
            Part::Bytes(bytes) => room[..bytes.len()].copy_from_slice(bytes),
            Part::Ends(ends) => fill(room, ends, u32::to_le_bytes),
            Part::Integers(numbers) => fill(room, numbers, i64::to_le_bytes),
            Part::Reals(numbers) => fill(room, numbers, f64::to_le_bytes),
        }
    }
}

fn fill<T: Copy, const N: usize>(room: &mut [u8], numbers: &[T], bytes: impl Fn(T) -> [u8; N]) {
    let (room, _) = room.as_chunks_mut::<N>();
    for (place, number) in room.iter_mut().zip(numbers) {
        *place = bytes(*number);
    }
}

/// The columns, which have equally many rows, as a stream.
pub(crate) fn write(columns: &[Builder]) -> Vec<u8> {
    let rows = columns.first().map_or(0, |column| column.rows);
    let mut nodes = Vec::with_capacity(2 * columns.len());
    let mut parts = Vec::with_capacity(3 * columns.len());
    for column in columns {
        column.buffers(&mut nodes, &mut parts);
    }
    let mut places = Vec::with_capacity(parts.len());
    let mut length: usize = 0;
    for part in &parts {
        places.push((length, part.bytes()));
        length += part.bytes().next_multiple_of(8);
    }
    let schema = schema(columns);
    let batch = batch(rows, &nodes, &places, length);
    let mut stream = Vec::with_capacity(schema.len() + batch.len() + length + 40);
    put_head(&mut stream, &schema);
    put_head(&mut stream, &batch);
    let body = stream.len();
    stream.resize(body + length, 0);
    for (part, (at, _)) in parts.iter().zip(places) {
        part.put(&mut stream[body + at..]);
    }
    stream.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    stream
}

/// Adds the head of a message, so long that what comes next is at a multiple of 8.
fn put_head(stream: &mut Vec<u8>, head: &[u8]) {
    let length = head.len().next_multiple_of(8);
    stream.extend_from_slice(&[0xff; 4]);
    stream.extend_from_slice(&(length as u32).to_le_bytes());
    stream.extend_from_slice(head);
    stream.resize(stream.len() + length - head.len(), 0);
}

/// The head of a message with this content and a body of this length.
fn head(content: u8, body: usize) -> (Buffer, Offset) {
    let (mut buffer, root) = Buffer::new();
    let slots = [
        VERSION,
        Slot::U8(content),
        Slot::Offset,
        Slot::I64(body as i64),
    ];
    let [content] = buffer.table(root, &slots);
    (buffer, content)
}

fn schema(columns: &[Builder]) -> Vec<u8> {
    let (mut buffer, content) = head(SCHEMA, 0);
    let [fields] = buffer.table(content, &[Slot::I16(0), Slot::Offset]);
    let fields = buffer.offsets(fields, columns.len());
    for (column, at) in columns.iter().zip(fields) {
        let children = match column.values {
            Values::Vector { .. } => 1,
            _ => 0,
        };
        let number = column.values.number();
        let (details, children) = field(&mut buffer, at, column.name, true, number, children);
        match &column.values {
            Values::Integer(_) => buffer.table::<0>(details, &[Slot::I32(64), Slot::U8(1)]),
            Values::Real(_) => buffer.table(details, &[Slot::I16(2)]),
            Values::Vector { length, .. } => buffer.table(details, &[Slot::I32(*length as i32)]),
            _ => buffer.table(details, &[]),
        };
        for child in children {
            let (details, _) = field(&mut buffer, child, "item", false, 3, 0);
            buffer.table::<0>(details, &[Slot::I16(1)]);
        }
    }
    buffer.into_bytes()
}

/// Writes a field, and gives where the details of its type and its children are to be.
fn field(
    buffer: &mut Buffer,
    at: Offset,
    name: &str,
    nullable: bool,
    kind: u8,
    children: usize,
) -> (Offset, Vec<Offset>) {
    let slots = [
        Slot::Offset,
        Slot::U8(nullable.into()),
        Slot::U8(kind),
        Slot::Offset,
        Slot::Absent,
        Slot::Offset,
    ];
    let [own_name, details, own_children] = buffer.table(at, &slots);
    buffer.text(own_name, name);
    (details, buffer.offsets(own_children, children))
}

fn batch(
    rows: usize,
    nodes: &[(usize, usize)],
    places: &[(usize, usize)],
    length: usize,
) -> Vec<u8> {
    let (mut buffer, content) = head(BATCH, length);
    let slots = [Slot::I64(rows as i64), Slot::Offset, Slot::Offset];
    let [own_nodes, own_places] = buffer.table(content, &slots);
    buffer.pairs(own_nodes, nodes);
    buffer.pairs(own_places, places);
    buffer.into_bytes()
}

impl Builder {
    /// Adds the column's nodes, which are its rows and nulls, and its buffers.
    fn buffers<'c>(&'c self, nodes: &mut Vec<(usize, usize)>, parts: &mut Vec<Part<'c>>) {
        nodes.push((self.rows, self.nulls));
        if !matches!(self.values, Values::Nothing) {
            parts.push(if self.nulls > 0 {
                Part::Bytes(&self.valid)
            } else {
                NOTHING
            });
        }
        match &self.values {
            Values::Nothing => {}
            Values::Boolean(bits) => parts.push(Part::Bytes(bits)),
            Values::Integer(numbers) => parts.push(Part::Integers(numbers)),
            Values::Real(numbers) => parts.push(Part::Reals(numbers)),
            Values::Text { ends, text: bytes } | Values::Bytes { ends, bytes } => {
                parts.push(Part::Ends(ends));
                parts.push(Part::Bytes(bytes));
            }
            Values::Vector { length, numbers } => {
                nodes.push((self.rows * length, 0));
                parts.push(NOTHING);
                parts.push(Part::Bytes(numbers));
            }
        }
    }
}
