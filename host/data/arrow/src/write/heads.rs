//! The heads of messages: the schema, and where a batch has its buffers. Fields, types and numbers are those of Arrow's
//! `Message.fbs` and `Schema.fbs`.

use super::column::{Array, Column};
use super::flatbuffer::{Head, Place, Slot};

/// Version 5 of the format, counted from 0.
const VERSION: i16 = 4;

const SCHEMA: u8 = 1;
const BATCH: u8 = 3;

const FLOAT: u8 = 3;
const SINGLE: i16 = 1;
const DOUBLE: i16 = 2;
const DAY: i16 = 0;
const MICROSECOND: i16 = 2;

pub(super) fn schema(columns: &[Column<'_>]) -> Vec<u8> {
    let mut head = Head::default();
    let fields: Vec<Place> = columns
        .iter()
        .map(|column| field(&mut head, column))
        .collect();
    let fields = head.tables(&fields);
    let schema = head.table(&[(1, Slot::Place(fields))]);
    message(head, SCHEMA, schema, 0)
}

pub(super) fn batch(
    rows: usize,
    nodes: &[(usize, usize)],
    places: &[(usize, usize)],
    body: usize,
) -> Vec<u8> {
    let mut head = Head::default();
    let places = head.pairs(places);
    let nodes = head.pairs(nodes);
    let batch = head.table(&[
        (0, Slot::I64(rows as i64)),
        (1, Slot::Place(nodes)),
        (2, Slot::Place(places)),
    ]);
    message(head, BATCH, batch, body)
}

fn message(mut head: Head, kind: u8, content: Place, body: usize) -> Vec<u8> {
    let root = head.table(&[
        (0, Slot::I16(VERSION)),
        (1, Slot::U8(kind)),
        (3, Slot::I64(body as i64)),
        (2, Slot::Place(content)),
    ]);
    head.finish(root)
}

fn field(head: &mut Head, column: &Column<'_>) -> Place {
    let name = head.text(column.name);
    let (number, details, children) = data_type(head, column.values);
    head.table(&[
        (0, Slot::Place(name)),
        (2, Slot::U8(number)),
        (1, Slot::U8(1)),
        (5, Slot::Place(children)),
        (3, Slot::Place(details)),
    ])
}

/// The number of a type, its details, and the types of what is in it.
fn data_type(head: &mut Head, values: Array<'_>) -> (u8, Place, Place) {
    let plain = |head: &mut Head, number, slots: &[(usize, Slot)]| {
        let details = head.table(slots);
        (number, details, head.tables(&[]))
    };
    match values {
        Array::Null => plain(head, 1, &[]),
        Array::Boolean(_) => plain(head, 6, &[]),
        Array::Utf8 { .. } => plain(head, 5, &[]),
        Array::Binary { .. } => plain(head, 4, &[]),
        Array::Date32(_) => plain(head, 8, &[(0, Slot::Always(DAY))]),
        Array::Int64(_) => {
            let children = head.tables(&[]);
            let details = head.table(&[(1, Slot::U8(1)), (0, Slot::I32(64))]);
            (2, details, children)
        }
        Array::Float64(_) => {
            let children = head.tables(&[]);
            (FLOAT, head.table(&[(0, Slot::I16(DOUBLE))]), children)
        }
        Array::Timestamp { utc, .. } => {
            // `arrow-ipc` writes an empty text that nothing refers to if there is no time zone.
            let zone = head.text(if utc { "UTC" } else { "" });
            let unit = (0, Slot::I16(MICROSECOND));
            match utc {
                true => plain(head, 10, &[unit, (1, Slot::Place(zone))]),
                false => plain(head, 10, &[unit]),
            }
        }
        Array::FixedSizeList { length, .. } => {
            let item = item(head);
            let details = head.table(&[(0, Slot::I32(length))]);
            (16, details, head.tables(&[item]))
        }
    }
}

/// The values of a list, which are numbers of 32 bits and not null.
fn item(head: &mut Head) -> Place {
    let name = head.text("item");
    let children = head.tables(&[]);
    let details = head.table(&[(0, Slot::I16(SINGLE))]);
    head.table(&[
        (0, Slot::Place(name)),
        (2, Slot::U8(FLOAT)),
        (5, Slot::Place(children)),
        (3, Slot::Place(details)),
    ])
}
