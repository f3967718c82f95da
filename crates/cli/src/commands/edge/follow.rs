//! `twinpath edge --control`: an edge that runs what the service says.

use crate::Outcome;
use crate::args::{Edge, Encapsulation, Tagging};
use anyhow::Context;
use catalog::Catalog;
use edge::follow::{self, Forwarding, Options};
use edge::process::{self, End, Handle};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

/// Runs the edge until it is told to end.
pub(super) fn run(edge: &Edge, control: &str, catalog: &Arc<Catalog>) -> anyhow::Result<Outcome> {
    let file = |path: &Option<PathBuf>, flag: &str| path.clone().with_context(|| format!("--{flag} is missing"));
    let options = Options {
        control: control.to_owned(),
        ca: file(&edge.ca, "ca")?,
        cert: file(&edge.cert, "cert")?,
        key: file(&edge.key, "key")?,
        state: file(&edge.state, "state")?,
        bfd: edge.bfd,
    };
    let name = edge.name.as_deref().context("--name is missing")?;
    super::begin_log()?;
    std::fs::create_dir_all(&options.state).with_context(|| format!("state folder {}", options.state.display()))?;
    let forwarding = edge.port.clone().zip(edge.cloud).map(|(port, cloud)| Forwarding {
        port,
        cloud,
        encapsulation: match edge.encapsulation {
            Encapsulation::Qinq => edge::config::Encapsulation::Qinq,
            Encapsulation::Untagged => edge::config::Encapsulation::Untagged,
        },
        tagging: match edge.tagging {
            Tagging::Auto => edge::config::Tagging::Auto,
            Tagging::Bpf => edge::config::Tagging::Bpf,
            Tagging::Packet => edge::config::Tagging::Packet,
        },
    });
    let config = follow::configuration(name, edge.listen, forwarding.as_ref(), &options.state, catalog)?;
    let running = process::Edge::start_without_file(config, catalog.clone())?;
    if edge.end_with_stdin {
        end_with_stdin(running.handle())?;
    }
    follow::start(running.handle(), &running.addresses(), &options)?;
    super::finish(running)
}

/// Ends the edge when nobody holds the other end of standard input: whoever started it is gone, however it went.
fn end_with_stdin(handle: Handle) -> anyhow::Result<()> {
    let wait = move || {
        let mut input = std::io::stdin().lock();
        // Nothing is ever said there.
        while matches!(input.read(&mut [0; 64]), Ok(1..)) {}
        let _ = handle.end(End::Stop);
    };
    std::thread::Builder::new().name("parent".into()).spawn(wait).context("no thread")?;
    Ok(())
}
