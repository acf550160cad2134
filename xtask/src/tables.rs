//! Tables for people: without lines, and no wider than the terminal.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// The width of a table if nothing says how wide it may be, as in a pipe or in CI.
const COLUMNS: u16 = 120;

/// An empty table.
pub(crate) fn start<const N: usize>(heading: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heading);
    table
}

/// The table as text. Columns of numbers are aligned to the right and never wrapped. If the table is too wide,
/// the other columns are wrapped.
pub(crate) fn text(table: Table, is_figure: impl Fn(usize) -> bool) -> String {
    let width = terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| width.0);
    in_width(table, is_figure, width)
}

fn in_width(mut table: Table, is_figure: impl Fn(usize) -> bool, width: u16) -> String {
    table.set_width(width);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if is_figure(index) {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_its_width_and_breaks_no_figure() {
        let mut table = start(["case", "fuel"]);
        let name = "a-guest-with-a-name/that-is-longer-than-the-terminal-is-wide";
        table.add_row([name, "1,234,567,890"]);
        let text = in_width(table.clone(), |index| index == 1, 40);
        assert!(
            text.lines().all(|line| line.chars().count() <= 40),
            "{text}"
        );
        assert!(text.contains("1,234,567,890"), "{text}");
        let whole = in_width(table, |index| index == 1, 200);
        assert!(whole.contains(name), "{whole}");
        assert_eq!(whole.lines().count(), 2);
    }
}
