//! Stand-ins: the loopback addresses from which customers connect, one for each session.
//!
//! An address is drawn from the key of the session and kept by a claim of its peering, so that no two sessions have
//! the same one and every replica comes to the same.

use crate::{Fault, Tx};
use edge_api::{Carrier, Family, Intent, Side};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

/// How many addresses are tried. With ten thousand circuits one in a thousand is taken.
const ATTEMPTS: u32 = 64;

/// Gives each session over loopback its stand-in: the one it had, else a free one.
pub(super) async fn allot(tx: &mut Tx<'_>, intent: &mut Intent, before: Option<&Value>) -> Result<(), Fault> {
    let before: Option<Intent> = before.and_then(|body| serde_json::from_value(body.clone()).ok());
    let (key, side) = (intent.key.clone(), intent.side);
    for session in &mut intent.sessions {
        let Carrier::Loopback { customer, .. } = &mut session.carrier else { continue };
        let had = before.iter().flat_map(|before| &before.sessions).find_map(|had| match had.carrier {
            Carrier::Loopback { customer, .. } if had.family == session.family => Some(customer),
            Carrier::Loopback { .. } | Carrier::Namespace { .. } => None,
        });
        *customer = match had {
            Some(address) => address,
            None => free(tx, &key, side, session.family).await?,
        };
    }
    Ok(())
}

async fn free(tx: &mut Tx<'_>, peering: &str, side: Side, family: Family) -> Result<IpAddr, Fault> {
    let mut address = Ipv4Addr::LOCALHOST;
    for attempt in 0..ATTEMPTS {
        address = draw(peering, side, family, attempt);
        let claim = format!("stand-in/{address}");
        if tx.store().holder(&claim).await?.is_none_or(|holder| holder == peering) {
            tx.claim_or_again(claim, peering);
            return Ok(address.into());
        }
    }
    // So crowded that another decision shall be made; it cannot be with a sixteenth of the addresses taken.
    tracing::error!("no stand-in address is free near {address}");
    Err(Fault::Stale)
}

/// The address of an attempt: of 127.0.0.0/8 without what people use by hand (127.0.0.0/16), the edges' own
/// (127.64.0.0/16) and the broadcast end.
fn draw(peering: &str, side: Side, family: Family, attempt: u32) -> Ipv4Addr {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{peering} {side:?} {family:?} {attempt}"));
    let second = match digest[0] {
        0 => 1,
        64 => 65,
        255 => 254,
        other => other,
    };
    Ipv4Addr::new(127, second, digest[1], digest[2].clamp(1, 254))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_customers_own() {
        for attempt in 0..5000 {
            let [first, second, _, last] = draw("/c", Side::Primary, Family::Ipv4, attempt).octets();
            assert!(first == 127 && ![0, 64, 255].contains(&second) && ![0, 255].contains(&last));
        }
        let primary = draw("/c", Side::Primary, Family::Ipv4, 0);
        assert_eq!(primary, draw("/c", Side::Primary, Family::Ipv4, 0));
        assert_ne!(primary, draw("/c", Side::Secondary, Family::Ipv4, 0));
        assert_ne!(primary, draw("/c", Side::Primary, Family::Ipv6, 0));
    }
}
