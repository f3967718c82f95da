//! Tunnels: the VXLANs between edges and VNet gateways, one for each gateway of a peering and link.
//!
//! A number is drawn from the names of both ends and kept by a claim of the peering, so that no two tunnels have the same
//! one and every replica comes to the same. The addresses inside follow from the number: no two tunnels share them either,
//! whichever edge or gateway they end at.

use crate::{Fault, Tx};
use edge_api::{Family, Gateway, GatewaySession, Intent, Side};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many numbers are tried. With ten thousand tunnels one in fifty is taken.
const ATTEMPTS: u32 = 64;

/// How many bits a number has: so many subnets of four addresses are in 100.64.0.0/10.
const BITS: u32 = 20;

/// Gives each gateway its tunnel: the one it had, else a free one.
pub(super) async fn allot(tx: &mut Tx<'_>, intent: &mut Intent, before: Option<&Value>) -> Result<(), Fault> {
    let before: Option<Intent> = before.and_then(|body| serde_json::from_value(body.clone()).ok());
    let had: Vec<(String, u32)> =
        before.iter().flat_map(|before| &before.gateways).map(|gateway| (gateway.id.clone(), gateway.vni)).collect();
    let mut taken: Vec<u32> = had.iter().map(|(_, vni)| *vni).collect();
    let families: Vec<Family> = intent.sessions.iter().map(|session| session.family).collect();
    for gateway in &mut intent.gateways {
        gateway.vni = match had.iter().find(|(id, _)| *id == gateway.id) {
            Some((_, vni)) => *vni,
            None => free(tx, &intent.key, intent.side, &gateway.id, &taken).await?,
        };
        taken.push(gateway.vni);
        gateway.sessions = families.iter().map(|family| session(gateway, *family)).collect();
    }
    Ok(())
}

async fn free(tx: &mut Tx<'_>, peering: &str, side: Side, gateway: &str, taken: &[u32]) -> Result<u32, Fault> {
    for attempt in 0..ATTEMPTS {
        let vni = draw(peering, side, gateway, attempt);
        let claim = format!("vni/{vni}");
        if taken.contains(&vni) || tx.store().holder(&claim).await?.is_some_and(|holder| holder != peering) {
            continue;
        }
        tx.claim_or_again(claim, peering);
        return Ok(vni);
    }
    // So crowded that another decision shall be made.
    tracing::error!("no tunnel number is free for {gateway}");
    Err(Fault::Stale)
}

/// The number of an attempt: even on the primary link, odd on the secondary, so that the links of a peering, whose claims
/// are the same holder's, never draw the same; never 0.
fn draw(peering: &str, side: Side, gateway: &str, attempt: u32) -> u32 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{peering} {side:?} {gateway} {attempt}"));
    let number = u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) % (1 << BITS);
    let even = (number & !1).max(2);
    if side == Side::Primary { even } else { even | 1 }
}

/// The session of a family: the edge has the first address of the subnet, the gateway the second.
fn session(gateway: &Gateway, family: Family) -> GatewaySession {
    let offset = gateway.vni * 4;
    let at = |number: u32| match family {
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::new(100, 64, 0, 0).to_bits() + offset + number)),
        Family::Ipv6 => {
            let [high, low] = [(offset >> 16) as u16, (offset + number) as u16];
            IpAddr::V6(Ipv6Addr::new(0xfd64, 0x7470, 0, 0, 0, 0, high, low))
        }
    };
    let length = if family == Family::Ipv4 { 30 } else { 126 };
    GatewaySession { family, subnet: format!("{}/{length}", at(0)), edge: at(1), gateway: at(2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_told_apart_by_link_and_fit_their_subnets() {
        for attempt in 0..2000 {
            let primary = draw("/p", Side::Primary, "/g", attempt);
            let secondary = draw("/p", Side::Secondary, "/g", attempt);
            assert!((2..1 << BITS).contains(&primary) && primary.is_multiple_of(2) && !secondary.is_multiple_of(2));
        }
        assert_eq!(draw("/p", Side::Primary, "/g", 0), draw("/p", Side::Primary, "/g", 0));
        assert_ne!(draw("/p", Side::Primary, "/g", 0), draw("/p", Side::Primary, "/h", 0));
    }

    #[test]
    fn addresses_inside_follow_from_the_number() {
        let gateway = |vni| Gateway {
            id: "/g".to_owned(),
            asn: 65515,
            underlay: Ipv4Addr::LOCALHOST.into(),
            vni,
            sessions: Vec::new(),
            prefixes: Vec::new(),
            communities: Vec::new(),
        };
        let last = session(&gateway((1 << BITS) - 1), Family::Ipv4);
        assert_eq!(
            (last.subnet.as_str(), last.gateway.to_string()),
            ("100.127.255.252/30", "100.127.255.254".to_owned())
        );
        let six = session(&gateway(0x4001), Family::Ipv6);
        assert_eq!((six.subnet.as_str(), six.edge.to_string()), ("fd64:7470::1:4/126", "fd64:7470::1:5".to_owned()));
        let subnets: BTreeSet<String> = (2..5000)
            .flat_map(|vni| [Family::Ipv4, Family::Ipv6].map(|family| session(&gateway(vni), family).subnet))
            .collect();
        assert_eq!(subnets.len(), 2 * 4998);
    }
}
