//! What `arrow-ipc` writes, we read as it does.

use std::fs;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::MetadataVersion;
use arrow_ipc::writer::IpcWriteOptions;

use crate::cells::{ours, theirs};
use crate::samples::{self, batch, columns, stream, stream_with};

fn check(stream: &[u8], what: &str) {
    let theirs = theirs(stream).unwrap();
    assert!(!theirs.is_empty());
    assert_eq!(ours(stream), Ok(theirs), "{what}");
}

#[test]
fn every_type() {
    for (name, array) in columns() {
        check(&stream(&[batch(&[(name, array)])]), name);
    }
    check(&stream(&[batch(&columns())]), "all in one");
}

/// A slice has nulls, ends and bits that do not begin with a byte.
#[test]
fn slices_and_many_batches() {
    let all = batch(&columns());
    for start in 0..5 {
        for rows in 0..=5 - start {
            check(&stream(&[all.slice(start, rows)]), "a slice");
        }
    }
    let pieces: Vec<RecordBatch> = (0..5).map(|row| all.slice(row, 1)).collect();
    check(&stream(&pieces), "many batches");
}

#[test]
fn no_rows_and_no_columns() {
    let all = batch(&columns());
    let schema = all.schema();
    let none = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &schema).unwrap();
    check(&none.into_inner().unwrap(), "no batch");
    check(&stream(&[all.slice(0, 0)]), "a batch of no rows");
    let no_columns = all.project(&[]).unwrap();
    check(&stream(&[no_columns]), "no columns");
}

#[test]
fn a_column_that_cannot_be_null() {
    let nullable = batch(&columns());
    let fields = nullable.schema();
    for (field, array) in fields.fields().iter().zip(nullable.columns()) {
        if array.null_count() == 0 {
            let field = field.as_ref().clone().with_nullable(false);
            let schema = arrow_schema::Schema::new(vec![field]);
            let batch = RecordBatch::try_new(schema.into(), vec![array.clone()]).unwrap();
            check(&stream(&[batch]), "not null");
        }
    }
}

/// Buffers at multiples of 8 bytes, version 4 of the format, and heads as before version 0.15 of Arrow.
#[test]
fn other_ways_to_write() {
    for (alignment, legacy, version) in [
        (8, false, MetadataVersion::V5),
        (16, false, MetadataVersion::V4),
        (64, true, MetadataVersion::V4),
    ] {
        let options = IpcWriteOptions::try_new(alignment, legacy, version).unwrap();
        let stream = stream_with(&[batch(&columns())], options);
        check(&stream, "other options");
        // A stream may just end.
        check(
            &stream[..stream.len() - if legacy { 4 } else { 8 }],
            "without an end",
        );
    }
}

/// No place in memory is needed for a stream.
#[test]
fn any_alignment_in_memory() {
    let stream = stream(&[batch(&columns())]);
    for shift in 1..8 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(&stream);
        assert_eq!(ours(&shifted[shift..]), ours(&stream));
    }
}

/// The files in `tests/streams` are those streams, for those who read them without Arrow's crates: the fuzz targets.
/// `FRACTALAW_STREAMS=write` writes them anew, after another release of Arrow.
#[test]
fn the_files_of_streams() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams");
    let write = std::env::var_os("FRACTALAW_STREAMS").is_some_and(|what| what == "write");
    for (name, stream) in samples::streams() {
        let path = folder.join(name).with_extension("arrows");
        if write {
            fs::write(&path, &stream).unwrap();
        }
        let file = fs::read(&path).unwrap();
        assert_eq!(ours(&file), Ok(theirs(&file).unwrap()), "{name}");
        assert!(file == stream, "{name}: run with `FRACTALAW_STREAMS=write`");
    }
}
