//! The calls, each with everything that it needs made once, before the first.

use wasip2::cli::{environment, stdout};
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};
use wasip2::io::poll;
use wasip2::random::{insecure, random};

use crate::fractal::app::audit_log::{AuditEntry, record_event};

type Call = fn(u32);

pub(crate) const CALLS: &[(&str, Call)] = &[
    ("record-event, smallest", |times| record(times, 0)),
    ("record-event, 400 bytes", |times| record(times, 400)),
    ("record-event, 32 KiB", |times| record(times, 32 << 10)),
    ("get-arguments", |times| {
        for _ in 0..times {
            environment::get_arguments();
        }
    }),
    ("get-stdout and drop", |times| {
        for _ in 0..times {
            drop(stdout::get_stdout());
        }
    }),
    ("check-write", |times| {
        let stream = stdout::get_stdout();
        for _ in 0..times {
            let _ = stream.check_write();
        }
    }),
    ("write, 1 byte", |times| write(times, 1)),
    ("write, 4 KiB", |times| write(times, 4096)),
    ("subscribe, ready and drop", |times| {
        let stream = stdout::get_stdout();
        for _ in 0..times {
            stream.subscribe().ready();
        }
    }),
    ("poll, 16 streams", |times| {
        let stream = stdout::get_stdout();
        let pollables: Vec<_> = (0..16).map(|_| stream.subscribe()).collect();
        let pollables: Vec<_> = pollables.iter().collect();
        for _ in 0..times {
            poll::poll(&pollables);
        }
    }),
    ("monotonic-clock.now", |times| {
        for _ in 0..times {
            monotonic_clock::now();
        }
    }),
    ("wall-clock.now", |times| {
        for _ in 0..times {
            wall_clock::now();
        }
    }),
    ("get-random-u64", |times| {
        for _ in 0..times {
            random::get_random_u64();
        }
    }),
    ("get-random-bytes, 4 KiB", |times| {
        for _ in 0..times {
            random::get_random_bytes(4096);
        }
    }),
    ("get-insecure-random-u64", |times| {
        for _ in 0..times {
            insecure::get_insecure_random_u64();
        }
    }),
    ("stat-at", |times| {
        let folder = folder();
        for _ in 0..times {
            let _ = folder.stat_at(PathFlags::empty(), "file");
        }
    }),
    ("open-at and drop", |times| {
        let folder = folder();
        for _ in 0..times {
            drop(open(&folder));
        }
    }),
    ("read-directory and drop", |times| {
        let folder = folder();
        for _ in 0..times {
            let _ = folder.read_directory();
        }
    }),
    ("read-directory of many and drop", |times| {
        let many = folder()
            .open_at(
                PathFlags::empty(),
                "many",
                OpenFlags::DIRECTORY,
                DescriptorFlags::READ,
            )
            .expect("there is a folder `many`");
        for _ in 0..times {
            let _ = many.read_directory();
        }
    }),
    ("get-type", |times| {
        let folder = folder();
        for _ in 0..times {
            let _ = folder.get_type();
        }
    }),
    ("read, 4 KiB of a file", |times| {
        let file = open(&folder());
        for _ in 0..times {
            let _ = file.read(4096, 0);
        }
    }),
    ("write, 4 KiB to a file", |times| {
        let file = open(&folder());
        let contents = [b'x'; 4096];
        for _ in 0..times {
            let _ = file.write(&contents, 0);
        }
    }),
    ("read, 4 KiB of a file's stream", |times| {
        let file = open(&folder());
        for _ in 0..times {
            let stream = file.read_via_stream(0).expect("it is a file");
            let _ = stream.blocking_read(4096);
        }
    }),
    ("write, 1 byte to each block of a file", |times| {
        let file = open(&folder());
        for block in 0..times {
            let stream = file.write_via_stream(u64::from(block) * 4096);
            let stream = stream.expect("it is a file that can be written");
            let _ = stream.blocking_write_and_flush(b"x");
        }
    }),
    ("is-same-object", |times| {
        let folder = folder();
        for _ in 0..times {
            folder.is_same_object(&folder);
        }
    }),
];

fn record(times: u32, bytes: usize) {
    let entry = AuditEntry {
        event_type: String::new(),
        resource: String::new(),
        detail: "x".repeat(bytes),
    };
    for _ in 0..times {
        record_event(&entry);
    }
}

fn write(times: u32, bytes: usize) {
    let stream = stdout::get_stdout();
    let contents = vec![b'x'; bytes];
    for _ in 0..times {
        let _ = stream.blocking_write_and_flush(&contents);
    }
}

/// The first folder that was granted.
fn folder() -> Descriptor {
    let mut folders = preopens::get_directories();
    assert!(!folders.is_empty(), "a folder is granted");
    folders.swap_remove(0).0
}

fn open(folder: &Descriptor) -> Descriptor {
    folder
        .open_at(
            PathFlags::empty(),
            "file",
            OpenFlags::CREATE,
            DescriptorFlags::READ | DescriptorFlags::WRITE,
        )
        .expect("the folder can be written to")
}
