//! From an intent to a routing domain, by the reader that reads the file of an edge.
//!
//! An intent is written as a small configuration of one domain and read like any other, so that what a file may say
//! and what the service may say is checked by the same code, and refused with the same words.

use crate::config::{Backend, Config, Dataplane, Domain, Encapsulation, Label};
use catalog::Catalog;
use edge_api::{Carrier, Family, Gateway, Intent, Own, Peering, Session, Side, Validation};
use model::Bfd;
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// What an edge is to all of its intents.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Where customers call, over loopback.
    pub(super) listen: Vec<SocketAddr>,
    /// What forwards packets, with the name that namespaces begin with. Then customers are on the port, with their real
    /// addresses, whatever stands in for them elsewhere.
    pub(super) forwarding: Option<(Label, Dataplane)>,
    /// How customers are watched, where not as Microsoft does it.
    pub(super) bfd: Option<Bfd>,
}

impl Place {
    /// That of an edge with this configuration.
    pub(super) fn of(config: &Config, listen: Vec<SocketAddr>, bfd: Option<Bfd>) -> Self {
        let plane = config.dataplane.as_ref().filter(|plane| plane.backend != Backend::None);
        Self { listen, forwarding: plane.map(|plane| (config.name.clone(), plane.clone())), bfd }
    }
}

