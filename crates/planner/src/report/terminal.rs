//! For people at a terminal.

use super::{Page, page::Section};
use crate::plan::Plan;
use crate::timeline::Timeline;
use std::fmt::{self, Write};

/// Writes a plan for a terminal of so many columns, in colour or not.
///
/// # Errors
/// Nothing can be written.
pub fn write(plan: &Plan, time: &Timeline, color: bool, width: usize, out: &mut impl Write) -> fmt::Result {
    let page = Page::of(plan, time);
    let paint = |text: &str| match color {
        true => format!("\x1b[1m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    writeln!(out, "{}", paint(&line(&page.head)))?;
    for section in &page.sections {
        writeln!(out, "\n{}", paint(section.title))?;
        table(section, width.max(60), color, out)?;
        for note in &section.notes {
            wrapped(&line(note), width.max(60) - 2, out)?;
        }
    }
    Ok(())
}

fn table(section: &Section, width: usize, color: bool, out: &mut impl Write) -> fmt::Result {
    if section.rows.is_empty() {
        return Ok(());
    }
    let cells: Vec<Vec<String>> = section.rows.iter().map(|row| row.iter().map(|cell| line(cell)).collect()).collect();
    let widest = |column: usize| {
        let all = cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        all.chain(section.heading.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..section.heading.len()).map(widest).collect();
    // The last column may wrap, and has at least a third of the line; a table too wide for that goes over it.
    let before: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum::<usize>() + 2;
    if let Some(last) = widths.last_mut() {
        *last = (*last).min(width.saturating_sub(before).max(width / 3));
    }
    let heading: Vec<String> = section.heading.iter().map(|cell| (*cell).to_owned()).collect();
    let (dim, plain) = if color { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    if heading.iter().any(|cell| !cell.is_empty()) {
        writeln!(out, "{dim}  {}{plain}", row(&heading, &widths).trim_end())?;
    }
    for cells in &cells {
        let Some((last, first)) = cells.split_last() else { continue };
        let wide = widths.last().copied().unwrap_or(20).max(8);
        let lines = words(last, wide);
        for (index, text) in lines.iter().enumerate() {
            let mut shown: Vec<String> = match index {
                0 => first.to_vec(),
                _ => first.iter().map(|_| String::new()).collect(),
            };
            shown.push(text.clone());
            writeln!(out, "  {}", row(&shown, &widths).trim_end())?;
        }
    }
    Ok(())
}

fn row(cells: &[String], widths: &[usize]) -> String {
    cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  ")).collect()
}

fn wrapped(text: &str, width: usize, out: &mut impl Write) -> fmt::Result {
    words(text, width).iter().try_for_each(|line| writeln!(out, "  {line}"))
}

/// A text in lines of at most so many columns, cut between words; a longer word has a line of its own.
fn words(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
    }
    lines
}

/// A text on one line, with nothing in it that a terminal would act on.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
