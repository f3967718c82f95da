//! The report for a person at a terminal.
//!
//! First the verdict in one line, then each fault with its place and the command that mends it, sorted by
//! who must act; what is unknown comes last, each fact once, with the way to learn it. What holds is a
//! number unless asked for.

use super::{Entry, Gap, Report, Span, newest, owner_title, phrase, text};
use crate::{Finding, Overall, Owner, Severity, Standing, Verdict};
use anstyle::{AnsiColor, Color, Style as Paint};
use std::fmt::{self, Write};

/// How the terminal wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether it shows colours.
    pub color: bool,
    /// How many columns it has.
    pub width: usize,
    /// Whether to show what holds and what does not apply, too, and every place of a fault.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 100, verbose: false }
    }
}

/// Writes the report.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report<'_>, style: Style, out: &mut impl Write) -> fmt::Result {
    // Narrower than this, wrapping makes it only worse.
    let style = Style { width: style.width.max(40), ..style };
    let mut page = Page { report, style, out };
    page.head()?;
    for owner in [Owner::You, Owner::Provider, Owner::Microsoft] {
        page.faults(owner)?;
    }
    page.disagreements()?;
    page.unknown()?;
    page.waivers()?;
    if style.verbose {
        page.notes()?;
        page.rest()?;
    }
    page.foot()
}

/// How many places of one rule are shown in full.
const PLACES: usize = 3;
/// How many facts that are not known are shown.
const GAPS: usize = 8;
/// How many columns stand before a source line: its number and the bar.
const GUTTER: usize = 8;
/// How many columns a tab takes.
const TAB: usize = 4;

const PLAIN: Paint = Paint::new();
const BOLD: Paint = Paint::new().bold();
const DIM: Paint = Paint::new().dimmed();
const RED: Paint = ink(AnsiColor::Red).bold();
const AMBER: Paint = ink(AnsiColor::Yellow).bold();
const GREEN: Paint = ink(AnsiColor::Green).bold();
const BLUE: Paint = ink(AnsiColor::Cyan);

const fn ink(color: AnsiColor) -> Paint {
    Paint::new().fg_color(Some(Color::Ansi(color)))
}

fn severity(severity: Severity) -> (&'static str, Paint) {
    match severity {
        Severity::Required => ("✗", RED),
        Severity::Recommended => ("!", AMBER),
        Severity::Informational => ("i", BLUE),
    }
}

struct Page<'r, 'a, W> {
    report: &'r Report<'a>,
    style: Style,
    out: &'r mut W,
}

impl<W: Write> Page<'_, '_, W> {
    /// What was checked, how, and the verdict with its numbers.
    fn head(&mut self) -> fmt::Result {
        let report = self.report;
        let mut asked = vec![
            count(report.circuits(), "circuit", "circuits"),
            count(report.peerings(), "peering", "peerings"),
            report.stage.to_string(),
            format!("profile {}", report.profile),
        ];
        asked.extend(report.facts_of.map(|date| format!("facts of {date}")));
        let (title, asked) = (text::clean(&report.title), asked.join(" · "));
        let fits = text::width(&title) + 3 + text::width(&asked) <= self.style.width;
        if fits {
            self.paint(BOLD, &title)?;
            self.paint(DIM, &format!(" · {asked}"))?;
            self.out.write_char('\n')?;
        } else {
            self.block(0, BOLD, &title)?;
            self.block(0, DIM, &asked)?;
        }
        self.out.write_str("\n  ")?;
        let paint = match report.overall {
            Overall::Blocked => RED,
            Overall::Incomplete | Overall::ReadyWithWarnings => AMBER,
            Overall::Ready => GREEN,
        };
        let overall = report.overall.to_string();
        self.paint(paint, &overall)?;
        let tallies: String = report.tallies().iter().map(|(number, what)| format!(" · {number} {what}")).collect();
        let room = self.style.width - 2;
        for (index, line) in text::wrap_after(&tallies, room - overall.len() - 1, room).iter().enumerate() {
            self.out.write_str(if index > 0 {
                "\n  "
            } else if line.is_empty() {
                ""
            } else {
                " "
            })?;
            self.out.write_str(line)?;
        }
        self.out.write_char('\n')
    }

