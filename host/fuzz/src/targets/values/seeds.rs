//! What mutations begin with.

use super::caller::{imports, place};

/// Each function alone with small arguments, and some that lead on from one to the next. Handles count up from 1,
/// which is standard input; where folders were asked for, 2 and 3 are these.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let imports = imports();
    let at = |name: &str| place(&imports, name) as u8;
    let mut seeds: Vec<Vec<u8>> = imports
        .iter()
        .enumerate()
        .map(|(i, import)| {
            let mut program = vec![i as u8];
            program.extend(import.params.iter().map(|_| 1));
            // Results go to the last argument, if anywhere.
            if import.results.is_empty()
                && let Some(last) = program[1..].last_mut()
            {
                *last = 0xf0;
            }
            program
        })
        .collect();
    let folders = [at("get-directories"), 0xf0];
    let method = |name: &str| at(&format!("[method]descriptor.{name}"));
    let of_folders = imports.iter().enumerate().filter_map(|(i, import)| {
        let arguments = import.params.len().checked_sub(2)?;
        let is_method = import.name.starts_with("[method]descriptor.");
        let middle = vec![1; arguments];
        is_method.then(|| [&folders[..], &[i as u8, 2], &middle, &[0xf0]].concat())
    });
    seeds.extend(of_folders.collect::<Vec<_>>());
    // Of a path that is the last byte of the program: its place is its length less one.
    let open = |folder: u8, rest: &[u8]| {
        let mut program = folders.to_vec();
        let path = 0x80 + (10 + rest.len()) as u8;
        program.extend([method("open-at"), folder, 0, path, 1, 1, 3, 0xf0]);
        program.extend(rest);
        program.push(b'a');
        program
    };
    seeds.extend([
        open(2, &[]),
        open(3, &[]),
        // What was opened is 4: written to, listed, given other times and another size.
        open(3, &[method("write"), 4, 0x80, 9, 5, 0xf0]),
        open(3, &[method("write-via-stream"), 4, 9, 0xf0]),
        open(
            3,
            &[method("set-size"), 4, 0xf1, 0xff, 0xff, 0xff, 0xff, 0xf0],
        ),
        open(
            3,
            &[
                method("set-times"),
                4,
                2,
                0xf1,
                0xff,
                0xff,
                0xff,
                0xff,
                9,
                2,
                9,
                9,
                0xf0,
            ],
        ),
        open(3, &[method("symlink-at"), 3, 0x80, 5, 0x85, 5, 0xf0]),
        open(3, &[method("rename-at"), 3, 0x92, 1, 3, 0x80, 4, 0xf0]),
        open(2, &[method("read-directory"), 2, 0xf0]),
        open(2, &[method("stat-at"), 2, 1, 0x80, 3, 0xf0]),
    ]);
    // Statements, of which the place is that of the first byte behind the call.
    let of_data = |function: &str, sql: &str| {
        let call = [at(function), 0x80 + 4, sql.len() as u8, 0xf0];
        [&call[..], sql.as_bytes()].concat()
    };
    seeds.extend([
        of_data("query", "SELECT id, site, level FROM permit"),
        of_data("query", "SELECT word FROM secret"),
        of_data("execute", "UPDATE permit SET site = 'x'"),
        of_data(
            "execute",
            "INSERT INTO permit (site) SELECT hex(randomblob(9))",
        ),
        vec![
            at("insert"),
            0x80 + 6,
            6,
            0x80,
            6,
            0xf0,
            b'p',
            b'e',
            b'r',
            b'm',
            b'i',
            b't',
        ],
    ]);
    let wide = [0xf1, 0xff, 0xff, 0xff, 0x7f];
    let write = "[method]output-stream.write";
    let record = at("record-event");
    seeds.extend([
        [
            &[at("get-stdout"), at(write), 0xe0, 0x80, 20, 0xf0][..],
            b"\x1b[2J\n--- Audit\n",
        ]
        .concat(),
        [
            &[at("get-stderr"), at(write), 0xe0, 0x80][..],
            &wide,
            &[0xf0],
        ]
        .concat(),
        [
            &[record, 0x80, 20, 0x81, 20, 0x82, 20][..],
            "\n[a] b — c\u{202e}\u{9b}".as_bytes(),
        ]
        .concat(),
        [&[record, 0x80, 1, 0x80, 1, 0x80][..], &wide].concat(),
        [&[at("get-random-bytes")][..], &wide, &[0xf0]].concat(),
        // More than can be counted, after some that were.
        [
            &[at("get-random-bytes"), 1, 0xf0, at("get-random-bytes")][..],
            &[0xf1, 0xff, 0xff, 0xff, 0xff, 0xf0],
        ]
        .concat(),
        [
            &[at("subscribe-duration")][..],
            &wide,
            &[at("[method]pollable.block"), 0xe0],
        ]
        .concat(),
        vec![
            at("get-directories"),
            0xf0,
            at("[method]descriptor.stat"),
            0xc0,
            0xf0,
        ],
        vec![at("exit"), 1],
        [at("get-stdout")].repeat(200),
        [
            &[imports.len() as u8, 1, 0x80, 30][..],
            b"trap: \xff\x1b[2J\n--- Audit Trail (0 entries) ---",
        ]
        .concat(),
    ]);
    seeds
}
