//! Rows for people and for spreadsheets: columns as wide as their widest cell, nothing that moves the cursor.

use std::io::{self, Write};

use serde::Serialize;

use super::arguments::Rows as Form;
use super::exit::Failure;
use crate::events::escaped;

/// A table with a head.
#[derive(Debug)]
pub(crate) struct Rows {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn push<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| escaped(&cell)).to_vec());
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let head: Vec<String> = self.head.iter().map(|cell| cell.to_uppercase()).collect();
        let all = || std::iter::once(&head).chain(&self.rows);
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

    /// As RFC 4180 has it, but for line breaks, which are escaped, and for the ends of lines.
    pub(crate) fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        for row in std::iter::once(&self.head).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
            writeln!(out, "{}", cells.join(","))?;
        }
        Ok(())
    }
}

/// A cell that a spreadsheet takes for text, whatever came from outside: not for a formula.
fn csv_cell(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\'']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// Several of one kind in the form that was asked for: `table` has the cells for people, which are those of CSV as well.
pub(crate) fn write_list<T: Serialize>(
    form: Form,
    documents: &[T],
    table: impl FnOnce(&[T]) -> Rows,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match form {
        Form::Table => table(documents).write(out)?,
        Form::Csv => table(documents).write_csv(out)?,
        Form::Jsonl => {
            for document in documents {
                serde_json::to_writer(&mut *out, document)?;
                writeln!(out)?;
            }
        }
        Form::Json => {
            serde_json::to_writer_pretty(&mut *out, documents)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// What a value says in a cell.
pub(crate) fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
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

    #[test]
    fn no_cell_is_a_formula_to_a_spreadsheet_and_none_leaves_its_place() {
        for (cell, written) in [
            ("=HYPERLINK(1)", "\"'=HYPERLINK(1)\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("a=1", "a=1"),
            ("\t=1", "\\t=1"),
            ("a\r\nb", "a\\r\\nb"),
        ] {
            let mut rows = Rows::new(["cell"]);
            rows.push([cell.to_owned()]);
            let mut out = Vec::new();
            rows.write_csv(&mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("cell\n{written}\n"));
        }
    }
}
