//! Room for circuits on a port pair: bandwidth and outer tags (spec 02, 4.2, 4.3, 8.3).

use super::{Kept, Taken, authorization, read, speed};
use crate::{Caller, Fault, Tx};
use arm_api::body::{Encapsulation, Secret};
use arm_api::{ArmError, ResourceId};
use catalog::Catalog;
use http::StatusCode;
use model::Bandwidth;
use serde_json::json;

/// What a circuit has on a port pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    /// The peering location of the pair.
    pub(crate) location: String,
    /// The outer tag of the circuit, on a pair that tells circuits apart by one.
    pub(crate) s_tag: Option<u16>,
    /// The bandwidth.
    pub(crate) bandwidth: Bandwidth,
}

/// Gives a circuit its room on a port pair, or more of it. Who writes a circuit calls it in the same transaction.
///
/// # Errors
///
/// 400 when there is no such pair, the bandwidth is none that is sold on it, or the pair is full; 403 when the pair is
/// another subscription's and no key opens it.
pub(crate) async fn take(
    tx: &mut Tx<'_>,
    caller: &Caller,
    circuit: &ResourceId,
    port: &ResourceId,
    gbps: f64,
    key: Option<&Secret>,
) -> Result<Room, Fault> {
    const TARGET: &str = "properties.expressRoutePort";
    let own = port.subscription().eq_ignore_ascii_case(circuit.subscription());
    let stored = tx.get(port).await?.filter(|stored| stored.kind == super::KIND);
    let had = stored.as_ref().is_some_and(|stored| read(stored).taken.contains_key(circuit.key()));
    if !own && !had {
        let opened = match (&stored, key) {
            (Some(stored), Some(key)) => authorization::take(tx, stored, circuit, key).await?,
            _ => false,
        };
        if !opened {
            let text =
                format!("{} may not use {port}; wanted an authorizationKey of it that is Available", caller.name);
            return Err(ArmError::new(StatusCode::FORBIDDEN, "LinkedAuthorizationFailed", text).at(TARGET).into());
        }
    }
    let absent = || {
        ArmError::bad_request("InvalidResourceReference", format!("express route port {port} was not found")).at(TARGET)
    };
    let mut stored = match tx.get(port).await?.filter(|_| stored.is_some()) {
        Some(stored) if stored.document["properties"]["provisioningState"] != "Deleting" => stored,
        _ => return Err(absent().into()),
    };
    let mut kept = read(&stored);
    let room = fit(&tx.settings.catalog, &kept, circuit, port, gbps)?;
    let taken = Taken { id: circuit.as_str().to_owned(), mbps: room.bandwidth.as_mbps().into(), s_tag: room.s_tag };
    if kept.taken.get(circuit.key()) != Some(&taken) {
        kept.taken.insert(circuit.key().to_owned(), taken);
        stored.document = json!(kept);
        tx.put(stored);
    }
    Ok(room)
}

/// Where a circuit fits on a port pair.
fn fit(catalog: &Catalog, kept: &Kept, circuit: &ResourceId, port: &ResourceId, gbps: f64) -> Result<Room, ArmError> {
    const TARGET: &str = "properties.bandwidthInGbps";
    let speed = speed(&kept.port);
    let sold = catalog.direct_bandwidths(speed);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and only sold sizes pass"
    )]
    let mbps = (gbps * 1000.0).round() as u32;
    let bandwidth = sold.iter().copied().find(|sold| sold.as_mbps() == mbps).ok_or_else(|| {
        let sold: Vec<String> = sold.iter().map(|sold| (sold.as_mbps() / 1000).to_string()).collect();
        let text = format!(
            "circuit {} cannot be created as requested bandwidth {gbps} is not available on {port}; wanted one of {} Gbit/s",
            circuit.name(),
            sold.join(", ")
        );
        ArmError::bad_request("BandwidthNotAvailable", text).at(TARGET)
    })?;
    let most = subscribed(catalog, speed);
    let others = kept.taken.iter().filter(|(key, _)| *key != circuit.key());
    let used: u64 = others.clone().map(|(_, taken)| taken.mbps).sum();
    if used + u64::from(mbps) > most {
        let text = format!(
            "{port} has room for {most} Mbit/s of circuits, and {used} are taken; circuit {} wants {mbps}",
            circuit.name()
        );
        return Err(ArmError::bad_request("ExpressRoutePortCapacityExceeded", text).at(TARGET));
    }
    let s_tag = match kept.port.properties.encapsulation {
        Some(Encapsulation::Dot1Q) => None,
        Some(Encapsulation::QinQ) | None => {
            let has = kept.taken.get(circuit.key()).and_then(|taken| taken.s_tag);
            let free = |tag: &u16| !others.clone().any(|(_, taken)| taken.s_tag == Some(*tag));
            let full =
                || ArmError::bad_request("ExpressRoutePortCapacityExceeded", format!("{port} has no outer tag left"));
            Some(has.or_else(|| (1..=4094).find(free)).ok_or_else(full)?)
        }
    };
    Ok(Room { location: kept.port.properties.peering_location.clone().unwrap_or_default(), s_tag, bandwidth })
}

