//! The report for a browser: one page that stands alone, on screen and on paper.
//!
//! From the top it answers, in this order: are we ready, what blocks and who must act, where in the design,
//! what is not known; the whole checklist with evidence and source comes last. It needs no script, no font and
//! no network; the filter of the checklist is a style sheet's.

use super::drawing::drawing;
use super::{Entry, Gap, Location, Report, Row, group_title, json, newest, owner_title, text};
use crate::source::Doc;
use crate::{Finding, Owner, Proof, Rule, Severity, Standing, Verdict};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use model::Rank;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// The looks of the page, which other reports share.
pub const STYLE: &str = include_str!("page.css");

/// Writes the page.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    out.write_str(&page(report).into_string())
}

/// How many places a row of the checklist names.
const PLACES: usize = 3;

fn page(report: &Report<'_>) -> Markup {
    let name = report.company.unwrap_or(&report.title);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (clean(name)) ": " (report.overall.to_string()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(report, name))
                main {
                    (blocking(report))
                    @if let Some(drawing) = drawing(report) { (drawn(drawing)) }
                    (faults(report))
                    (unknown(report))
                    (disagreements(report))
                    (accepted(report))
                    (notes(report))
                    (checklist(report))
                }
                (foot(report))
            }
        }
    }
}

fn head(report: &Report<'_>, name: &str) -> Markup {
    let acts = [Owner::You, Owner::Provider, Owner::Microsoft].map(|owner| {
        let blocking = |row: &&Row<'_>| row.standing == Standing::Fault && row.rule.owner == owner;
        (owner, report.rows.iter().filter(blocking).count())
    });
    let total = report.rows.len().max(1);
    html! {
        header {
            p.over { "Azure ExpressRoute readiness" }
            h1 { (clean(name)) }
            p.quiet {
                (clean(&report.title)) " · checked on " (report.today.to_string()) " · " (report.stage.to_string())
                @if report.profile != crate::Profile::Current { " · by the page of " (report.profile.to_string()) }
            }
            div.verdict.(json::overall(report.overall)) {
                strong { (text::sentence(&report.verdict_in_words())) "." }
                @if report.counts.faults > 0 {
                    p { (who_acts(&acts)) }
                }
            }
            @if !report.rows.is_empty() {
                div.bar aria-hidden="true" {
                    @for (class, count, _) in tallies(report) {
                        @if count > 0 { span class=(class) style=(format!("flex: {count} 0 {}px", count * 100 / total)) {} }
                    }
                }
                ul.counts {
                    @for (class, count, words) in tallies(report) {
                        @if count > 0 { li class=(class) { b { (count) } span { (words) } } }
                    }
                }
            }
        }
    }
}

/// Which classes the counts have, with the words of the report.
fn tallies(report: &Report<'_>) -> impl Iterator<Item = (&'static str, usize, &'static str)> {
    let standings = [
        Standing::Fault,
        Standing::Warning,
        Standing::Unknown,
        Standing::Waived,
        Standing::Holds,
        Standing::NotApplicable,
        Standing::Later,
    ];
    let counts = report.counts.by_standing();
    standings.into_iter().zip(counts).map(|(standing, count)| (json::standing(standing), count, words(standing, count)))
}

fn words(standing: Standing, count: usize) -> &'static str {
    match standing {
        Standing::Fault if count == 1 => "fault",
        Standing::Fault => "faults",
        Standing::Warning if count == 1 => "warning",
        Standing::Warning => "warnings",
        Standing::Unknown => "not known yet",
        Standing::Waived => "accepted for now",
        Standing::Holds if count == 1 => "holds",
        Standing::Holds => "hold",
        Standing::NotApplicable if count == 1 => "does not apply",
        Standing::NotApplicable => "do not apply",
        Standing::Later => "asked later",
    }
}

