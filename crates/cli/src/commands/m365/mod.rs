//! `twinpath m365`: the split of Microsoft 365 between circuit and Internet, and what comes of it.

mod capacity;
mod plan;
mod show;
pub(crate) mod subject;
mod watch;

use crate::Outcome;
use crate::args::{M365, M365Command};
use ::catalog::Catalog;

/// Runs one command.
pub(crate) fn run(args: &M365, catalog: &Catalog) -> anyhow::Result<Outcome> {
    match &args.command {
        M365Command::Split { subject, way, json } => show::split(&subject::split(subject, catalog)?, *way, *json),
        M365Command::Lookup { targets, design, endpoints, json } => {
            show::lookup(&subject::of(design, endpoints, catalog)?, targets, *json)
        }
        M365Command::Routes { subject, dialect, json } => {
            show::routes(&subject::split(subject, catalog)?, (*dialect).into(), *json)
        }
        M365Command::Pac { subject, circuit, proxy, internet, evidence, json } => {
            let answers = ::m365::pac::Answers {
                circuit: circuit.clone(),
                internet: internet.as_ref().unwrap_or(proxy).clone(),
                proxy: proxy.clone(),
            };
            show::pac(&subject::split(subject, catalog)?, &answers, evidence.as_deref(), *json)
        }
        M365Command::Firewall { subject, format, json } => {
            show::firewall(&subject::split(subject, catalog)?, *format, *json)
        }
        M365Command::Diff { old, new, design, instance, published, changes, ipv6, json } => {
            let asked = show::Asked {
                versions: [old, new],
                design,
                instance,
                published: published.as_deref(),
                changes: changes.as_deref(),
                ipv6: *ipv6,
            };
            show::diff(&asked, catalog, *json)
        }
        M365Command::Watch(args) => watch::run(args, catalog),
        M365Command::Capacity(args) => capacity::run(args, catalog),
        M365Command::Plan { files, today, json } => plan::run(files, today.as_deref(), catalog, *json),
    }
}
