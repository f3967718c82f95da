//! `twinpath check --fleet`: thousands of circuits, one at a time.
//!
//! Nothing is kept of a circuit but counts, so memory does not grow with the fleet.

use crate::args::{Check, Format};
use crate::{Outcome, input, snippet, table};
use anyhow::{Context, bail, ensure};
use catalog::Catalog;
use design::Bounds;
use design::fleet::{Element, Elements};
use indicatif::{ProgressBar, ProgressStyle};
use model::{Date, Name, Sources};
use rules::{Facts, Overall, Profile, Stage, Standing};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::PathBuf;

/// Checks every circuit of one file.
pub(crate) fn run(args: &Check, files: &[PathBuf], catalog: &Catalog) -> anyhow::Result<Outcome> {
    let [path] = files else { bail!("--fleet reads one file at a time, not {}", files.len()) };
    let json = args.json || args.format == Format::Json;
    ensure!(json || args.format == Format::Text, "--fleet prints text or JSON");
    let name = path.display().to_string();
    let mut file = input::open(path).with_context(|| name.clone())?;
    let progress = progress(path);
    let mut fleet = Fleet {
        name: &name,
        catalog,
        today: input::today(args.today.as_deref())?,
        profile: args.profile.into(),
        stage: args.stage.map(Stage::from),
        lines: json.then(|| BufWriter::new(io::stdout().lock())),
        summary: Summary::default(),
        failure: None,
    };
    let mut elements = Elements::default();
    let mut chunk = vec![0; 256 << 10];
    loop {
        let count = file.read(&mut chunk).with_context(|| name.clone())?;
        if count == 0 {
            break;
        }
        elements.push(&chunk[..count], |element| fleet.judge(element)).with_context(|| name.clone())?;
        progress.inc(count as u64);
        if let Some(failure) = fleet.failure {
            return Err(failure.into());
        }
    }
    elements.finish().with_context(|| name.clone())?;
    progress.finish_and_clear();
    let summary = fleet.summary;
    match fleet.lines {
        Some(mut lines) => lines.flush()?,
        None => summary.write(&name)?,
    }
    let circuits = |overall| summary.overall.get(&overall).copied().unwrap_or_default();
    Ok(match circuits(Overall::Blocked) + circuits(Overall::Incomplete) {
        _ if summary.bad > 0 => Outcome::BadInput,
        0 if !args.strict || circuits(Overall::ReadyWithWarnings) == 0 => Outcome::Ready,
        _ => Outcome::Findings,
    })
}

/// A bar over the bytes of a file, on a terminal.
fn progress(path: &PathBuf) -> ProgressBar {
    let size = std::fs::metadata(path).map(|file| file.len()).ok();
    match size.filter(|_| io::stderr().is_terminal()) {
        None => ProgressBar::hidden(),
        Some(size) => {
            let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes_per_sec}  {eta} left");
            ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }
    }
}

/// The state of one pass.
struct Fleet<'a> {
    name: &'a str,
    catalog: &'a Catalog,
    today: Date,
    profile: Profile,
    stage: Option<Stage>,
    lines: Option<BufWriter<io::StdoutLock<'static>>>,
    summary: Summary,
    failure: Option<io::Error>,
}

