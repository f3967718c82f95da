//! `twinpath demo`: a bad design of a made-up firm, its findings, the fix, and a clean check.
//!
//! Needs no file, no account and no privileges; every step is what the commands themselves do.

use crate::Outcome;
use crate::args::{Demo, Format};
use crate::commands::{check, fix};
use anyhow::Context;
use catalog::Catalog;
use design::{Bounds, Input};
use model::{Date, Design, Sources};
use rules::report::{Checked, Report};
use rules::{Facts, Overall, Profile, Stage};
use std::io::Write;

const FILE: &str = "kestrel.design.yaml";
const DESIGN: &str = include_str!("../../demo/kestrel.design.yaml");

/// The day on which the story plays, so that its tests and orders never grow old.
const DAY: Date = Date::constant(2026, 11, 21);

/// What people decide after the program has mended its part: the text as it is, and as they write it.
const DECISIONS: &[(&str, &str)] = &[
    ("bandwidth: 3 Gbps", "bandwidth: 2 Gbps"),
    ("advertise: [10.1.9.0/28]", "advertise: [131.107.11.0/28]"),
    ("prefixes: [10.1.9.0/28]", "prefixes: [131.107.11.0/28]"),
    ("filter: []", "filter: [uksouth]"),
];

/// Plays the demo.
pub(crate) fn run(args: &Demo, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let today = DAY;
    let bold = anstyle::Style::new().bold();
    let mut out = anstream::stdout();
    let mut say = |words: &str| writeln!(out, "{bold}{words}{bold:#}\n");

    say("Kestrel Foods, a made-up firm, is about to order two circuits. Is the design ready?")?;
    show(DESIGN, catalog, today)?;

    say("Some of it a program can decide. twinpath fix kestrel.design.yaml --write")?;
    let mended = mend(DESIGN, catalog)?;
    fix::write_diff(&mut anstream::stdout(), FILE, DESIGN, &mended)?;

    say("The rest is for people: another bandwidth, public addresses for NAT, a route filter.")?;
    let decided = DECISIONS.iter().fold(mended.clone(), |text, (from, to)| text.replace(from, to));
    fix::write_diff(&mut anstream::stdout(), FILE, &mended, &decided)?;

    say("And again. twinpath check kestrel.design.yaml")?;
    let overall = show(&decided, catalog, today)?;

    if let Some(folder) = &args.keep {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for (name, text) in [(FILE, DESIGN), ("kestrel.mended.design.yaml", &decided)] {
            std::fs::write(folder.join(name), text).with_context(|| folder.display().to_string())?;
        }
    }
    say("Your own design: twinpath init > my.design.yaml, then twinpath check my.design.yaml")?;
    anyhow::ensure!(
        overall == Overall::Ready,
        "the demo should end with a design that is ready; this is a fault of ours"
    );
    Ok(Outcome::Ready)
}

/// Checks a text and prints the report.
fn show(text: &str, catalog: &Catalog, today: Date) -> anyhow::Result<Overall> {
    let (design, sources) = read(text)?;
    let checklist = rules::check(Facts::new(&design, catalog, today, Profile::Current, Stage::Design));
    let checked = Checked { checklist: &checklist, sources: &sources, design: &design, catalog, today };
    check::print(&Report::new(checked), Format::Text, false)?;
    writeln!(anstream::stdout())?;
    Ok(checklist.overall())
}

fn mend(text: &str, catalog: &Catalog) -> anyhow::Result<String> {
    let (design, _) = read(text)?;
    let mends = planner::mend(&design, catalog);
    let edits: Vec<_> = mends.into_iter().filter(|mend| !mend.ask).flat_map(|mend| mend.change).collect();
    Ok(design::apply(text, &edits)?)
}

fn read(text: &str) -> anyhow::Result<(Design, Sources)> {
    let mut sources = Sources::default();
    let input = Input { name: FILE.to_owned(), text: text.into() };
    let reading = design::read(input, &mut sources, &Bounds::default());
    anyhow::ensure!(reading.problems.is_empty(), "the design of the demo cannot be read: {:?}", reading.problems);
    Ok((reading.design, sources))
}
