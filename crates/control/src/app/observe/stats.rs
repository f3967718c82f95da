//! Counters of a circuit or a peering, from the last reports of its edges.

use crate::app::circuit::Plant;
use crate::app::{Handled, Route, peering, route, row};
use crate::{Answer, Call, Fault, Tx};
use edge_api::{DomainReport, Side, edge_name};
use serde_json::json;
use store::Resource;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/stats"
        ExpressRouteCircuits_GetStats Read => of_circuit),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/stats"
        ExpressRouteCircuits_GetPeeringStats Read => of_peering),
];

async fn of_circuit(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    stats(tx, &circuit, &circuit.key).await
}

async fn of_peering(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let peering = peering::existing(tx, &call.id).await?;
    stats(tx, &circuit, &peering.key).await
}

async fn stats(tx: &mut Tx<'_>, circuit: &Resource, key: &str) -> Handled {
    let (primary_in, primary_out) = octets(tx, circuit, key, Side::Primary).await?;
    let (secondary_in, secondary_out) = octets(tx, circuit, key, Side::Secondary).await?;
    // The names as Azure spells them.
    Ok(Answer::Ok(json!({
        "primarybytesIn": primary_in,
        "primarybytesOut": primary_out,
        "secondarybytesIn": secondary_in,
        "secondarybytesOut": secondary_out,
    })))
}

/// Octets in and out of one link of what a key stands for, as its edge counted them; nothing counted is 0.
async fn octets(tx: &mut Tx<'_>, circuit: &Resource, key: &str, side: Side) -> Result<(i64, i64), Fault> {
    let edge = edge_name(&Plant::of(circuit).location, side);
    let (mut bytes_in, mut bytes_out) = (0u64, 0u64);
    for (_, _, report) in tx.store().reports(&edge, key).await? {
        let Ok(domain) = serde_json::from_value::<DomainReport>(report) else { continue };
        let (domain_in, domain_out) = counted(&domain);
        bytes_in = bytes_in.saturating_add(domain_in);
        bytes_out = bytes_out.saturating_add(domain_out);
    }
    let number = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
    Ok((number(bytes_in), number(bytes_out)))
}

/// What an edge counted of a routing domain: on the link where the kernel counts, else the octets of its sessions.
pub(in crate::app) fn counted(domain: &DomainReport) -> (u64, u64) {
    match &domain.counters {
        Some(counters) => (counters.bytes_in, counters.bytes_out),
        None => {
            let sum =
                |of: fn(&edge_api::SessionReport) -> u64| domain.sessions.iter().map(of).fold(0, u64::saturating_add);
            (sum(|session| session.bytes_in), sum(|session| session.bytes_out))
        }
    }
}