/// The domain that an intent asks for.
///
/// # Errors
///
/// What of it cannot be run, in a sentence; no secret is in it.
pub(super) fn domain(intent: &Intent, place: &Place, catalog: &Catalog) -> Result<Arc<Domain>, String> {
    let mut no_files = |_: &Path| Err(io::ErrorKind::Unsupported.into());
    let mut config = Config::parse("intent", &text(intent, place), catalog, &mut no_files).map_err(|refused| {
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

fn text(intent: &Intent, place: &Place) -> String {
    let mut out = Text("name = 'edge'\nrouter-id = '127.0.0.1'\n".to_owned());
    if let Some((_, plane)) = &place.forwarding {
        out.0 += "[dataplane]\n";
        out.raw("encapsulation", &format!("'{}'", plane.encapsulation.as_str()));
        plane.port.iter().for_each(|port| out.text("port", port));
        plane.cloud.iter().for_each(|cloud| out.text("cloud", &cloud.to_string()));
    }
    out.0 += "[[domain]]\n";
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
    if let Some((edge, _)) = &place.forwarding {
        out.text("namespace", &format!("tp-{edge}-{}-{}", intent.s_tag, intent.vlan));
        out.raw("kernel-routes", "true");
        out.raw("listen", "['0.0.0.0:179', '[::]:179']");
    } else if let Some(namespace) = namespace {
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
    if let Some((_, plane)) = &place.forwarding {
        attach(&mut out, intent, plane);
    }
    for one in &intent.sessions {
        session(&mut out, one, place);
    }
    let gateways = if place.forwarding.is_some() { &intent.gateways[..] } else { &[] };
    gateways.iter().for_each(|one| gateway(&mut out, one));
    // What a gateway announces itself is gone when the gateway is.
    let is_announced = |own: &&Own| gateways.iter().any(|gateway| gateway.prefixes.contains(&own.prefix));
    for own in intent.own.iter().filter(|own| !is_announced(own)) {
        out.0 += "[[domain.route]]\n";
        out.text("prefix", &own.prefix);
        out.list("communities", &own.communities);
        out.list("as-path", own.as_path.iter().map(u32::to_string));
    }
    out.0
}

/// The circuit's part of the port.
fn attach(out: &mut Text, intent: &Intent, plane: &Dataplane) {
    out.0 += "[domain.attach]\n";
    if plane.encapsulation == Encapsulation::Qinq {
        out.raw("s-tag", &intent.s_tag.to_string());
        out.raw("c-tag", &intent.vlan.to_string());
    }
    out.list("addresses", intent.sessions.iter().map(|session| on_subnet(session.edge, &session.subnet)));
    if intent.bandwidth_mbps > 0 {
        out.raw("rate-mbps", &intent.bandwidth_mbps.to_string());
    }
}

/// An address with the length of its subnet.
fn on_subnet(address: IpAddr, subnet: &str) -> String {
    format!("{address}/{}", subnet.rsplit('/').next().unwrap_or_default())
}

/// The tunnel to a gateway and the sessions inside.
fn gateway(out: &mut Text, gateway: &Gateway) {
    out.0 += "[[domain.tunnel]]\n";
    out.raw("vni", &gateway.vni.to_string());
    out.text("remote", &gateway.underlay.to_string());
    out.list("addresses", gateway.sessions.iter().map(|session| on_subnet(session.edge, &session.subnet)));
    for session in &gateway.sessions {
        out.0 += "[[domain.peer]]\n";
        let ipv4 = session.family == Family::Ipv4;
        out.text("name", &format!("gateway-{}{}", gateway.vni, if ipv4 { "" } else { "-ipv6" }));
        out.text("description", &gateway.id);
        out.text("asn", &gateway.asn.to_string());
        out.raw("role", "'gateway'");
        out.raw("families", if ipv4 { "['ipv4']" } else { "['ipv6']" });
        out.text("address", &session.gateway.to_string());
        out.text("local-address", &session.edge.to_string());
        out.list("vnet-communities", &gateway.communities);
        out.raw("connect-retry", "2");
        out.raw("bfd", "{}");
    }
}

fn session(out: &mut Text, session: &Session, place: &Place) {
    out.0 += "[[domain.peer]]\n";
    out.text("name", peer(session.family));
    out.text("asn", &session.asn.to_string());
    out.raw("families", if session.family == Family::Ipv4 { "['ipv4']" } else { "['ipv6']" });
    match &session.carrier {
        carrier if place.forwarding.is_some() || matches!(carrier, Carrier::Namespace { .. }) => {
            out.text("address", &session.customer.to_string());
            out.text("local-address", &session.edge.to_string());
        }
        Carrier::Namespace { .. } => {}
        Carrier::Loopback { customer, port } => {
            out.text("address", &customer.to_string());
            if let Some(local) = place.listen.first().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified()) {
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
    // Over loopback there is one port for all who would watch each other; a link of its own has room (spec 03, 10.3).
    if session.bfd || place.forwarding.is_some() {
        match place.bfd {
            None => out.raw("bfd", "{}"),
            Some(Bfd::On { interval_ms, multiplier }) => {
                out.raw("bfd", &format!("{{ interval-ms = {interval_ms}, multiplier = {multiplier} }}"));
            }
            Some(Bfd::Off) => {}
        }
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
        let place = Place { listen: vec!["127.64.0.1:10179".parse().unwrap()], forwarding: None, bfd: None };
        domain(intent, &place, Catalog::builtin())
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
    fn an_edge_that_forwards_has_the_real_addresses_and_sessions_with_gateways() {
        let text = "name = 'ams-a'\nrouter-id = '10.0.0.1'\n[dataplane]\nport = 'eth1'\ncloud = '192.0.2.1'\n";
        let mut no_files = |_: &Path| Err(io::ErrorKind::Unsupported.into());
        let config = Config::parse("edge", text, Catalog::builtin(), &mut no_files).unwrap();
        let mut intent = intent("c1", Peering::Private);
        let elsewhere = Own { prefix: "10.9.0.0/16".to_owned(), communities: Vec::new(), as_path: vec![65001] };
        intent.own.push(elsewhere);
        intent.gateways.push(Gateway {
            id: "/g/hub".to_owned(),
            asn: 65515,
            underlay: "192.0.2.20".parse().unwrap(),
            vni: 8,
            sessions: vec![edge_api::GatewaySession {
                family: Family::Ipv4,
                subnet: "100.64.0.32/30".to_owned(),
                edge: "100.64.0.33".parse().unwrap(),
                gateway: "100.64.0.34".parse().unwrap(),
            }],
            prefixes: vec!["10.1.0.0/16".to_owned()],
            communities: vec!["12076:20001".to_owned()],
        });
        let mut place = Place::of(&config, Vec::new(), None);
        let domain = |place: &Place| domain(&intent, place, Catalog::builtin()).unwrap();
        let timing = |domain: &Domain| -> Vec<Option<(u32, u8)>> {
            domain.peers.iter().map(|peer| peer.bfd.as_ref().map(crate::config::Bfd::timing)).collect()
        };
        assert_eq!(timing(&domain(&place)), [Some((300, 3)), Some((300, 3))], "as Microsoft's routers do");
        place.bfd = Some(Bfd::Off);
        assert_eq!(timing(&domain(&place)), [None, Some((300, 3))]);
        place.bfd = Some(Bfd::On { interval_ms: 50, multiplier: 3 });
        assert_eq!(timing(&domain(&place)), [Some((50, 3)), Some((300, 3))], "customers only");
        let domain = domain(&place);
        assert_eq!((domain.namespace.as_deref(), domain.kernel_routes), (Some("tp-ams-a-10-100"), true));
        let attach = domain.attach.as_ref().unwrap();
        assert_eq!((attach.s_tag.unwrap().get(), attach.c_tag.unwrap().get()), (10, 100));
        assert_eq!(
            (attach.addresses[0].to_string(), attach.rate_mbps.unwrap().get()),
            ("192.168.15.18/30".to_owned(), 50)
        );
        let [customer, gateway] = &domain.peers[..] else { panic!("two peers") };
        assert_eq!((customer.address, customer.next_hop), ("192.168.15.17".parse().unwrap(), None));
        assert!(customer.bfd.is_some() && !customer.passive);
        assert_eq!((gateway.asn.0, gateway.role), (65515, crate::config::Side::Gateway));
        assert_eq!(domain.tunnels[0].addresses[0].to_string(), "100.64.0.33/30");
        let routes: Vec<String> = domain.routes.iter().map(|route| route.prefix.to_string()).collect();
        assert_eq!(routes, ["10.9.0.0/16"], "the gateway announces its own");
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
