//! `twinpath plan`: what follows from a design, and the files to make it so.

use super::check;
use crate::args::{Format, Plan, PlanFormat};
use crate::load::{self, Loaded};
use crate::{Outcome, input};
use anstream::ColorChoice;
use anyhow::{Context, bail, ensure};
use catalog::Catalog;
use planner::router::{File, Placement};
use planner::{Timeline, report};
use rules::report::{Checked, Report};
use rules::{Facts, Overall, Stage};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// Prints the plan and writes its files.
pub(crate) fn run(args: &Plan, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let files = input::expand(&args.files)?;
    let today = input::today(args.today.as_deref())?;
    let loaded = load::load(&files);
    loaded.tell_problems()?;
    let Loaded { design, sources, problems } = &loaded;
    if loaded.is_empty() || !problems.is_empty() {
        return Ok(Outcome::BadInput);
    }
    ensure!(!loaded.is_of_several_companies(), "the files are of several companies; plan one at a time");
    let format = if args.json { PlanFormat::Json } else { args.format };
    if !args.anyway {
        let facts = Facts::new(design, catalog, today, args.profile.into(), Stage::of(sources));
        let checklist = rules::check(facts);
        let report = Report::new(Checked { checklist: &checklist, sources, design, catalog, today });
        if report.overall == Overall::Blocked {
            let format = if format == PlanFormat::Json { Format::Json } else { Format::Text };
            check::print(&report, format, false)?;
            writeln!(
                anstream::stderr(),
                "\nnot planned: the design is blocked. Mend it, or plan it as it stands with --anyway"
            )?;
            return Ok(Outcome::Findings);
        }
    }

    let plan = planner::plan(design, catalog);
    let time = Timeline::of(&plan.steps, today);
    let mut page = String::new();
    match format {
        PlanFormat::Text => {
            let color = anstream::stdout().current_choice() != ColorChoice::Never;
            let width = terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0).min(160));
            report::terminal(&plan, &time, color, width, &mut page)?;
        }
        PlanFormat::Markdown => report::markdown(&plan, &time, &args.files, &mut page)?,
        PlanFormat::Json => page = format!("{:#}\n", report::json(&plan, &time, &args.files)),
    }
    let written = match &args.out {
        Some(folder) => {
            let dialects: Vec<_> = args.dialect.iter().copied().map(Into::into).collect();
            let mut made = planner::files(&plan, catalog, &dialects, &placement(args)?)?;
            let mut markdown = String::new();
            report::markdown(&plan, &time, &args.files, &mut markdown)?;
            let values = format!("{:#}\n", report::json(&plan, &time, &args.files));
            for (name, text) in [("plan.md", markdown), ("plan.json", values)] {
                made.push(File { name: name.to_owned(), text, secret: false });
            }
            Some(write(folder, &made)?)
        }
        None => None,
    };
    let mut out = anstream::stdout();
    out.write_all(page.as_bytes())?;
    if format == PlanFormat::Text {
        writeln!(out)?;
        match (&args.out, written) {
            (Some(folder), Some(count)) => writeln!(out, "{count} files in {}", folder.display())?,
            _ => writeln!(
                out,
                "twinpath plan {} --out DIR writes routers, NAT, queues and orders",
                args.files.join(" ")
            )?,
        }
    }
    Ok(if plan.missing.is_empty() { Outcome::Ready } else { Outcome::Findings })
}

/// What the command line says of the place: ports and keys.
fn placement(args: &Plan) -> anyhow::Result<Placement> {
    let mut placement = Placement::default();
    for word in &args.port {
        let (port, device) = word.split_once('=').with_context(|| format!("--port {word}: expected PORT=DEVICE"))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        let name = device.trim();
        ensure!(
            !name.is_empty() && name.len() <= 15 && name.chars().all(fits),
            "--port {word}: `{name}` is no device name"
        );
        placement.ports.insert(port.trim().to_owned(), name.to_owned());
    }
    for word in &args.key {
        let (name, file) = word.split_once('=').with_context(|| format!("--key {word}: expected NAME=FILE"))?;
        let key = std::fs::read_to_string(file).with_context(|| format!("--key {name}: {file}"))?;
        placement.keys.set(name, key.trim_end_matches(['\n', '\r']));
    }
    Ok(placement)
}

/// The file that remembers what was written, with a digest of each text.
const WRITTEN: &str = ".twinpath-plan.json";

/// Writes files into a folder and says how many there are. Nothing is written when any would take the place of
/// a file that is not as an earlier plan left it; a file that waits for keys stays as its owner filled it in.
fn write(folder: &Path, files: &[File]) -> anyhow::Result<usize> {
    let remembered: BTreeMap<String, String> = match std::fs::read_to_string(folder.join(WRITTEN)) {
        Ok(text) => serde_json::from_str(&text).with_context(|| folder.join(WRITTEN).display().to_string())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| folder.join(WRITTEN).display().to_string()),
    };
    let mut now = remembered.clone();
    let mut pending: Vec<(PathBuf, &File)> = Vec::new();
    for file in files {
        let relative = Path::new(&file.name);
        let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(plain, "{}: no name for a file of a plan", file.name);
        let path = folder.join(relative);
        match std::fs::read(&path) {
            Ok(there) if there == file.text.as_bytes() => {}
            Ok(there) if remembered.get(&file.name) == Some(&digest(&there)) => pending.push((path, file)),
            Ok(_) if file.name.ends_with("keys.conf") => continue,
            Ok(_) => bail!("{}: not as a plan wrote it; move it away, or take another folder", path.display()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => pending.push((path, file)),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
        now.insert(file.name.clone(), digest(file.text.as_bytes()));
    }
    for (path, file) in pending {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        save(&path, file).with_context(|| path.display().to_string())?;
    }
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    std::fs::write(folder.join(WRITTEN), format!("{:#}\n", json!(now)))?;
    Ok(files.len())
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes one file: for its owner alone when keys are in it, to be run when it is a script.
fn save(path: &Path, file: &File) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let script = file.text.starts_with("#!");
        options.mode(if file.secret {
            0o600
        } else if script {
            0o755
        } else {
            0o644
        });
    }
    options.open(path)?.write_all(file.text.as_bytes())
}
