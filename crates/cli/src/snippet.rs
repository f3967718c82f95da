//! Problems of an input as people read them: the line, a caret, what was expected.

use design::Problem;
use model::Sources;
use std::io::{self, Write};

/// Writes one problem; `name` names the file when the problem has no place in it.
pub(crate) fn write(out: &mut impl Write, problem: &Problem, name: &str, sources: &Sources) -> io::Result<()> {
    let (bold, red, dim) = styles();
    let located = problem.place.and_then(|place| {
        let source = sources.get(place.source)?;
        Some((source, place, sources.line_column(place)?))
    });
    let Some((source, place, (line, column))) = located else {
        writeln!(out, "{red}error{red:#}: {bold}{name}{bold:#}: {}", problem.seen)?;
        return write_help(out, problem, "  ");
    };
    writeln!(out, "{red}error{red:#}: {bold}{}:{line}:{column}{bold:#}: {}", source.name, problem.seen)?;
    let text = source.text.as_deref().unwrap_or_default().lines().nth(line - 1).unwrap_or_default();
    let gutter = line.to_string().len();
    let width = sources.text(place).map_or(1, |text| text.lines().next().unwrap_or_default().chars().count()).max(1);
    // Long lines are cut around the place, so that the caret stays in sight.
    let skip = column.saturating_sub(60);
    let shown: String = text.chars().skip(skip).take(100).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let caret = " ".repeat(column - 1 - skip.min(column - 1)) + &"^".repeat(width.min(100));
    writeln!(out, "{dim}{:gutter$} │{dim:#}", "")?;
    writeln!(out, "{dim}{line} │{dim:#} {shown}")?;
    writeln!(out, "{dim}{:gutter$} │{dim:#} {red}{caret}{red:#}", "")?;
    write_help(out, problem, &" ".repeat(gutter + 3))
}

fn write_help(out: &mut impl Write, problem: &Problem, indent: &str) -> io::Result<()> {
    writeln!(out, "{indent}expected {}", problem.expected)?;
    match &problem.suggestion {
        Some(suggestion) => writeln!(out, "{indent}did you mean `{suggestion}`?"),
        None => Ok(()),
    }
}

fn styles() -> (anstyle::Style, anstyle::Style, anstyle::Style) {
    let red = anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Red.into())).bold();
    (anstyle::Style::new().bold(), red, anstyle::Style::new().dimmed())
}
