//! From an intent to a routing domain, by the reader that reads the file of an edge.
//!
//! An intent is written as a small configuration of one domain and read like any other, so that what a file may say
//! and what the service may say is checked by the same code, and refused with the same words.

use crate::config::{Config, Domain};
use catalog::Catalog;
use edge_api::{Carrier, Family, Intent, Peering, Session, Side, Validation};
use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// The domain that an intent asks for.
///
/// # Errors
///
/// What of it cannot be run, in a sentence; no secret is in it.
pub(super) fn domain(intent: &Intent, listen: &[SocketAddr], catalog: &Catalog) -> Result<Arc<Domain>, String> {
    let mut no_files = |_: &Path| Err(io::ErrorKind::Unsupported.into());
    let mut config = Config::parse("intent", &text(intent, listen), catalog, &mut no_files).map_err(|refused| {
        let problem = |problem: &crate::config::Problem| format!("{}; expected {}", problem.seen, problem.expected);
        refused.problems.iter().map(problem).collect::<Vec<_>>().join("; ")
    })?;
    config.domains.pop().ok_or_else(|| "an intent without a domain".to_owned())
}

/// The name of the domain of an intent: unique, and one word of a command.
pub(super) fn name(intent: &Intent) -> String {
    let peering = match intent.peering {
        Peering::Private => "private",
        Peering::Microsoft => "microsoft",
    };
    format!("{}-{peering}", intent.service_key)
}

/// The name of the peer of a session.
pub(super) fn peer(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "customer",
        Family::Ipv6 => "customer-ipv6",
    }
}

fn text(intent: &Intent, listen: &[SocketAddr]) -> String {
    let mut out = Text("name = 'edge'\nrouter-id = '127.0.0.1'\n[[domain]]\n".to_owned());
    out.text("name", &name(intent));
    let side = match intent.side {
        Side::Primary => "primary",
        Side::Secondary => "secondary",
    };
    out.text("description", &format!("{}, {side} link", intent.circuit));
    out.raw("peering", if intent.peering == Peering::Private { "'private'" } else { "'microsoft'" });
    out.text("sku", &intent.sku);
    out.raw("enabled", if intent.enabled && !intent.down { "true" } else { "false" });
    out.raw("drain", if intent.drain { "true" } else { "false" });
    let namespace = intent.sessions.iter().find_map(|session| match &session.carrier {
        Carrier::Namespace { name } => Some(name),
        Carrier::Loopback { .. } => None,
    });
    if let Some(namespace) = namespace {
        out.text("namespace", namespace);
        let listen = intent.sessions.iter().map(|session| SocketAddr::new(session.edge, 179).to_string());
        out.list("listen", listen);
    }
    if intent.peering == Peering::Microsoft {
        out.list("advertised-prefixes", &intent.advertised_prefixes);
        out.raw("validation", validation(intent.validation.unwrap_or(Validation::NotConfigured)));
        out.list("route-filter", intent.filter.iter().flat_map(|filter| &filter.communities));
        out.list("link-subnets", intent.sessions.iter().map(|session| &session.subnet));
    }
    for one in &intent.sessions {
        session(&mut out, one, listen);
    }
    for own in &intent.own {
        out.0 += "[[domain.route]]\n";
        out.text("prefix", &own.prefix);
        out.list("communities", &own.communities);
        out.list("as-path", own.as_path.iter().map(u32::to_string));
    }
    out.0
}

fn session(out: &mut Text, session: &Session, listen: &[SocketAddr]) {
    out.0 += "[[domain.peer]]\n";
    out.text("name", peer(session.family));
    out.text("asn", &session.asn.to_string());
    out.raw("families", if session.family == Family::Ipv4 { "['ipv4']" } else { "['ipv6']" });
    match &session.carrier {
        Carrier::Namespace { .. } => {
            out.text("address", &session.customer.to_string());
            out.text("local-address", &session.edge.to_string());
        }
        Carrier::Loopback { customer, port } => {
            out.text("address", &customer.to_string());
            if let Some(local) = listen.first().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified()) {
                out.text("local-address", &local.to_string());
            }
            // Both sides speak of their real addresses.
            out.text("next-hop", &session.edge.to_string());
            match port {
                Some(port) => out.raw("port", &port.to_string()),
                None => out.raw("passive", "true"),
            }
        }
    }
    if let Some(md5) = &session.md5 {
        out.text("md5", &md5.0);
    }
    if let Some(limit) = session.prefix_limit {
        let family = if session.family == Family::Ipv4 { "ipv4" } else { "ipv6" };
        out.raw("prefix-limit", &format!("{{ {family} = {limit} }}"));
    }
    if session.bfd {
        out.raw("bfd", "{}");
    }
}