/// How much may be sold on a pair, in Mbit/s: twice its speed, since both ports carry (spec 02, 4.3).
fn subscribed(catalog: &Catalog, speed: Bandwidth) -> u64 {
    let documented = catalog.limit("direct-subscribed", &format!("port-{}g", speed.as_mbps() / 1000), "");
    documented.unwrap_or(2 * u64::from(speed.as_mbps()))
}

/// Gives the room of a circuit back, and the key with which it came. Who deletes a circuit calls it in the same
/// transaction.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn leave(tx: &mut Tx<'_>, circuit: &ResourceId, port: &ResourceId) -> Result<(), Fault> {
    let Some(mut stored) = tx.get(port).await? else { return Ok(()) };
    authorization::release(tx, &stored, circuit).await?;
    if let Some(touched) = tx.get(port).await? {
        stored = touched;
    }
    let mut kept = read(&stored);
    if kept.taken.remove(circuit.key()).is_some() {
        stored.document = json!(kept);
        tx.put(stored);
    }
    Ok(())
}

/// Whether the VLANs of all circuits on a pair are one space, as they are with one tag (spec 02, 8.3): then they are
/// claimed for the pair, else for the circuit.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn tags_are_shared(tx: &mut Tx<'_>, port: &ResourceId) -> Result<bool, Fault> {
    let stored = tx.get(port).await?;
    Ok(stored.is_some_and(|stored| read(&stored).port.properties.encapsulation == Some(Encapsulation::Dot1Q)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arm_api::body::Port;

    const PORT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/expressRoutePorts/p";

    fn circuit(name: &str) -> ResourceId {
        let text = format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/expressRouteCircuits/{name}");
        ResourceId::parse(&text).unwrap()
    }

    fn kept(gbps: i64, encapsulation: Encapsulation) -> Kept {
        let mut port = Port::default();
        port.properties.bandwidth_in_gbps = Some(gbps);
        port.properties.encapsulation = Some(encapsulation);
        Kept { port, ..Kept::default() }
    }

    fn order(kept: &mut Kept, name: &str, gbps: f64) -> Result<Option<u16>, String> {
        let (id, port) = (circuit(name), ResourceId::parse(PORT).unwrap());
        let room = fit(Catalog::builtin(), kept, &id, &port, gbps).map_err(|error| error.code)?;
        let taken = Taken { id: id.to_string(), mbps: room.bandwidth.as_mbps().into(), s_tag: room.s_tag };
        kept.taken.insert(id.key().to_owned(), taken);
        Ok(room.s_tag)
    }

    #[test]
    fn a_pair_carries_twice_its_speed() {
        let mut kept = kept(10, Encapsulation::QinQ);
        assert_eq!(order(&mut kept, "a", 10.0), Ok(Some(1)));
        assert_eq!(order(&mut kept, "b", 5.0), Ok(Some(2)));
        assert_eq!(order(&mut kept, "c", 10.0).unwrap_err(), "ExpressRoutePortCapacityExceeded");
        assert_eq!(order(&mut kept, "c", 5.0), Ok(Some(3)));
        assert_eq!(order(&mut kept, "d", 1.0).unwrap_err(), "ExpressRoutePortCapacityExceeded");
    }

    #[test]
    fn a_circuit_that_grows_gives_back_what_it_had() {
        let mut kept = kept(10, Encapsulation::QinQ);
        assert_eq!(order(&mut kept, "a", 10.0), Ok(Some(1)));
        assert_eq!(order(&mut kept, "b", 5.0), Ok(Some(2)));
        assert_eq!(order(&mut kept, "b", 10.0), Ok(Some(2)));
    }

    #[test]
    fn only_what_is_sold_on_the_speed_is_taken() {
        let mut kept = kept(100, Encapsulation::Dot1Q);
        assert_eq!(order(&mut kept, "a", 40.0), Ok(None));
        for gbps in [1.0, 0.0, -5.0, 3.5, f64::NAN, 1e300] {
            assert_eq!(order(&mut kept, "b", gbps).unwrap_err(), "BandwidthNotAvailable", "{gbps}");
        }
    }
}
