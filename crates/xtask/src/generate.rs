//! Files made from code: rule pages, the schema, the design-file reference, the command reference, catalogue
//! tables, supported RFCs, quirks, OpenAPI documents.

use anyhow::{Context, ensure};
use catalog::Catalog;
use clap::CommandFactory;
use model::{Design, Fact, Field, List, Name, Rank, Record, Value, Visitor};
use rules::{Rule, Want};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// The first line of every page.
const MADE_BY: &str = "<!-- Made from code by `cargo xtask generate`. -->\n\n";

/// Writes every generated file; with `check` only compares them.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    crate::rfcs::check()?;
    let files = files();
    let mut stale = Vec::new();
    for (path, text) in &files {
        let full = crate::root().join(path);
        let is = std::fs::read_to_string(&full).unwrap_or_default();
        if is == *text {
            continue;
        }
        stale.push(path.clone());
        if !check {
            std::fs::create_dir_all(full.parent().unwrap_or(Path::new("."))).context("docs")?;
            std::fs::write(&full, text).with_context(|| path.clone())?;
        }
    }
    for path in leftovers(&files)? {
        if !check {
            std::fs::remove_file(crate::root().join(&path)).with_context(|| path.clone())?;
        }
        stale.push(path);
    }
    ensure!(!check || stale.is_empty(), "stale, run `cargo xtask generate`:\n  {}", stale.join("\n  "));
    crate::chores::say(&format!("generate: {} files, {} changed", files.len(), stale.len()));
    Ok(())
}

/// Pages of rules that are no more.
fn leftovers(files: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let folder = "docs/reference/rules";
    let Ok(entries) = std::fs::read_dir(crate::root().join(folder)) else { return Ok(Vec::new()) };
    let names = entries.map(|entry| Ok(format!("{folder}/{}", entry?.file_name().to_string_lossy())));
    let names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
    Ok(names.into_iter().filter(|name| !files.contains_key(name)).collect())
}

fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for rule in rules::rules() {
        files.insert(format!("docs/reference/rules/{}.md", rule.id), rule_page(rule));
    }
    files.insert("docs/reference/rules/README.md".into(), rule_index());
    files.insert("docs/reference/design-file.md".into(), design_file());
    files.insert("docs/reference/command-line.md".into(), command_line());
    files.insert("docs/reference/catalog.md".into(), catalog_page());
    files.insert("docs/reference/policies.md".into(), policies());
    files.insert("docs/reference/rfcs.md".into(), format!("{MADE_BY}{}", crate::rfcs::page()));
    files.insert("docs/reference/edge-config.md".into(), format!("{MADE_BY}{}", edge::config::reference()));
    files.insert("docs/reference/quirks.md".into(), quirks());
    for (name, document) in crate::openapi::documents() {
        files.insert(format!("docs/reference/openapi/{name}.json"), format!("{document:#}\n"));
    }
    files.insert("docs/reference/design.schema.json".into(), design::schema_text());
    files
}

