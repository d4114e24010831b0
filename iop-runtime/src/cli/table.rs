//! Rows for people: columns as wide as their widest cell, nothing that moves the cursor.

use std::io::{self, Write};

use crate::events::escaped;

/// A table with a head.
#[derive(Debug)]
pub(crate) struct Rows {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_uppercase).to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn push<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| escaped(&cell)).to_vec());
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        for row in all() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                let gap = width.saturating_sub(cell.chars().count()) + 2;
                line.extend(std::iter::repeat_n(' ', gap));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_cells_stay_on_their_line() {
        let mut rows = Rows::new(["item", "says"]);
        rows.push(["clock".to_owned(), "a\nb".to_owned()]);
        rows.push(["ärzte".to_owned(), String::new()]);
        let mut out = Vec::new();
        rows.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ITEM   SAYS\nclock  a\\nb\närzte\n");
    }
}