    fn faults(&mut self, owner: Owner) -> fmt::Result {
        let entries: Vec<&Entry<'_>> = self.report.findings.iter().filter(|entry| entry.rule.owner == owner).collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.section(owner_title(owner))?;
        for same_rule in entries.chunk_by(|a, b| a.rule.id == b.rule.id && a.severity == b.severity) {
            let shown = if self.style.verbose { same_rule.len() } else { same_rule.len().min(PLACES) };
            let (shown, more) = same_rule.split_at(shown);
            for (index, entry) in shown.iter().enumerate() {
                let label = if index == 0 { format!("rule: {}", entry.rule.title) } else { String::new() };
                self.fault(entry, &label)?;
                if index + 1 == shown.len() {
                    self.corner(if entry.location.is_some() { "└" } else { " " }, &afterwards(same_rule))?;
                }
            }
            self.more(more)?;
        }
        Ok(())
    }

    fn fault(&mut self, entry: &Entry<'_>, label: &str) -> fmt::Result {
        let (mark, paint) = severity(entry.severity);
        self.item(mark, paint, entry.rule.id, &format!("{}: {}", entry.about(), entry.phrase()))?;
        if let Some(location) = &entry.location {
            self.corner("┌", &[(PLAIN, text::clean(&location.link()).into_owned())])?;
            if let Some(span) = location.span {
                self.line(&span, paint, label)?;
            }
        }
        Ok(())
    }