fn rule_page(rule: &Rule) -> String {
    let mut page = format!("{MADE_BY}# {}: {}\n\n", rule.id, rule.title);
    let applies = match (rule.until, rule.superseded_by) {
        (Some(until), Some(next)) => format!("{} to {until}, then [{next}]({next}.md)", rule.since),
        (Some(until), None) => format!("{} to {until}", rule.since),
        (None, _) => format!("since {}", rule.since),
    };
    let _ = writeln!(page, "| | |\n| --- | --- |");
    let _ = writeln!(page, "| name | `{}` |", rule.name);
    let _ = writeln!(page, "| severity | {} |", rule.severity);
    let _ = writeln!(page, "| who acts | {} |", rule.owner);
    let _ = writeln!(page, "| asked | {} |", rule.stage);
    let _ = writeln!(page, "| in force | {applies} |");
    if let Some(guard) = rule.guard {
        let _ = writeln!(page, "| does not apply | {guard} |");
    }
    let _ = writeln!(page, "| evidence | {} |", join(rule.evidence));
    let reads: Vec<String> = rule.reads.iter().map(|path| format!("`{}`", path.replace('|', "\\|"))).collect();
    let _ = writeln!(page, "| reads | {} |", reads.join(", "));
    if rule.fixable {
        let _ = writeln!(page, "| mended by | `twinpath fix` |");
    }
    for heading in ["What it asks", "Why it matters", "How to mend it"] {
        let body = rule.section(heading).unwrap_or_default();
        let lines: Vec<&str> = body.lines().map(str::trim).collect();
        let _ = write!(page, "\n## {heading}\n\n{}\n", lines.join("\n"));
    }
    let _ = write!(page, "\n## Cases\n\nChanges to `examples/contoso.design.yaml` and what the rule then says.\n\n");
    let _ = writeln!(page, "| verdict | evidence | change |\n| --- | --- | --- |");
    for case in rule.cases {
        let profile = match case.profile {
            rules::Profile::Current => String::new(),
            profile => format!(", profile {profile}"),
        };
        let change = match (case.patch, case.want) {
            ("", _) => "none".to_owned(),
            (patch, _) => format!("`{}`", patch.replace('|', "\\|")),
        };
        let _ = writeln!(page, "| {} | {}{profile} | {change} |", case.want, case.stage);
    }
    let _ = write!(page, "\n## Sources\n\n");
    for doc in rule.sources {
        let _ = writeln!(page, "- `{}`, {} ({})", doc.file, doc.date, doc.label);
    }
    for statement in rule.statements() {
        let _ = writeln!(page, "  - {}, line {}: {}", statement.doc.label, statement.line, statement.gist);
    }
    page
}

fn rule_index() -> String {
    let rules = rules::rules();
    let mut page =
        format!("{MADE_BY}# Rules\n\n{} rules. `twinpath explain RULE` shows the same pages.\n", rules.len());
    let mut group = "";
    for rule in rules {
        if rule.group() != group {
            group = rule.group();
            let _ = writeln!(
                page,
                "\n## {group}\n\n| rule | severity | who acts | what must hold |\n| --- | --- | --- | --- |"
            );
        }
        let retired = rule.until.map_or(String::new(), |until| format!(" (until {until})"));
        let fails = rule.cases.iter().any(|case| case.want == Want::Fail);
        let severity = if fails { rule.severity.to_string() } else { "informational".to_owned() };
        let _ = writeln!(page, "| [{0}]({0}.md) | {severity} | {1} | {2}{retired} |", rule.id, rule.owner, rule.title);
    }
    page
}

fn catalog_page() -> String {
    let catalog = Catalog::builtin();
    let mut page = format!(
        "{MADE_BY}# Catalogue\n\nFacts compiled in. `--catalog DIR` takes files of the same names instead.\n\n"
    );
    let _ = writeln!(page, "| file | facts of | licence | source |\n| --- | --- | --- | --- |");
    for row in catalog.provenance() {
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", row.file, row.date, row.licence, row.source);
    }
    let _ = write!(
        page,
        "\n## Limits\n\n| category | key | SKU | value | unit | source |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for row in catalog.limits() {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            row.category, row.key, row.sku, row.value, row.unit, row.source
        );
    }
    page
}

/// Oddities of the real API.
fn quirks() -> String {
    let mut page = format!(
        "{MADE_BY}# Quirks of the real API\n\nWhat clients met on Azure and nobody documents. All are off until \
         `twinpath operator quirks NAME on`.\n"
    );
    let _ = writeln!(page, "\n| quirk | what a client sees while it is on | seen |\n| --- | --- | --- |");
    for quirk in control::quirks::QUIRKS {
        let _ = writeln!(page, "| `{}` | {} | <{}> |", quirk.name, text(quirk.what), quirk.source);
    }
    page
}

