//! The report for code review: SARIF 2.1.0.
//!
//! A fault is a result of kind `fail` whose level is its severity; a required rule that cannot be judged is
//! one of kind `open`, for every fact it waits for. What a waiver accepts is a suppressed result. What holds
//! is not listed, since viewers show every result as an alert. All counts stand in the properties of the run.

use super::{Entry, Location, Report, json, newest, phrase};
use crate::{Finding, Missing, Rule, Severity, Standing};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Writes the report.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    writeln!(out, "{:#}", value(report))
}

/// The report as a JSON value.
pub fn value(report: &Report<'_>) -> Value {
    let mut results = Results { report, seen: BTreeMap::new(), list: Vec::new() };
    for entry in report.findings.iter().chain(&report.waived) {
        results.fail(entry);
    }
    for (index, row) in report.rows.iter().enumerate() {
        if row.rule.severity == Severity::Required && row.standing == Standing::Unknown {
            for missing in row.verdict.missing_facts() {
                results.open(index, row.rule, missing);
            }
        }
    }
    let counts = report.counts;
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Twinpath",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": report.rows.iter().map(|row| descriptor(row.rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "artifacts": report.sources().map(|source| json!({ "location": { "uri": uri(&source.name) } })).collect::<Vec<_>>(),
            "invocations": [{
                "executionSuccessful": true,
                "toolConfigurationNotifications": report.waivers.iter().map(|remark| notification(report, remark)).collect::<Vec<_>>(),
            }],
            "results": results.list,
            "properties": {
                "overall": json::overall(report.overall),
                "on": report.today.to_string(),
                "stage": json::stage(report.stage),
                "profile": report.profile.to_string(),
                "counts": {
                    "faults": counts.faults,
                    "warnings": counts.warnings,
                    "unknown": counts.unknown,
                    "waived": counts.waived,
                    "hold": counts.hold,
                    "notApplicable": counts.not_applicable,
                    "later": counts.later,
                },
            },
        }],
    })
}

/// The manual page goes along whole: a `helpUri` must be absolute by the standard, and a design has no such address.
fn descriptor(rule: &Rule) -> Value {
    let mut help = rule.doc.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    if let Some(doc) = newest(rule) {
        help.push_str(&format!("\nSource: {}, {}.\n", doc.file, doc.date));
    }
    json!({
        "id": rule.id,
        "name": pascal_case(rule.name),
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.section("What it asks").unwrap_or(rule.title) },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "tags": [rule.group()],
            "precision": "very-high",
            "problem.severity": if rule.severity == Severity::Required { "error" } else { "warning" },
            "owner": json::owner(rule.owner),
        },
    })
}

fn notification(report: &Report<'_>, remark: &Finding) -> Value {
    let mut value = json!({
        "level": level(remark.severity.unwrap_or(Severity::Recommended)),
        "message": { "text": phrase(remark) },
    });
    if let Some(location) = report.locate(remark.place) {
        value["locations"] = json!([{ "physicalLocation": physical(location) }]);
    }
    value
}

struct Results<'r, 'a> {
    report: &'r Report<'a>,
    /// How many results a fingerprint was given to.
    seen: BTreeMap<String, usize>,
    list: Vec<Value>,
}

impl Results<'_, '_> {
    fn fail(&mut self, entry: &Entry<'_>) {
        let Some(index) = self.report.rows.iter().position(|row| row.rule.id == entry.rule.id) else { return };
        let finding = entry.finding;
        let mut result = json!({
            "ruleId": entry.rule.id,
            "ruleIndex": index,
            "kind": "fail",
            "level": level(entry.severity),
            "message": { "text": format!("{}: {}", entry.about(), entry.phrase()) },
            "locations": [self.location(entry.location, &finding.path)],
            "partialFingerprints": self.fingerprint(entry.rule, &finding.path),
            "properties": {
                "owner": json::owner(entry.rule.owner),
                "seen": finding.seen,
                "expected": finding.expected,
                "also": entry.also.iter().map(|rule| rule.id).collect::<Vec<_>>(),
            },
        });
        if let Some(waived) = &finding.waived {
            let reason = format!("{} until {}: {}", waived.owner, waived.expires, waived.reason);
            result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": reason }]);
        }
        self.list.push(result);
    }

    fn open(&mut self, index: usize, rule: &Rule, missing: &Missing) {
        let about = if missing.subject.is_empty() { "" } else { &format!("{}: ", missing.subject) };
        let location = self.report.locate(missing.place);
        let result = json!({
            "ruleId": rule.id,
            "ruleIndex": index,
            // The standard asks for the level `none` where the kind is not `fail`.
            "kind": "open",
            "level": "none",
            "message": { "text": format!("{about}`{}` is not known, so it cannot be told whether {}", missing.path, rule.title) },
            "locations": [self.location(location, &missing.path)],
            "partialFingerprints": self.fingerprint(rule, &missing.path),
        });
        self.list.push(result);
    }

    /// Where a result shows: its line, else the head of the first file, since viewers drop results without a place.
    fn location(&self, location: Option<Location<'_>>, path: &str) -> Value {
        let physical = match (location, self.report.sources().next()) {
            (Some(location), _) => Some(physical(location)),
            (None, Some(first)) => {
                Some(json!({ "artifactLocation": { "uri": uri(&first.name) }, "region": { "startLine": 1 } }))
            }
            (None, None) => None,
        };
        let mut value = json!({ "logicalLocations": [{ "fullyQualifiedName": path }] });
        if let Some(physical) = physical {
            value["physicalLocation"] = physical;
        }
        value
    }

    /// Rule and path, which stay when lines move; numbered where a rule finds several faults at one path.
    fn fingerprint(&mut self, rule: &Rule, path: &str) -> Value {
        let base = format!("{}/{path}", rule.id);
        let count = self.seen.entry(base.clone()).or_default();
        *count += 1;
        let print = if *count == 1 { base } else { format!("{base}#{count}") };
        json!({ "rulePath/v1": print })
    }
}

fn physical(location: Location<'_>) -> Value {
    let mut value = json!({ "artifactLocation": { "uri": uri(location.file) } });
    if let Some(span) = location.span {
        let (start, end) = span.utf16_columns();
        value["region"] = json!({
            "startLine": span.line,
            "startColumn": start,
            "endColumn": end.max(start),
            "snippet": { "text": span.text },
        });
    }
    value
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Required => "error",
        Severity::Recommended => "warning",
        Severity::Informational => "note",
    }
}

fn pascal_case(name: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

/// A file name as a relative URI: slashes, and everything else that is not plain as `%XX`.
fn uri(name: &str) -> String {
    let mut uri = String::new();
    for byte in name.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_relative_uris() {
        assert_eq!(uri(r"plans\my design#1.yaml"), "plans/my%20design%231.yaml");
        assert_eq!(uri("é"), "%C3%A9");
        assert_eq!(pascal_case("no-bfd-v6"), "NoBfdV6");
    }
}
