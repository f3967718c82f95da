//! `twinpath m365 capacity`: flow records counted by the split.
//!
//! Each file is read once, by one of as many threads as there are cores; each thread has a tally of its own, and these are
//! added up. Counts written with `--partial` are files to count like any other.

mod parquet;
mod show;
mod work;

use super::subject;
use crate::Outcome;
use crate::args::Capacity;
use ::catalog::Catalog;
use ::m365::capacity::{Circuit, Classifier, Report, Site, Terms, sql};
use ::m365::history::History;
use ::m365::{Policy, Split, flow};
use anyhow::{Context, ensure};
use model::{Design, Prefix, Value as _};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Counts, or writes the query.
pub(crate) fn run(args: &Capacity, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let history = History::of(catalog)?;
    let instance = subject::instance(&history, &args.endpoints.instance)?;
    let (version, mut snapshot) = subject::snapshot(&history, &instance, args.endpoints.endpoints.as_deref())?;
    if args.endpoints.no_ipv6 {
        snapshot = snapshot.without_ipv6();
    }
    let design = match args.design.is_empty() {
        true => None,
        false => Some(subject::design(&args.design)?),
    };
    let policy = match &design {
        Some(design) => Policy::of_design(design, catalog, &instance),
        None => Policy::of_flags(catalog, &instance),
    };
    let circuits = circuits(design.as_ref(), &policy);
    let sites = sites(args, design.as_ref())?;
    let private: Vec<Prefix> =
        design.iter().flat_map(|design| design.vnets.values()).flat_map(|vnet| vnet.space.values().copied()).collect();
    let classifier = Classifier::new(&Split::new(snapshot, policy), &sites, &private);
    if let Some(engine) = args.sql {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.\"`".contains(&byte);
        ensure!(args.table.bytes().all(plain), "`{}` is no name of a table", args.table);
        write!(anstream::stdout(), "{}", sql::query(&classifier, args.interval, &args.table, engine.into()))?;
        return Ok(Outcome::Ready);
    }
    let instant = |text: &Option<String>, name| {
        let read = |text: &String| {
            flow::instant(text).with_context(|| {
                format!("--{name}: `{text}` is neither a day nor an instant, like 2026-11-21T08:30:00Z")
            })
        };
        text.as_ref().map(read).transpose()
    };
    let span = instant(&args.from, "from")?.unwrap_or(i64::MIN)..instant(&args.to, "to")?.unwrap_or(i64::MAX);
    let counted = work::count(&args.flows, &classifier, args.interval, &span)?;
    if let Some(file) = &args.partial {
        let text = counted.tally.to_partial(classifier.fingerprint())?;
        std::fs::write(file, text).with_context(|| file.display().to_string())?;
        return Ok(counted.outcome());
    }
    let limit = |category, key| {
        catalog.limit(category, key, "").with_context(|| format!("the catalogue does not say {category} {key}"))
    };
    let mut offers: Vec<u64> = catalog.provider_bandwidths().iter().map(|offer| u64::from(offer.as_mbps())).collect();
    offers.sort_unstable();
    let terms = Terms {
        circuits,
        headroom: limit("headroom", "least")?,
        offers,
        ports_per_address: limit("nat", "ports-per-address")?,
    };
    let report = Report::new(&counted.tally, &terms);
    if let Some(file) = &args.evidence {
        let design = design.as_ref().context("--evidence: what is measured is noted by circuit; wanted --design")?;
        std::fs::write(file, show::evidence(&report, design)?).with_context(|| file.display().to_string())?;
    }
    show::report(&report, &counted, &terms, &format!("{instance} {version}"), args.json)?;
    Ok(counted.outcome())
}

/// The sites of the design and of the command line.
fn sites(args: &Capacity, design: Option<&Design>) -> anyhow::Result<Vec<Site>> {
    let mut sites: BTreeMap<String, Vec<Prefix>> = BTreeMap::new();
    for (name, site) in design.iter().flat_map(|design| &design.sites) {
        sites.entry(name.to_string()).or_default().extend(site.prefixes.values());
    }
    for text in &args.site {
        let bad = || format!("--site: `{text}`; wanted a name and prefixes, as `ams=10.10.0.0/16,10.11.0.0/16`");
        let (name, prefixes) = text.split_once('=').with_context(bad)?;
        ensure!(!name.is_empty() && name != "all", bad());
        for prefix in prefixes.split(',') {
            let prefix = Prefix::parse(prefix.trim()).map_err(|error| anyhow::anyhow!("{}: {error}", bad()))?;
            sites.entry(name.to_owned()).or_default().push(prefix);
        }
    }
    Ok(sites.into_iter().map(|(name, prefixes)| Site { name, prefixes }).collect())
}

/// The circuits that may carry Microsoft 365, each with the sites that use it. A site at which none of them stands may use any, so it
/// counts on each.
fn circuits(design: Option<&Design>, policy: &Policy) -> Vec<Circuit> {
    let Some(design) = design else { return vec![Circuit { name: "circuit".to_owned(), sites: None }] };
    let carrying: BTreeSet<&String> =
        policy.areas().filter_map(|(_, area)| area.as_ref().ok()).flat_map(|carried| &carried.circuits).collect();
    let own: Vec<_> = design
        .circuits
        .iter()
        .filter(|(name, circuit)| carrying.contains(&name.to_string()) || circuit.private.is_some())
        .map(|(name, circuit)| (name.to_string(), circuit.site.value().map(ToString::to_string)))
        .collect();
    let all = design.sites.keys().map(ToString::to_string);
    let homeless: BTreeSet<String> = all.filter(|site| !own.iter().any(|(_, at)| at.as_ref() == Some(site))).collect();
    own.into_iter()
        .map(|(name, at)| {
            let sites = at.map(|at| std::iter::once(at).chain(homeless.iter().cloned()).collect());
            Circuit { name, sites }
        })
        .collect()
}
