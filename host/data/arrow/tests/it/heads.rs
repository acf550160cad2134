//! Heads that no library writes: each number in them that could be wrong, and what a reader without bounds would do.

use arrow_ipc::{DictionaryBatchBuilder, Endianness, MessageHeader, MetadataVersion, Type};
use fractalaw_arrow::limits::COLUMNS;
use fractalaw_arrow::read;

use crate::made::{
    Builder, batch, int, message, no_floats, null, record_batch, schema, schema_of, utf8, views,
};

/// What comes of a stream: the number of rows, or the error.
fn told(messages: &[&[u8]]) -> String {
    match read(&messages.concat()) {
        Ok(stream) => format!("{} rows", stream.rows()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn whole_streams_that_are_not_read() {
    let little = Endianness::Little;
    let mut builder = Builder::new();
    let head = record_batch(&mut builder, 0, &[(0, 0)], &[(0, 0); 2], &[], true);
    let v5 = MetadataVersion::V5;
    let compressed = message(builder, MessageHeader::RecordBatch, head, v5, &[]);
    let mut builder = Builder::new();
    let head = null(&mut builder);
    let tensor = message(builder, MessageHeader::Tensor, head, v5, &[]);
    let mut builder = Builder::new();
    let head = null(&mut builder);
    let unknown = message(builder, MessageHeader(9), head, v5, &[]);
    let mut builder = Builder::new();
    let head = DictionaryBatchBuilder::new(&mut builder)
        .finish()
        .as_union_value();
    let dictionary = message(builder, MessageHeader::DictionaryBatch, head, v5, &[]);
    let int64 = schema(Type::Int, int, "c", 1);
    let of = |endianness, version| schema_of(Type::Int, int, "c", 1, endianness, version);
    for (messages, expected) in [
        (vec![of(Endianness::Big, v5)], "its numbers are big-endian"),
        (
            vec![of(Endianness(7), v5)],
            "message 1: an unknown order of bytes",
        ),
        (
            vec![of(little, MetadataVersion::V3)],
            "it has version 3 of the format, expected 4 or 5",
        ),
        (
            vec![of(little, MetadataVersion(99))],
            "it has version 100 of the format, expected 4 or 5",
        ),
        (
            vec![int64.clone(), compressed],
            "it is compressed with Zstandard",
        ),
        (
            vec![int64.clone(), tensor],
            "message 2: a tensor, expected a batch or a dictionary",
        ),
        (
            vec![int64.clone(), unknown],
            "message 2: a message of an unknown kind",
        ),
        (
            vec![int64, dictionary],
            "message 2: a dictionary without values",
        ),
        (
            vec![schema(Type(99), int, "c", 1)],
            "message 1: a column of an unknown type",
        ),
    ] {
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        assert_eq!(told(&messages), expected);
    }
}

#[test]
fn counts_and_places_that_are_wrong() {
    let ints = schema(Type::Int, int, "c", 1);
    let texts = schema(Type::Utf8, utf8, "c", 1);
    let nulls = schema(Type::Null, null, "c", 1);
    let views = schema(Type::Utf8View, views, "c", 1);
    let ends = |ends: &[i32]| {
        ends.iter()
            .flat_map(|end| end.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let text = [ends(&[0, 1, 2, 2]), b"ab".to_vec(), vec![0; 6]].concat();
    let whole: &[(i64, i64)] = &[(0, 0), (0, 16), (16, 2)];
    let max = i64::MAX;
    for (schema, batch, expected) in [
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "1 rows",
        ),
        (
            &ints,
            batch(-1, &[(1, 0)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a negative number of rows",
        ),
        (
            &ints,
            batch(2, &[(1, 0)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a column has not as many rows as its batch",
        ),
        (
            &ints,
            batch(1, &[(-1, 0)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a negative number of rows or nulls",
        ),
        (
            &ints,
            batch(1, &[(1, -1)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a negative number of rows or nulls",
        ),
        (
            &ints,
            batch(1, &[(1, 1)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a column has fewer bits than rows",
        ),
        (
            &ints,
            batch(1, &[(1, 2)], &[(0, 1), (0, 7)], &[], &[0; 8]),
            "message 2: a column has not as many nulls as it says",
        ),
        (
            &ints,
            batch(1, &[(1, max)], &[(0, 1), (0, 7)], &[], &[0; 8]),
            "message 2: a column has not as many nulls as it says",
        ),
        (
            &ints,
            batch(max, &[(max, 0)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a column has fewer values than rows",
        ),
        (
            &ints,
            batch(1 << 61, &[(1 << 61, 0)], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a column has fewer values than rows",
        ),
        (
            &ints,
            batch(1, &[], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a batch has less than its columns",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 8)], &[], &[0; 8]),
            "message 2: a batch has less than its columns",
        ),
        (
            &ints,
            batch(1, &[(1, 0); 2], &[(0, 0), (0, 8)], &[], &[0; 8]),
            "message 2: a batch has more than its columns",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (0, 8), (0, 0)], &[], &[0; 8]),
            "message 2: a batch has more than its columns",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (0, 8)], &[0], &[0; 8]),
            "message 2: a batch has more than its columns",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (1, 8)], &[], &[0; 8]),
            "message 2: a buffer is outside of its body",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (-8, 8)], &[], &[0; 8]),
            "message 2: a buffer is outside of its body",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (max, 8)], &[], &[0; 8]),
            "message 2: a buffer is outside of its body",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 0), (0, max)], &[], &[0; 8]),
            "message 2: a buffer is outside of its body",
        ),
        (
            &ints,
            batch(1, &[(1, 0)], &[(0, 8), (0, 8)], &[], &[0; 8]),
            "message 2: buffers lie over each other",
        ),
        (&texts, batch(3, &[(3, 0)], whole, &[], &text), "3 rows"),
        (
            &texts,
            batch(2, &[(2, 0)], &[(0, 0), (4, 12), (16, 2)], &[], &text),
            "2 rows",
        ),
        (
            &texts,
            batch(0, &[(0, 0)], &[(0, 0), (0, 0), (0, 0)], &[], &text),
            "0 rows",
        ),
        (
            &texts,
            batch(3, &[(3, 0)], &[(0, 0), (0, 12), (16, 2)], &[], &text),
            "message 2: a column has fewer ends of values than rows",
        ),
        (
            &texts,
            batch(max, &[(max, 0)], whole, &[], &text),
            "message 2: a column has fewer ends of values than rows",
        ),
        (
            &texts,
            batch(3, &[(3, 0)], &[(0, 0), (0, 16), (16, 1)], &[], &text),
            "message 2: a value ends before it begins, or outside of its bytes",
        ),
        (
            &texts,
            batch(1, &[(1, 0)], &[(0, 0), (0, 8), (8, 0)], &[], &ends(&[1, 0])),
            "message 2: a value ends before it begins, or outside of its bytes",
        ),
        (
            &texts,
            batch(
                1,
                &[(1, 0)],
                &[(0, 0), (0, 8), (8, 0)],
                &[],
                &ends(&[-1, 0]),
            ),
            "message 2: a value ends before it begins, or outside of its bytes",
        ),
        (
            &texts,
            batch(
                1,
                &[(1, 0)],
                &[(0, 0), (0, 8), (8, 1)],
                &[],
                &[0, 0, 0, 0, 1, 0, 0, 0, 0xff],
            ),
            "message 2: text that is not UTF-8",
        ),
        // Each half of a letter in a value of its own.
        (
            &texts,
            batch(
                2,
                &[(2, 0)],
                &[(0, 0), (0, 12), (12, 2)],
                &[],
                &[ends(&[0, 1, 2]), "ä".into()].concat(),
            ),
            "message 2: text that is not UTF-8",
        ),
        (
            &nulls,
            batch(max, &[(max, max)], &[], &[], &[]),
            &format!("{max} rows"),
        ),
        (
            &nulls,
            batch(2, &[(2, 1)], &[], &[], &[]),
            "message 2: a column of nulls has a row that is not null",
        ),
        (
            &views,
            batch(1, &[(1, 0)], &[(0, 0), (0, 16)], &[0], &[0; 16]),
            "1 rows",
        ),
        (
            &views,
            batch(1, &[(1, 0)], &[(0, 0), (0, 16)], &[], &[0; 16]),
            "message 2: a batch has less than its columns",
        ),
        (
            &views,
            batch(1, &[(1, 0)], &[(0, 0), (0, 16)], &[-1], &[0; 16]),
            "message 2: a negative number of buffers",
        ),
        (
            &views,
            batch(1, &[(1, 0)], &[(0, 0), (0, 16)], &[max], &[0; 16]),
            "message 2: a batch has less than its columns",
        ),
    ] {
        assert_eq!(told(&[schema, &batch]), expected);
    }
}

/// A short stream can name the same bytes many times. Neither time nor memory may be the product of both: this test would
/// take a quarter of an hour.
#[test]
fn what_is_named_many_times_is_refused_or_free() {
    const MANY: usize = COLUMNS;
    let long = "n".repeat(1 << 20);
    let names = schema(Type::Int, int, &long, MANY);
    let texts = schema(Type::Utf8, utf8, "", MANY);
    let more = schema(Type::Int, int, "", MANY + 1);
    let lists = schema(Type::FixedSizeList, no_floats, "", MANY);
    let rows = 1 << 20;
    let node = (rows, 0);
    let body = vec![0; 4 * (rows as usize + 1)];
    let all = (0, body.len() as i64);
    let shared = batch(
        rows,
        &vec![node; MANY],
        &[(0, 0), all, (0, 0)].repeat(MANY),
        &[],
        &body,
    );
    let empty = batch(
        i64::MAX,
        &[(i64::MAX, 0), (0, 0)].repeat(MANY),
        &vec![(0, 0); 3 * MANY],
        &[],
        &[],
    );
    for (messages, expected) in [
        (
            vec![&names[..]],
            "message 1: its texts are longer than its head",
        ),
        (vec![&more], "it has 32768 columns, expected at most 32767"),
        (
            vec![&texts, &shared],
            "message 2: buffers lie over each other",
        ),
        (vec![&lists, &empty], &format!("{} rows", i64::MAX)),
    ] {
        assert_eq!(told(&messages), expected);
    }
}
