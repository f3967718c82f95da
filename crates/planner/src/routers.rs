//! The routers that end the sessions: the customer's edges, or the provider's where layer 3 is managed.

use crate::name::Names;
use crate::plan::{CircuitPlan, Notes, Owner, Router};
use model::{Circuit, Design, Layer3, LinkRole, Name, Pair, PeeringKind};
use std::collections::BTreeMap;

/// Where one link of a circuit lands.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// The router's name.
    pub(crate) router: String,
    /// Its port, as the design has it.
    pub(crate) port: Option<String>,
}

/// Whether the provider ends the sessions of a circuit: layer 3 is part of its service.
pub fn is_managed(design: &Design, circuit: &Circuit) -> bool {
    circuit.connectivity.layer3.or(&design.connectivity.layer3).is(&Layer3::Provider)
}

/// The routers of the provider that end the sessions of a circuit, one for each link, so that one may be lost.
pub fn provider_routers(circuit: &Name) -> Pair<String> {
    let router = |number| format!("pe-{circuit}-{number}");
    Pair { primary: router(1), secondary: router(2) }
}

/// Where the links of a circuit land: on the ports that the design names, else on the edges of the site in their
/// order; on the provider's routers where layer 3 is managed.
pub(crate) fn ends(design: &Design, name: &Name, circuit: &Circuit, notes: &mut Notes) -> Pair<End> {
    if is_managed(design, circuit) {
        let Pair { primary, secondary } = provider_routers(name);
        let end = |router| End { router, port: None };
        return Pair { primary: end(primary), secondary: end(secondary) };
    }
    let mut end = |link: LinkRole| {
        let stated = match link {
            LinkRole::Primary => &circuit.cpe.primary,
            LinkRole::Secondary => &circuit.cpe.secondary,
        };
        if let Some(port) = stated.value() {
            return End { router: port.device.clone(), port: port.port.clone() };
        }
        let (router, reason) = of_site(design, circuit, link).unwrap_or_else(|| {
            let number = if link == LinkRole::Primary { 1 } else { 2 };
            (format!("ce-{name}-{number}"), "a name for the router that the design does not name")
        });
        notes.choose(name.as_str(), "router", format!("{router}, {link} link"), reason);
        End { router, port: None }
    };
    Pair { primary: end(LinkRole::Primary), secondary: end(LinkRole::Secondary) }
}

fn of_site(design: &Design, circuit: &Circuit, link: LinkRole) -> Option<(String, &'static str)> {
    let site = circuit.site.value()?;
    let listed: Vec<&Name> = design.sites.get(site)?.edges.values().collect();
    let standing = || design.edges.iter().filter(|(_, edge)| edge.site.is(site)).map(|(name, _)| name).collect();
    let edges = if listed.is_empty() { standing() } else { listed };
    let index = usize::from(link == LinkRole::Secondary);
    let edge = edges.get(index).or(edges.first())?;
    Some((edge.to_string(), "the site's edges in their order"))
}

/// The routers that any session names, by name.
pub(crate) fn routers(design: &Design, circuits: &[CircuitPlan]) -> Vec<Router> {
    let mut routers: BTreeMap<String, Router> = BTreeMap::new();
    // Private peering's number is that of the customer's own network, so it comes first.
    for kind in [PeeringKind::Private, PeeringKind::Microsoft] {
        for (circuit, peering) in circuits.iter().flat_map(|circuit| circuit.peerings.iter().map(move |p| (circuit, p)))
        {
            if peering.kind != kind {
                continue;
            }
            for session in &peering.sessions {
                let router = routers.entry(session.router.clone()).or_insert_with(|| Router {
                    name: session.router.clone(),
                    id: String::new(),
                    site: design
                        .edges
                        .get(session.router.as_str())
                        .and_then(|edge| edge.site.value().cloned())
                        .or_else(|| circuit.site.clone()),
                    owner: if circuit.layer3 == Layer3::Provider { Owner::Provider } else { Owner::Customer },
                    asn: None,
                    router_id: None,
                });
                router.asn = router.asn.or(peering.asn.map(|asn| asn.value));
                let address = session.customer.map(|address| address.value).filter(std::net::IpAddr::is_ipv4);
                router.router_id = [router.router_id, address].into_iter().flatten().min();
            }
        }
    }
    let mut names = Names::default();
    let mut routers: Vec<Router> = routers.into_values().collect();
    for router in &mut routers {
        router.id = names.unique(&router.name);
    }
    routers
}
