//! `twinpath init`: a commented design file from a few answers, by flags or asked at the terminal.

use crate::Outcome;
use crate::args::Init;
use anyhow::{Context, bail};
use catalog::Catalog;
use design::{Answers, CircuitAnswers, VnetAnswers};
use model::{Bandwidth, Prefix, Sku, Value};
use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};

/// Writes the file.
pub(crate) fn run(args: &Init, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let ask = Ask { on: !args.no_input && io::stdin().is_terminal() && io::stderr().is_terminal() };
    let text = design::template(&answers(args, catalog, &ask)?);
    match &args.output {
        None => io::stdout().write_all(text.as_bytes())?,
        Some(path) => {
            anyhow::ensure!(!path.exists(), "{}: exists already", path.display());
            std::fs::write(path, text).with_context(|| path.display().to_string())?;
            writeln!(anstream::stderr(), "{0} written · twinpath check {0}", path.display())?;
        }
    }
    Ok(Outcome::Ready)
}

fn answers(args: &Init, catalog: &Catalog, ask: &Ask) -> anyhow::Result<Answers> {
    let company = ask.text(args.company.as_ref(), "Company", "my company")?;
    let direct = args.direct || ask.yes(false, "Own ports on Microsoft's routers (ExpressRoute Direct)?")?;
    let provider = match direct {
        true => None,
        false => ask.word(args.provider.as_ref(), "Connectivity provider", |name| match catalog.provider(name) {
            Some(provider) => Ok(provider.name.clone()),
            None => Err(unknown("provider", name, catalog.providers().iter().map(|provider| &provider.name))),
        })?,
    };
    let location = |name: &str| match catalog.location(name) {
        Some(location) => Ok(location.name.clone()),
        None => Err(unknown("peering location", name, catalog.locations().iter().map(|location| &location.name))),
    };
    let mut locations = args.locations.iter().map(|name| location(name)).collect::<anyhow::Result<Vec<_>>>()?;
    if args.locations.is_empty() {
        locations.extend(ask.word(None, "Peering location", location)?);
        if !locations.is_empty() {
            locations.extend(ask.word(None, "A second location, for disaster recovery", location)?);
        }
    }
    let bandwidth = ask.value::<Bandwidth>(args.bandwidth.as_ref(), "Bandwidth")?;
    let sku = ask.value::<Sku>(args.sku.as_ref(), "Tier and billing")?;
    let mut prefixes = args.prefixes.iter().map(|text| parse::<Prefix>(text)).collect::<anyhow::Result<Vec<_>>>()?;
    if args.prefixes.is_empty() {
        prefixes.extend(ask.value::<Prefix>(None, "Prefix of your first site")?);
    }
    let region =
        ask.word(args.region.as_ref(), "Azure region of the virtual network", |name| match catalog.region(name) {
            Some(region) => Ok(region.name.clone()),
            None => Err(unknown("Azure region", name, catalog.regions().iter().map(|region| &region.name))),
        })?;
    let space: Vec<Prefix> = ask.value(args.space.as_ref(), "Its address space")?.into_iter().collect();
    let microsoft =
        args.microsoft || args.m365 || ask.yes(false, "Microsoft peering, for Microsoft 365 or public services?")?;
    let m365 = args.m365 || microsoft && ask.yes(false, "Microsoft 365 over the circuit?")?;

    if locations.is_empty() {
        locations.push(String::new());
    }
    let taken: Vec<Prefix> = prefixes.iter().chain(&space).copied().collect();
    let mut links = planner::free_blocks(locations.len(), &taken, catalog).into_iter();
    let mut names = BTreeSet::new();
    let circuits = locations.into_iter().enumerate().map(|(index, location)| {
        let slug: String = location.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let name = match slug.is_empty() || !names.insert(slug.clone()) {
            true => format!("circuit-{}", index + 1),
            false => slug,
        };
        CircuitAnswers {
            site: format!("site-{}", index + 1),
            provider: provider.clone(),
            location: (!location.is_empty()).then_some(location),
            bandwidth,
            sku,
            prefixes: if index == 0 { std::mem::take(&mut prefixes) } else { Vec::new() },
            links: links.next(),
            name,
        }
    });
    Ok(Answers {
        schema: "design.schema.json".to_owned(),
        company,
        circuits: circuits.collect(),
        private: true,
        microsoft,
        asn: planner::free_asn(&BTreeSet::new(), catalog),
        vnet: Some(VnetAnswers { name: "hub".to_owned(), region, space }),
        m365,
        direct,
        ipv6: args.ipv6 || ask.yes(false, "IPv6 beside IPv4?")?,
    })
}

/// Asks what no flag says, on a terminal; elsewhere leaves it open.
struct Ask {
    on: bool,
}

impl Ask {
    /// A text that must be there.
    fn text(&self, given: Option<&String>, question: &str, default: &str) -> anyhow::Result<String> {
        let answer = self.word(given, question, |text| Ok(text.to_owned()))?;
        Ok(answer.unwrap_or_else(|| default.to_owned()))
    }

    /// A value of the model.
    fn value<T: Value>(&self, given: Option<&String>, question: &str) -> anyhow::Result<Option<T>> {
        self.word(given, &format!("{question} ({})", T::EXPECTED), parse)
    }

    /// What a flag says, or an answer; asks again until it is understood. Nothing leaves it open.
    fn word<T>(
        &self,
        given: Option<&String>,
        question: &str,
        read: impl Fn(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        if let Some(given) = given {
            return read(given).map(Some);
        }
        if !self.on {
            return Ok(None);
        }
        loop {
            write!(anstream::stderr(), "{question}: ")?;
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                bail!("no answer");
            }
            match line.trim() {
                "" => return Ok(None),
                answer => match read(answer) {
                    Ok(value) => return Ok(Some(value)),
                    Err(error) => writeln!(anstream::stderr(), "  {error}; press enter to leave it open")?,
                },
            }
        }
    }

    /// Yes or no.
    fn yes(&self, default: bool, question: &str) -> anyhow::Result<bool> {
        Ok(self.word(None, &format!("{question} (yes, no)"), parse::<bool>)?.unwrap_or(default))
    }
}

fn parse<T: Value>(text: &str) -> anyhow::Result<T> {
    T::parse(text).map_err(|error| match error.suggestion {
        Some(meant) => anyhow::anyhow!("{}; did you mean `{meant}`?", error.reason),
        None => anyhow::anyhow!("{}; expected {}", error.reason, T::EXPECTED),
    })
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a String>) -> anyhow::Error {
    match design::nearest(name, known.map(String::as_str)) {
        Some(meant) => anyhow::anyhow!("no {kind} `{name}` in the catalogue; did you mean `{meant}`?"),
        None => anyhow::anyhow!("no {kind} `{name}` in the catalogue; `twinpath catalog` lists them"),
    }
}