fn validation(validation: Validation) -> &'static str {
    match validation {
        Validation::NotConfigured => "'not configured'",
        Validation::Configuring => "'configuring'",
        Validation::Configured => "'configured'",
        Validation::ValidationNeeded => "'validation needed'",
    }
}

/// TOML while it is written.
struct Text(String);

impl Text {
    fn raw(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &quoted(value));
    }

    fn list<T: AsRef<str>>(&mut self, key: &str, values: impl IntoIterator<Item = T>) {
        let values: Vec<String> = values.into_iter().map(|value| quoted(value.as_ref())).collect();
        self.raw(key, &format!("[{}]", values.join(", ")));
    }
}

/// A string of TOML, with every character that could end it or that has to be escaped as a number.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::intent;
    use super::*;
    use edge_api::{Filter, Own, Secret};

    fn read(intent: &Intent) -> Result<Arc<Domain>, String> {
        domain(intent, &["127.64.0.1:10179".parse().unwrap()], Catalog::builtin())
    }

    #[test]
    fn a_private_peering_over_loopback_is_waited_for_and_speaks_of_its_real_address() {
        let domain = read(&intent("c1", Peering::Private)).unwrap();
        assert_eq!(domain.peering, crate::config::Peering::Private);
        let [peer] = &domain.peers[..] else { panic!("one peer") };
        assert_eq!((peer.address, peer.local_address), ("127.9.9.1".parse().unwrap(), "127.64.0.1".parse().ok()));
        assert_eq!((peer.next_hop, peer.passive), ("192.168.15.18".parse().ok(), true));
        assert_eq!(domain.routes[0].prefix.to_string(), "10.1.0.0/16");
    }

    #[test]
    fn a_microsoft_peering_has_its_prefixes_its_filter_and_its_subnets() {
        let mut intent = intent("c1", Peering::Microsoft);
        intent.advertised_prefixes = vec!["51.4.0.0/16".to_owned()];
        intent.validation = Some(Validation::ValidationNeeded);
        intent.filter = Some(Filter { communities: vec!["12076:51002".to_owned()] });
        let domain = read(&intent).unwrap();
        assert_eq!(domain.advertised_prefixes.as_ref().unwrap().len(), 1);
        assert_eq!(domain.validation, model::PrefixState::ValidationNeeded);
        assert_eq!(domain.route_filter.as_ref().unwrap()[0].to_string(), "12076:51002");
        assert_eq!(domain.link_subnets[0].to_string(), "192.168.15.16/30");
    }

    #[test]
    fn what_cannot_be_run_is_told_without_secrets() {
        let mut bad = intent("c1", Peering::Private);
        bad.sessions[0].asn = 23456;
        bad.own.push(Own { prefix: "10.1.2.3/16".to_owned(), communities: Vec::new(), as_path: Vec::new() });
        let why = read(&bad).unwrap_err();
        assert!(why.contains("10.1.2.3/16"), "{why}");
        let mut long = intent("c1", Peering::Private);
        long.sessions[0].md5 = Some(Secret("swordfish".repeat(10)));
        let why = read(&long).unwrap_err();
        assert!(why.contains("a key of 90 bytes") && !why.contains("swordfish"), "{why}");
    }

    #[test]
    fn no_text_leaves_its_quotes() {
        let mut odd = intent("c1", Peering::Private);
        odd.circuit = "a\"\nasn = 1\n\\\u{7f}".to_owned();
        let domain = read(&odd).unwrap();
        assert_eq!(domain.description.as_deref(), Some("a\"\nasn = 1\n\\\u{7f}, primary link"));
    }
}
