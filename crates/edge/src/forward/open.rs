//! The data plane that a configuration asks for.

use super::domain::{CLOUD, PORT};
use crate::config::{Backend, Config, Dataplane, Encapsulation, Tagging};
use dataplane::linux::{LinuxDataPlane, Net, Options, Port, probe};
use dataplane::{Caps, DataPlane, QinqBackend};
use std::sync::Arc;

/// Opens it; `None` without one.
///
/// # Errors
///
/// It cannot be had on this machine: why.
pub(crate) fn open(config: &Config) -> Result<Option<Arc<dyn DataPlane>>, String> {
    let Some(plane) = config.dataplane.as_ref().filter(|plane| plane.backend == Backend::Linux) else {
        return Ok(None);
    };
    let home = Net::current().map_err(|error| format!("the network namespace of this process: {error}"))?;
    let caps = probe().map_err(|error| format!("what this machine can do: {error}"))?;
    let caps = match plane.tagging {
        Tagging::Auto => Ok(caps),
        Tagging::Bpf => caps.with_qinq(QinqBackend::Bpf),
        Tagging::Packet => caps.with_qinq(QinqBackend::Packet),
    };
    let caps = caps.map_err(|error| format!("tagging = '{}': {error}", plane.tagging.as_str()))?;
    tell(&caps);
    if plane.encapsulation == Encapsulation::Qinq && plane.port.is_some() && caps.qinq == QinqBackend::Untagged {
        tracing::warn!("this machine can do no tags: circuits of a port that is `qinq` cannot be attached");
    }
    let options = Options {
        prefix: prefix(config),
        home: home.namespace().clone(),
        allow_host: plane.allow_host,
        ports: ports(plane),
    };
    let opened = LinuxDataPlane::open(options, caps).map_err(|error| error.to_string())?;
    Ok(Some(Arc::new(opened)))
}

/// Says what was chosen, and why.
fn tell(caps: &Caps) {
    for reason in &caps.reasons {
        let chosen = reason.chosen.unwrap_or("cannot be had");
        tracing::info!("data plane: {}: {chosen} ({})", reason.capability, reason.why);
    }
}

fn ports(plane: &Dataplane) -> Vec<Port> {
    let trunk = plane.port.iter().map(|device| Port { id: PORT, interface: device.clone(), underlay: None, mac: None });
    // Packets in tunnels find their device by the routes of the namespace.
    let cloud = plane.cloud.map(|cloud| Port { id: CLOUD, interface: String::new(), underlay: Some(cloud), mac: None });
    trunk.chain(cloud).collect()
}

/// What the names of all namespaces begin with: under the service that of the edge, in a file what they have in common.
fn prefix(config: &Config) -> String {
    let mut names = config.domains.iter().filter_map(|domain| domain.namespace.as_deref());
    let Some(first) = names.next() else { return format!("tp-{}-", config.name) };
    let common = |common: &str, name: &str| -> String {
        common.chars().zip(name.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    };
    names.fold(first.to_owned(), |so_far, name| common(&so_far, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_of_a_file_are_known_by_what_their_names_have_in_common() {
        let prefix = |domains: &str| {
            let mut no_files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
            let text = format!("name='e'\nrouter-id='1.1.1.1'\n{domains}");
            super::prefix(&Config::parse("f", &text, catalog::Catalog::builtin(), &mut no_files).unwrap())
        };
        let domain = |name: &str| format!("[[domain]]\nname='{name}'\npeering='open'\nnamespace='{name}'\n");
        assert_eq!(prefix(""), "tp-e-");
        assert_eq!(prefix(&domain("gw-hub")), "gw-hub");
        assert_eq!(prefix(&format!("{}{}", domain("tp-x-1"), domain("tp-x-20"))), "tp-x-");
    }
}
