//! `twinpath m365 plan`: the eight steps of Microsoft's page, with the design's answers.
//!
//! The page comes with a permission that is rarely given, so the answer is "do not" until every required rule of every
//! step holds. What each step asks is asked by rules of the checklist; this page only puts them in the order of the
//! steps and says who has what to bring.

use crate::{Outcome, input, load};
use ::catalog::Catalog;
use anyhow::ensure;
use model::{Design, Sources};
use rules::{Facts, Finding, Missing, Profile, Rule, Severity, Stage, Verdict};
use serde_json::json;
use std::io::Write;

/// A step: what it is, the rules that ask it, the keys of the design that answer it, and the document that shows it.
struct Step {
    title: &'static str,
    rules: &'static [&'static str],
    document: &'static str,
}

/// The permission, then the eight steps (spec 05, 1 and 8).
const STEPS: [Step; 9] = [
    Step {
        title: "permission: the guide is read by three teams, Microsoft grants the exception",
        rules: &["M365-001", "M365-002", "M365-003", "M365-019"],
        document: "exception request with three sign-offs, and Microsoft's answer",
    },
    Step {
        title: "know the need: which application on which path; both paths planned",
        rules: &["M365-004", "M365-005", "M365-013", "M365-014", "M365-015", "M365-016", "M365-018", "M365-028"],
        document: "traffic catalogue, in and out; `twinpath m365 split`",
    },
    Step {
        title: "egress and peering locations (latency-critical)",
        rules: &["M365-006", "M365-022"],
        document: "users by region, latency table",
    },
    Step {
        title: "capacity of the Internet and of the circuits",
        rules: &["M365-007", "CAP-007"],
        document: "measured baseline and pilot; `twinpath m365 capacity`",
    },
    Step {
        title: "security and perimeter (latency-critical)",
        rules: &["M365-021", "M365-023", "M365-024", "M365-025", "M365-026"],
        document: "perimeter design; `twinpath m365 firewall`, `twinpath m365 pac`",
    },
    Step {
        title: "Azure account",
        rules: &["ACC-001", "ACC-002", "ACC-004", "ACC-005"],
        document: "subscription and its owner",
    },
    Step {
        title: "model and approved provider; circuits bought",
        rules: &["M365-008", "M365-011", "PROV-002", "PROV-007"],
        document: "provider's offer and contract",
    },
    Step {
        title: "validate before traffic moves",
        rules: &["M365-009", "M365-020", "M365-027"],
        document: "test report, rollback plan; `twinpath m365 watch`",
    },
    Step { title: "optional: QoS, regional expansion", rules: &["M365-010"], document: "QoS and expansion notes" },
];

/// How a rule of a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Holds,
    Open,
    Fails,
    NotAsked,
}

impl Standing {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass { .. } => Self::Holds,
            Verdict::Fail { .. } => Self::Fails,
            Verdict::Unknown(_) => Self::Open,
            Verdict::NotApplicable(_) => Self::NotAsked,
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Open => "?",
            Self::Fails => "✗",
            Self::NotAsked => "–",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Open => "open",
            Self::Fails => "fails",
            Self::NotAsked => "not-asked",
        }
    }
}

/// A rule of a step with what came of it.
struct Row {
    rule: &'static Rule,
    standing: Standing,
    answers: Vec<String>,
    wanted: Vec<String>,
}

impl Row {
    /// Whether it stands in the way of going.
    fn blocks(&self) -> bool {
        self.rule.severity == Severity::Required && matches!(self.standing, Standing::Open | Standing::Fails)
    }
}

