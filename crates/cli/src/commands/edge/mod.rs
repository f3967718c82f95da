//! `twinpath edge`: an edge router, and questions to one.

mod ask;
mod follow;

use crate::Outcome;
use crate::args::Edge;
use anyhow::Context;
use catalog::Catalog;
use edge::process::{self, End};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Runs an edge, or does what is asked of one that runs.
pub(crate) fn run(edge: &Edge, catalog: &Arc<Catalog>) -> anyhow::Result<Outcome> {
    match (&edge.command, &edge.config, &edge.control) {
        (Some(command), _, _) => ask::run(command, catalog),
        (None, Some(path), _) if edge.check => check(path, catalog),
        (None, Some(path), _) => start(path, catalog),
        (None, None, Some(control)) => follow::run(edge, control, catalog),
        (None, None, None) => anyhow::bail!("--config FILE or --control URL is missing"),
    }
}

fn check(path: &Path, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let config = edge::config::Config::load(path, catalog)?;
    let peers: usize = config.domains.iter().map(|domain| domain.peers.len()).sum();
    writeln!(anstream::stdout(), "{}: {} domains, {peers} peers", path.display(), config.domains.len())?;
    Ok(Outcome::Ready)
}

fn start(path: &Path, catalog: &Arc<Catalog>) -> anyhow::Result<Outcome> {
    begin_log()?;
    finish(process::Edge::start(path, catalog.clone())?)
}

fn begin_log() -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt().with_target(false).with_writer(io::stderr).with_ansi(false);
    lines.try_init().map_err(|error| anyhow::anyhow!(error))
}

/// Runs an edge to its end.
fn finish(edge: process::Edge) -> anyhow::Result<Outcome> {
    process::watch_signals(edge.handle()).context("signals")?;
    let addresses: Vec<String> = edge.addresses().iter().map(ToString::to_string).collect();
    tracing::info!("ready, listening on {}", addresses.join(", "));
    match edge.run()? {
        End::Stop => Ok(Outcome::Ready),
        End::Restart => restart(),
    }
}

/// Runs the binary that is now where ours was, in our place.
fn restart() -> anyhow::Result<Outcome> {
    let mut args = std::env::args_os();
    let program = args.next().context("a process without a name")?;
    let error = Command::new(&program).args(args).exec();
    Err(error).with_context(|| format!("{} does not start again", program.display()))
}
