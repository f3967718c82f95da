//! The report for a person at a terminal: a line for each failure, and below it what was not as expected.

use super::{Entry, Report, noticed, path_after, span, thousands};
use crate::drill::{Judged, Standing};
use anstyle::{AnsiColor, Color, Style};
use std::fmt::{self, Write};

const GREEN: Style = ink(AnsiColor::Green);
const RED: Style = ink(AnsiColor::Red);
const AMBER: Style = ink(AnsiColor::Yellow);
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

const fn ink(color: AnsiColor) -> Style {
    Style::new().bold().fg_color(Some(Color::Ansi(color)))
}

/// The columns: heading and width. The last is not padded.
const COLUMNS: [(&str, usize); 6] =
    [("drill", 57), ("lost", 8), ("longest gap", 13), ("noticed", 10), ("way back", 10), ("path meanwhile", 0)];

/// Writes the heading of the table.
///
/// # Errors
/// The writer fails.
pub fn head(out: &mut impl Write) -> fmt::Result {
    let cells: String = COLUMNS.iter().map(|(heading, width)| format!("{heading:width$}")).collect();
    writeln!(out, "  {BOLD} {cells}{BOLD:#}")
}

/// Writes the line of a failure, as soon as it is judged, and what was not as expected.
///
/// # Errors
/// The writer fails.
pub fn line(entry: &Entry, out: &mut impl Write) -> fmt::Result {
    let (sign, paint) = match entry.standing() {
        Some(Standing::Pass) => ("✓", GREEN),
        Some(Standing::Fail) => ("✗", RED),
        Some(Standing::Unknown) => ("?", AMBER),
        None => ("–", DIM),
    };
    let first = cell(&format!("  {}", entry.title), COLUMNS[0].1);
    if let Some(reason) = &entry.not_applicable {
        return writeln!(out, "  {paint}{sign}{paint:#}{DIM}{first}{reason}{DIM:#}");
    }
    let Some(judged) = &entry.judged else { return Ok(()) };
    let cells = [
        judged.lost.map_or_else(unknown, |lost| thousands(lost.into())),
        gap(judged),
        noticed(judged),
        way_back(judged),
        entry.typical().map_or_else(unknown, path_after),
    ];
    write!(out, "  {paint}{sign}{paint:#}{first}")?;
    for (text, (_, width)) in cells.iter().zip(&COLUMNS[1..]) {
        write!(out, "{}", cell(text, *width))?;
    }
    writeln!(out)?;
    for objective in judged.objectives.iter().filter(|objective| objective.standing != Standing::Pass) {
        writeln!(out, "      {DIM}{}: {}, expected {}{DIM:#}", objective.about, objective.seen, objective.expected)?;
    }
    Ok(())
}

/// Writes the verdict.
///
/// # Errors
/// The writer fails.
pub fn foot(report: &Report, out: &mut impl Write) -> fmt::Result {
    let paint = match report.standing() {
        Some(Standing::Pass) => GREEN,
        Some(Standing::Fail) => RED,
        Some(Standing::Unknown) | None => AMBER,
    };
    writeln!(out, "\n  {paint}{}{paint:#}", report.verdict())
}

fn cell(text: &str, width: usize) -> String {
    format!("{text:width$}")
}

fn unknown() -> String {
    "?".to_owned()
}

fn gap(judged: &Judged) -> String {
    match (judged.longest_gap_ms, judged.p99_ms) {
        (Some(0.0), Some(p99)) => format!("– p99 {p99:.1}"),
        (Some(0.0), None) => "–".to_owned(),
        (Some(ms), _) => span(ms),
        (None, _) => unknown(),
    }
}

fn way_back(judged: &Judged) -> String {
    match judged.back_lost_ms {
        Some(0.0) => "clean".to_owned(),
        Some(ms) => span(ms),
        None => unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn each_failure_is_a_line_with_its_figures() {
        let mut text = String::new();
        let mut report = report();
        head(&mut text).unwrap();
        report.scenarios.iter().for_each(|entry| line(entry, &mut text).unwrap());
        foot(&report, &mut text).unwrap();
        let plain = anstream::adapter::strip_str(&text).to_string();
        let silent = plain.lines().find(|line| line.contains("primary link silent")).unwrap();
        assert_eq!(
            silent.split_whitespace().collect::<Vec<_>>().join(" "),
            "✓ primary link silent 140 140 ms ? clean b"
        );
        assert!(plain.contains("only location: nothing can take over"));
        let judged = report.scenarios[3].judged.as_mut().unwrap();
        judged.objectives[0].standing = Standing::Fail;
        let mut told = String::new();
        line(&report.scenarios[3], &mut told).unwrap();
        assert!(told.contains("lost by the worst path: 140 ms, expected at most 200 ms"), "{told}");
    }
}