fn who_acts(acts: &[(Owner, usize)]) -> String {
    let words = acts.iter().filter(|(_, count)| *count > 0).map(|(owner, count)| match owner {
        Owner::You => format!("Yours to mend: {count}."),
        Owner::Provider => format!("Your provider's: {count}."),
        Owner::Microsoft => format!("Microsoft's: {count}."),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What blocks and who must act, a line for each rule.
fn blocking(report: &Report<'_>) -> Markup {
    html! {
        @if !report.findings.is_empty() {
            h2 { "What to mend, and by whom" }
            @for entries in report.findings.chunk_by(|a, b| a.rule.owner == b.rule.owner) {
                @if let Some(first) = entries.first() { p.who { (owner_title(first.rule.owner)) } }
                table.brief {
                    tbody { @for same_rule in entries.chunk_by(same_rule) { (brief(same_rule)) } }
                }
            }
        }
    }
}

fn brief(entries: &[Entry<'_>]) -> Markup {
    let Some(first) = entries.first() else { return Markup::default() };
    let mut subjects: Vec<&str> = entries.iter().map(Entry::about).collect();
    subjects.dedup();
    html! {
        tr.(json::severity(first.severity)) {
            td.sign { (severity_sign(first.severity)) }
            td { a href=(format!("#mend-{}", first.rule.id)) { (text::sentence(first.rule.title)) } }
            td.quiet { (clean(&few(&subjects))) }
            td.id { (first.rule.id) }
        }
    }
}

fn same_rule(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    a.rule.id == b.rule.id
}

fn faults(report: &Report<'_>) -> Markup {
    html! {
        @if !report.findings.is_empty() {
            h2 { "One by one" }
            @for entries in report.findings.chunk_by(same_rule) { (card(entries)) }
        }
    }
}

/// One rule with every place where it fails.
fn card(entries: &[Entry<'_>]) -> Markup {
    let Some(first) = entries.first() else { return Markup::default() };
    let rule = first.rule;
    let mut also: Vec<&str> = entries.iter().flat_map(|entry| &entry.also).map(|rule| rule.id).collect();
    also.sort_unstable();
    also.dedup();
    html! {
        article.fault-card.(json::severity(first.severity)) id=(format!("mend-{}", rule.id)) {
            div.title {
                span.sign aria-hidden="true" { (severity_sign(first.severity)) }
                h3 { (text::sentence(rule.title)) }
                a.id href=(format!("#{}", rule.id)) { (rule.id) }
            }
            @if let Some(why) = rule.section("Why it matters") { div.why.quiet { (prose(why)) } }
            ul.places { @for entry in entries { li { (place(entry)) } } }
            div.mend {
                @if let Some(how) = rule.section("How to mend it") { b { "How to mend it" } (prose(how)) }
                @if let Some(command) = first.mend() { p { "Or let the program do it: " code { (clean(&command)) } } }
                @if !also.is_empty() {
                    p.quiet { "Also fails " @for (index, id) in also.iter().enumerate() { @if index > 0 { ", " } a href=(format!("#{id}")) { (id) } } "." }
                }
                (from(rule))
            }
        }
    }
}

fn place(entry: &Entry<'_>) -> Markup {
    html! {
        p.subject { (clean(entry.about())) }
        dl.seen {
            dt { "seen" } dd { (clean(&entry.finding.seen)) }
            @if !entry.finding.expected.is_empty() { dt { "wanted" } dd { (clean(&entry.finding.expected)) } }
        }
        @if let Some(location) = &entry.location { (source(location)) }
    }
}

fn source(location: &Location<'_>) -> Markup {
    html! {
        figure.source {
            figcaption { (clean(&location.link())) " · " (location.rank.to_string()) }
            @if let Some(span) = location.span {
                @let marked = span.mark();
                pre {
                    span.number { (span.line) }
                    (tabs(&span.text[..marked.start])) mark { (tabs(&span.text[marked.clone()])) } (tabs(&span.text[marked.end..]))
                }
            }
        }
    }
}

fn from(rule: &Rule) -> Markup {
    html! {
        @if let Some(doc) = newest(rule) {
            p.from.quiet.small { "Source: " (title(doc)) ", " (doc.file) ", " span.date { (doc.date.to_string()) } }
        }
    }
}

/// A document in words. The labels of those that the checklist was born from are names among ourselves.
fn title(doc: &Doc) -> &'static str {
    match doc.is_seed() {
        true if doc.file == "expressroute-prerequisites.md" => "prerequisites page",
        true => "Microsoft 365 page",
        false => doc.label,
    }
}

fn drawn(drawing: Markup) -> Markup {
    html! {
        h2 { "The design" }
        figure.drawn {
            div.scroll { (drawing) }
            ul.key {
                li { "✗ fault" } li { "! recommendation not followed" } li { "? not known" }
            }
        }
    }
}

fn unknown(report: &Report<'_>) -> Markup {
    html! {
        @if !report.unknown.is_empty() {
            h2 { "Not known yet" }
            table {
                thead { tr { th { "" } th { "Fact" } th { "How to learn it" } th { "Rules that wait for it" } } }
                tbody { @for gap in &report.unknown { (missing(gap)) } }
            }
        }
    }
}

fn missing(gap: &Gap<'_>) -> Markup {
    let subjects = gap.subjects();
    html! {
        tr.s-unknown {
            td.sign { @if gap.blocks { "?" } }
            td {
                p { (inline(&text::sentence(&gap.about))) }
                @if !subjects.is_empty() { p.quiet { (clean(&few(&subjects))) } }
            }
            td { (inline(&clean(&gap.learn))) @if let Some(location) = &gap.location { p.quiet { (clean(&location.link())) } } }
            td { (rules(gap)) }
        }
    }
}

fn rules(gap: &Gap<'_>) -> Markup {
    html! {
        @for (index, rule) in gap.rules.iter().enumerate() {
            @if index > 0 { ", " }
            a.id href=(format!("#{}", rule.id)) { (rule.id) }
        }
    }
}

fn disagreements(report: &Report<'_>) -> Markup {
    let side = |(value, place): &(String, model::Place)| {
        html! {
            p { (clean(value)) }
            @if let Some(location) = report.locate(*place) { p.quiet { (location.rank.to_string()) ", " (clean(&location.link())) } }
        }
    };
    html! {
        @if !report.disagreements.is_empty() {
            h2 { "Sources disagree" }
            table {
                thead { tr { th { "Value" } th { "What stands" } th { "What else was said" } } }
                tbody {
                    @for conflict in report.disagreements {
                        tr { td { code { (clean(&conflict.path)) } } td { (side(&conflict.stands)) } td { (side(&conflict.other)) } }
                    }
                }
            }
        }
    }
}

fn accepted(report: &Report<'_>) -> Markup {
    html! {
        @if !report.waived.is_empty() || !report.waivers.is_empty() {
            h2 { "Accepted for now" }
            table {
                thead { tr { th { "Rule" } th { "Fault" } th { "Accepted by" } th { "Until" } } }
                tbody {
                    @for remark in report.waivers {
                        tr {
                            td { "waiver" }
                            td colspan="3" {
                                p { (text::sentence(&super::phrase(remark))) }
                                @if let Some(location) = report.locate(remark.place) { p.quiet { (clean(&location.link())) } }
                            }
                        }
                    }
                    @for entry in &report.waived {
                        @if let Some(waived) = &entry.finding.waived {
                            tr {
                                td { a href=(format!("#{}", entry.rule.id)) { (entry.rule.id) } }
                                td { (clean(entry.about())) ": " (clean(&entry.phrase())) }
                                td { p { (clean(&waived.owner)) } p.quiet { (clean(&waived.reason)) } }
                                td { (waived.expires.to_string()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn notes(report: &Report<'_>) -> Markup {
    html! {
        @if !report.notes.is_empty() {
            h2 { "Worth knowing" }
            table.notes {
                thead { tr { th { "Rule" } th { "About" } th { "Seen" } th { "To know" } } }
                tbody {
                    @for notes in report.notes.chunk_by(same_rule) {
                        @for (index, note) in notes.iter().enumerate() {
                            tr {
                                td.id { @if index == 0 { a href=(format!("#{}", note.rule.id)) { (note.rule.id) } } }
                                td { (clean(note.about())) }
                                td { (clean(&note.finding.seen)) }
                                td { (clean(&note.finding.expected)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn checklist(report: &Report<'_>) -> Markup {
    let shows = [("show-all", "All"), ("show-open", "Open"), ("show-holds", "Holds"), ("show-none", "Not asked")];
    html! {
        @if !report.rows.is_empty() {
            div.all {
                h2 { "The whole checklist" }
                fieldset.filter {
                    @for (index, (id, label)) in shows.iter().enumerate() {
                        input type="radio" name="show" id=(id) checked[index == 0];
                        label for=(id) { (label) }
                    }
                }
                @for rows in report.rows.chunk_by(|a, b| a.rule.group() == b.rule.group()) { (group(report, rows)) }
            }
        }
    }
}

fn group(report: &Report<'_>, rows: &[Row<'_>]) -> Markup {
    let Some(first) = rows.first() else { return Markup::default() };
    let holds = rows.iter().filter(|row| row.standing == Standing::Holds).count();
    html! {
        section {
            h3.group { (group_title(first.rule.group())) span.quiet { (holds) " of " (rows.len()) " hold" } }
            table.checklist {
                colgroup { @for _ in 0..5 { col; } }
                thead { tr { th { "" } th { "Rule" } th { "What must hold" } th { "Evidence" } th { "Source" } } }
                tbody { @for of in rows { (row(report, of)) } }
            }
        }
    }
}

fn row(report: &Report<'_>, row: &Row<'_>) -> Markup {
    let rule = row.rule;
    html! {
        tr.(format!("s-{}", json::standing(row.standing))) id=(rule.id) {
            td.sign title=(words(row.standing, 1)) { (standing_sign(row.standing)) }
            td.id { (rule.id) }
            td { (text::sentence(rule.title)) @if rule.severity != Severity::Required { p.quiet { (rule.severity.to_string()) } } }
            td { (evidence(report, row)) }
            td { @if let Some(doc) = newest(rule) { p { (title(doc)) } p.quiet { (doc.file) ", " span.date { (doc.date.to_string()) } } } }
        }
    }
}

/// What shows that a rule holds or fails, or why it is not known or not asked.
fn evidence(report: &Report<'_>, row: &Row<'_>) -> Markup {
    match row.verdict {
        Verdict::Pass { proofs, .. } => {
            let places = places(report, proofs);
            html! {
                p { "Holds" @if places.is_empty() { " by what the design adds up to" } }
                @for place in &places { p.quiet { (clean(place)) } }
            }
        }
        Verdict::Fail { findings, missing } => html! {
            @match findings.as_slice() {
                [finding] => p { (clean(super::about(finding))) ": " (clean(&finding.seen)) }
                findings => {
                    p { "Fails at " (findings.len()) " places" }
                    p.quiet { (clean(&few(&subjects(findings)))) }
                }
            }
            @if findings.iter().all(|finding| finding.waived.is_some()) { p.quiet { "accepted for now" } }
            @if !missing.is_empty() { p.quiet { "not known: " (clean(&few(&paths(missing)))) } }
        },
        Verdict::Unknown(missing) => html! {
            p { "Not known" }
            @if !missing.is_empty() { p.quiet { (clean(&few(&paths(missing)))) } }
        },
        Verdict::NotApplicable(reason) => html! { p.quiet { (text::sentence(&reason.to_string())) } },
    }
}

/// What findings are about, each once.
fn subjects(findings: &[Finding]) -> Vec<&str> {
    let mut subjects: Vec<&str> = findings.iter().map(super::about).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}

/// The lines of proofs, file by file: `contoso.design.yaml:11, 12 (declared)`.
fn places(report: &Report<'_>, proofs: &[Proof]) -> Vec<String> {
    let mut files: BTreeMap<(&str, Rank), BTreeSet<usize>> = BTreeMap::new();
    for location in proofs.iter().filter_map(|proof| report.locate(proof.place)) {
        files.entry((location.file, location.rank)).or_default().extend(location.span.map(|span| span.line));
    }
    let place = |((file, rank), lines): ((&str, Rank), BTreeSet<usize>)| {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let colon = if lines.is_empty() { "" } else { ":" };
        format!("{file}{colon}{} ({rank})", few(&lines))
    };
    files.into_iter().map(place).collect()
}

fn foot(report: &Report<'_>) -> Markup {
    html! {
        footer {
            div {
                p { "Read for this report:" }
                ul {
                    @for source in report.sources() {
                        li { (clean(&source.name)) " (" (source.rank.to_string()) @if let Some(taken) = source.taken { ", taken " (taken.to_string()) } ")" }
                    }
                }
                p { "Judged by these facts of ExpressRoute:" }
                ul { @for table in report.catalog.provenance() { li { (table.source) } } }
                p { "Profile " (report.profile.to_string()) " · twinpath " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }
}

fn severity_sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Required => "✗",
        Severity::Recommended => "!",
        Severity::Informational => "i",
    }
}

fn standing_sign(standing: Standing) -> &'static str {
    match standing {
        Standing::Fault => "✗",
        Standing::Warning => "!",
        Standing::Unknown => "?",
        Standing::Waived => "~",
        Standing::Holds => "✓",
        Standing::NotApplicable | Standing::Later => "–",
    }
}

fn paths(missing: &[crate::Missing]) -> Vec<&str> {
    missing.iter().map(|missing| missing.path.as_str()).collect()
}

/// The first few of a list, and how many more there are.
fn few<T: AsRef<str>>(items: &[T]) -> String {
    let shown = items.iter().take(PLACES).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match items.len().checked_sub(PLACES) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

fn clean(text: &str) -> std::borrow::Cow<'_, str> {
    text::clean(text)
}

/// A piece of a source line, in which tabs stay.
fn tabs(text: &str) -> String {
    text.chars().map(|c| if c == '\t' { c } else { text::harmless(c) }).collect()
}

/// A section of a manual page: paragraphs, lists, examples.
fn prose(text: &str) -> Markup {
    let blocks = text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.trim().is_empty());
    html! {
        @for block in blocks {
            @if block.trim_start().starts_with("```") {
                pre { code { (block.lines().filter(|line| !line.trim_start().starts_with("```")).collect::<Vec<_>>().join("\n")) } }
            } @else {
                (paragraphs(block))
            }
        }
    }
}

/// A paragraph, and the list that may follow it; a line that starts with a dash is an item.
fn paragraphs(block: &str) -> Markup {
    let (mut text, mut items) = (Vec::new(), Vec::<String>::new());
    for line in block.lines().map(str::trim) {
        match (line.strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(item)) => {
                item.push(' ');
                item.push_str(line);
            }
            (None, None) => text.push(line),
        }
    }
    html! {
        @if !text.is_empty() { p { (inline(&text.join(" "))) } }
        @if !items.is_empty() { ul { @for item in &items { li { (inline(item)) } } } }
    }
}

/// Text in which backticks mark code and double asterisks weight.
fn inline(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 {
                code { (part) }
            } @else {
                @for (index, part) in part.split("**").enumerate() {
                    @if index % 2 == 1 { b { (part) } } @else { (part) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_pages_become_paragraphs_lists_and_code() {
        let html = prose("Say `a < b`.\n\nDo **all**:\n- one\n  and more\n- two").into_string();
        assert_eq!(
            html,
            "<p>Say <code>a &lt; b</code>.</p><p>Do <b>all</b>:</p><ul><li>one and more</li><li>two</li></ul>"
        );
    }

    #[test]
    fn lists_are_cut() {
        assert_eq!(few(&["a", "b", "c", "d"]), "a, b, c and 1 more");
        assert_eq!(few(&["a"]), "a");
    }
}
