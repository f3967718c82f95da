//! Plain tables: aligned columns for people.

use std::io::{self, Write};

/// Writes rows under a heading, each column as wide as its widest cell; the last one is not padded.
pub(crate) fn write(out: &mut impl Write, heading: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let last = cells.len() - 1;
        let pad = |(index, cell): (usize, &&str)| match index == last {
            true => (*cell).to_owned(),
            false => format!("{cell:width$}  ", width = widths[index]),
        };
        cells.iter().enumerate().map(pad).collect::<String>()
    };
    writeln!(out, "{bold}{}{bold:#}", line(heading))?;
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        writeln!(out, "{}", line(&cells).trim_end())?;
    }
    Ok(())
}
