//! Rows as an aligned table. The first rows decide how wide the columns are, and a column grows when a later value
//! needs it. So a result of any size is printed while it is read.

use fractalaw_sqlite::Value;
use unicode_width::UnicodeWidthStr;

use super::value::{Cell, cell, name};

/// The bytes of text that are kept before the first line is printed.
const KEPT_BYTES: usize = 256 * 1024;

/// A table that is being printed.
pub(super) struct Table {
    header: Vec<String>,
    widths: Vec<usize>,
    /// The rows that were not printed yet.
    kept: Vec<Vec<Cell>>,
    kept_bytes: usize,
    is_begun: bool,
    /// Whether numbers stand on the left too.
    is_left: bool,
    rows: u64,
    has_cut: bool,
}

impl Table {
    pub(super) fn new(columns: &[String]) -> Table {
        let header: Vec<String> = columns.iter().map(|column| name(column)).collect();
        Table {
            widths: header.iter().map(|name| name.width()).collect(),
            header,
            kept: Vec::new(),
            kept_bytes: 0,
            is_begun: false,
            is_left: false,
            rows: 0,
            has_cut: false,
        }
    }

    /// Puts numbers on the left, because the columns have values of many kinds.
    pub(super) fn align_left(&mut self) {
        self.is_left = true;
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn has_cut(&self) -> bool {
        self.has_cut
    }

    /// Takes a row, and returns the lines that can be printed now, if there are any.
    pub(super) fn add(&mut self, row: &[Value]) -> Option<String> {
        let cells: Vec<Cell> = row.iter().map(cell).collect();
        self.rows += 1;
        self.has_cut |= cells.iter().any(|cell| cell.is_cut);
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.text.width());
        }
        let bytes = |cell: &Cell| cell.text.len() + size_of::<Cell>();
        self.kept_bytes += cells.iter().map(bytes).sum::<usize>();
        self.kept.push(cells);
        (self.is_begun || self.kept_bytes > KEPT_BYTES).then(|| self.rest())
    }

    /// The lines that were not printed yet, with the header if there was none.
    pub(super) fn rest(&mut self) -> String {
        let mut text = String::new();
        if !std::mem::replace(&mut self.is_begun, true) {
            let header = self.header.iter().map(|name| (name.as_str(), false));
            line(&mut text, header, &self.widths);
        }
        for row in std::mem::take(&mut self.kept) {
            let is_right = |cell: &Cell| cell.is_number && !self.is_left;
            let cells = row.iter().map(|cell| (cell.text.as_str(), is_right(cell)));
            line(&mut text, cells, &self.widths);
        }
        text
    }
}

/// Adds a line of texts, each with whether it stands on the right of its column.
fn line<'a>(text: &mut String, cells: impl Iterator<Item = (&'a str, bool)>, widths: &[usize]) {
    let begin = text.len();
    for (at, ((cell, is_right), width)) in cells.zip(widths).enumerate() {
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        if at > 0 {
            text.push_str("  ");
        }
        match is_right {
            true => text.extend([&padding, cell]),
            false => text.extend([cell, &padding]),
        }
    }
    let end = text.trim_end_matches(' ').len();
    text.truncate(end.max(begin));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thousands of rows are printed before the last one is read, and what is kept stays small.
    #[test]
    fn a_table_of_any_size_is_printed_while_it_is_read() {
        let mut table = Table::new(&["id".to_owned(), "site".to_owned()]);
        let mut printed = String::new();
        for id in 1..=100_000 {
            let site = Value::Text(b"north".as_slice().into());
            printed.extend(table.add(&[Value::Integer(id), site]));
            assert!(table.kept.len() < 10_000);
        }
        printed += &table.rest();
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 100_001);
        assert_eq!(lines[0], "id    site");
        assert_eq!(lines[1], "   1  north");
        // The column has grown on the way.
        assert_eq!(lines[100_000], "100000  north");
    }

    #[test]
    fn columns_are_as_wide_as_a_terminal_shows_them() {
        let text = |text: &str| Value::Text(text.as_bytes().into());
        let mut table = Table::new(&["名".to_owned(), String::new()]);
        assert_eq!(table.add(&[text("é"), Value::Integer(1)]), None);
        assert_eq!(table.add(&[text("東京"), Value::Null]), None);
        assert_eq!(table.rest(), "名    \"\"\né        1\n東京  NULL\n");
    }
}
