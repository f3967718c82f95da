//! The report for programs. Its shape is a page of the book:
//!
#![doc = include_str!("../../../../docs/book/src/reference/json-report.md")]

use super::{Entry, Gap, Location, Report, Row, group_title};
use crate::{Disagreement, Finding, Overall, Owner, Rule, Severity, Stage, Standing, Verdict};
use model::Source;
use serde_json::{Value, json};
use std::fmt::{self, Write};

/// The version of the shape.
pub const VERSION: u32 = 1;

/// Writes the report.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> fmt::Result {
    writeln!(out, "{:#}", value(report))
}

/// The report as a JSON value, for a caller that puts several into one document.
pub fn value(report: &Report<'_>) -> Value {
    let list = |entries: &[Entry<'_>]| entries.iter().map(entry).collect::<Vec<_>>();
    let counts = report.counts;
    json!({
        "version": VERSION,
        "tool": { "name": "twinpath", "version": env!("CARGO_PKG_VERSION") },
        "checked": {
            "title": report.title,
            "company": report.company,
            "sources": report.sources().map(source).collect::<Vec<_>>(),
        },
        "on": report.today.to_string(),
        "stage": stage(report.stage),
        "profile": report.profile.to_string(),
        "facts_of": report.facts_of.map(|date| date.to_string()),
        "overall": overall(report.overall),
        "counts": {
            "rules": report.rows.len(),
            "faults": counts.faults,
            "warnings": counts.warnings,
            "unknown": counts.unknown,
            "waived": counts.waived,
            "hold": counts.hold,
            "not_applicable": counts.not_applicable,
            "later": counts.later,
        },
        "findings": list(&report.findings),
        "waived": list(&report.waived),
        "notes": list(&report.notes),
        "waivers": report.waivers.iter().map(|finding| remark(report, finding)).collect::<Vec<_>>(),
        "unknown": report.unknown.iter().map(|missing| gap(report, missing)).collect::<Vec<_>>(),
        "disagreements": report.disagreements.iter().map(|conflict| disagreement(report, conflict)).collect::<Vec<_>>(),
        "rules": report.rows.iter().map(|of| row(report, of)).collect::<Vec<_>>(),
    })
}

fn source(source: &Source) -> Value {
    json!({
        "name": source.name,
        "evidence": source.rank.to_string(),
        "taken": source.taken.map(|date| date.to_string()),
    })
}

fn entry(entry: &Entry<'_>) -> Value {
    let Entry { rule, finding, severity: grave, location, also } = entry;
    let mut value = json!({
        "rule": rule.id,
        "name": rule.name,
        "title": rule.title,
        "severity": severity(*grave),
        "owner": owner(rule.owner),
        "subject": finding.subject,
        "path": finding.path,
        "seen": finding.seen,
        "expected": finding.expected,
        "fixable": rule.fixable,
        "also": ids(also),
        "place": place(*location),
    });
    if let Some(waived) = &finding.waived {
        value["waived"] = json!({
            "waiver": waived.waiver,
            "owner": waived.owner,
            "reason": waived.reason,
            "expires": waived.expires.to_string(),
        });
    }
    value
}

fn remark(report: &Report<'_>, finding: &Finding) -> Value {
    json!({
        "severity": severity(finding.severity.unwrap_or(Severity::Recommended)),
        "subject": finding.subject,
        "path": finding.path,
        "seen": finding.seen,
        "expected": finding.expected,
        "place": place(report.locate(finding.place)),
    })
}

fn gap(report: &Report<'_>, gap: &Gap<'_>) -> Value {
    let missing = |missing: &&crate::Missing| {
        json!({
            "subject": missing.subject,
            "path": missing.path,
            "place": place(report.locate(missing.place)),
        })
    };
    json!({
        "fact": gap.path,
        "about": gap.about,
        "learn": gap.learn,
        "evidence": gap.rank.to_string(),
        "blocks": gap.blocks,
        "rules": ids(&gap.rules),
        "missing": gap.missing.iter().map(missing).collect::<Vec<_>>(),
    })
}

fn disagreement(report: &Report<'_>, conflict: &Disagreement) -> Value {
    let side = |(value, at): &(String, model::Place)| json!({ "value": value, "place": place(report.locate(*at)) });
    json!({ "path": conflict.path, "stands": side(&conflict.stands), "other": side(&conflict.other) })
}

fn row(report: &Report<'_>, row: &Row<'_>) -> Value {
    let proofs = match row.verdict {
        Verdict::Pass { proofs, .. } => proofs.as_slice(),
        Verdict::Fail { .. } | Verdict::Unknown(_) | Verdict::NotApplicable(_) => &[],
    };
    let proof =
        |proof: &crate::Proof| json!({ "rank": proof.rank.to_string(), "place": place(report.locate(proof.place)) });
    let doc = |doc: &&crate::source::Doc| json!({ "label": doc.label, "file": doc.file, "date": doc.date.to_string() });
    json!({
        "id": row.rule.id,
        "name": row.rule.name,
        "title": row.rule.title,
        "group": row.rule.group(),
        "about": group_title(row.rule.group()),
        "severity": severity(row.rule.severity),
        "owner": owner(row.rule.owner),
        "verdict": standing(row.standing),
        "reason": row.reason().map(|reason| reason.to_string()),
        "evidence": proofs.iter().map(proof).collect::<Vec<_>>(),
        "sources": row.rule.sources.iter().map(doc).collect::<Vec<_>>(),
    })
}

fn place(location: Option<Location<'_>>) -> Value {
    let Some(location) = location else { return Value::Null };
    let mut value = json!({ "file": location.file, "evidence": location.rank.to_string() });
    if let Some(span) = location.span {
        let (column, end_column) = span.columns();
        value["line"] = json!(span.line);
        value["column"] = json!(column);
        value["end_column"] = json!(end_column);
    }
    value
}

fn ids(rules: &[&'static Rule]) -> Vec<&'static str> {
    rules.iter().map(|rule| rule.id).collect()
}

/// The word of an answer, as JSON and SARIF have it.
pub(super) fn overall(overall: Overall) -> &'static str {
    match overall {
        Overall::Ready => "ready",
        Overall::ReadyWithWarnings => "ready-with-warnings",
        Overall::Incomplete => "incomplete",
        Overall::Blocked => "blocked",
    }
}

/// The word of a stage.
pub(super) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Design => "design",
        Stage::Ordered => "ordered",
        Stage::Live => "live",
    }
}

/// The word of a severity.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Recommended => "recommended",
        Severity::Required => "required",
    }
}

/// The word of an owner.
pub(super) fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::You => "you",
        Owner::Provider => "provider",
        Owner::Microsoft => "microsoft",
    }
}

/// The word of a standing.
pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Fault => "fault",
        Standing::Warning => "warning",
        Standing::Unknown => "unknown",
        Standing::Waived => "waived",
        Standing::Holds => "holds",
        Standing::NotApplicable => "not-applicable",
        Standing::Later => "later",
    }
}
