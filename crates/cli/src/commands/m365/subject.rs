//! What a command of `twinpath m365` works on: endpoints from the catalogue or a file, and a design.

use crate::args::{Endpoints, Subject};
use crate::{input, load};
use ::catalog::Catalog;
use ::m365::history::{History, Version};
use ::m365::{Policy, Snapshot, Split};
use anyhow::{Context, bail, ensure};
use model::Design;
use std::io::{Read, Write};
use std::path::Path;

/// An answer of the endpoint service is some 60 KB; more than this is none.
const MOST: u64 = 16 << 20;

/// A split, and which endpoints it is of.
#[derive(Debug)]
pub(crate) struct Subjected {
    /// The split.
    pub(crate) split: Split,
    /// The instance and version, for people.
    pub(crate) title: String,
}

/// The split that a command asks for.
pub(crate) fn split(subject: &Subject, catalog: &Catalog) -> anyhow::Result<Subjected> {
    of(&subject.files, &subject.endpoints, catalog)
}

/// The same, its parts given one by one.
pub(crate) fn of(files: &[String], endpoints: &Endpoints, catalog: &Catalog) -> anyhow::Result<Subjected> {
    let history = History::of(catalog)?;
    let instance = instance(&history, &endpoints.instance)?;
    let (version, mut snapshot) = snapshot(&history, &instance, endpoints.endpoints.as_deref())?;
    if endpoints.no_ipv6 {
        snapshot = snapshot.without_ipv6();
    }
    let title = format!("{instance} {version}");
    Ok(Subjected { split: Split::new(snapshot, policy(files, catalog, &instance)?), title })
}

/// The policy of design files, or of the flags alone.
pub(crate) fn policy(files: &[String], catalog: &Catalog, instance: &str) -> anyhow::Result<Policy> {
    Ok(match files.is_empty() {
        true => Policy::of_flags(catalog, instance),
        false => Policy::of_design(&design(files)?, catalog, instance),
    })
}

/// The design that files make up.
pub(crate) fn design(files: &[String]) -> anyhow::Result<Design> {
    let loaded = load::load(&input::expand(files)?);
    loaded.tell_problems()?;
    ensure!(loaded.problems.is_empty(), "mend these first: a design that is read in part gives a wrong split");
    ensure!(!loaded.is_empty(), "{}: no design in it", files.join(", "));
    Ok(loaded.design)
}

/// The spelling of an instance.
pub(crate) fn instance(history: &History, name: &str) -> anyhow::Result<String> {
    let known = || history.instances().collect::<Vec<_>>().join(", ");
    history
        .instance(name)
        .map(str::to_owned)
        .with_context(|| format!("no instance `{name}`; wanted one of {}", known()))
}

/// The snapshot of a version, or of a file; the newest without either. What is odd in a file is told.
pub(crate) fn snapshot(history: &History, instance: &str, wanted: Option<&str>) -> anyhow::Result<(String, Snapshot)> {
    let Some(wanted) = wanted else {
        let newest = history.latest(instance).map(|(version, snapshot)| (version.to_string(), snapshot.clone()));
        return newest.with_context(|| format!("the catalogue has no endpoints of {instance}"));
    };
    if let Some(version) = Version::parse(wanted).filter(|_| !Path::new(wanted).exists()) {
        let found = history.versions(instance).find(|(own, _)| **own == version);
        let Some((_, snapshot)) = found else {
            let known: Vec<&str> = history.versions(instance).map(|(version, _)| version.as_str()).collect();
            bail!("no version {version} of {instance} in the catalogue; wanted one of {}, or a file", known.join(", "));
        };
        return Ok((wanted.to_owned(), snapshot.clone()));
    }
    let mut text = String::new();
    let file = input::open(Path::new(wanted)).with_context(|| wanted.to_owned())?;
    file.take(MOST + 1).read_to_string(&mut text).with_context(|| wanted.to_owned())?;
    ensure!(text.len() as u64 <= MOST, "{wanted}: more than {} MiB; no answer of the endpoint service", MOST >> 20);
    let (snapshot, notes) = Snapshot::parse(&text).with_context(|| wanted.to_owned())?;
    for note in notes {
        writeln!(anstream::stderr(), "{wanted}: {note}")?;
    }
    Ok((wanted.to_owned(), snapshot))
}
