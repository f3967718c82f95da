//! A topology as text.

use super::{LinkKind, Role, Topology};
use std::fmt::{self, Write};

impl Topology {
    /// What it consists of, in a line.
    pub fn summary(&self) -> String {
        let count = |role| self.of_role(role).count();
        let router = self.processes.iter().find(|process| process.name.ends_with("/router"));
        let router = router.map_or("", |process| process.kind.word());
        let parts = [
            (count(Role::Site), "site", String::new()),
            (count(Role::CustomerEdge), "customer edge", format!(" ({router})")),
            (count(Role::ProviderEdge), "provider edge", format!(" ({router})")),
            (count(Role::Provider), "location", String::new()),
            (count(Role::Msee), "MSEE", String::new()),
            (count(Role::Gateway), "VNet", String::new()),
            (self.hosts.len(), "host", String::new()),
        ];
        let part = |(number, word, more): &(usize, &str, String)| {
            let plural = if *number == 1 || *word == "MSEE" { "" } else { "s" };
            format!("{number} {word}{plural}{more}")
        };
        parts.iter().filter(|(number, ..)| *number > 0).map(part).collect::<Vec<_>>().join(" · ")
    }

    /// Draws the ways from sites to virtual networks, a line for each link of a circuit.
    ///
    /// # Errors
    ///
    /// The writer's.
    pub fn draw(&self, out: &mut impl Write) -> fmt::Result {
        let clouds = self.of_role(Role::Gateway).map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut before = "";
        for link in &self.links {
            let LinkKind::Access { side, .. } = &link.kind else { continue };
            let [router, provider] = &link.ends;
            // From a site, and over the provider's network where that runs layer 3.
            let behind = self.links_of(router).find(|link| link.kind == LinkKind::Lan).map_or("", |link| &link.ends[0]);
            let access = self.links_of(behind).find(|link| link.kind == LinkKind::Vpn && link.ends[1] == behind);
            let msee = self.edge_behind(provider, *side).unwrap_or_default();
            let from = access.map_or(behind.to_owned(), |access| format!("{} ── {behind}", access.ends[0]));
            let from = if before == behind { " ".repeat(from.chars().count()) } else { from };
            before = behind;
            writeln!(
                out,
                "  {from:<14} ── {router:<14} ── {:<22} ── {provider:<16} ── {msee:<20} ── {clouds}",
                link.name
            )?;
        }
        let managed = self.nodes.iter().filter(|node| matches!(node.role, Role::ProviderEdge | Role::Vpn));
        let managed: Vec<&str> = managed.map(|node| node.name.as_str()).collect();
        if !managed.is_empty() {
            writeln!(out, "  run by the provider: {}", managed.join(", "))?;
        }
        for host in &self.hosts {
            let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
            writeln!(out, "  {:<14} {:<12} {}", host.name, host.node, addresses.join(" "))?;
        }
        Ok(())
    }
}

impl super::ProcessKind {
    /// Its name, for people.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Edge { .. } => "edge",
            Self::Carrier { .. } => "carrier",
            Self::Bird => "BIRD",
            Self::Frr => "FRR",
        }
    }
}