    /// The other places of a rule, in one line.
    fn more(&mut self, entries: &[&Entry<'_>]) -> fmt::Result {
        if entries.is_empty() {
            return Ok(());
        }
        let places: Vec<&str> = entries.iter().map(|entry| entry.about()).collect();
        let text = format!("and at {} more: {}", count(places.len(), "place", "places"), places.join(", "));
        self.block(6, DIM, &text)
    }

    fn disagreements(&mut self) -> fmt::Result {
        if self.report.disagreements.is_empty() {
            return Ok(());
        }
        self.section("Sources disagree")?;
        for conflict in self.report.disagreements {
            self.item("≠", AMBER, "", &conflict.path)?;
            for (verb, (value, place)) in [("stands", &conflict.stands), ("against", &conflict.other)] {
                let location = self.report.locate(*place);
                let rank = location.map(|location| location.rank.to_string()).unwrap_or_default();
                let link = location.map(|location| location.link()).unwrap_or_default();
                self.block(6, PLAIN, &format!("{verb}: {value} ({rank}, {link})"))?;
            }
        }
        Ok(())
    }

    fn unknown(&mut self) -> fmt::Result {
        if self.report.unknown.is_empty() {
            return Ok(());
        }
        self.section("Not known yet")?;
        let report = self.report;
        let shown = if self.style.verbose { report.unknown.len() } else { report.unknown.len().min(GAPS) };
        let (shown, more) = report.unknown.split_at(shown);
        for gap in shown {
            self.gap(gap)?;
        }
        match more.len() {
            0 => Ok(()),
            more => self.block(
                2,
                DIM,
                &format!("… and {}: --verbose shows them all", count(more, "fact more", "facts more")),
            ),
        }
    }

    fn gap(&mut self, gap: &Gap<'_>) -> fmt::Result {
        let subjects = gap.subjects();
        let about = match subjects.as_slice() {
            [] => gap.about.clone(),
            few if few.len() <= PLACES || self.style.verbose => format!("{}: {}", gap.about, few.join(", ")),
            many => format!("{}: {} and {} more", gap.about, many[..PLACES].join(", "), many.len() - PLACES),
        };
        self.item("?", if gap.blocks { AMBER } else { DIM }, "", &about)?;
        let rules: Vec<&str> = gap.rules.iter().map(|rule| rule.id).collect();
        let waiting = match rules.as_slice() {
            [rule] => format!("{rule} waits"),
            few if few.len() <= PLACES || self.style.verbose => format!("{} rules wait: {}", few.len(), few.join(", ")),
            many => format!("{} rules wait: {} …", many.len(), many[..PLACES].join(", ")),
        };
        let place = gap.location.map(|location| format!(" ({})", location.link())).unwrap_or_default();
        self.block(4, DIM, &format!("{}{place} · {waiting}", gap.learn))
    }

    fn waivers(&mut self) -> fmt::Result {
        let report = self.report;
        if report.waived.is_empty() && report.waivers.is_empty() {
            return Ok(());
        }
        self.section("Accepted for now")?;
        for remark in report.waivers {
            let (mark, paint) = severity(remark.severity.unwrap_or(Severity::Recommended));
            let place =
                report.locate(remark.place).map(|location| format!(" ({})", location.link())).unwrap_or_default();
            self.item(mark, paint, "", &format!("{}{place}", phrase(remark)))?;
        }
        for entry in &report.waived {
            let Some(waived) = &entry.finding.waived else { continue };
            self.item("~", DIM, entry.rule.id, &format!("{}: {}", entry.about(), entry.phrase()))?;
            self.block(6, DIM, &format!("{} until {}: {}", waived.owner, waived.expires, waived.reason))?;
        }
        Ok(())
    }

    fn notes(&mut self) -> fmt::Result {
        if self.report.notes.is_empty() {
            return Ok(());
        }
        self.section("Worth knowing")?;
        let report = self.report;
        for entry in &report.notes {
            let Finding { seen, expected, .. } = entry.finding;
            let know = if expected.is_empty() { "" } else { "; " };
            self.item("i", BLUE, entry.rule.id, &format!("{}: {seen}{know}{expected}", entry.about()))?;
        }
        Ok(())
    }

    /// What holds, and what is not asked.
    fn rest(&mut self) -> fmt::Result {
        let report = self.report;
        let titles = [
            (Standing::Holds, "These hold"),
            (Standing::NotApplicable, "These do not apply"),
            (Standing::Later, "These are asked later"),
        ];
        for (standing, title) in titles {
            let rows: Vec<_> = report.rows.iter().filter(|row| row.standing == standing).collect();
            if rows.is_empty() {
                continue;
            }
            self.section(title)?;
            for row in rows {
                let detail = match row.verdict {
                    Verdict::Pass { proofs, .. } => {
                        let link =
                            proofs.first().and_then(|proof| report.locate(proof.place)).map(|place| place.link());
                        let more = match proofs.len() {
                            0 | 1 => String::new(),
                            places => format!(" and {} more", places - 1),
                        };
                        link.map(|link| format!(" ({link}{more})")).unwrap_or_default()
                    }
                    Verdict::NotApplicable(reason) => format!(" ({reason})"),
                    Verdict::Fail { .. } | Verdict::Unknown(_) => String::new(),
                };
                let (mark, paint) = if standing == Standing::Holds { ("✓", GREEN) } else { ("–", DIM) };
                self.item(mark, paint, row.rule.id, &format!("{}{detail}", row.rule.title))?;
            }
        }
        Ok(())
    }

    /// What to do next, in one line.
    fn foot(&mut self) -> fmt::Result {
        let rule = self.report.findings.first().map(|entry| entry.rule);
        let rule = rule.or_else(|| self.report.unknown.first().and_then(|gap| gap.rules.first().copied()));
        let Some(rule) = rule else { return Ok(()) };
        let verbose = if self.style.verbose { "" } else { " · --verbose" };
        self.out.write_char('\n')?;
        let hints = format!("twinpath explain {} · --html report.html · --sarif out.sarif{verbose}", rule.id);
        self.block(2, DIM, &hints)
    }

    fn section(&mut self, title: &str) -> fmt::Result {
        self.out.write_str("\n  ")?;
        self.paint(BOLD, title)?;
        self.out.write_char('\n')
    }

    /// A marked line, wrapped under its text.
    fn item(&mut self, mark: &str, paint: Paint, id: &str, text: &str) -> fmt::Result {
        self.out.write_str("  ")?;
        self.paint(paint, mark)?;
        self.out.write_char(' ')?;
        if !id.is_empty() {
            self.paint(BOLD, id)?;
            self.out.write_str("  ")?;
        }
        let first = 4 + if id.is_empty() { 0 } else { id.len() + 2 };
        let hanging = if id.is_empty() { 4 } else { 6 };
        let text = text::clean(text);
        let lines = text::wrap_after(&text, self.style.width - first, self.style.width - hanging);
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                write!(self.out, "{:hanging$}", "")?;
            }
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// An indented paragraph.
    fn block(&mut self, indent: usize, paint: Paint, text: &str) -> fmt::Result {
        for line in text::wrap(&text::clean(text), self.style.width - indent) {
            write!(self.out, "{:indent$}", "")?;
            self.paint(paint, &line)?;
            self.out.write_char('\n')?;
        }
        Ok(())
    }

    /// A corner of the frame with what stands beside it, on one line where that fits.
    fn corner(&mut self, corner: &str, parts: &[(Paint, String)]) -> fmt::Result {
        let indent = GUTTER - 2;
        write!(self.out, "{:indent$}", "")?;
        self.paint(DIM, corner)?;
        let mut column = GUTTER - 1;
        for (index, (paint, part)) in parts.iter().enumerate() {
            let wide = text::width(part);
            if index > 0 && column + 3 + wide > self.style.width {
                write!(self.out, "\n{:indent$}  ", "")?;
                column = GUTTER;
            } else {
                self.out.write_str(if index == 0 { " " } else { "   " })?;
                column += if index == 0 { 1 } else { 3 };
            }
            self.paint(*paint, part)?;
            column += wide;
        }
        self.out.write_char('\n')
    }

    /// A source line with a caret below what is meant, and what holds there.
    fn line(&mut self, span: &Span<'_>, paint: Paint, label: &str) -> fmt::Result {
        let room = self.style.width - GUTTER;
        let Drawn { text, skip, carets } = Drawn::new(span, room);
        self.paint(DIM, &format!("{:>5} │ ", span.line))?;
        writeln!(self.out, "{text}")?;
        self.gutter()?;
        write!(self.out, "{:skip$}", "")?;
        self.paint(paint, &"^".repeat(carets))?;
        let after = room.saturating_sub(skip + carets + 1);
        if label.is_empty() {
            return self.out.write_char('\n');
        }
        if text::width(label) <= after {
            return writeln!(self.out, " {label}");
        }
        self.out.write_char('\n')?;
        for line in text::wrap(label, room) {
            self.gutter()?;
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    fn gutter(&mut self) -> fmt::Result {
        self.paint(DIM, &format!("{:>5} │ ", ""))
    }

    fn paint(&mut self, paint: Paint, text: &str) -> fmt::Result {
        match self.style.color && !text.is_empty() {
            true => write!(self.out, "{}{text}{}", paint.render(), paint.render_reset()),
            false => self.out.write_str(text),
        }
    }
}

/// A source line as it is drawn: tabs as blanks, clipped around what is meant when it is too long.
struct Drawn {
    text: String,
    /// Columns before the first caret.
    skip: usize,
    /// How many carets.
    carets: usize,
}

impl Drawn {
    fn new(span: &Span<'_>, room: usize) -> Self {
        // Every character with its columns and whether it is meant.
        let mark = span.mark();
        let cells: Vec<(char, usize, bool)> = span
            .text
            .char_indices()
            .flat_map(|(at, c)| {
                let wide = if c == '\t' { TAB } else { 1 };
                let shown = text::harmless(c);
                let columns = text::char_width(shown);
                std::iter::repeat_n((shown, columns, mark.contains(&at)), wide)
            })
            .collect();
        let columns = |cells: &[(char, usize, bool)]| cells.iter().map(|cell| cell.1).sum::<usize>();
        let first = cells.iter().position(|cell| cell.2).unwrap_or(cells.len());
        let mut from = 0;
        if columns(&cells) > room {
            // A third of the room stays before the mark, so that its key can be read.
            while from < first && columns(&cells[from..first]) > room / 3 {
                from += 1;
            }
        }
        let mut drawn = Self { text: String::new(), skip: 0, carets: 0 };
        let mut column = 0;
        if from > 0 {
            drawn.text.push('…');
            column = 1;
        }
        drawn.skip = column + columns(&cells[from..first]);
        let rest = columns(&cells[from..]);
        let end = if column + rest > room { room - 1 } else { room };
        for (c, wide, meant) in &cells[from..] {
            if column + wide > end {
                drawn.text.push('…');
                break;
            }
            drawn.text.push(*c);
            column += wide;
            drawn.carets += if *meant { *wide } else { 0 };
        }
        drawn.carets = drawn.carets.max(1);
        drawn
    }
}

/// What stands below the faults of a rule: the command that mends them, what else they fail, the document.
fn afterwards(entries: &[&Entry<'_>]) -> Vec<(Paint, String)> {
    let mends = entries.last().and_then(|entry| entry.mend());
    let mut also: Vec<_> = entries.iter().flat_map(|entry| &entry.also).map(|rule| rule.id).collect();
    also.sort_unstable();
    also.dedup();
    let also = (!also.is_empty()).then(|| format!("also fails {}", also.join(", ")));
    let source = entries.last().and_then(|entry| newest(entry.rule)).map(|doc| format!("{} · {}", doc.file, doc.date));
    let mends = mends.map(|command| (BLUE, text::clean(&command).into_owned()));
    mends.into_iter().chain(also.into_iter().chain(source).map(|words| (DIM, words))).collect()
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::place::Atlas;
    use model::{Place, Rank, Source, SourceId, Sources};

    fn drawn(line: &str, word: &str, room: usize) -> (String, String) {
        let mut sources = Sources::default();
        sources.add(Source { name: "a".into(), text: Some(line.into()), rank: Rank::Declared, taken: None });
        let start = line.find(word).unwrap();
        let place = Place { source: SourceId(0), start: start as u32, end: (start + word.len()) as u32 };
        let span = Atlas::new(&sources).locate(Some(place)).unwrap().span.unwrap();
        let Drawn { text, skip, carets } = Drawn::new(&span, room);
        (text, format!("{}{}", " ".repeat(skip), "^".repeat(carets)))
    }

    #[test]
    fn carets_stand_below_wide_characters_and_after_tabs() {
        assert_eq!(drawn("名: 東京 x", "東京", 40), ("名: 東京 x".into(), "    ^^^^".into()));
        assert_eq!(drawn("\tvlan: 5", "5", 40), ("    vlan: 5".into(), "          ^".into()));
    }

    #[test]
    fn a_long_line_is_clipped_around_what_is_meant() {
        let line = format!("{}asn: 65515{}", "a".repeat(200), "b".repeat(200));
        let (text, carets) = drawn(&line, "65515", 30);
        assert_eq!(text, "…aaaaaasn: 65515bbbbbbbbbbbbb…");
        assert_eq!(carets, "           ^^^^^");
    }

    #[test]
    fn a_control_character_is_shown_not_obeyed() {
        assert_eq!(drawn("a: \u{1b}[2J", "[2J", 30).0, "a: \u{fffd}[2J");
    }
}
