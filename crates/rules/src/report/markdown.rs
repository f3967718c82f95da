//! The report for a pull request.
//!
//! The verdict is the heading, faults and what is unknown are tables sorted as everywhere, the rest is a
//! number. Long lists are cut, since a comment holds 65,536 characters and a reader much less.

use super::{Entry, Report, owner_title, phrase, text};
use crate::{Overall, Owner, Severity};
use std::fmt::{self, Write};

/// How many rows a table may have.
const ROWS: usize = 40;

/// Writes the report.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    let mark = match report.overall {
        Overall::Blocked => "❌",
        Overall::Incomplete => "❔",
        Overall::ReadyWithWarnings => "⚠️",
        Overall::Ready => "✅",
    };
    writeln!(out, "## {mark} {}: {}\n", escape(&report.title), report.overall)?;
    writeln!(out, "{}.\n", text::sentence(&report.verdict_in_words()))?;
    let tallies: Vec<_> = report.tallies().iter().map(|(count, what)| format!("**{count}** {what}")).collect();
    if !tallies.is_empty() {
        writeln!(out, "{}\n", tallies.join(" · "))?;
    }
    for owner in [Owner::You, Owner::Provider, Owner::Microsoft] {
        faults(report, owner, out)?;
    }
    disagreements(report, out)?;
    unknown(report, out)?;
    waivers(report, out)?;
    let facts = report.facts_of.map(|date| format!(" · facts of {date}")).unwrap_or_default();
    let circuits = match report.circuits() {
        1 => "1 circuit".to_owned(),
        circuits => format!("{circuits} circuits"),
    };
    writeln!(
        out,
        "<sub>twinpath {} · {} · {circuits} · {} · profile {}{facts}</sub>",
        env!("CARGO_PKG_VERSION"),
        report.today,
        report.stage,
        report.profile
    )
}

fn faults(report: &Report<'_>, owner: Owner, out: &mut impl Write) -> fmt::Result {
    let entries: Vec<&Entry<'_>> = report.findings.iter().filter(|entry| entry.rule.owner == owner).collect();
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "### {}\n", owner_title(owner))?;
    writeln!(out, "| | rule | where | seen | wanted |\n| --- | --- | --- | --- | --- |")?;
    for entry in entries.iter().take(ROWS) {
        let mark = match entry.severity {
            Severity::Required => "❌",
            Severity::Recommended => "⚠️",
            Severity::Informational => "ℹ️",
        };
        let place = entry.location.map(|location| format!("<br>{}", code(&location.link()))).unwrap_or_default();
        let also: Vec<&str> = entry.also.iter().map(|rule| rule.id).collect();
        let also = if also.is_empty() { String::new() } else { format!(" (also {})", also.join(", ")) };
        writeln!(
            out,
            "| {mark} | **{}**{also}<br>{} | {}{place} | {} | {} |",
            entry.rule.id,
            escape(entry.rule.title),
            escape(entry.about()),
            escape(&entry.finding.seen),
            escape(&entry.finding.expected),
        )?;
    }
    more(entries.len(), out)?;
    let mut mends: Vec<String> = entries.iter().filter_map(|entry| entry.mend()).collect();
    mends.dedup();
    mends.sort_unstable();
    mends.dedup();
    if !mends.is_empty() {
        let mends: Vec<_> = mends.iter().map(|command| code(command)).collect();
        writeln!(out, "Some of it can be mended by {}.\n", mends.join(", "))?;
    }
    Ok(())
}

fn disagreements(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    if report.disagreements.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Sources disagree\n\n| value | stands | against |\n| --- | --- | --- |")?;
    for conflict in report.disagreements.iter().take(ROWS) {
        let side = |(value, place): &(String, model::Place)| {
            let place = report.locate(*place);
            let place = place.map(|location| format!("<br>{}, {}", location.rank, code(&location.link())));
            format!("{}{}", escape(value), place.unwrap_or_default())
        };
        writeln!(out, "| {} | {} | {} |", code(&conflict.path), side(&conflict.stands), side(&conflict.other))?;
    }
    more(report.disagreements.len(), out)
}

fn unknown(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    if report.unknown.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Not known yet\n\n| | fact | how to learn it | rules that wait |\n| --- | --- | --- | --- |")?;
    for gap in report.unknown.iter().take(ROWS) {
        let places = match gap.missing.len() {
            1 => String::new(),
            places => format!(" ({places} places)"),
        };
        let rules: Vec<&str> = gap.rules.iter().map(|rule| rule.id).collect();
        writeln!(
            out,
            "| {} | {}{places} | {} | {} |",
            if gap.blocks { "❔" } else { "" },
            escape(&gap.about),
            // The model's own words, in which backticks mark code.
            text::clean(&gap.learn).replace('|', r"\|"),
            rules.join(", "),
        )?;
    }
    more(report.unknown.len(), out)
}

fn waivers(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    if report.waived.is_empty() && report.waivers.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Accepted for now\n")?;
    for remark in report.waivers.iter().take(ROWS) {
        writeln!(out, "- ⚠️ {}", escape(&phrase(remark)))?;
    }
    for entry in report.waived.iter().take(ROWS) {
        let Some(waived) = &entry.finding.waived else { continue };
        writeln!(
            out,
            "- **{}** {}: {} ({} until {}: {})",
            entry.rule.id,
            escape(entry.about()),
            escape(&entry.phrase()),
            escape(&waived.owner),
            waived.expires,
            escape(&waived.reason),
        )?;
    }
    more(report.waived.len().max(report.waivers.len()), out)
}

fn more(count: usize, out: &mut impl Write) -> fmt::Result {
    match count.checked_sub(ROWS) {
        None | Some(0) => out.write_char('\n'),
        Some(more) => writeln!(out, "\n… and {more} more\n"),
    }
}

/// Text as Markdown shows it as written: no markup, no table cell, no mention of a person.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text::clean(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A zero-width space keeps forges from calling somebody of that name.
            '@' => escaped.push_str("@\u{200b}"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text as code, with as many backticks around as it needs.
fn code(text: &str) -> String {
    let text = text::clean(text).replace('|', r"\|");
    match text.contains('`') {
        false => format!("`{text}`"),
        true => format!("`` {text} ``"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_design_writes_no_markup_of_its_own() {
        assert_eq!(escape("a|b <img> @org *x*"), "a\\|b &lt;img&gt; @\u{200b}org \\*x\\*");
        assert_eq!(code("a`b|c"), "`` a`b\\|c ``");
    }
}