/// Walks the steps.
pub(crate) fn run(files: &[String], today: Option<&str>, catalog: &Catalog, as_json: bool) -> anyhow::Result<Outcome> {
    let today = input::today(today)?;
    let loaded = load::load(&input::expand(files)?);
    loaded.tell_problems()?;
    ensure!(loaded.problems.is_empty() && !loaded.is_empty(), "mend these first: half a design gives a wrong plan");
    let stage = Stage::of(&loaded.sources);
    let facts = Facts::new(&loaded.design, catalog, today, Profile::Current, stage);
    let checklist = rules::check(facts);
    let verdict = |id: &str| checklist.rows.iter().find(|(rule, _)| rule.id == id);
    let steps: Vec<(&Step, Vec<Row>)> = STEPS
        .iter()
        .map(|step| {
            let rows = step.rules.iter().filter_map(|id| verdict(id));
            (step, rows.map(|(rule, verdict)| row(rule, verdict, &loaded.sources)).collect())
        })
        .collect();
    let conditions: Vec<&Row> = steps.iter().flat_map(|(_, rows)| rows).filter(|row| row.blocks()).collect();
    let scope = loaded.design.services.m365.get();
    let go = conditions.is_empty() && scope == Some(true);
    let mut out = anstream::stdout();
    if as_json {
        let row = |row: &Row| {
            json!({
                "rule": row.rule.id, "title": row.rule.title, "standing": row.standing.word(),
                "owner": row.rule.owner.to_string(), "answers": row.answers, "wanted": row.wanted, "blocks": row.blocks(),
            })
        };
        let steps: Vec<_> = steps
            .iter()
            .enumerate()
            .map(|(number, (step, rows))| {
                let rows: Vec<_> = rows.iter().map(row).collect();
                json!({ "step": number, "title": step.title, "document": step.document, "rules": rows })
            })
            .collect();
        let answer =
            json!({ "answer": if go { "go" } else { "do not" }, "conditions": conditions.len(), "steps": steps });
        writeln!(out, "{answer:#}")?;
    } else {
        people(&mut out, &loaded.design, &steps, &conditions, go)?;
    }
    Ok(if go { Outcome::Ready } else { Outcome::Findings })
}

fn people(
    out: &mut impl Write,
    design: &Design,
    steps: &[(&Step, Vec<Row>)],
    conditions: &[&Row],
    go: bool,
) -> anyhow::Result<()> {
    let bold = anstyle::Style::new().bold();
    let company = design.company.value().map_or("this design", String::as_str);
    let answer = if go { "go, on this evidence" } else { "do not" };
    writeln!(out, "{bold}Microsoft 365 over the circuit, {company}: {answer}{bold:#}")?;
    writeln!(out, "Microsoft advises the Internet, reviews every request and grants few.\n")?;
    for (number, (step, rows)) in steps.iter().enumerate() {
        let number = if number == 0 { "  ".to_owned() } else { format!("{number} ") };
        writeln!(out, "{bold}{number}{}{bold:#}", step.title)?;
        for row in rows.iter().filter(|row| row.standing != Standing::NotAsked) {
            writeln!(out, "  {} {:9} {}", row.standing.mark(), row.rule.id, row.rule.title)?;
            if !row.answers.is_empty() {
                writeln!(out, "              {}", row.answers.join(" · "))?;
            }
            for wanted in &row.wanted {
                writeln!(out, "              wanted of {}: {wanted}", row.rule.owner)?;
            }
        }
        writeln!(out, "    shown by: {}\n", step.document)?;
    }
    if !design.services.m365.is(&true) {
        writeln!(out, "The design does not put Microsoft 365 in scope (services.m365).")?;
    }
    match conditions.len() {
        0 if go => {
            writeln!(out, "Every required rule of every step holds. Move traffic by stages, with the way back ready.")?
        }
        0 => {}
        count => {
            let ids: Vec<&str> = conditions.iter().map(|row| row.rule.id).collect();
            writeln!(out, "It turns to go when these {count} hold: {}", ids.join(", "))?;
        }
    }
    Ok(())
}

fn row(rule: &'static Rule, verdict: &Verdict, sources: &Sources) -> Row {
    /// Long answers are cut: the design has them whole.
    const MOST: usize = 4;
    let missing = |missing: &Missing| format!("`{}`, not known", place(&missing.subject, &missing.path));
    let finding = |finding: &Finding| {
        format!("`{}`: {}, seen {}", place(&finding.subject, &finding.path), finding.expected, finding.seen)
    };
    let (answers, wanted): (Vec<String>, Vec<String>) = match verdict {
        Verdict::Pass { proofs, notes } => {
            let mut answers: Vec<String> = Vec::new();
            for proof in proofs {
                let text = sources.text(proof.place).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
                answers.extend(text.filter(|text| !text.is_empty() && !answers.contains(text)));
            }
            if answers.len() > MOST {
                let more = answers.len() - MOST;
                answers.truncate(MOST);
                answers.push(format!("and {more} more"));
            }
            answers.extend(notes.iter().map(finding));
            (answers, Vec::new())
        }
        Verdict::Fail { findings, missing: unknown } => {
            (Vec::new(), findings.iter().map(finding).chain(unknown.iter().map(missing)).collect())
        }
        Verdict::Unknown(unknown) => (Vec::new(), unknown.iter().map(missing).collect()),
        Verdict::NotApplicable(_) => (Vec::new(), Vec::new()),
    };
    Row { rule, standing: Standing::of(verdict), answers, wanted }
}

fn place<'t>(subject: &'t str, path: &'t str) -> &'t str {
    if path.is_empty() { subject } else { path }
}
