//! The report for CI systems: JUnit XML.
//!
//! A test suite is a group of rules, a test case a rule. A rule that fails is a failure, a required rule that
//! cannot be judged an error, for it is no success either. What is accepted, does not apply, is asked later
//! or is not known of a lesser rule is skipped, with the reason.

use super::{Report, Row, about, group_title, json, phrase, text};
use crate::{Finding, Severity, Standing, Verdict, gravity};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::fmt::{self, Write};
use std::io;

/// Writes the report.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    document(report, &mut Writer::new_with_indent(&mut bytes, b' ', 2)).map_err(|_| fmt::Error)?;
    bytes.push(b'\n');
    out.write_str(&String::from_utf8_lossy(&bytes))
}

/// What a rule is to a CI system.
enum Outcome {
    Success,
    Failure { kind: &'static str, message: String, detail: String },
    Error { message: String },
    Skipped { message: String },
}

#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Totals {
    fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Self {
        let mut totals = Self::default();
        for outcome in outcomes {
            totals.tests += 1;
            match outcome {
                Outcome::Success => {}
                Outcome::Failure { .. } => totals.failures += 1,
                Outcome::Error { .. } => totals.errors += 1,
                Outcome::Skipped { .. } => totals.skipped += 1,
            }
        }
        totals
    }

    fn on(&self, mut element: BytesStart<'static>) -> BytesStart<'static> {
        for (key, value) in
            [("tests", self.tests), ("failures", self.failures), ("errors", self.errors), ("skipped", self.skipped)]
        {
            element.push_attribute((key, value.to_string().as_str()));
        }
        element
    }
}

fn document(report: &Report<'_>, xml: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
    let outcomes: Vec<Outcome> = report.rows.iter().map(|row| outcome(report, row)).collect();
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = format!("twinpath: {}", text::clean(&report.title));
    xml.write_event(Event::Start(Totals::of(&outcomes).on(element("testsuites", &[("name", &name)]))))?;
    let cases: Vec<(&Row<'_>, &Outcome)> = report.rows.iter().zip(&outcomes).collect();
    for group in cases.chunk_by(|(a, _), (b, _)| a.rule.group() == b.rule.group()) {
        let Some((first, _)) = group.first() else { continue };
        let id = first.rule.group();
        let name = format!("{id}: {}", group_title(id));
        let totals = Totals::of(group.iter().map(|(_, outcome)| *outcome));
        let suite = element("testsuite", &[("name", &name), ("timestamp", &format!("{}T00:00:00", report.today))]);
        xml.write_event(Event::Start(totals.on(suite)))?;
        for (row, outcome) in group {
            case(row, outcome, xml)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn outcome(report: &Report<'_>, row: &Row<'_>) -> Outcome {
    match row.standing {
        Standing::Fault | Standing::Warning => {
            let findings = findings(row).filter(|finding| finding.waived.is_none());
            let said = |finding: &Finding| format!("{}: {}", about(finding), phrase(finding));
            let lines: Vec<String> = findings
                .clone()
                .map(|finding| match report.locate(finding.place) {
                    Some(location) => format!("{}: {}", location.link(), said(finding)),
                    None => said(finding),
                })
                .collect();
            Outcome::Failure {
                kind: json::severity(gravity(row.rule, row.verdict)),
                message: findings.clone().next().map(said).unwrap_or_default(),
                detail: lines.join("\n"),
            }
        }
        Standing::Unknown => {
            let paths: Vec<&str> = row.verdict.missing_facts().iter().map(|missing| missing.path.as_str()).collect();
            let message = format!("not known: {}", paths.join(", "));
            match row.rule.severity {
                Severity::Required => Outcome::Error { message },
                Severity::Recommended | Severity::Informational => Outcome::Skipped { message },
            }
        }
        Standing::Waived => {
            let waivers = findings(row).filter_map(|finding| finding.waived.as_ref());
            let words = waivers
                .map(|waived| format!("accepted by {} until {}: {}", waived.owner, waived.expires, waived.reason));
            Outcome::Skipped { message: words.collect::<Vec<_>>().join("; ") }
        }
        Standing::NotApplicable | Standing::Later => {
            Outcome::Skipped { message: row.reason().map(|reason| reason.to_string()).unwrap_or_default() }
        }
        Standing::Holds => Outcome::Success,
    }
}

fn findings<'a>(row: &Row<'a>) -> impl Iterator<Item = &'a Finding> + Clone {
    match row.verdict {
        Verdict::Fail { findings, .. } => findings.iter(),
        Verdict::Pass { .. } | Verdict::Unknown(_) | Verdict::NotApplicable(_) => [].iter(),
    }
}

fn case(row: &Row<'_>, outcome: &Outcome, xml: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
    let name = format!("{} {}", row.rule.id, row.rule.title);
    let case = element("testcase", &[("name", &name), ("classname", row.rule.group())]);
    let inner = match outcome {
        Outcome::Success => return xml.write_event(Event::Empty(case)),
        Outcome::Failure { kind, message, .. } => element("failure", &[("type", kind), ("message", message)]),
        Outcome::Error { message } => element("error", &[("type", "unknown"), ("message", message)]),
        Outcome::Skipped { message } => element("skipped", &[("message", message)]),
    };
    xml.write_event(Event::Start(case))?;
    if let Outcome::Failure { detail, .. } = outcome {
        let end = inner.to_end().into_owned();
        xml.write_event(Event::Start(inner))?;
        let lines: Vec<_> = detail.lines().map(text::clean).collect();
        xml.write_event(Event::Text(BytesText::new(&lines.join("\n"))))?;
        xml.write_event(Event::End(end))?;
    } else {
        xml.write_event(Event::Empty(inner))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

/// An element; its values are cleaned, since XML has no way to write a control character.
fn element(name: &'static str, attributes: &[(&str, &str)]) -> BytesStart<'static> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        element.push_attribute((*key, &*text::clean(value)));
    }
    element
}
