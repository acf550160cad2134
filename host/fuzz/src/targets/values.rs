//! Calls every host function with values that no honest guest would pass: wild pointers, huge lengths, handles of
//! other types, text that is not UTF-8.
//!
//! One component serves all inputs. It reads the input as its standard input and runs it as a program. A byte
//! says which function to call. Each of the function's flat arguments is a tag, followed by what that tag needs:
//!
//! | tag | argument |
//! |---|---|
//! | below 0x80 | the tag itself |
//! | from 0x80 | an address in the program, this many bytes further on |
//! | from 0xc0 | the word at this place in the area for results |
//! | 0xe0 | the last result |
//! | 0xf0 | the address of the area for results |
//! | 0xf1 | the four bytes that follow |

mod caller;
mod seeds;

use std::fs::{self, File};
use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use fractalaw_host::{DirGrant, MicroApp};
use tempfile::TempDir;

pub(crate) use seeds::seeds;

use crate::{check, host};

static CALLER: LazyLock<MicroApp> = LazyLock::new(|| {
    let app = host::load(&caller::component());
    app.expect("what the host offers can be imported")
});

/// What the guest is granted: a folder to read, and a folder to write. Later inputs find what earlier ones left
/// in it.
struct Folders {
    /// Deleted when the process ends, as far as the process can do that.
    root: TempDir,
}

/// The folder to write is emptied after this many inputs.
const EMPTY_EVERY: u64 = 256;

static FOLDERS: LazyLock<Folders> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("a folder can be made");
    let make = || -> io::Result<()> {
        fs::create_dir_all(root.path().join("in/below"))?;
        fs::create_dir(root.path().join("out"))?;
        fs::write(root.path().join("in/a"), "some text\n")?;
        // Before 1970, which not every representation of a time can express.
        let old = File::create(root.path().join("in/old"))?;
        old.set_modified(UNIX_EPOCH - Duration::from_secs(1 << 30))
    };
    make().expect("files can be made");
    Folders { root }
});

impl Folders {
    fn grant(&self, name: &str) -> DirGrant {
        static INPUTS: AtomicU64 = AtomicU64::new(0);
        let host = self.root.path().join(name);
        let writable = name == "out";
        if writable
            && INPUTS
                .fetch_add(1, Ordering::Relaxed)
                .is_multiple_of(EMPTY_EVERY)
        {
            let emptied = fs::remove_dir_all(&host).and_then(|()| fs::create_dir(&host));
            emptied.expect("what a guest left can be removed");
        }
        DirGrant {
            host,
            guest: format!("/{name}"),
            writable,
        }
    }
}

/// One input of four sees the machine's clocks and the files' own times.
pub(crate) fn run(bytes: &[u8]) {
    let program = &bytes[..bytes.len().min(60_000)];
    let run = host::small()
        .dir(FOLDERS.grant("in"))
        .dir(FOLDERS.grant("out"))
        .stdin(program.to_vec());
    let run = if program.len() % 4 == 3 {
        run
    } else {
        run.deterministic()
    };
    check::report(&host::run(&CALLER, &run));
}

#[cfg(test)]
mod tests {
    use fractalaw_host::Outcome;

    use super::caller::{imports, place};
    use super::*;

    #[test]
    fn the_component_that_calls_does_what_its_program_says() {
        let imports = imports();
        let at = |name: &str| place(&imports, name) as u8;
        let text = b"hello";
        let program = [
            &[
                at("get-stdout"),
                at("[method]output-stream.write"),
                0xe0,
                0x80 + 19,
                5,
                0xf0,
            ][..],
            &[at("record-event"), 0x80 + 19, 1, 0x80 + 19, 2, 0x80 + 19, 5],
            &[imports.len() as u8, 1, 0x80 + 19, 5, at("get-stderr"), 0][..],
            text,
        ]
        .concat();
        // The bytes after the calls are a program too, which ends somehow. So only a part is passed.
        let request = host::small().deterministic().stdin(program);
        let report = host::run(&CALLER, &request);
        assert_eq!(report.stdout.bytes, text);
        assert_eq!(report.audit[0].to_string(), "[h] he — hello");
        assert!(!matches!(report.outcome, Outcome::Refused(_)));
    }

    #[test]
    fn every_function_of_the_world_is_imported() {
        assert!(imports().len() > 100);
    }

    #[test]
    fn what_mutations_begin_with_reaches_files() {
        let made = FOLDERS.root.path().join("out/a");
        let reached = seeds().iter().any(|seed| {
            super::run(seed);
            fs::metadata(&made).is_ok_and(|file| file.len() > 0)
        });
        assert!(reached, "nothing was written");
    }
}
