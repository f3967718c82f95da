//! `twinpath edge`: an edge router, and questions to one.

use crate::Outcome;
use crate::args::Edge;
use anyhow::Context;
use catalog::Catalog;
use std::io::Write;
use std::path::Path;

/// Runs an edge, or does what is asked of one that runs.
pub(crate) fn run(edge: &Edge, catalog: &Catalog) -> anyhow::Result<Outcome> {
    match (&edge.command, &edge.config) {
        (Some(command), _) => match *command {},
        (None, config) => start(config.as_deref().context("--config FILE is missing")?, edge.check, catalog),
    }
}

fn start(path: &Path, only_check: bool, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let config = edge::config::Config::load(path, catalog)?;
    anyhow::ensure!(only_check, "{}: the configuration is fine, but this build can only --check", path.display());
    let peers: usize = config.domains.iter().map(|domain| domain.peers.len()).sum();
    let mut out = anstream::stdout();
    writeln!(out, "{}: {} domains, {peers} peers", path.display(), config.domains.len())?;
    Ok(Outcome::Ready)
}
