//! The lines as a table.

use super::lines::{Covered, Share};
use crate::tables;

/// A row for each guest, one for each of its files, and the sum.
pub(super) fn text(covered: &Covered) -> String {
    let mut table = tables::start([
        "lines",
        "reached",
        "percent",
        "guest, file",
        "no case reaches",
    ]);
    let mut row = |share: Share, name: String, missed: String| {
        let Share { reached, count } = share;
        table.add_row([
            count.to_string(),
            reached.to_string(),
            share.percent(),
            name,
            missed,
        ]);
    };
    for group in covered.groups() {
        let files = group.files.iter().map(|(_, file)| *file);
        row(Share::of(files), group.name.to_owned(), String::new());
        for (path, file) in group.files {
            row(
                Share::of([file]),
                format!("  {}", path.display()),
                file.missed(),
            );
        }
    }
    let all = Share::of(covered.lines.0.values());
    row(all, "all".to_owned(), String::new());
    tables::text(table, |column| column < 3)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::text;
    use crate::coverage::lines::{Covered, File, Lines};

    #[test]
    fn files_stand_below_the_guest_in_whose_folder_they_are() {
        let files = [
            ("guests/a/src/b.rs", [(1, 1), (2, 0), (3, 0)]),
            ("guests/c/a/main.c", [(7, 1), (8, 1), (9, 1)]),
            ("shared/src/lib.rs", [(1, 0), (2, 0), (3, 0)]),
        ];
        let files = files.map(|(name, lines)| (name.to_owned(), File(BTreeMap::from(lines))));
        // The folder of one is in that of another.
        let folders = [
            ("outer", "guests/c"),
            ("a", "guests/a"),
            ("in-c", "guests/c/a"),
        ];
        let covered = Covered {
            lines: Lines(BTreeMap::from(files)),
            folders: folders
                .map(|(name, folder)| (name.to_owned(), folder.into()))
                .to_vec(),
            left_out: Vec::new(),
        };
        assert_eq!(
            text(&covered),
            "lines  reached  percent  guest, file                 no case reaches\n    \
                 3        1     33.3  a\n    \
                 3        1     33.3    src/b.rs                  2-3\n    \
                 3        3    100.0  in-c\n    \
                 3        3    100.0    main.c\n    \
                 3        0      0.0  elsewhere in the workspace\n    \
                 3        0      0.0    shared/src/lib.rs         1-3\n    \
                 9        4     44.4  all\n"
        );
    }
}
