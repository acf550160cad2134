//! Values that views name, which are checked when their rows are read.

use arrow_ipc::Type;
use fractalaw_arrow::read;

use crate::made::{batch, schema, views};

#[test]
fn views_that_are_wrong() {
    let schema = schema(Type::Utf8View, views, "c", 1);
    let view = |length: u32, prefix: &[u8; 4], buffer: u32, at: u32| {
        let words = [
            length.to_le_bytes(),
            *prefix,
            buffer.to_le_bytes(),
            at.to_le_bytes(),
        ];
        [words.concat(), b"a text of twenty byt\xff".to_vec()].concat()
    };
    let short = |bytes: &[u8; 12], length: u8| [&[length, 0, 0, 0], &bytes[..], &[0; 21]].concat();
    for (body, expected) in [
        (
            view(20, b"a te", 0, 0),
            Ok("Text(\"a text of twenty byt\")"),
        ),
        (short(b"abc\0\0\0\0\0\0\0\0\0", 3), Ok("Text(\"abc\")")),
        (view(21, b"a te", 0, 0), Err("text that is not UTF-8")),
        (
            view(22, b"a te", 0, 0),
            Err("a value is outside of its buffers"),
        ),
        (
            view(20, b"a te", 1, 0),
            Err("a value is outside of its buffers"),
        ),
        (
            view(20, b"a te", 0, 2),
            Err("a value is outside of its buffers"),
        ),
        (
            view(20, b"a te", 0, u32::MAX),
            Err("a value is outside of its buffers"),
        ),
        (
            view(u32::MAX, b"a te", 0, 0),
            Err("a value is outside of its buffers"),
        ),
        (
            view(20, b"b te", 0, 0),
            Err("a value does not begin as it says"),
        ),
        (
            short(b"abc\0\0\0\0\0\0\0\0x", 3),
            Err("a short value is followed by others"),
        ),
        (
            short(b"\xff\0\0\0\0\0\0\0\0\0\0\0", 1),
            Err("text that is not UTF-8"),
        ),
    ] {
        let batch = batch(1, &[(1, 0)], &[(0, 0), (0, 16), (16, 21)], &[1], &body);
        let bytes = [&schema[..], &batch].concat();
        let stream = read(&bytes).unwrap();
        let value = stream.batches().next().unwrap().value(0, 0);
        let value = value.map(|value| format!("{value:?}"));
        let value = value.map_err(|error| error.to_string());
        assert_eq!(value.as_deref().map_err(String::as_str), expected);
    }
    let batch = batch(1, &[(1, 0)], &[(0, 0), (0, 16)], &[0], &[0; 16]);
    let bytes = [&schema[..], &batch].concat();
    let stream = read(&bytes).unwrap();
    let batch = stream.batches().next().unwrap();
    for (column, row, expected) in [
        (0, 1, "there is no such row"),
        (0, usize::MAX, "there is no such row"),
        (1, 0, "there is no such column"),
    ] {
        assert_eq!(batch.value(column, row).unwrap_err().to_string(), expected);
    }
}
