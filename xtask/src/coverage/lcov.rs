//! The lines in the format of lcov, which editors and other tools read.

use std::fmt::Write;

use super::lines::Lines;

/// The number of a line is that of the cases which reach it.
pub(super) fn text(lines: &Lines) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    for (name, file) in &lines.0 {
        let _ = writeln!(text, "TN:\nSF:{name}");
        for (line, cases) in &file.0 {
            let _ = writeln!(text, "DA:{line},{cases}");
        }
        let (found, hit) = (file.count(), file.reached());
        let _ = writeln!(text, "LF:{found}\nLH:{hit}\nend_of_record");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::text;
    use crate::coverage::lines::{File, Lines};

    #[test]
    fn each_file_has_its_lines_and_their_sum() {
        let file = File(BTreeMap::from([(7, 2), (12, 0)]));
        let lines = Lines(BTreeMap::from([("guests/a/src/lib.rs".to_owned(), file)]));
        assert_eq!(
            text(&lines),
            "TN:\nSF:guests/a/src/lib.rs\nDA:7,2\nDA:12,0\nLF:2\nLH:1\nend_of_record\n"
        );
    }
}
