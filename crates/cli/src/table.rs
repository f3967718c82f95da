//! Plain tables: aligned columns for people.

use std::io::{self, Write};

/// Of so many rows the widths of a long table are taken; later rows may be wider.
const SAMPLE: usize = 1000;

/// Writes rows under a heading, each column as wide as its widest cell; the last one is not padded.
pub(crate) fn write(out: &mut impl Write, heading: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let mut table = Stream::new(heading);
    for row in rows {
        table.widen(row);
    }
    table.head(out)?;
    rows.iter().try_for_each(|row| table.line(out, row))
}

/// A table that is written as its rows come, so that a long one is nowhere as a whole.
#[derive(Debug)]
pub(crate) struct Stream {
    heading: Vec<String>,
    widths: Vec<usize>,
    /// The first rows, until there are enough of them for the widths.
    waiting: Option<Vec<Vec<String>>>,
}

impl Stream {
    /// A table with this heading.
    pub(crate) fn new(heading: &[&str]) -> Self {
        let widths = heading.iter().map(|cell| cell.chars().count()).collect();
        Self { heading: heading.iter().map(|cell| (*cell).to_owned()).collect(), widths, waiting: Some(Vec::new()) }
    }

    /// Takes a row.
    pub(crate) fn row(&mut self, out: &mut impl Write, row: Vec<String>) -> io::Result<()> {
        let Some(waiting) = &mut self.waiting else { return self.line(out, &row) };
        waiting.push(row);
        match waiting.len() < SAMPLE {
            true => Ok(()),
            false => self.end(out),
        }
    }

    /// Writes what is still to be written.
    pub(crate) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some(waiting) = self.waiting.take() else { return Ok(()) };
        waiting.iter().for_each(|row| self.widen(row));
        self.head(out)?;
        waiting.iter().try_for_each(|row| self.line(out, row))
    }

    fn widen(&mut self, row: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }

    fn head(&self, out: &mut impl Write) -> io::Result<()> {
        let bold = anstyle::Style::new().bold();
        writeln!(out, "{bold}{}{bold:#}", self.padded(&self.heading).trim_end())
    }

    fn line(&self, out: &mut impl Write, row: &[String]) -> io::Result<()> {
        writeln!(out, "{}", self.padded(row).trim_end())
    }

    fn padded(&self, cells: &[String]) -> String {
        let pad = |(cell, width): (&String, &usize)| format!("{cell:width$}  ");
        cells.iter().zip(&self.widths).map(pad).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_long_table_are_as_wide_as_its_first_rows_need() {
        let mut out = Vec::new();
        let mut table = Stream::new(&["a", "b"]);
        for row in 0..SAMPLE + 1 {
            table.row(&mut out, vec![row.to_string(), "x".to_owned()]).unwrap();
        }
        table.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines.len(), SAMPLE + 1);
        assert!(lines.iter().all(|line| line.find('x') == Some(5) || line.len() > 6), "{lines:?}");
    }
}