impl Fleet<'_> {
    /// Judges one element; an error in writing ends the pass.
    fn judge(&mut self, element: Element<'_>) {
        if self.failure.is_none() {
            self.failure = self.try_judge(element).err();
        }
    }

    fn try_judge(&mut self, element: Element<'_>) -> io::Result<()> {
        let mut sources = Sources::default();
        let reading = design::read_element(&element, self.name, &mut sources, &Bounds::default());
        if !reading.problems.is_empty() {
            self.summary.bad += 1;
            for problem in reading.problems.iter().take(SHOWN.saturating_sub(self.summary.bad)) {
                snippet::write(&mut anstream::stderr().lock(), problem, self.name, &sources)?;
            }
            if reading.design.circuits.is_empty() {
                return Ok(());
            }
        }
        let stage = self.stage.unwrap_or_else(|| Stage::of(&sources));
        let checklist = rules::check(Facts::new(&reading.design, self.catalog, self.today, self.profile, stage));
        let overall = checklist.overall();
        let circuit = reading.design.circuits.keys().next().map_or("", Name::as_str);
        let of = |standing| {
            let rows = checklist.rows.iter().filter(move |(rule, verdict)| Standing::of(rule, verdict) == standing);
            rows.map(|(rule, _)| rule.id)
        };
        if let Some(lines) = &mut self.lines {
            let list = |standing| of(standing).collect::<Vec<_>>();
            let line = json!({
                "circuit": circuit,
                "offset": element.offset,
                "overall": overall.to_string().replace(' ', "-"),
                "faults": list(Standing::Fault),
                "warnings": list(Standing::Warning),
                "unknown": list(Standing::Unknown),
            });
            return writeln!(lines, "{line}");
        }
        self.summary.count(circuit, overall, of(Standing::Fault), of(Standing::Unknown));
        Ok(())
    }
}

/// How many circuits and problems are named one by one.
const SHOWN: usize = 10;

/// What is kept of a fleet.
#[derive(Default)]
struct Summary {
    overall: BTreeMap<Overall, usize>,
    faults: BTreeMap<&'static str, usize>,
    unknown: BTreeMap<&'static str, usize>,
    first: Vec<(String, Vec<&'static str>)>,
    bad: usize,
}

impl Summary {
    fn count(
        &mut self,
        circuit: &str,
        overall: Overall,
        faults: impl Iterator<Item = &'static str>,
        unknown: impl Iterator<Item = &'static str>,
    ) {
        *self.overall.entry(overall).or_default() += 1;
        let faults: Vec<_> = faults.collect();
        faults.iter().for_each(|id| *self.faults.entry(id).or_default() += 1);
        unknown.for_each(|id| *self.unknown.entry(id).or_default() += 1);
        if !faults.is_empty() && self.first.len() < SHOWN {
            self.first.push((circuit.to_owned(), faults));
        }
    }

    fn write(&self, name: &str) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        let total: usize = self.overall.values().sum();
        let verdicts: Vec<_> = self.overall.iter().rev().map(|(overall, count)| format!("{count} {overall}")).collect();
        writeln!(out, "{name}\n{total} circuits · {}\n", verdicts.join(" · "))?;
        let rows = |counts: &BTreeMap<&'static str, usize>| {
            let mut counts: Vec<_> = counts.iter().map(|(id, count)| (*count, *id)).collect();
            counts.sort_by_key(|(count, id)| (std::cmp::Reverse(*count), *id));
            let title = |id: &str| rules::find(id).map_or("", |rule| rule.title).to_owned();
            counts.iter().take(SHOWN).map(|(count, id)| vec![count.to_string(), (*id).to_owned(), title(id)]).collect()
        };
        for (heading, counts) in [("faults", &self.faults), ("unknown", &self.unknown)] {
            if !counts.is_empty() {
                let list: Vec<Vec<String>> = rows(counts);
                table::write(&mut out, &[heading, "rule", "what must hold"], &list)?;
                if counts.len() > list.len() {
                    writeln!(out, "… and {} rules more", counts.len() - list.len())?;
                }
                writeln!(out)?;
            }
        }
        if !self.first.is_empty() {
            let list: Vec<_> = self.first.iter().map(|(name, ids)| vec![name.clone(), ids.join(", ")]).collect();
            table::write(&mut out, &["first with faults", "rules"], &list)?;
            writeln!(out)?;
        }
        if self.bad > 0 {
            writeln!(out, "{} elements could not be read in full\n", self.bad)?;
        }
        writeln!(out, "every circuit and its rules: --json")
    }
}
