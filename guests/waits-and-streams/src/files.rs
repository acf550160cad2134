//! Streams of files, and what files are to each other, in the first folder that was granted. It is left as it was.

use wasip2::cli::stdout;
use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// More than any stream has.
const ALL: u64 = u64::MAX;

/// What it is called, and what it says of the folder.
type Way = (&'static str, fn(&Descriptor) -> String);

/// Each way to use a file, and what came of it.
pub(crate) fn all() -> Vec<String> {
    let folder = preopens::get_directories().swap_remove(0).0;
    let ways: [Way; 10] = [
        ("a stream that was just opened is ready", |folder| {
            input(folder).subscribe().ready().to_string()
        }),
        ("reading without waiting", |folder| {
            let stream = input(folder);
            let reads = [stream.read(4), stream.read(ALL), stream.read(1)];
            format!("{:?}", reads.map(text))
        }),
        ("reading nothing, then all", |folder| {
            let stream = input(folder);
            let reads = [
                stream.blocking_read(0),
                stream.read(0),
                stream.blocking_read(ALL),
            ];
            format!("{:?}", reads.map(text))
        }),
        ("skipping nothing, some, and what is left", |folder| {
            let stream = input(folder);
            let skips = [
                stream.blocking_skip(0),
                stream.skip(5),
                stream.blocking_skip(ALL),
                stream.skip(ALL),
            ];
            format!("{:?}", skips.map(moved))
        }),
        ("splicing nothing, and all", |folder| {
            let (to, from) = (stdout::get_stdout(), input(folder));
            let splices = [
                to.splice(&from, 0),
                to.splice(&from, ALL),
                to.blocking_splice(&from, ALL),
            ];
            format!("{:?}", splices.map(moved))
        }),
        ("an error's words", |folder| {
            let stream = open(folder, "text.txt")
                .read_via_stream(ALL - 5)
                .expect("a stream");
            text(stream.blocking_read(10))
        }),
        ("writing piece after piece", writing),
        ("a name and the same name", |folder| {
            same(folder, "text.txt", "text.txt")
        }),
        ("a name and another of the same file", |folder| {
            let linked = folder.link_at(PathFlags::empty(), "text.txt", folder, "second.txt");
            let answer = same(folder, "text.txt", "second.txt");
            format!(
                "{linked:?}, {answer}, {:?}",
                folder.unlink_file_at("second.txt")
            )
        }),
        ("a folder that is named with a slash behind it", |folder| {
            let made = folder.create_directory_at("new/");
            format!("{made:?}, {:?}", folder.remove_directory_at("new//"))
        }),
    ];
    ways.map(|(way, of)| format!("{way}: {}", of(&folder)))
        .into()
}

fn writing(folder: &Descriptor) -> String {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = folder
        .open_at(PathFlags::empty(), "written.txt", OpenFlags::CREATE, flags)
        .expect("the folder is writable");
    let stream = file.write_via_stream(0).expect("a stream");
    // Without waiting in between, and more than a stream has room for.
    let large = vec![b'x'; 200_000];
    let written = [
        write(&stream, b"one "),
        write(&stream, b"two "),
        write(&stream, &large),
    ];
    let zeroes = [
        stream.write_zeroes(3),
        stream.blocking_write_zeroes_and_flush(2),
    ];
    drop(stream);
    let size = file.stat().map(|stat| stat.size);
    let gone = folder.unlink_file_at("written.txt");
    format!("{written:?}, {zeroes:?}, {size:?} bytes, {gone:?}")
}

fn write(stream: &OutputStream, contents: &[u8]) -> (Option<u64>, bool) {
    (stream.check_write().ok(), stream.write(contents).is_ok())
}

fn same(folder: &Descriptor, one: &str, other: &str) -> String {
    let (one, other) = (open(folder, one), open(folder, other));
    let links = one.stat().map(|stat| stat.link_count);
    let hashes =
        [&one, &other].map(|file| file.metadata_hash().map(|hash| (hash.lower, hash.upper)));
    format!(
        "the same object {}, the same hash {}, links {links:?}",
        one.is_same_object(&other),
        hashes[0] == hashes[1]
    )
}

fn open(folder: &Descriptor, name: &str) -> Descriptor {
    folder
        .open_at(
            PathFlags::empty(),
            name,
            OpenFlags::empty(),
            DescriptorFlags::READ,
        )
        .expect("the file is there")
}

fn input(folder: &Descriptor) -> InputStream {
    open(folder, "text.txt")
        .read_via_stream(0)
        .expect("a stream")
}

fn text(read: Result<Vec<u8>, StreamError>) -> String {
    read.map_or_else(words, |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn moved(bytes: Result<u64, StreamError>) -> String {
    bytes.map_or_else(words, |bytes| bytes.to_string())
}

fn words(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    }
}