/// ExpressRoute's routing policy.
fn policies() -> String {
    let all = bgp_rib::policy::POLICIES;
    let mut page = format!(
        "{MADE_BY}# Routing policies of the edge\n\nWhat the edge does to routes on ExpressRoute's peerings, in the \
         order in which a route meets it.\nA refused route is kept, and shows the name of the policy and what it saw.\n"
    );
    let _ = writeln!(page, "\n| policy | acts on |\n| --- | --- |");
    for policy in all {
        let _ = writeln!(page, "| [`{0}`](#{0}) | {1} |", policy.name, policy.point);
    }
    for policy in all {
        let lines: Vec<&str> = policy.doc.trim().lines().map(str::trim).collect();
        let _ = write!(page, "\n## {}\n\n{}\n\n", policy.name, lines.join("\n"));
        let _ = writeln!(page, "Source: {}.", policy.sources.join("; "));
    }
    page
}

fn command_line() -> String {
    let mut page = format!("{MADE_BY}# Command line\n");
    let mut root = cli::args::Args::command().term_width(90);
    root.build();
    help(&mut root, "twinpath", &mut page);
    page
}

fn help(command: &mut clap::Command, path: &str, page: &mut String) {
    let text = command.render_long_help().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let _ = write!(page, "\n## {path}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names.iter().filter(|name| *name != "help") {
        if let Some(sub) = command.find_subcommand_mut(name) {
            help(sub, &format!("{path} {name}"), page);
        }
    }
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// The reference of the design file: a table for each record.
fn design_file() -> String {
    let mut page = format!(
        "{MADE_BY}# The design file\n\nYAML. Every key is optional: what is left out is unknown, and rules that need it say so.\n\
         `unknown` may be written for any value. Keys marked *ordered* or *live* belong in files of evidence\n\
         (`evidence: ordered`, `evidence: live` at the head), which use the same words.\n"
    );
    let mut writer = Tables { page: &mut page, done: BTreeSet::new(), rows: String::new(), later: Vec::new() };
    writer.record::<Design>();
    page
}

struct Tables<'p> {
    page: &'p mut String,
    done: BTreeSet<&'static str>,
    rows: String,
    later: Vec<fn(&mut Tables<'_>)>,
}

impl Tables<'_> {
    fn record<R: Record>(&mut self) {
        if !self.done.insert(R::NAME) {
            return;
        }
        let outer = std::mem::take(&mut self.rows);
        let outer_later = std::mem::take(&mut self.later);
        R::default().visit(self);
        let rows = std::mem::replace(&mut self.rows, outer);
        let _ = write!(
            self.page,
            "\n## {}\n\n{}\n\n| key | value | meaning |\n| --- | --- | --- |\n{rows}",
            R::NAME,
            text(R::DOC)
        );
        let later = std::mem::replace(&mut self.later, outer_later);
        for record in later {
            record(self);
        }
    }

    fn row(&mut self, field: &Field, value: &str) {
        let mark = match field.rank {
            Rank::Declared => String::new(),
            rank => format!(" *{rank}*"),
        };
        let _ = writeln!(self.rows, "| `{}`{mark} | {} | {} |", field.name, value.replace('|', "\\|"), text(field.doc));
    }

    fn link<R: Record>(&mut self) -> String {
        self.later.push(|tables| tables.record::<R>());
        format!("[{0}](#{1})", R::NAME, R::NAME.to_lowercase())
    }
}

impl Visitor for Tables<'_> {
    fn fact<T: Value>(&mut self, field: &'static Field, _: &mut Fact<T>) {
        self.row(field, T::EXPECTED);
    }

    fn list<T: Value>(&mut self, field: &'static Field, _: &mut Fact<List<T>>) {
        self.row(field, &format!("list; each {}", T::EXPECTED));
    }

    fn part<R: Record>(&mut self, field: &'static Field, _: &mut R) {
        let link = self.link::<R>();
        self.row(field, &link);
    }

    fn maybe<R: Record>(&mut self, field: &'static Field, _: &mut Option<Box<R>>) {
        let link = self.link::<R>();
        self.row(field, &link);
    }

    fn map<R: Record>(&mut self, field: &'static Field, _: &mut BTreeMap<Name, R>) {
        let link = self.link::<R>();
        self.row(field, &format!("names, each {link}"));
    }
}

fn text(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
